"""Every state the kiosk can be in, brought about as fingers and the server would, without either.

For pictures and for tests: nothing here draws.
"""

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import msgspec
from msgspec.structs import replace

from assets import paths
from sync_server.device.device import Device
from sync_server.device.project import View
from sync_server.domain import ops
from sync_server.domain.catalogue import Catalogue
from sync_server.domain.hours import WEEKDAYS
from sync_server.domain.refusal import Code, Refusal
from sync_server.protocol.messages import Submit
from sync_server.protocol.rows import QuoteRow, VisitRow

from .flow import Flow
from .hands import Hands
from .patience import STILL_THERE_MS
from .session import Trouble

AT = 1_763_733_600_000  # 21 November 2025, 15:00 in Amsterdam: a good afternoon
HOUR_MS = 3_600_000
TICKET = 42
ADDRESS = "https://lumen.example"


def store_of(path: Path = paths.DEMO_STORE) -> Catalogue:
    """The catalogue of a store.toml, as if phones could reach the store."""
    raw = tomllib.loads(path.read_text("utf-8"))
    raw.pop("server", None)
    raw["store"]["public_url"] = ADDRESS
    return msgspec.convert(raw, Catalogue)


class StandIn:
    """A device that stands still: it keeps what is submitted and shows the rows it is given."""

    def __init__(self, catalogue: Catalogue | None) -> None:
        self.catalogue = catalogue
        self.at = AT
        self.live = True
        self.problem: str | None = None
        self.heard_at: int | None = None
        self.dismissed = False
        self.moved_to: str | None = None
        self.rows: dict[str, VisitRow] = {}
        self.refusals: list[tuple[Submit, Refusal]] = []
        self.unsent: frozenset[str] = frozenset()
        self.submitted: list[ops.DeviceOp] = []
        self.on_change: Callable[[], None] = lambda: None
        self.on_refused: Callable[[Submit, Refusal], None] = lambda _submit, _refusal: None
        self.outbox = self
        self._made = TICKET - 1

    @property
    def view(self) -> View:
        needs = self.catalogue.needs if self.catalogue else ()
        quotes = {need.code: QuoteRow(need.code, 60.0, 180.0) for need in needs}
        return View(self.rows, {}, quotes, self.unsent)

    def server_time(self) -> int:
        return self.at

    def new_id(self) -> str:
        return f"{self._made:032x}"

    def next_ticket(self) -> str:
        self._made += 1
        return f"A-{self._made}"

    def submit(self, op: ops.DeviceOp) -> str:
        self.submitted.append(op)
        return ""

    def screen(self) -> bytes | None:
        return None

    def keep_screen(self, screen: bytes | None) -> None:
        pass

    def refused(self) -> list[tuple[Submit, Refusal]]:
        return self.refusals

    def dismiss(self, op_id: str) -> None:
        self.refusals = [pair for pair in self.refusals if pair[0].op_id != op_id]


class Scene:
    """A kiosk on a stand-in, by default one nobody has touched yet, and how to bring it to a screen."""

    def __init__(self, device: StandIn, hands: Hands | None = None) -> None:
        self.device = device
        self.clock = 0
        self.hands = hands or Hands(Flow(), cast(Device, device), lambda: self.clock)

    def need(self) -> str:
        """The first need that has self-help, or the first there is."""
        catalogue = self.device.catalogue
        needs = [n for n in catalogue.needs if catalogue.need(n.code) and not n.under] if catalogue else []
        return next((need.code for need in needs if need.self_help), needs[0].code)

    def group(self) -> str:
        catalogue = self.device.catalogue
        return next((need.under for need in catalogue.needs if need.under), "") if catalogue else ""

    def spot(self) -> None:
        self.hands.choose_need(self.need())

    def spotted(self) -> None:
        self.spot()
        self.hands.choose_colour("red")
        places = self.device.catalogue.places if self.device.catalogue else ()
        if len(places) > 1:
            self.hands.choose_place(places[1].code)

    def name(self, name: str = "Robin") -> None:
        self.spotted()
        self.hands.open_name()
        for letter in name:
            self.hands.type(letter)

    def line(self, **row: Any) -> None:
        self.spotted()
        self.hands.join()
        self.row(**{"place_in_line": 2, "low_s": 60.0, "high_s": 180.0, **row})

    def coming(self, **row: Any) -> None:
        catalogue = self.device.catalogue
        employee = catalogue.employees[0].id if catalogue else None
        self.line(**{"state": "accepted", "employee": employee, "place_in_line": None, **row})

    def row(self, number: int = TICKET, **changes: Any) -> None:
        """The server's word on a ticket."""
        visit_id = self.hands.session.visit_id or f"{number:032x}"
        first = VisitRow(visit_id, f"A-{number}", 1, "waiting", self.need(), "en", AT)
        self.device.rows[visit_id] = replace(first, **changes)
        self.hands.look()

    def offline(self) -> None:
        self.device.live = False
        self.hands.look()

    def leave(self) -> None:
        self.line()
        self.hands.leave()

    def thanks(self) -> None:
        self.leave()
        self.hands.leave()

    def ended(self, *numbers: int) -> None:
        for number in numbers:
            self.row(number, state="completed", ended_at=AT - number)

    def refuse(self) -> None:
        """The visit on the screen is refused."""
        op = next(op for op in self.device.submitted if isinstance(op, ops.OpenVisit))
        self.device.on_refused(Submit("0" * 32, AT, op), Refusal(Code.TICKET_TAKEN, op.ticket))

    def lose(self) -> None:
        """A visit is refused whose shopper has left the screen."""
        op = ops.OpenVisit("f" * 32, "A-41", self.need(), "en")
        self.device.refusals.append((Submit("0" * 32, AT, op), Refusal(Code.TICKET_TAKEN, op.ticket)))
        self.device.on_refused(*self.device.refusals[0])


