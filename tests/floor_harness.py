"""A floor for tests, and people who act on it.

play = FloorHarness()
play.sign_on("maya")
visit_id = play.open("repair")
play.yes("maya", ops.Accept(visit_id, play.visit(visit_id).rev))
"""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from sync_server.domain import ops
from sync_server.domain.catalogue.catalogue import Catalogue
from sync_server.domain.events import Record
from sync_server.domain.floor.floor import Floor
from sync_server.domain.ops import SYSTEM, Actor, ActorKind
from sync_server.domain.people import Person
from sync_server.domain.queue.wait_estimate import History
from sync_server.domain.refusal import Refusal
from sync_server.domain.resolution import Resolution
from sync_server.domain.visit.visit import Visit

from .fake_clock import FakeClock
from .sample_store import catalogue

KIOSK = Actor(ActorKind.KIOSK, "kiosk-1")
OTHER_KIOSK = Actor(ActorKind.KIOSK, "kiosk-2")


def floor(of: Catalogue | None = None, history: History | None = None) -> Floor:
    return Floor(of or catalogue(), history)


class FloorHarness:
    """A floor with a kiosk and a tablet for each employee. `records` is its log."""

    def __init__(self, of: Catalogue | None = None, clock: FakeClock | None = None) -> None:
        self.catalogue = of or catalogue()
        self.clock = clock or FakeClock()
        self.floor = Floor(self.catalogue)
        self.records: list[Record] = []
        self._made = 0
        self.tick()

    # --- actions ---------------------------------------------------------------------------

    def sign_on(self, *names: str) -> None:
        """Each employee signs on at a tablet of their own."""
        for name in names:
            self.yes(SYSTEM, ops.SignOn(name, tablet(name)))

    def open(self, need: str = "ask", by: Actor = KIOSK, **more: Any) -> str:
        visit_id = self.new_id()
        self.yes(by, ops.OpenVisit(visit_id, more.pop("ticket", self.ticket()), need, "en", **more))
        return visit_id

    def open_with(self, name: str, need: str = "ask", **more: Any) -> str:
        """Opens a visit that must be offered to `name`, who accepts and starts it."""
        visit_id = self.open(need, **more)
        self.accept(name, visit_id)
        self.start(name, visit_id)
        return visit_id

    def accept(self, name: str, visit_id: str) -> list[Record]:
        return self.on(name, ops.Accept, visit_id)

    def start(self, name: str, visit_id: str) -> list[Record]:
        return self.on(name, ops.Start, visit_id)

    def complete(self, name: str, visit_id: str, **more: Any) -> list[Record]:
        return self.on(name, ops.Complete, visit_id, resolution=Resolution.SOLVED, **more)

    def on(self, name: str, op: Callable[..., Any], visit_id: str, **more: Any) -> list[Record]:
        """`name` does `op` on a visit, with its present rev."""
        return self.yes(name, op(visit_id=visit_id, expected_rev=self.visit(visit_id).rev, **more))

    def yes(self, by: str | Actor, op: Any) -> list[Record]:
        """Does an op that the floor must not refuse."""
        outcome = self.handle(by, op)
        assert not isinstance(outcome, Refusal), f"{op} was refused: {outcome}"
        return outcome

    def no(self, by: str | Actor, op: Any) -> Refusal:
        """Does an op that the floor must refuse without any change."""
        before = self.state()
        outcome = self.handle(by, op)
        assert isinstance(outcome, Refusal), f"{op} was allowed: {outcome}"
        assert self.state() == before, f"{op} was refused and changed something"
        return outcome

    def handle(self, by: str | Actor, op: Any) -> list[Record] | Refusal:
        actor = by if isinstance(by, Actor) else staff(by)
        outcome = self.floor.handle(op, actor, self.clock.now)
        if not isinstance(outcome, Refusal):
            self.records += outcome
        return outcome

    def tick(self) -> list[Record]:
        records = self.floor.tick(self.clock.now)
        self.records += records
        return records

    def after(self, seconds: float) -> list[Record]:
        """Lets time pass, with a tick at each deadline. Returns all records."""
        end = self.clock.now + int(seconds * 1000)
        done: list[Record] = []
        while (due := self.floor.next_deadline(self.clock.now)) is not None and due <= end:
            self.clock.now = max(due, self.clock.now)
            done += self.tick()
        self.clock.now = end
        return done + self.tick()

    # --- state -------------------------------------------------------------------------

    def visit(self, visit_id: str) -> Visit:
        return self.floor.visits[visit_id]

    def person(self, name: str) -> Person:
        return self.floor.people[name]

    def state(self) -> tuple[Any, ...]:
        """Everything that a refusal must not change."""
        people, visits = self.floor.people, self.floor.visits
        return (
            dict(visits),
            dict(people),
            self.floor.seq,
            sorted(v.visit_id for v in self.floor.open_visits()),
        )

    def new_id(self) -> str:
        self._made += 1
        return f"{self._made:032x}"

    def ticket(self) -> str:
        return f"A-{self._made}"


def tablet(name: str) -> str:
    return f"tablet-{name}"


def staff(name: str) -> Actor:
    return Actor(ActorKind.STAFF, tablet(name))


E = TypeVar("E")


def event_of(records: Iterable[Record], kind: type[E]) -> E:
    """The one event of this kind."""
    [event] = [record.event for record in records if isinstance(record.event, kind)]
    return event


def allowed(outcome: list[Record] | Refusal) -> list[Record]:
    assert not isinstance(outcome, Refusal), outcome
    return outcome


def refused(outcome: list[Record] | Refusal) -> Refusal:
    assert isinstance(outcome, Refusal), outcome
    return outcome


def kinds(records: Iterable[Record]) -> list[str]:
    """The names of the events, as in the log."""
    return [str(type(record.event).__struct_config__.tag) for record in records]
