"""A shopper at a kiosk without a screen: a store, a clock that a test moves, and taps."""

from dataclasses import dataclass, field

from msgspec.structs import replace

from kiosk.session.session import KioskScreen
from kiosk.session.session_flow import Effect, SessionFlow
from kiosk.session.visit_progress import FloorState
from sync_server.device.sync.optimistic_view import OptimisticView
from sync_server.domain import ops
from sync_server.domain.catalogue.catalogue import Catalogue, Employee, Need, Place, Skill, StoreInfo
from sync_server.domain.catalogue.times import Times
from sync_server.protocol.rows import VisitRow

AT = 1_790_000_000_000  # the server's time in these tests
IDLE_MS = 45_000
VISIT, OTHER = "0" * 31 + "1", "0" * 31 + "2"
LINK = "abcdefghijklmnopqrstuv"


def text(word: str) -> dict[str, str]:
    return {"en": word, "nl": f"{word} nl", "fi": f"{word} fi"}


STORE = Catalogue(
    store=StoreInfo("Lumen & Co", languages=("nl", "en", "fi"), public_url="https://lumen.example/"),
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
    """A shopper at a kiosk. Time passes only in `wait`."""

    flow: SessionFlow = field(default_factory=SessionFlow)
    now: int = 1_000
    at: int = AT

    def update(self, *rows: VisitRow, **changes: object) -> list[Effect]:
        view = OptimisticView({r.visit_id: r for r in rows}, {}, {})
        floor = FloorState(STORE, view, live=True, at=self.at)
        return self.flow.update_floor(replace(floor, **changes), self.now)

    def wait(self, ms: int) -> None:
        """Lets time pass, and calls `tick` when it is due, as the app does."""
        end = self.now + ms
        while (due := self.flow.next_deadline(self.now)) <= end:
            assert due > self.now, "a deadline in the past would spin the app's timer"
            self.now = due
            self.flow.tick(due)
        self.now = end

    @property
    def screen(self) -> KioskScreen:
        return self.flow.session.screen

    def join(self) -> ops.OpenVisit:
        (op,) = self.flow.join(VISIT, "A-42", LINK, self.now)
        assert isinstance(op, ops.OpenVisit)
        return op

    def in_line(self) -> "Shopper":
        self.flow.choose_need("repair", self.now)
        self.join()
        self.update(row())
        return self


def at_identify(shopper: Shopper) -> None:
    shopper.flow.choose_need("repair", shopper.now)


def at_name(shopper: Shopper) -> None:
    at_identify(shopper)
    shopper.flow.open_name(shopper.now)
    shopper.flow.type("R", shopper.now)


def at_need_group(shopper: Shopper) -> None:
    shopper.flow.choose_need("more", shopper.now)


def at_confirm_leave(shopper: Shopper) -> None:
    shopper.in_line().flow.leave(shopper.now)


def at_rating(shopper: Shopper) -> None:
    at_confirm_leave(shopper)
    shopper.flow.leave(shopper.now)


def at_pick_ticket(shopper: Shopper) -> None:
    ended = {"state": "completed", "ended_at": AT}
    shopper.update(row(**ended), row(visit_id=OTHER, **ended))
    shopper.flow.open_rating(shopper.now)
