"""A small shop for tests: its catalogue, a clock that only tests turn, and hands to work the floor with.

play = Play()
play.sign_on("maya")
visit_id = play.open("repair")
play.yes("maya", ops.Accept(visit_id, play.visit(visit_id).rev))
"""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from msgspec.structs import asdict

from sync_server.domain import ops
from sync_server.domain.catalogue import Catalogue, Employee, Gift, Need, Place, Skill, Store, Times, Tip
from sync_server.domain.events import Record, Resolution
from sync_server.domain.floor import Floor
from sync_server.domain.ops import SYSTEM, Actor, ActorKind
from sync_server.domain.people import Person
from sync_server.domain.refusal import Refusal
from sync_server.domain.visit import Visit
from sync_server.domain.wait import History

KIOSK = Actor(ActorKind.KIOSK, "kiosk-1")
OTHER_KIOSK = Actor(ActorKind.KIOSK, "kiosk-2")


def text(words: str) -> dict[str, str]:
    return {"en": words, "nl": words, "fi": words}


def ms(year: int, month: int, day: int, hour: int = 0, minute: int = 0, second: int = 0) -> int:
    """An instant in UTC, ms since 1970."""
    return int(datetime(year, month, day, hour, minute, second, tzinfo=UTC).timestamp() * 1000)


MONDAY_10 = ms(2026, 3, 2, 9)  # ten in the morning in Amsterdam
CLOSES = ms(2026, 3, 2, 20)  # that day's closing time, 21:00


def catalogue(store: Store | None = None, times: Times | None = None, **changes: Any) -> Catalogue:
    """Four employees: maya can do all, tom repairs, lea sells, kim has no skill of the list."""
    whole: dict[str, Any] = {
        "store": store or Store(name="Test shop", closes="21:00"),
        "times": times or Times(),
        "skills": tuple(Skill(code, text(code)) for code in ("repair", "sales", "phone")),
        "needs": (
            Need("repair", text("repair"), "tool", skills=("repair",)),
            Need("repair_phone", text("phone"), "phone", skills=("repair",), prefer=("phone", "sales")),
            Need("buy", text("buy"), "bag", skills=("sales",)),
            Need("ask", text("ask"), "bulb"),
            Need("pick_up", text("pick up"), "box", priority=2),
            Need("advice", text("advice"), "dots"),
            Need("advice_sound", text("sound"), "ear", under="advice"),
        ),
        "employees": (
            Employee("maya", "Maya", frozenset({"repair", "sales", "phone"})),
            Employee("tom", "Tom", frozenset({"repair"})),
            Employee("lea", "Lea", frozenset({"sales"})),
            Employee("kim", "Kim", frozenset()),
        ),
        "places": (Place("door", text("door"), "door"),),
        "tips": (Tip("dry", text("keep it dry")),),
        "gifts": (Gift("cable", text("cable"), 900), Gift("case", text("case"), 2400)),
    }
    return Catalogue(**{**whole, **changes})


def floor(of: Catalogue | None = None, history: History | None = None) -> Floor:
    return Floor(of or catalogue(), history)


class Clock:
    """The time, ms UTC. It stands still until a test moves it."""

    def __init__(self, now: int = MONDAY_10) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now

    def after(self, seconds: float) -> int:
        self.now += int(seconds * 1000)
        return self.now


class Play:
    """A floor with a kiosk and a tablet for each employee. Every record it brings about is kept."""

    def __init__(self, of: Catalogue | None = None, clock: Clock | None = None) -> None:
        self.catalogue = of or catalogue()
        self.clock = clock or Clock()
        self.floor = Floor(self.catalogue)
        self.records: list[Record] = []
        self._made = 0
        self.tick()

    # --- what people do ---------------------------------------------------------------------------

    def sign_on(self, *names: str) -> None:
        """Each at the tablet of their own name."""
        for name in names:
            self.yes(SYSTEM, ops.SignOn(name, tablet(name)))

    def open(self, need: str = "ask", by: Actor = KIOSK, **more: Any) -> str:
        visit_id = self.new_id()
        self.yes(by, ops.OpenVisit(visit_id, more.pop("ticket", self.ticket()), need, "en", **more))
        return visit_id

    def open_with(self, name: str, need: str = "ask", **more: Any) -> str:
        """A visit that is already being served by `name`, who must be the one it is offered to."""
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
        """`name` does `op` on a visit as they see it now."""
        return self.yes(name, op(visit_id=visit_id, expected_rev=self.visit(visit_id).rev, **more))

    def yes(self, by: str | Actor, op: Any) -> list[Record]:
        """Does an op that the floor must allow."""
        outcome = self.handle(by, op)
        assert not isinstance(outcome, Refusal), f"{op} was refused: {outcome}"
        return outcome

    def no(self, by: str | Actor, op: Any) -> Refusal:
        """Does an op that the floor must refuse, and that must change nothing."""
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
        """Lets time pass, waking the floor as often as it asks for. All that happened meanwhile."""
        end = self.clock.now + int(seconds * 1000)
        done: list[Record] = []
        while (due := self.floor.next_deadline(self.clock.now)) is not None and due <= end:
            self.clock.now = max(due, self.clock.now)
            done += self.tick()
        self.clock.now = end
        return done + self.tick()

    # --- what can be seen -------------------------------------------------------------------------

    def visit(self, visit_id: str) -> Visit:
        return self.floor.visits[visit_id]

    def person(self, name: str) -> Person:
        return self.floor.people[name]

    def state(self) -> tuple[Any, ...]:
        """Everything that a refusal must leave alone."""
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


def kinds(records: Iterable[Record]) -> list[str]:
    """What happened, in the log's own words."""
    return [type(record.event).__struct_config__.tag for record in records]


def plain(struct: Any) -> dict[str, Any]:
    return asdict(struct)


PASSWORD = "a-good-password"
STORE_TOML = """\
[store]
name = "Test shop"
timezone = "Europe/Amsterdam"
languages = ["en"]
closes = "21:00"

[server]
sync = "127.0.0.1:0"
web = "127.0.0.1:0"
enrol = ""
announce = false

[times]
offer_s = 15

[[skills]]
code = "repair"
text = { en = "Repairs" }

[[skills]]
code = "sales"
text = { en = "Sales" }

[[needs]]
code = "repair"
text = { en = "It is broken" }
icon = "tool"
skills = ["repair"]
target_wait_s = 90
endings = ["solved"]
[needs.self_help]
title = { en = "Try this" }
text = { en = "Off and on again" }

[[needs]]
code = "buy"
text = { en = "I want to buy" }
icon = "bag"
skills = ["sales"]
prefer = ["repair"]

[[needs]]
code = "ask"
text = { en = "A question" }
icon = "bulb"

[[needs]]
code = "advice"
text = { en = "Advice" }
icon = "dots"

[[needs]]
code = "advice_sound"
text = { en = "On sound" }
icon = "ear"
under = "advice"

[[places]]
code = "door"
text = { en = "By the door" }
icon = "door"

[[tips]]
code = "dry"
text = { en = "Keep it dry" }
needs = ["repair"]

[[gifts]]
code = "cable"
text = { en = "A cable" }
cents = 900

[[employees]]
id = "maya"
name = "Maya"
colour = "#A1B2C3"
skills = ["repair", "sales"]

[[employees]]
id = "tom"
name = "Tom"
skills = ["repair"]

[[employees]]
id = "kim"
name = "Kim"
skills = []
"""
