"""In line: who comes and when, the ticket to take along, and something to try meanwhile."""

from pathlib import Path

from kivy.lang import Builder
from kivy.properties import BooleanProperty, ColorProperty, StringProperty

from assets.look import look
from assets.theme import rgba
from assets.words import Words
from kiosk import standing
from kiosk.flow import Flow
from kiosk.standing import Stage
from kiosk.widgets.banner import Banner as Banner  # the rules use these two
from kiosk.widgets.page import Page
from kiosk.widgets.qr import Qr as Qr

ICONS = {Stage.FINDING: "user-search", Stage.HELD: "hourglass", Stage.OVER: "info-circle"}


class LineScreen(Page):
    title = StringProperty("")
    text = StringProperty("")
    icon = StringProperty("user-search")
    comes = BooleanProperty(False)
    employee = StringProperty("")
    colour = ColorProperty(look.main_soft)
    your_ticket = StringProperty("")
    ticket = StringProperty("")
    ticket_name = StringProperty("")
    take_along = StringProperty("")
    address = StringProperty("")
    meanwhile = StringProperty("")
    help_icon = StringProperty("bulb")
    help_title = StringProperty("")
    help_text = StringProperty("")
    note = StringProperty("")
    note_icon = StringProperty("cloud-off")
    may_leave = BooleanProperty(False)
    ink = ColorProperty(look.ink)
    say_leave = StringProperty("")
    say_all_right = StringProperty("")

    __events__ = ("on_leave", "on_all_right")

    def show(self, flow: Flow, words: Words, now: int) -> None:
        super().show(flow, words, now)
        stage = flow.stage
        self._show_who(flow, words)
        self._show_ticket(flow, words)
        self._show_help(flow, words)
        self._show_note(flow, words)
        self.may_leave = stage not in (Stage.WITH_YOU, Stage.OVER)
        self.say_leave = words.say("kiosk.line.leave")
        self.say_all_right = words.say("kiosk.line.all_right")

    def _show_who(self, flow: Flow, words: Words) -> None:
        """Who comes, as large as the ticket: it is what a shopper looks for first."""
        stage, row, catalogue = flow.stage, flow.session.row, flow.world.catalogue
        who = catalogue.employee(row.employee or "") if catalogue and row else None
        self.employee = who.name if who and stage is not Stage.OVER else ""
        self.colour = rgba(who.colour) if who else look.main_soft
        self.comes = stage in (Stage.COMING, Stage.CALLED)
        self.icon = ICONS.get(stage, "user-check")
        name = self.employee or words.say("kiosk.line.somebody")
        match stage:
            case Stage.FINDING:
                self.title, self.text = words.say("kiosk.line.finding"), _wait(flow, words)
            case Stage.COMING:
                self.title, self.text = words.say("kiosk.line.coming", name=name), _looking(flow, words)
            case Stage.CALLED:
                self.title = words.say("kiosk.line.called", name=name)
                self.text = words.say("kiosk.line.called_text")
            case Stage.WITH_YOU:
                self.title, self.text = words.say("kiosk.line.with_you", name=name), ""
            case Stage.HELD:
                self.title, self.text = words.say("kiosk.line.held", name=name), ""
            case Stage.OVER:
                self.title = words.say(f"kiosk.ended.{row.state}") if row else ""
                self.text = ""

    def _show_ticket(self, flow: Flow, words: Words) -> None:
        self.your_ticket = words.say("kiosk.line.ticket")
        self.ticket = flow.session.ticket
        self.ticket_name = words.ticket_name(self.ticket) if self.ticket else ""
        self.address = flow.address or ""
        self.take_along = words.say("kiosk.line.scan" if self.address else "kiosk.line.remember")

    def _show_help(self, flow: Flow, words: Words) -> None:
        """Something to try, while nobody is there yet."""
        session, catalogue = flow.session, flow.world.catalogue
        need = catalogue.need(session.need) if catalogue and session.need else None
        help_card = need.self_help if need else None
        if help_card is None or flow.stage in (Stage.WITH_YOU, Stage.OVER):
            self.meanwhile = self.help_title = self.help_text = ""
            return
        self.meanwhile = words.say("kiosk.line.while")
        self.help_icon = help_card.icon
        self.help_title = words.text(help_card.title)
        self.help_text = words.text(help_card.text)

    def _show_note(self, flow: Flow, words: Words) -> None:
        if flow.session.notice:
            self.note, self.note_icon = words.say(f"refusal.{flow.session.notice}"), "info-circle"
        elif not flow.world.live:
            self.note, self.note_icon = words.say("kiosk.line.offline"), "cloud-off"
        else:
            self.note = ""

    def on_leave(self) -> None:
        """The shopper would rather leave the line."""

    def on_all_right(self) -> None:
        """The shopper has seen it."""


def _wait(flow: Flow, words: Words) -> str:
    """Place in line and bracket, as far as they are known."""
    row = flow.session.row
    place = row.place_in_line if row else None
    known = standing.bracket(row)
    said = []
    if place is not None:
        said.append(
            words.say("kiosk.line.next") if place == 1 else words.say("kiosk.line.before", n=place - 1)
        )
    if known and flow.world.live:
        said.append(words.wait(*known))
    return "\n".join(said) or words.say("common.wait.unknown")


def _looking(flow: Flow, words: Words) -> str:
    """Where to, and for what: only what this shopper said a moment ago."""
    session, catalogue = flow.session, flow.world.catalogue
    places = {
        place.code: words.inside(words.text(place.text)) for place in (catalogue.places if catalogue else ())
    }
    place = places.get(session.place or "")
    colour = words.say(f"colours.{session.colour}") if session.colour else ""
    if place and colour:
        return words.say("kiosk.line.looking", place=place, colour=colour)
    if place:
        return words.say("kiosk.line.looking_place", place=place)
    if colour:
        return words.say("kiosk.line.looking_colour", colour=colour)
    if session.name.strip():
        return words.say("kiosk.line.looking_name", alias=session.name.strip())
    return words.say("kiosk.line.looking_ticket", ticket=session.ticket)


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
