"""The texts of the floor: who waits, and what everybody is doing."""

from msgspec import Struct

from assets.i18n.texts import Texts
from staff_app.snapshot import Activity, Colleague, TabletSnapshot
from staff_app.tablet_state import TabletState
from sync_server.domain.visit.visit import State
from sync_server.protocol.rows import VisitRow

from . import names


class LineRowText(Struct, frozen=True):
    """A visit in line, or one of my visits on hold (`held`). `hindrance` is what keeps it, and what helps."""

    visit_id: str
    ticket: str
    need: str
    shopper: str
    colour: str | None
    clock: str
    status: str
    late: bool = False
    held: bool = False
    hindrance: str = ""


class PersonText(Struct, frozen=True):
    """An employee on the floor, and what they are doing."""

    person: str
    name: str
    colour: str
    activity: str
    free: bool


class FloorText(Struct, frozen=True):
    """`as_of` says how old the rows are, if they are not up to date."""

    title: str
    as_of: str
    rows: tuple[LineRowText, ...]
    people: tuple[PersonText, ...]


def floor(state: TabletState, texts: Texts) -> FloorText:
    snapshot = state.snapshot
    waiting = snapshot.waiting
    return FloorText(
        title=_title(texts, len(waiting), len(snapshot.on_hold)),
        as_of=_as_of(state, texts),
        rows=tuple(_row(snapshot, texts, row) for row in (*snapshot.on_hold, *waiting)),
        people=tuple(_person(snapshot, texts, colleague) for colleague in snapshot.on_floor),
    )


def _title(texts: Texts, waiting: int, on_hold: int) -> str:
    """How many wait; else how many I have on hold; empty for nobody."""
    if waiting:
        return texts.say("staff.floor.waiting", n=waiting)
    return texts.say("staff.floor.on_hold", n=on_hold) if on_hold else ""


def since(snapshot: TabletSnapshot, texts: Texts, at: int) -> str:
    """`since 14:03`."""
    if snapshot.catalogue is None:
        return ""
    return texts.say("staff.floor.since", time=texts.time(snapshot.catalogue.local(at)))


def _as_of(state: TabletState, texts: Texts) -> str:
    snapshot = state.snapshot
    if snapshot.live or state.banner is None or snapshot.catalogue is None:
        return ""
    disconnected_at = snapshot.catalogue.local(snapshot.now - state.offline_s * 1000 * snapshot.pace)
    return texts.say("staff.floor.as_of", time=texts.time(disconnected_at))


def _row(snapshot: TabletSnapshot, texts: Texts, row: VisitRow) -> LineRowText:
    held, late = row.state == State.ON_HOLD, snapshot.is_late(row)
    status = ""
    if held:
        status = texts.say("state.on_hold")
    elif row.state == State.OFFERED:
        status = texts.say("staff.floor.asked", name=names.employee_name(snapshot, row.offer_to))
    is_known = names.alias(row) or row.colour
    return LineRowText(
        visit_id=row.visit_id,
        ticket=row.ticket,
        need=names.need_name(snapshot, texts, row.need),
        shopper=names.dotted(
            names.shopper_line(texts, row) if is_known else texts.ticket_name(row.ticket),
            names.place(snapshot, texts, row),
            _other_language(texts, row),
        ),
        colour=row.colour,
        clock=texts.clock(snapshot.held_s(row) if held else snapshot.waited_s(row)),
        status=status,
        late=late and not held,
        held=held,
        hindrance=names.hindrance(snapshot, texts, row),
    )


def _other_language(texts: Texts, row: VisitRow) -> str:
    """The shopper's language if it is not the tablet's: `FI`."""
    return "" if row.language == texts.language else row.language.upper()


def _person(snapshot: TabletSnapshot, texts: Texts, colleague: Colleague) -> PersonText:
    person = colleague.person
    activity = _activity(snapshot, texts, colleague)
    if snapshot.me is not None and person.id == snapshot.me.id:
        activity = names.dotted(texts.say("staff.floor.you"), activity)
    return PersonText(
        person=person.id,
        name=names.employee_name(snapshot, person.id),
        colour=names.employee_colour(snapshot, person.id),
        activity=activity,
        free=colleague.activity is Activity.FREE,
    )


def _activity(snapshot: TabletSnapshot, texts: Texts, colleague: Colleague) -> str:
    visit = colleague.visit
    match colleague.activity:
        case Activity.SERVING if visit is not None:
            with_ticket = texts.say("staff.floor.with", ticket=visit.ticket)
            return names.dotted(with_ticket, texts.clock(snapshot.service_s(visit)))
        case Activity.ON_THE_WAY if visit is not None:
            return texts.say("staff.floor.walking", ticket=visit.ticket)
        case Activity.OFFERED if visit is not None:
            return texts.say("staff.floor.being_asked", ticket=visit.ticket)
        case Activity.ON_BREAK:
            started = since(snapshot, texts, colleague.person.since)
            return names.dotted(texts.say("staff.floor.on_break"), started)
        case Activity.NOT_RESPONDING:
            return texts.say("staff.floor.silent")
    return texts.say("staff.floor.free")
