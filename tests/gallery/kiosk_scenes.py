"""Every state of the kiosk by name, made with taps and rows, for pictures and tests. Nothing here draws."""

from collections.abc import Callable
from typing import Any, cast

from msgspec.structs import replace

from kiosk.controller import KioskController
from kiosk.session.session import KioskError
from kiosk.session.session_flow import SessionFlow
from kiosk.session.timeouts import STILL_THERE_MS
from sync_server.device.device import Device
from sync_server.domain import ops
from sync_server.domain.catalogue.opening_hours import WEEKDAYS
from sync_server.domain.refusal import Code, Refusal
from sync_server.protocol.messages import Submit
from sync_server.protocol.rows import (
    AnnouncementRow,
    ClosedNeedRow,
    OverridesRow,
    VisitRow,
)

from .fake_kiosk_device import AT, HOUR_MS, TICKET, FakeKioskDevice


class KioskScene:
    """A kiosk on a fake device, and methods that bring it to its screens."""

    def __init__(self, device: FakeKioskDevice, controller: KioskController | None = None) -> None:
        self.device = device
        self.clock = 0
        self.controller = controller or KioskController(
            SessionFlow(), cast(Device, device), lambda: self.clock
        )

    def need(self) -> str:
        """The first need that has self-help, or the first there is."""
        catalogue = self.device.catalogue
        needs = [n for n in catalogue.needs if catalogue.need(n.code) and not n.under] if catalogue else []
        return next((need.code for need in needs if need.self_help), needs[0].code)

    def group(self) -> str:
        catalogue = self.device.catalogue
        return next((need.under for need in catalogue.needs if need.under), "") if catalogue else ""

    def identify(self) -> None:
        self.controller.choose_need(self.need())

    def identified(self) -> None:
        self.identify()
        self.controller.choose_colour("red")
        places = self.device.catalogue.places if self.device.catalogue else ()
        if len(places) > 1:
            self.controller.choose_place(places[1].code)

    def name(self, name: str = "Robin") -> None:
        self.identified()
        self.controller.open_name()
        for letter in name:
            self.controller.type(letter)

    def line(self, **row: Any) -> None:
        self.identified()
        self.controller.join()
        self.row(**{"place_in_line": 2, "low_s": 60.0, "high_s": 180.0, **row})

    def coming(self, **row: Any) -> None:
        catalogue = self.device.catalogue
        employee = catalogue.employees[0].id if catalogue else None
        self.line(**{"state": "accepted", "employee": employee, "place_in_line": None, **row})

    def row(self, number: int = TICKET, **changes: Any) -> None:
        """The server sends this row for a ticket."""
        own = self.controller.session.visit_id if number == TICKET else None
        visit_id = own or f"{number:032x}"
        first = VisitRow(visit_id, f"A-{number}", 1, "waiting", self.need(), "en", AT)
        self.device.rows[visit_id] = replace(first, **changes)
        self.controller.refresh()

    def offline(self) -> None:
        self.device.live = False
        self.controller.refresh()

    def leave(self) -> None:
        self.line()
        self.controller.leave()

    def rating(self) -> None:
        self.leave()
        self.controller.leave()

    def find(self, wrong: int = 0) -> None:
        """Looks for a ticket again, after some wrong tries."""
        self.row(41)
        self.controller.open_find_ticket()
        for _ in range(wrong):
            self.controller.choose_ticket_colour(0)
            self.controller.choose_ticket_animal(0)
        if not wrong:
            self.controller.choose_ticket_colour(1)

    def ended(self, *numbers: int) -> None:
        for number in numbers:
            self.row(number, state="completed", ended_at=AT - number)

    def refuse(self) -> None:
        """The server refuses the visit on the screen."""
        op = next(op for op in self.device.submitted if isinstance(op, ops.OpenVisit))
        self.device.on_refused(Submit("0" * 32, AT, op), Refusal(Code.TICKET_TAKEN, op.ticket))

    def refuse_later(self) -> None:
        """The server refuses a visit whose shopper has left the kiosk."""
        op = ops.OpenVisit("f" * 32, "A-41", self.need(), "en")
        self.device.refusals.append((Submit("0" * 32, AT, op), Refusal(Code.TICKET_TAKEN, op.ticket)))
        self.device.on_refused(*self.device.refusals[0])


def _nobody_here(scene: KioskScene) -> None:
    """Nobody in the shop has the skill for one need."""
    scene.device.absent = frozenset({scene.need()})
    scene.controller.refresh()


def _join_though_nobody_is_here(scene: KioskScene) -> None:
    _nobody_here(scene)
    scene.identify()


def _still_there(scene: KioskScene) -> None:
    scene.identified()
    scene.clock = scene.controller.flow.next_deadline(scene.clock)
    scene.controller.tick()
    scene.clock += STILL_THERE_MS // 5


