"""What the server's rows mean to a shopper: who comes, whose ticket is called, who may say how it was."""

from collections.abc import Mapping, Set
from enum import StrEnum

from msgspec import Struct

from sync_server.device.project import View
from sync_server.domain.catalogue import Catalogue
from sync_server.domain.visit import ENDED, State
from sync_server.protocol.rows import QuoteRow, VisitRow

ASK_MS = 15 * 60_000  # so long after a visit the kiosk offers to ask how it was
CALL_MS = 60_000  # so long a ticket is called when its shopper is not found
USEFUL_S = 600  # a bracket wider than this tells nobody anything
MOST_ASKED = 6  # tickets to choose from when several visits have ended


class Stage(StrEnum):
    """How far a visit is, in the eyes of the shopper who looks at the screen."""

    FINDING = "finding"
    COMING = "coming"
    CALLED = "called"
    WITH_YOU = "with_you"
    HELD = "held"
    OVER = "over"


class Lost(Struct, frozen=True):
    """A ticket the server refused after its shopper had left the screen."""

    op_id: str
    ticket: str


class World(Struct, frozen=True):
    """All that a screen may know beyond this one session. `at` is the server's time, ms UTC.

    `live` is false while the rows show the floor as it was, or the server takes no ops; `heard_at`
    is when the server last spoke, None if it never did.
    """

    catalogue: Catalogue | None = None
    view: View = View({}, {}, {})
    live: bool = False
    at: int = 0
    lost: tuple[Lost, ...] = ()
    heard_at: int | None = None


def stage(row: VisitRow | None) -> Stage:
    """Where the visit of this row stands; nothing is known yet of one without a row."""
    if row is None:
        return Stage.FINDING
    if row.state in ENDED:
        return Stage.OVER
    if row.state == State.SERVING:
        return Stage.WITH_YOU
    if row.state == State.ON_HOLD:
        return Stage.HELD
    if row.recalled_at is not None:
        return Stage.CALLED
    return Stage.COMING if row.state == State.ACCEPTED else Stage.FINDING


def bracket(row: VisitRow | QuoteRow | None) -> tuple[float, float] | None:
    """The wait to expect, seconds low and high; None where it is not known."""
    if row is None or row.low_s is None or row.high_s is None:
        return None
    return row.low_s, row.high_s


def widest(quotes: Mapping[str, QuoteRow]) -> tuple[float, float] | None:
    """One bracket that holds whatever the shopper will come for; None where nothing is known."""
    known = [known for quote in quotes.values() if (known := bracket(quote))]
    return (min(low for low, _ in known), max(high for _, high in known)) if known else None


def worth_saying(low_s: float, high_s: float) -> bool:
    """Whether a bracket is narrow enough to help. Shoppers' own, once they are in line, mostly is."""
    return high_s - low_s <= USEFUL_S


def to_ask(world: World, not_again: Set[str]) -> tuple[VisitRow, ...]:
    """The visits whose shoppers may still say how it was, the latest first."""
    rows = [
        row
        for row in world.view.visits.values()
        if row.state in (State.COMPLETED, State.CANCELLED)
        and row.ended_at is not None
        and world.at - row.ended_at < ASK_MS
        and not row.rated
        and row.visit_id not in not_again
    ]
    return tuple(sorted(rows, key=lambda row: -(row.ended_at or 0))[:MOST_ASKED])


def calls(world: World) -> tuple[VisitRow, ...]:
    """The tickets being called, the latest call first."""
    rows = [
        row
        for row in world.view.visits.values()
        if stage(row) is Stage.CALLED and world.at - (row.recalled_at or 0) < CALL_MS
    ]
    return tuple(sorted(rows, key=lambda row: -(row.recalled_at or 0)))


class Answered:
    """The visits that are not asked about again: somebody has said how it was, or would rather not."""

    def __init__(self) -> None:
        self._at: dict[str, int] = {}

    def add(self, visit_id: str, at: int) -> None:
        """This one, answered `at`, the server's time. After ASK_MS nobody would be asked anyway."""
        self._at = {known: when for known, when in self._at.items() if at - when < ASK_MS} | {visit_id: at}

    def without(self, world: World) -> tuple[VisitRow, ...]:
        """Who may still be asked in this world."""
        return to_ask(world, self._at.keys())


class Calls:
    """Which calls have rung already."""

    def __init__(self) -> None:
        self._rung: dict[str, int] = {}

    def new(self, world: World) -> set[str]:
        """The visits called since the last time."""
        called = {row.visit_id: row.recalled_at or 0 for row in calls(world)}
        new = {visit_id for visit_id, at in called.items() if self._rung.get(visit_id) != at}
        self._rung = called
        return new
