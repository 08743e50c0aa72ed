"""Who comes: what a shopper in line looks for first."""

from pathlib import Path

from kivy.lang import Builder
from kivy.properties import BooleanProperty, ColorProperty, StringProperty

from assets.look import look
from assets.theme import rgba
from assets.touch import Card
from assets.words import Words
from kiosk import standing
from kiosk.flow import Flow
from kiosk.standing import Stage

ICONS = {Stage.FINDING: "user-search", Stage.HELD: "hourglass", Stage.OVER: "info-circle"}


class Who(Card):
    """The stage of the visit in words, with the employee's initial; green as soon as somebody `comes`."""

    title = StringProperty("")
    text = StringProperty("")
    icon = StringProperty("user-search")
    comes = BooleanProperty(False)
    employee = StringProperty("")
    colour = ColorProperty(look.main_soft)
    ink = ColorProperty(look.ink)

    def show(self, flow: Flow, words: Words) -> None:
        stage, row, catalogue = flow.stage, flow.session.row, flow.world.catalogue
        who = catalogue.employee(row.employee or "") if catalogue and row else None
        self.employee = who.name if who and stage is not Stage.OVER else ""
        self.colour = rgba(who.colour) if who else look.main_soft
        self.comes = stage in (Stage.COMING, Stage.CALLED)
        self.icon = ICONS.get(stage, "user-check")
        name = self.employee or words.say("kiosk.line.somebody")
        if stage is Stage.OVER:
            self.title, self.text = words.say(f"kiosk.ended.{row.state}") if row else "", ""
            return
        self.title = words.say(f"kiosk.line.{stage}", name=name)
        if stage is Stage.FINDING and not flow.world.live:
            self.icon = "cloud-off"
            self.title, self.text = words.say("kiosk.line.offline"), words.say("kiosk.line.offline_text")
            return
        match stage:
            case Stage.FINDING:
                self.text = _wait(flow, words)
            case Stage.COMING:
                self.text = _looking(flow, words)
            case Stage.CALLED:
                self.text = words.say("kiosk.line.called_text")
            case _:
                self.text = ""


def _wait(flow: Flow, words: Words) -> str:
    """Place in line and bracket, as far as they are known."""
    row = flow.session.row
    place, known = row.place_in_line if row else None, standing.bracket(row)
    said = []
    if place is not None:
        next_one, before = words.say("kiosk.line.next"), words.say("kiosk.line.before", n=place - 1)
        said.append(next_one if place == 1 else before)
    if known:
        said.append(words.wait(*known))
    return "\n".join(said) or words.say("common.wait.unknown")


def _looking(flow: Flow, words: Words) -> str:
    """Where to, and for what: only what this shopper said a moment ago."""
    session, catalogue = flow.session, flow.world.catalogue
    known = {place.code: place.text for place in (catalogue.places if catalogue else ())}
    place = words.inside(words.text(known.get(session.place or "")))
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
