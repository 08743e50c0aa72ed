"""Scenes of the tablet without a shopper: signing in, and the floor."""

from msgspec.structs import replace

from staff_app.navigation import StaffScreen
from sync_server.domain.catalogue.opening_hours import WEEKDAYS
from sync_server.domain.refusal import Code, Refusal
from sync_server.protocol.messages import SignedIn

from . import staff_sample
from .staff_device import FakeStaffDevice
from .staff_sample import StaffScene
from .staff_scene import disconnected, register, type_codes
from .staff_visit_scenes import hand_over, in_hand, walking, walking_called

# --- signing in ----------------------------------------------------------------------------------


@register
def starting() -> StaffScene:
    device = FakeStaffDevice(None, staff_sample.TABLET, staff_sample.NOW)
    device.live = False
    return StaffScene(device)


@register
def who() -> StaffScene:
    return StaffScene(staff_sample.tablet(people=staff_sample.floor()[1:]))


SCRIPTS = {  # each employee's name in another script
    "maya": "Владимир",
    "sam": "Ελένη",
    "lotte": "Nguyễn Thị",
    "jussi": "王小明",
    "aino": "محمد",
    "noor": "🎉",
}


@register
def who_in_scripts() -> StaffScene:
    device = staff_sample.tablet(people=staff_sample.floor()[1:])
    assert device.catalogue is not None
    named = (replace(e, name=SCRIPTS.get(e.id, e.name)) for e in device.catalogue.employees)
    device.catalogue = replace(device.catalogue, employees=tuple(named))
    return StaffScene(device)


@register
def signed_out_elsewhere() -> StaffScene:
    scene = StaffScene(staff_sample.tablet())
    there = replace(staff_sample.floor()[0], device_id="another")
    scene.device.show((), (there, *staff_sample.floor()[1:]))
    return scene


@register
def pin() -> StaffScene:
    scene = StaffScene(staff_sample.tablet(people=()), lambda page: type_codes(page, "123"))
    scene.controller.choose_employee(staff_sample.ME)
    return scene


def _pin_answered(answer: SignedIn | None) -> StaffScene:
    scene = pin()
    scene.touch = lambda _page: None
    scene.controller.state.begin_sign_in()
    scene.controller.state.end_sign_in(answer)
    return scene


@register
def pin_wrong() -> StaffScene:
    return _pin_answered(SignedIn("", Refusal(Code.WRONG_PIN)))


@register
def pin_wait() -> StaffScene:
    return _pin_answered(SignedIn("", Refusal(Code.TOO_MANY_TRIES, "30"), 30))


@register
def pin_offline() -> StaffScene:
    return _pin_answered(None)


# --- the floor -----------------------------------------------------------------------------------


@register
def floor() -> StaffScene:
    return StaffScene(staff_sample.tablet(*staff_sample.line()))


@register
def floor_hindered() -> StaffScene:
    silent = replace(staff_sample.floor()[1], presence="not_responding")
    people = (staff_sample.floor()[0], silent, *staff_sample.floor()[3:4])
    late = staff_sample.visit("A-40", "return", 400, colour="purple", alerted_at=staff_sample.NOW - 10_000)
    return StaffScene(staff_sample.tablet(late, *staff_sample.line()[2:4], people=people))


@register
def floor_one_on_hold() -> StaffScene:
    return StaffScene(staff_sample.tablet(staff_sample.long_line()[0], people=staff_sample.floor()[:1]))


@register
def floor_empty() -> StaffScene:
    return StaffScene(staff_sample.tablet(people=staff_sample.floor()[:1]))


@register
def floor_long() -> StaffScene:
    return StaffScene(staff_sample.tablet(*staff_sample.long_line()))


@register
def sign_off() -> StaffScene:
    return floor().open(StaffScreen.SIGN_OFF)


@register
def sign_off_held() -> StaffScene:
    return floor_long().open(StaffScreen.SIGN_OFF)


@register
def quick() -> StaffScene:
    return floor().open(StaffScreen.QUICK)


