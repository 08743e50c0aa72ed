"""A tablet without a screen: its state, updated from a fake device."""

from typing import Any

from staff_app import undo
from staff_app.navigation import StaffScreen
from staff_app.snapshot import TabletSnapshot
from staff_app.tablet_state import TabletState
from sync_server.domain import ops
from sync_server.domain.catalogue.catalogue import Catalogue, Employee, Gift, Need, Skill, StoreInfo
from sync_server.domain.catalogue.times import Times
from sync_server.protocol.rows import PersonRow, VisitRow
from tests.gallery.staff_device import FakeStaffDevice

NOW = 1_790_000_000_000
TABLET = "tablet-1"


def vid(number: int) -> str:
    return f"{number:032x}"


def text(words: str) -> dict[str, str]:
    return {"en": words}


CATALOGUE = Catalogue(
    store=StoreInfo(name="Lumen", goodwill_limit_cents=2500),
    needs=(
        Need("repair", text("Something doesn't work"), "tool", target_wait_s=60, target_service_s=240),
        Need("choose", text("Help me choose"), "bulb"),
        Need("choose-laptop", text("Laptops"), "laptop", under="choose"),
        Need("choose-phone", text("Phones"), "phone", under="choose"),
        Need("other", text("Something else"), "dots", endings=("sold", "nonsense", "solved")),
    ),
    skills=(Skill("repair", text("Repair")),),
    employees=tuple(Employee(name, name.title(), frozenset()) for name in ("sam", "maya", "lotte", "jussi")),
    gifts=(Gift("cable", text("New cable"), 900),),
    times=Times(offer_s=15),
)


def visit(
    number: int = 1, state: str = "waiting", ago_s: float = 30, need: str = "repair", **more: Any
) -> VisitRow:
    return VisitRow(
        visit_id=vid(number),
        ticket=f"A-{number}",
        rev=more.pop("rev", 1),
        state=state,
        need=need,
        language="en",
        created_at=NOW - int(ago_s * 1000),
        **more,
    )


def person(name: str = "maya", presence: str = "available", device: str | None = TABLET) -> PersonRow:
    return PersonRow(name, presence, NOW - 60_000, device)


def offered(number: int = 1, left_s: float = 10) -> VisitRow:
    until = NOW + int(left_s * 1000)
    return visit(number, "offered", offer_to="maya", offer_until=until, rev=2)


class Tablet:
    """The state of a tablet that follows a fake device, as the app does it."""

    def __init__(self, *visits: VisitRow, people: tuple[PersonRow, ...] = (person(),)) -> None:
        self.device = FakeStaffDevice(CATALOGUE, TABLET, NOW)
        self.device.show(visits, people)
        self.state = TabletState(self._snapshot())
        self.device.on_change = self.refresh

    def _snapshot(self) -> TabletSnapshot:
        d = self.device
        refused = tuple(d.outbox.refused())
        return TabletSnapshot(
            d.view, d.catalogue, TABLET, d.now, d.live, d.problem, refused, pace=d.pace, undo_s=d.undo_s
        )

    def refresh(self) -> None:
        self.state.update(self._snapshot())

    def after(self, seconds: float) -> None:
        self.device.now += int(seconds * 1000)
        self.refresh()

    def show(self, *visits: VisitRow, people: tuple[PersonRow, ...] = (person(),)) -> None:
        self.device.show(visits, people)

    def do(self, op: ops.DeviceOp | None) -> None:
        assert op is not None
        self.state.offer_undo(undo.undoable(op, self.snapshot))
        self.device.submit(op)

    @property
    def screen(self) -> StaffScreen:
        return self.state.screen

    @property
    def snapshot(self) -> TabletSnapshot:
        return self.state.snapshot
