"""Every state a tablet can be in, by name, with the rows of the sample shop: for pictures and for tests."""

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from sync_server.domain.hours import WEEKDAYS
from sync_server.domain.refusal import Code, Refusal
from sync_server.protocol.messages import SignedIn

from . import sample
from .board import OFFLINE_MS
from .sample import Shot
from .screen import Screen
from .stand_in import StandIn

NOTES = ("Tried another cable", "The port is a little bent")
LONG_NOTE = (
    "Charger and cable are fine; the port is a little bent and she needs the player back before Sunday."
)

Scene = Callable[[], Shot]
SCENES: dict[str, Scene] = {}


def scene(make: Scene) -> Scene:
    """A state with a picture of its own, named like its function."""
    SCENES[make.__name__] = make
    return make


def _type(page: Any, codes: str) -> None:
    for code in codes:
        page.press(code)


# --- signing in ----------------------------------------------------------------------------------


@scene
def starting() -> Shot:
    device = StandIn(None, sample.TABLET, sample.NOW)
    device.live = False
    return Shot(device)


@scene
def who() -> Shot:
    return Shot(sample.tablet(people=sample.floor()[1:]))


@scene
def signed_out_elsewhere() -> Shot:
    shot = Shot(sample.tablet())
    there = replace(sample.floor()[0], device_id="another")
    shot.device.show((), (there, *sample.floor()[1:]))
    return shot


@scene
def pin() -> Shot:
    shot = Shot(sample.tablet(people=()), lambda page: _type(page, "123"))
    shot.hands.choose(sample.ME)
    return shot


def _pin_answered(answer: SignedIn | None) -> Shot:
    shot = pin()
    shot.touch = lambda _page: None
    shot.hands.board.try_pin()
    shot.hands.board.tried_pin(answer)
    return shot


@scene
def pin_wrong() -> Shot:
    return _pin_answered(SignedIn("", Refusal(Code.WRONG_PIN)))


@scene
def pin_wait() -> Shot:
    return _pin_answered(SignedIn("", Refusal(Code.TOO_MANY_TRIES, "30"), 30))


@scene
def pin_offline() -> Shot:
    return _pin_answered(None)


# --- the floor -----------------------------------------------------------------------------------


@scene
def floor() -> Shot:
    return Shot(sample.tablet(*sample.line()))


@scene
def floor_empty() -> Shot:
    return Shot(sample.tablet(people=sample.floor()[:1]))


@scene
def floor_long() -> Shot:
    return Shot(sample.tablet(*sample.long_line()))


@scene
def sign_off() -> Shot:
    return floor().open(Screen.SIGN_OFF)


@scene
def sign_off_held() -> Shot:
    return floor_long().open(Screen.SIGN_OFF)


@scene
def quick() -> Shot:
    return floor().open(Screen.QUICK)


@scene
def quick_end() -> Shot:
    shot = quick()
    shot.hands.quick("repair")
    return shot


@scene
def quick_saved() -> Shot:
    shot = quick_end()
    shot.hands.quick_end("solved")
    return shot


@scene
def away() -> Shot:
    return Shot(sample.tablet(*sample.line(), people=sample.floor("not_responding")))


@scene
def on_break() -> Shot:
    return Shot(sample.tablet(*sample.line(), people=sample.floor("on_break")))


@scene
def offline() -> Shot:
    shot = floor()
    shot.device.live = False
    shot.hands.look()
    shot.device.now += OFFLINE_MS
    return shot


@scene
def offline_long() -> Shot:
    shot = offline()
    shot.device.now += 150_000
    return shot


@scene
def taken_offline() -> Shot:
    shot = offline()
    shot.hands.take(shot.hands.board.seen.waiting[1].visit_id)
    return shot


@scene
def walking_offline() -> Shot:
    shot = walking_called()
    shot.device.live = False
    shot.hands.look()
    shot.device.now += OFFLINE_MS
    return shot


@scene
def give_back_offline() -> Shot:
    return walking_offline().open(Screen.GIVE_BACK)


@scene
def hand_over_offline() -> Shot:
    shot = hand_over()
    shot.device.live = False
    shot.hands.look()
    shot.device.now += OFFLINE_MS
    return shot


@scene
def problem_version() -> Shot:
    shot = problem()
    shot.device.problem = "device speaks protocol 1, server 2; update the older one"
    return shot


