"""The rows of a sample shop at one moment, for pictures and for tests."""

import contextlib
import functools
import tomllib
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
from msgspec.structs import replace

from assets import paths
from staff_app.controller import StaffController
from staff_app.navigation import StaffScreen
from sync_server.domain.catalogue.catalogue import Catalogue
from sync_server.domain.visit.ticket import uuid7
from sync_server.protocol.rows import PersonRow, VisitRow

from .staff_device import FakeStaffDevice

NOW = 1_795_266_600_000  # an afternoon in November
TABLET = "mayas-tablet"
ME = "maya"
PIN = "123456"


class StaffScene:
    """A tablet in one state. `touch(page)` types something on the screen when it is shown."""

    def __init__(self, device: FakeStaffDevice, touch: Callable[[Any], object] = lambda _page: None) -> None:
        self.device = device
        self.controller = StaffController(device)  # type: ignore[arg-type]
        self.touch = touch

    def open(self, *pages: StaffScreen) -> "StaffScene":
        for page in pages:
            self.controller.open_page(page)
        return self


@functools.cache
def _demo_store() -> Catalogue:
    raw = tomllib.loads(paths.DEMO_STORE.read_text("utf-8"))
    known = {name: raw[name] for name in Catalogue.__struct_fields__ if name in raw}
    return msgspec.convert(known, Catalogue)


def catalogue() -> Catalogue:
    """The catalogue of the demo store, or the one of `showing`."""
    return _shown[-1] if _shown else _demo_store()


_shown: list[Catalogue] = []


@contextlib.contextmanager
def showing(catalogue: Catalogue) -> Iterator[None]:
    """Until the block ends, the scenes are of the store with this catalogue."""
    _shown.append(catalogue)
    try:
        yield
    finally:
        _shown.pop()


def tablet(*visits: VisitRow, people: tuple[PersonRow, ...] | None = None) -> FakeStaffDevice:
    """Maya's tablet, with these rows."""
    device = FakeStaffDevice(catalogue(), TABLET, NOW)
    device.pins = {ME: PIN}
    device.show(visits, floor() if people is None else people)
    return device


def floor(presence: str = "available") -> tuple[PersonRow, ...]:
    """Maya and four colleagues."""
    return (
        PersonRow(ME, presence, NOW - 13 * 60_000, TABLET),
        PersonRow("sam", "serving", NOW - 200_000, "sams-tablet"),
        PersonRow("lotte", "serving", NOW - 40_000, "lottes-tablet"),
        PersonRow("jussi", "on_break", NOW - 7 * 60_000, "jussis-tablet"),
        PersonRow("aino", "available", NOW - 60_000, "ainos-tablet"),
    )


def visit(ticket: str, need: str, ago_s: float, state: str = "waiting", **more: object) -> VisitRow:
    """A visit opened `ago_s` seconds ago."""
    at = NOW - int(ago_s * 1000)
    row = VisitRow(uuid7(at, ticket.rjust(10).encode()), ticket, 1, state, need, "en", at)
    return replace(row, **more)


def offered(ticket: str = "A-42", left_s: float = 11, **more: object) -> VisitRow:
    """A visit that is offered to Maya."""
    until = NOW + int(left_s * 1000)
    known = {"alias": "Robin", "colour": "red", "place": "phones", "offer_to": ME, "offer_until": until}
    return visit(ticket, str(more.pop("need", "repair")), 24, "offered", **known | more)


def in_hand(state: str, spent_s: float = 160, **more: object) -> VisitRow:
    """A visit that Maya walks to (`accepted`) or serves."""
    began = NOW - int(spent_s * 1000)
    known = {"alias": "Robin", "colour": "red", "place": "phones", "employee": ME, "accepted_at": began}
    serving = {"serving_at": began, "stint_at": began} if state == "serving" else {}
    need = str(more.pop("need", "repair"))
    return visit("A-42", need, spent_s + 45, state, **known | serving | more)


def line() -> tuple[VisitRow, ...]:
    """An ordinary afternoon: four visits wait, one of them for too long, and colleagues have two."""
    return (
        visit("B-17", "return", 250, colour="green", place="seats", alerted_at=NOW - 10_000),
        visit("A-43", "choose_laptop", 52, "offered", alias="Aino", colour="blue", place="laptops",
              language="fi", offer_to="aino", offer_until=NOW + 9000),
        visit("A-44", "pick_up", 41, colour="black", place="counter"),
        visit("B-18", "show_me", 8, colour="yellow", place="headphones", language="nl"),
        *helped(),
    )  # fmt: skip


def helped() -> tuple[VisitRow, ...]:
    """The visits of the colleagues."""
    return (
        visit("A-41", "repair", 260, "serving", employee="sam", serving_at=NOW - 200_000),
        visit("B-16", "return", 90, "accepted", employee="lotte", accepted_at=NOW - 40_000),
    )


def long_line() -> tuple[VisitRow, ...]:
    """A busy Saturday: more visits than fit on the screen, and one of Maya's on hold."""
    needs = [need.code for need in catalogue().needs if catalogue().need(need.code)]
    colours = ("red", "blue", None, "white", "beige", "grey", "orange")
    return (
        visit("A-40", "repair", 700, "on_hold", employee=ME, alias="Wilhelmina", colour="purple",
              serving_at=NOW - 600_000, stint_at=NOW - 90_000),
        *(
            visit(f"{'AB'[n % 2]}-{43 + n}", needs[n % len(needs)], 30 * n + 5, colour=colours[n % 7],
                  alias=("Robin", None, "Maximiliaan")[n % 3], place=("laptops", "tvs", None)[n % 3],
                  language=("en", "nl", "fi")[n % 3])
            for n in range(14)
        ),
        *helped(),
    )  # fmt: skip
