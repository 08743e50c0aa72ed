"""Shows who is coming to the shopper, or how long it will take."""

from pathlib import Path

from kivy.lang import Builder
from kivy.properties import BooleanProperty, ColorProperty, StringProperty

from assets.i18n.texts import Texts
from assets.theme.model import rgba
from assets.ui.style import style
from assets.ui.widgets.basic import Card
from kiosk.session import visit_progress
from kiosk.session.session_flow import SessionFlow
from sync_server.domain.visit.progress import Stage
from sync_server.domain.visit.visit import State
from sync_server.protocol.rows import VisitRow

ICONS = {Stage.FINDING: "user-search", Stage.HELD: "hourglass", Stage.OVER: "info-circle"}


class Who(Card):
    """The stage of the visit in words, and the employee's initial. Green while somebody `comes`."""

    title = StringProperty("")
    text = StringProperty("")
    icon = StringProperty("user-search")
    comes = BooleanProperty(False)
    employee = StringProperty("")
    colour = ColorProperty(style.main_soft)
    ink = ColorProperty(style.ink)

    def show(self, flow: SessionFlow, texts: Texts) -> None:
        stage, row, catalogue = flow.stage, flow.session.row, flow.floor.catalogue
        person = catalogue.employee(row.employee or "") if catalogue and row else None
        self.employee = person.name if person and stage is not Stage.OVER else ""
        self.colour = rgba(person.colour) if person else style.main_soft
        self.comes = stage in (Stage.COMING, Stage.CALLED)
        self.icon = ICONS.get(stage, "user-check")
        name = self.employee or texts.say("kiosk.line.somebody")
        if stage is Stage.OVER:
            self.title, self.text = _end_text(flow, texts), ""
            return
        if was_handed_over(stage, row):
            self.title, self.text = (
                texts.say("kiosk.line.handed_over"),
                texts.say("kiosk.line.handed_over_text"),
            )
            return
        self.title = texts.say(f"kiosk.line.{stage}", name=name)
        if stage is Stage.FINDING and not flow.floor.live:
            self.icon = "cloud-off"
            self.title, self.text = texts.say("kiosk.line.offline"), texts.say("kiosk.line.offline_text")
            return
        match stage:
            case Stage.FINDING:
                self.text = _wait_text(flow, texts)
            case Stage.COMING:
                self.text = _search_text(flow, texts)
            case Stage.CALLED:
                self.text = texts.say("kiosk.line.called_text")
            case _:
                self.text = ""


def _end_text(flow: SessionFlow, texts: Texts) -> str:
    """How the visit ended."""
    row, catalogue = flow.session.row, flow.floor.catalogue
    if row is None:
        return ""
    if row.state == State.EXPIRED and catalogue is not None and catalogue.hours.is_open(flow.floor.at):
        return texts.say("kiosk.ended.expired_open")
    return texts.say(f"kiosk.ended.{row.state}")


def was_handed_over(stage: Stage, row: VisitRow | None) -> bool:
    """Whether an employee has passed this visit on, and another one is being looked for."""
    return stage is Stage.FINDING and row is not None and row.accepted_at is not None


def _wait_text(flow: SessionFlow, texts: Texts) -> str:
    """The place in line and the expected wait, as far as they are known."""
    row = flow.session.row
    bracket = visit_progress.wait_in_line(row, flow.floor.at)
    ahead = visit_progress.ahead(row)
    lines = []
    if ahead is not None:
        next_one, before = texts.say("kiosk.line.next"), texts.say("kiosk.line.before", n=ahead)
        lines.append(next_one if ahead == 0 else before)
    if bracket:
        lines.append(texts.wait(*bracket))
    return "\n".join(lines) or texts.say("common.wait.unknown")


def _search_text(flow: SessionFlow, texts: Texts) -> str:
    """What the employee looks for. Uses only what this shopper has just entered here."""
    session, catalogue = flow.session, flow.floor.catalogue
    chosen = catalogue.place(session.place) if catalogue and session.place else None
    place = texts.inside(texts.text(chosen.text if chosen else None))
    colour = texts.say(f"colours.{session.colour}") if session.colour else ""
    if place and colour:
        return texts.say("kiosk.line.looking", place=place, colour=colour)
    if place:
        return texts.say("kiosk.line.looking_place", place=place)
    if colour:
        return texts.say("kiosk.line.looking_colour", colour=colour)
    if session.name.strip():
        return texts.say("kiosk.line.looking_name", alias=session.name.strip())
    return texts.say("kiosk.line.looking_ticket", ticket=session.ticket)


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