def _closed(scene: KioskScene, at: int, **hours: str) -> None:
    catalogue = scene.device.catalogue
    assert catalogue is not None
    week = hours or dict.fromkeys(WEEKDAYS, "09:30-18:00")
    scene.device.catalogue = replace(catalogue, store=replace(catalogue.store, hours=week))
    scene.device.at = at
    scene.controller.refresh()


def _closed_late(scene: KioskScene) -> None:
    scene.ended(41)
    _closed(scene, AT + 4 * HOUR_MS)
    scene.ended(41)
    row = next(iter(scene.device.rows.values()))
    scene.device.rows[row.visit_id] = replace(row, ended_at=scene.device.at - 1)
    scene.controller.refresh()


def _notice(scene: KioskScene, duplicated: bool | None = None, put_aside: str = "") -> None:
    scene.device.duplicated, scene.device.put_aside = duplicated, put_aside
    scene.controller.refresh()


def _excluded(scene: KioskScene, moved_to: str | None = None) -> None:
    scene.device.revoked, scene.device.moved_to = moved_to is None, moved_to
    scene.controller.refresh()


def _offline_line(scene: KioskScene) -> None:
    scene.line(place_in_line=None, low_s=None, high_s=None)
    scene.offline()


def _coming_with_name(name: str) -> Callable[[KioskScene], None]:
    """Somebody of this name comes."""

    def scene(scene: KioskScene) -> None:
        catalogue = scene.device.catalogue
        assert catalogue is not None
        first, *others = catalogue.employees
        scene.device.catalogue = replace(catalogue, employees=(replace(first, name=name), *others))
        scene.coming()

    return scene


def _offline_coming(scene: KioskScene) -> None:
    scene.coming()
    scene.offline()


def _offline_rated(scene: KioskScene) -> None:
    scene.rating()
    scene.controller.rate(5)
    scene.device.unsent = frozenset({scene.controller.session.rated_visit_id or ""})
    scene.offline()


def _offline_greeting(scene: KioskScene) -> None:
    scene.offline()


def _call(scene: KioskScene) -> None:
    employee = scene.device.catalogue.employees[0].id if scene.device.catalogue else None
    scene.row(41, state="accepted", employee=employee, recalled_at=AT)


def _calls(scene: KioskScene) -> None:
    _call(scene)
    scene.row(1234, state="accepted", employee="sam", recalled_at=AT - 1000)
    scene.row(43, state="accepted", employee="sam", recalled_at=AT - 2000)


def _called_meanwhile(begin: Callable[[KioskScene], None], *numbers: int) -> Callable[[KioskScene], None]:
    """Others are called while a shopper is at the kiosk."""

    def scene(on: KioskScene) -> None:
        begin(on)
        for number in numbers or (7,):
            on.row(number, state="accepted", employee="sam", recalled_at=on.device.at - number)

    return scene


def _in_line_and_rating(scene: KioskScene) -> None:
    scene.row(41)
    scene.ended(40)


def _pick(scene: KioskScene) -> None:
    scene.ended(39, 40, 41)
    scene.controller.open_rating()


def _rated(scene: KioskScene) -> None:
    scene.rating()
    scene.controller.rate(5)


def _refused(scene: KioskScene) -> None:
    scene.line()
    scene.refuse()


def _full(scene: KioskScene) -> None:
    scene.controller.flow.show_error(KioskError.FULL, scene.clock)


def _broken(scene: KioskScene) -> None:
    scene.line()
    scene.controller.report_fault()


def _leaving_too_late(scene: KioskScene) -> None:
    scene.coming(state="serving")
    op = ops.Cancel(scene.controller.session.visit_id or "")
    scene.device.on_refused(Submit("0" * 32, AT, op), Refusal(Code.WRONG_STATE, "serving"))


# Every scene, by the name of its picture.
WORDS = {
    "en": "The tester is away. Leave your phone with us, and we call you.",
    "nl": "Het testapparaat is weg. Laat je telefoon hier, dan bellen we je.",
    "fi": "Testilaite on poissa. Jätä puhelin meille, niin soitamme.",
}
ANNOUNCEMENT = {
    "en": "Until three o’clock please use the entrance beside the café, on the left.",
    "nl": "Gebruik tot drie uur de ingang naast het café, aan de linkerkant.",
    "fi": "Käytä kello kolmeen asti kahvilan viereistä ovea vasemmalla.",
}


def _need_closed(scene: KioskScene, words: dict[str, str] | None = None, opened: bool = True) -> None:
    """The manager has closed the need for today; `opened`: a shopper touches its tile."""
    row = ClosedNeedRow(scene.need(), AT + 6 * HOUR_MS, "next_day", words or {})
    scene.device.overrides = OverridesRow((row,), scene.device.overrides.announcement)
    scene.controller.refresh()
    if opened:
        scene.controller.choose_need(scene.need())