def _still_there(scene: Scene) -> None:
    scene.spotted()
    scene.clock = scene.hands.flow.next_deadline(scene.clock)
    scene.hands.wake()
    scene.clock += STILL_THERE_MS // 5


def _closed(scene: Scene, at: int, **hours: str) -> None:
    catalogue = scene.device.catalogue
    assert catalogue is not None
    week = hours or dict.fromkeys(WEEKDAYS, "09:30-18:00")
    scene.device.catalogue = replace(catalogue, store=replace(catalogue.store, hours=week))
    scene.device.at = at
    scene.hands.look()


def _closed_late(scene: Scene) -> None:
    scene.ended(41)
    _closed(scene, AT + 4 * HOUR_MS)
    scene.ended(41)
    row = next(iter(scene.device.rows.values()))
    scene.device.rows[row.visit_id] = replace(row, ended_at=scene.device.at - 1)
    scene.hands.look()


def _outside(scene: Scene, moved_to: str | None = None) -> None:
    scene.device.dismissed, scene.device.moved_to = moved_to is None, moved_to
    scene.hands.look()


def _offline_line(scene: Scene) -> None:
    scene.line(place_in_line=None, low_s=None, high_s=None)
    scene.offline()


def _offline_coming(scene: Scene) -> None:
    scene.coming()
    scene.offline()


def _offline_thanked(scene: Scene) -> None:
    scene.thanks()
    scene.hands.rate(5)
    scene.device.unsent = frozenset({scene.hands.session.asked_of or ""})
    scene.offline()


def _offline_greeting(scene: Scene) -> None:
    scene.offline()


def _call(scene: Scene) -> None:
    employee = scene.device.catalogue.employees[0].id if scene.device.catalogue else None
    scene.row(41, state="accepted", employee=employee, recalled_at=AT)


def _pick(scene: Scene) -> None:
    scene.ended(39, 40, 41)
    scene.hands.how_was_it()


def _thanked(scene: Scene) -> None:
    scene.thanks()
    scene.hands.rate(5)


def _refused(scene: Scene) -> None:
    scene.line()
    scene.refuse()


def _full(scene: Scene) -> None:
    scene.hands.flow.fail(Trouble.FULL, scene.clock)


def _broken(scene: Scene) -> None:
    scene.line()
    scene.hands.broken()


def _leaving_too_late(scene: Scene) -> None:
    scene.coming(state="serving")
    op = ops.Cancel(scene.hands.session.visit_id or "")
    scene.device.on_refused(Submit("0" * 32, AT, op), Refusal(Code.WRONG_STATE, "serving"))


# Every screen, by the name its picture has.
SCENES: dict[str, Callable[[Scene], None]] = {
    "moment": lambda _scene: None,
    "need": lambda _scene: None,
    "need-how-was-it": lambda scene: scene.ended(41),
    "need-offline": _offline_greeting,
    "need-call": _call,
    "need-lost": lambda scene: scene.lose(),
    "closed": lambda scene: _closed(scene, AT + 6 * HOUR_MS),
    "closed-how-was-it": _closed_late,
    "closed-weekday": lambda scene: _closed(scene, AT + 6 * HOUR_MS, mon="10:00-18:00"),
    "closed-unknown": lambda scene: _closed(scene, AT + 6 * HOUR_MS, mon="closed"),
    "more": lambda scene: scene.hands.choose_need(scene.group()),
    "spot": lambda scene: scene.spotted(),
    "keyboard": lambda scene: scene.name(),
    "still-there": _still_there,
    "line-finding": lambda scene: scene.line(),
    "line-coming": lambda scene: scene.coming(),
    "line-called": lambda scene: scene.coming(recalled_at=AT),
    "line-with-you": lambda scene: scene.coming(state="serving"),
    "line-held": lambda scene: scene.coming(state="on_hold"),
    "line-over": lambda scene: scene.line(state="no_show", ended_at=AT, place_in_line=None),
    "line-offline": _offline_line,
    "line-offline-coming": _offline_coming,
    "line-refused": _leaving_too_late,
    "leave": lambda scene: scene.leave(),
    "thanks": lambda scene: scene.thanks(),
    "thanked": _thanked,
    "thanked-offline": _offline_thanked,
    "pick": _pick,
    "trouble-refused": _refused,
    "trouble-full": _full,
    "trouble-broken": _broken,
    "outside": _outside,
    "outside-moved": lambda scene: _outside(scene, "staff"),
}
