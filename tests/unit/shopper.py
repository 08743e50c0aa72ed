"""Somebody at a kiosk, without a screen: a store, a clock that stands still, and what they tap."""

from dataclasses import dataclass, field

from msgspec.structs import replace

from kiosk.flow import Flow
from kiosk.session import Screen
from kiosk.standing import World
from sync_server.device.project import View
from sync_server.domain import ops
from sync_server.domain.catalogue import Catalogue, Employee, Need, Place, Skill, Store, Times
from sync_server.protocol.rows import VisitRow

AT = 1_790_000_000_000  # the server's time in these tests
IDLE_MS = 45_000
VISIT, OTHER = "0" * 31 + "1", "0" * 31 + "2"
LINK = "abcdefghijklmnopqrstuv"


def text(word: str) -> dict[str, str]:
    return {"en": word, "nl": f"{word} nl", "fi": f"{word} fi"}


STORE = Catalogue(
    store=Store("Lumen & Co", languages=("nl", "en", "fi"), public_url="https://lumen.example/"),
    needs=(
        Need("repair", text("Something doesn't work"), "tool"),
        Need("more", text("Something else"), "dots"),
        Need("lost", text("I lost something"), "search", under="more"),
    ),
    skills=(Skill("phones", text("Phones")),),
    employees=(Employee("maya", "Maya", frozenset({"phones"})),),
    places=(Place("seats", text("The seats"), "armchair"),),
    times=Times(idle_s=IDLE_MS / 1000),
)


def row(**changes: object) -> VisitRow:
    first = VisitRow(VISIT, "A-42", 1, "waiting", "repair", "nl", AT)
    return replace(first, **changes)


@dataclass
class Shopper:
    """Somebody at a kiosk whose clock stands still unless told otherwise."""

    flow: Flow = field(default_factory=Flow)
    now: int = 1_000
    at: int = AT

    def see(self, *rows: VisitRow, **changes: object) -> list[object]:
        view = View({r.visit_id: r for r in rows}, {}, {})
        world = World(STORE, view, live=True, at=self.at)
        return self.flow.see(replace(world, **changes), self.now)

    def wait(self, ms: int) -> None:
        """Lets time pass as the app does: `tick` whenever it is due."""
        end = self.now + ms
        while (due := self.flow.next_deadline(self.now)) <= end:
            assert due > self.now, "a deadline in the past would spin the app's timer"
            self.now = due
            self.flow.tick(due)
        self.now = end

    @property
    def screen(self) -> Screen:
        return self.flow.session.screen

    def join(self) -> ops.OpenVisit:
        (op,) = self.flow.join(VISIT, "A-42", LINK, self.now)
        assert isinstance(op, ops.OpenVisit)
        return op

    def in_line(self) -> "Shopper":
        self.flow.choose_need("repair", self.now)
        self.join()
        self.see(row())
        return self


def on_spot(shopper: Shopper) -> None:
    shopper.flow.choose_need("repair", shopper.now)


def on_name(shopper: Shopper) -> None:
    on_spot(shopper)
    shopper.flow.open_name(shopper.now)
    shopper.flow.type("R", shopper.now)


def on_more(shopper: Shopper) -> None:
    shopper.flow.choose_need("more", shopper.now)


def on_leave(shopper: Shopper) -> None:
    shopper.in_line().flow.leave(shopper.now)


def on_thanks(shopper: Shopper) -> None:
    on_leave(shopper)
    shopper.flow.leave(shopper.now)


def on_pick(shopper: Shopper) -> None:
    ended = {"state": "completed", "ended_at": AT}
    shopper.see(row(**ended), row(visit_id=OTHER, **ended))
    shopper.flow.how_was_it(shopper.now)
