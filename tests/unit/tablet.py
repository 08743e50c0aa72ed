"""A tablet without a screen: a board that sees what its stand-in device shows."""

from staff_app.board import Board
from staff_app.screen import Screen
from staff_app.seen import Seen
from staff_app.stand_in import StandIn
from sync_server.domain import ops
from sync_server.domain.catalogue import Catalogue, Employee, Gift, Need, Skill, Store, Times
from sync_server.protocol.rows import PersonRow, VisitRow

NOW = 1_790_000_000_000
TABLET = "tablet-1"


def vid(number: int) -> str:
    return f"{number:032x}"


def text(words: str) -> dict[str, str]:
    return {"en": words}


CATALOGUE = Catalogue(
    store=Store(name="Lumen", goodwill_limit_cents=2500),
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
    number: int = 1, state: str = "waiting", ago_s: float = 30, need: str = "repair", **more
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
    """A board that sees whatever its stand-in device shows, as the app has it."""

    def __init__(self, *visits: VisitRow, people: tuple[PersonRow, ...] = (person(),)) -> None:
        self.device = StandIn(CATALOGUE, TABLET, NOW)
        self.device.show(visits, people)
        self.board = Board(self._seen())
        self.device.on_change = self.look

    def _seen(self) -> Seen:
        d = self.device
        refused = tuple(d.outbox.refused())
        return Seen(d.view, d.catalogue, TABLET, d.now, d.live, d.problem, refused)

    def look(self) -> None:
        self.board.see(self._seen())

    def after(self, seconds: float) -> None:
        self.device.now += int(seconds * 1000)
        self.look()

    def show(self, *visits: VisitRow, people: tuple[PersonRow, ...] = (person(),)) -> None:
        self.device.show(visits, people)

    def do(self, op: ops.DeviceOp | None) -> None:
        assert op is not None
        self.device.submit(op)

    @property
    def screen(self) -> Screen:
        return self.board.screen

    @property
    def seen(self) -> Seen:
        return self.board.seen