def _announced(scene: KioskScene) -> None:
    scene.device.overrides = OverridesRow(announcement=AnnouncementRow(ANNOUNCEMENT, AT + 6 * HOUR_MS))
    scene.controller.refresh()


def _announced_and_closed(scene: KioskScene) -> None:
    _announced(scene)
    _need_closed(scene, opened=False)


SCENES: dict[str, Callable[[KioskScene], None]] = {
    "moment": lambda _scene: None,
    "need": lambda _scene: None,
    "need-announced": _announced,
    "need-announced-closed": _announced_and_closed,
    "need-closed": lambda scene: _need_closed(scene, WORDS),
    "need-how-was-it": lambda scene: scene.ended(41),
    "need-offline": _offline_greeting,
    "need-call": _call,
    "need-calls": _calls,
    "more-called": _called_meanwhile(lambda scene: scene.controller.choose_need(scene.group())),
    "spot-called": _called_meanwhile(lambda scene: scene.identified(), 1234),
    "spot-calls": _called_meanwhile(lambda scene: scene.identified(), 7, 1234, 43, 12),
    "keyboard-called": _called_meanwhile(lambda scene: scene.name()),
    "line-finding-called": _called_meanwhile(lambda scene: scene.line()),
    "leave-called": _called_meanwhile(lambda scene: scene.leave()),
    "thanks-called": _called_meanwhile(lambda scene: scene.rating()),
    "closed-called": _called_meanwhile(lambda scene: _closed(scene, AT + 6 * HOUR_MS)),
    "need-in-line": lambda scene: scene.row(41),
    "need-in-line-rating": _in_line_and_rating,
    "find": lambda scene: scene.find(),
    "find-not-here": lambda scene: scene.find(wrong=1),
    "find-ask": lambda scene: scene.find(wrong=3),
    "need-lost": lambda scene: scene.refuse_later(),
    "closed": lambda scene: _closed(scene, AT + 6 * HOUR_MS),
    "closed-how-was-it": _closed_late,
    "closed-weekday": lambda scene: _closed(scene, AT + 6 * HOUR_MS, mon="10:00-18:00"),
    "closed-unknown": lambda scene: _closed(scene, AT + 6 * HOUR_MS, mon="closed"),
    "need-nobody": _nobody_here,
    "spot-nobody": _join_though_nobody_is_here,
    "more": lambda scene: scene.controller.choose_need(scene.group()),
    "spot": lambda scene: scene.identified(),
    "keyboard": lambda scene: scene.name(),
    "still-there": _still_there,
    "line-finding": lambda scene: scene.line(),
    "line-promise-extended": lambda scene: scene.line(
        place_in_line=1,
        low_s=240.0,
        high_s=540.0,
        promised_from=AT + 240_000,
        promised_until=AT + 540_000,
        extended_because="longer_visits",
    ),
    "line-longer": lambda scene: scene.line(hindrance="busy", place_in_line=1, low_s=None, high_s=None),
    "line-nobody": lambda scene: scene.line(hindrance="nobody", place_in_line=1, low_s=None, high_s=None),
    "line-handed-over": lambda scene: scene.line(accepted_at=AT, place_in_line=1, low_s=None, high_s=None),
    "line-coming": lambda scene: scene.coming(),
    "line-coming-cyrillic": _coming_with_name("Владимир"),
    "line-coming-african": _coming_with_name("Ɛsi Ɔbɛng"),
    "line-coming-other-script": _coming_with_name("王小明"),
    "line-called": lambda scene: scene.coming(recalled_at=AT),
    "line-with-you": lambda scene: scene.coming(state="serving"),
    "line-held": lambda scene: scene.coming(state="on_hold"),
    "line-expired": lambda scene: scene.line(state="expired", ended_at=AT, place_in_line=None),
    "line-over": lambda scene: scene.line(state="no_show", ended_at=AT, place_in_line=None),
    "line-offline": _offline_line,
    "line-offline-coming": _offline_coming,
    "line-refused": _leaving_too_late,
    "leave": lambda scene: scene.leave(),
    "thanks": lambda scene: scene.rating(),
    "thanked": _rated,
    "thanked-offline": _offline_rated,
    "pick": _pick,
    "trouble-refused": _refused,
    "trouble-full": _full,
    "trouble-broken": _broken,
    "outside": _excluded,
    "outside-twice": lambda scene: _notice(scene, duplicated=True),
    "outside-copied": lambda scene: _notice(scene, duplicated=False),
    "outside-afresh": lambda scene: _notice(scene, put_aside="front.db.damaged"),
    "outside-moved": lambda scene: _excluded(scene, "staff"),
}
