"""What the server's rows mean to a shopper: who comes, which ticket is called, which visit can be rated."""

from collections.abc import Mapping, Set

from msgspec import Struct

from sync_server.device.sync.optimistic_view import OptimisticView
from sync_server.domain.catalogue.catalogue import Catalogue
from sync_server.domain.queue.hindrance import Kind
from sync_server.domain.visit.progress import Stage, longer_wait_key, place_to_tell, stage_of, wait_to_tell
from sync_server.domain.visit.visit import State
from sync_server.protocol.rows import ClosedNeedRow, OverridesRow, QuoteRow, ToldWaitsRow, VisitRow

RATING_MS = 15 * 60_000  # how long after its end a visit can be rated at the kiosk
CALL_MS = 60_000  # how long the kiosk shows that a ticket is called
MAX_RATEABLE = 6  # tickets to pick from when several visits have ended


class RefusedTicket(Struct, frozen=True):
    """A ticket that the server refused after its shopper had left the kiosk."""

    op_id: str
    ticket: str


class FloorState(Struct, frozen=True):
    """All that a screen may know beside the session. `at` is the server's time, ms UTC.

    `live` is false if the rows are out of date or the server takes no ops. `last_contact_at` is when
    the server last sent something, None if it never did. `told_waits` is how right they were, None if that
    is not known. `overrides` is what the manager lets this kiosk offer and say today.
    """

    catalogue: Catalogue | None = None
    view: OptimisticView = OptimisticView({}, {}, {})
    live: bool = False
    at: int = 0
    refused_tickets: tuple[RefusedTicket, ...] = ()
    last_contact_at: int | None = None
    told_waits: ToldWaitsRow | None = None
    overrides: OverridesRow = OverridesRow()


def stage(row: VisitRow | None) -> Stage:
    """How far the visit of this row is. A visit without a row has only just been opened."""
    return Stage.FINDING if row is None else stage_of(row.state, row.recalled_at)


def wait_bracket(row: VisitRow | QuoteRow | None) -> tuple[float, float] | None:
    """The expected waiting time in seconds, low and high; None if it is not known."""
    if row is None or row.low_s is None or row.high_s is None:
        return None
    return row.low_s, row.high_s


def wait_in_line(row: VisitRow | None, now: int) -> tuple[float, float] | None:
    """The wait from `now` on (ms UTC) of a visit in line, in seconds, low and high; None if not known."""
    return wait_to_tell(wait_bracket(row), row.promised if row else None, now)


def longer_wait(row: VisitRow | None, now: int) -> str | None:
    """The text's key that says why the wait is longer than was told; None if it is not."""
    return longer_wait_key(row.extended_because, row.promised, now) if row else None


def ahead(row: VisitRow | None) -> int | None:
    """How many are before this visit; None if it is not known, or does not fit the wait."""
    if row is None or row.place_in_line is None:
        return None
    return place_to_tell(row.place_in_line - 1, row.high_s)


def nobody_for(floor: FloorState, need: str | None) -> bool:
    """Whether nobody who could serve this need is in the shop, as far as the kiosk knows now."""
    quote = floor.view.quotes.get(need or "")
    return floor.live and quote is not None and quote.hindrance == Kind.NOBODY


def closed_need(floor: FloorState, need: str | None) -> ClosedNeedRow | None:
    """How this need is closed at present; None if it is offered."""
    return next((row for row in floor.overrides.closed if row.need == need and floor.at < row.until), None)


def announcement(floor: FloorState) -> dict[str, str]:
    """The text that the manager has this kiosk show at present, by language; empty for none."""
    shown = floor.overrides.announcement
    return shown.words if shown is not None and floor.at < shown.until else {}


def widest_bracket(quotes: Mapping[str, QuoteRow]) -> tuple[float, float] | None:
    """One bracket that is right for every need; None if nothing is known."""
    known = [bracket for quote in quotes.values() if (bracket := wait_bracket(quote))]
    return (min(low for low, _ in known), max(high for _, high in known)) if known else None


def rateable_visits(floor: FloorState, excluded: Set[str]) -> tuple[VisitRow, ...]:
    """The visits that can still be rated, the latest first, without those in `excluded`."""
    rows = [
        row
        for row in floor.view.visits.values()
        if row.state in (State.COMPLETED, State.CANCELLED)
        and row.ended_at is not None
        and floor.at - row.ended_at < RATING_MS
        and not row.rated
        and row.visit_id not in excluded
    ]
    return tuple(sorted(rows, key=lambda row: -(row.ended_at or 0))[:MAX_RATEABLE])


def called_tickets(floor: FloorState) -> tuple[VisitRow, ...]:
    """The visits whose ticket is called at present, the latest call first."""
    rows = [
        row
        for row in floor.view.visits.values()
        if stage(row) is Stage.CALLED and floor.at - (row.recalled_at or 0) < CALL_MS
    ]
    return tuple(sorted(rows, key=lambda row: -(row.recalled_at or 0)))


class RatedVisits:
    """The visits that this kiosk does not ask about again: they were rated, or the shopper declined."""

    def __init__(self) -> None:
        self._answered_at: dict[str, int] = {}

    def add(self, visit_id: str, at: int) -> None:
        """Adds a visit that was answered `at`, the server's time. It is forgotten after RATING_MS."""
        recent = {known: when for known, when in self._answered_at.items() if at - when < RATING_MS}
        self._answered_at = recent | {visit_id: at}

    def rateable(self, floor: FloorState) -> tuple[VisitRow, ...]:
        """The visits that the kiosk may still ask about."""
        return rateable_visits(floor, self._answered_at.keys())


class CallSounds:
    """Remembers for which calls the sound was played."""

    def __init__(self) -> None:
        self._played: dict[str, int] = {}

    def new_calls(self, floor: FloorState) -> set[str]:
        """The ids of the visits that were called since the last time."""
        called = {row.visit_id: row.recalled_at or 0 for row in called_tickets(floor)}
        new = {visit_id for visit_id, at in called.items() if self._played.get(visit_id) != at}
        self._played = called
        return new