@register
def quick_end() -> StaffScene:
    scene = quick()
    scene.controller.choose_quick_need("repair")
    scene.controller.toggle_quick_minutes("5")
    return scene


@register
def quick_saved() -> StaffScene:
    scene = quick_end()
    scene.controller.complete_quick("solved")
    return scene


@register
def sold() -> StaffScene:
    scene = StaffScene(staff_sample.tablet(staff_sample.in_hand("serving"), *staff_sample.line()))
    scene.controller.complete("sold")
    return scene


@register
def handed_over() -> StaffScene:
    scene = StaffScene(staff_sample.tablet(staff_sample.in_hand("serving"), *staff_sample.line()))
    scene.controller.hand_over()
    return scene


@register
def away() -> StaffScene:
    return StaffScene(staff_sample.tablet(*staff_sample.line(), people=staff_sample.floor("not_responding")))


@register
def away_wanted() -> StaffScene:
    late = staff_sample.visit("A-40", "repair", 400, colour="purple", alerted_at=staff_sample.NOW - 10_000)
    return StaffScene(staff_sample.tablet(late, people=staff_sample.floor("not_responding")[:1]))


@register
def sign_off_last() -> StaffScene:
    waiting = staff_sample.long_line()[1:8]
    return StaffScene(staff_sample.tablet(*waiting, people=staff_sample.floor()[:1])).open(
        StaffScreen.SIGN_OFF
    )


@register
def on_break() -> StaffScene:
    return StaffScene(staff_sample.tablet(*staff_sample.line(), people=staff_sample.floor("on_break")))


@register
def offline() -> StaffScene:
    return disconnected(floor())


@register
def offline_long() -> StaffScene:
    scene = offline()
    scene.device.now += 150_000
    return scene


@register
def taken_offline() -> StaffScene:
    scene = offline()
    scene.controller.claim(scene.controller.state.snapshot.waiting[1].visit_id)
    return scene


@register
def walking_offline() -> StaffScene:
    return disconnected(walking_called())


@register
def give_back_offline() -> StaffScene:
    return walking_offline().open(StaffScreen.GIVE_BACK)


@register
def hand_over_offline() -> StaffScene:
    return disconnected(hand_over())


@register
def problem_version() -> StaffScene:
    scene = problem()
    scene.device.problem = "device speaks protocol 1, server 2; update the older one"
    return scene


@register
def problem() -> StaffScene:
    scene = floor()
    scene.device.problem = "the disk is full; free some space, everything waiting is then saved by itself"
    return scene


def _closing(scene: StaffScene, span: str) -> StaffScene:
    catalogue = scene.device.catalogue
    assert catalogue is not None
    week = dict.fromkeys(WEEKDAYS, span)
    scene.device.catalogue = replace(catalogue, store=replace(catalogue.store, hours=week))
    return scene


@register
def closing_soon() -> StaffScene:
    return _closing(floor(), "09:30-14:22")


@register
def closing_late() -> StaffScene:
    return _closing(in_hand(), "09:30-14:00")


@register
def outside() -> StaffScene:
    scene = floor()
    scene.device.revoked = True
    return scene


@register
def outside_afresh() -> StaffScene:
    scene = floor()
    scene.device.put_aside = "tablet.db.damaged"
    return scene


@register
def outside_moved() -> StaffScene:
    scene = floor()
    scene.device.moved_to = "kiosk"
    return scene


@register
def shopper_left() -> StaffScene:
    scene = walking()
    scene.device.show(staff_sample.line(), staff_sample.floor())
    return scene


@register
def refused() -> StaffScene:
    scene = floor()
    scene.controller.claim(scene.controller.state.snapshot.waiting[1].visit_id)
    scene.device.answer(Refusal(Code.ALREADY_TAKEN, "aino"))
    return scene


@register
def offer_refused_offline() -> StaffScene:
    scene = refused()
    scene.device.show(
        (staff_sample.offered(alias="Maximiliaan-Alexander", colour="purple"),), staff_sample.floor()
    )
    return disconnected(scene)