@scene
def problem() -> Shot:
    shot = floor()
    shot.device.problem = "the disk is full; free some space, everything waiting is then saved by itself"
    return shot


def _closing(shot: Shot, span: str) -> Shot:
    catalogue = shot.device.catalogue
    assert catalogue is not None
    week = dict.fromkeys(WEEKDAYS, span)
    shot.device.catalogue = replace(catalogue, store=replace(catalogue.store, hours=week))
    return shot


@scene
def closing_soon() -> Shot:
    return _closing(floor(), "09:30-14:22")


@scene
def closing_late() -> Shot:
    return _closing(in_hand(), "09:30-14:00")


@scene
def outside() -> Shot:
    shot = floor()
    shot.device.dismissed = True
    return shot


@scene
def outside_moved() -> Shot:
    shot = floor()
    shot.device.moved_to = "kiosk"
    return shot


@scene
def refused() -> Shot:
    shot = floor()
    shot.hands.take(shot.hands.board.seen.waiting[1].visit_id)
    shot.device.answer(Refusal(Code.ALREADY_TAKEN, "aino"))
    return shot


@scene
def shopper_left() -> Shot:
    shot = walking()
    shot.device.show(sample.line(), sample.floor())
    return shot


# --- an offer, and the way -----------------------------------------------------------------------


@scene
def offer() -> Shot:
    return Shot(sample.tablet(sample.offered()))


@scene
def offer_story() -> Shot:
    row = sample.offered(left_s=4, handovers=1, notes=(*NOTES, LONG_NOTE), party_size=3, language="nl")
    return Shot(sample.tablet(row))


@scene
def offer_unknown() -> Shot:
    return Shot(sample.tablet(sample.offered(alias=None, colour=None, place=None, need="choose_headphones")))


@scene
def offer_refused_offline() -> Shot:
    shot = refused()
    shot.device.show((sample.offered(alias="Maximiliaan-Alexander", colour="purple"),), sample.floor())
    shot.device.live = False
    shot.hands.look()
    shot.device.now += OFFLINE_MS
    return shot


@scene
def walking() -> Shot:
    return Shot(sample.tablet(sample.in_hand("accepted", 20), *sample.line()))


@scene
def walking_called() -> Shot:
    row = sample.in_hand("accepted", 50, recalled_at=sample.NOW - 12_000, notes=NOTES, handovers=1)
    return Shot(sample.tablet(row))


@scene
def not_here() -> Shot:
    return walking_called().open(Screen.NOT_HERE)


@scene
def give_back() -> Shot:
    return walking().open(Screen.GIVE_BACK)


# --- in hand -------------------------------------------------------------------------------------


@scene
def in_hand() -> Shot:
    shot = Shot(sample.tablet(sample.in_hand("serving", notes=NOTES[:1])))
    shot.hands.pick_tip("cables")
    return shot


@scene
def in_hand_amber() -> Shot:
    shot = Shot(sample.tablet(sample.in_hand("serving", 320, notes=(*NOTES, LONG_NOTE))))
    shot.hands.pick_gift("cable")
    return shot


@scene
def in_hand_red() -> Shot:
    shot = Shot(sample.tablet(sample.in_hand("serving", 700, alias=None, need="choose_phone")))
    shot.hands.give(1250)
    return shot


@scene
def endings() -> Shot:
    return in_hand().open(Screen.ENDINGS)


@scene
def gift() -> Shot:
    shot = in_hand().open(Screen.GIFT)
    shot.touch = lambda page: [page.press(code) for code in ("1", "2", "last", "5")]
    return shot


@scene
def gift_over() -> Shot:
    shot = in_hand().open(Screen.GIFT)
    shot.touch = lambda page: _type(page, "40")
    return shot


@scene
def note() -> Shot:
    shot = in_hand().open(Screen.NOTE)
    shot.touch = lambda page: (page.phrase("1"), page.phrase("3"))
    return shot


@scene
def note_empty() -> Shot:
    return in_hand().open(Screen.NOTE)


@scene
def hand_over() -> Shot:
    shot = Shot(sample.tablet(sample.in_hand("serving", notes=NOTES)))
    shot.hands.tell(LONG_NOTE)
    return shot.open(Screen.HAND_OVER)


@scene
def other_need() -> Shot:
    return in_hand().open(Screen.OTHER_NEED)


@scene
def sorry() -> Shot:
    shot = in_hand()
    shot.hands.broken()
    return shot
