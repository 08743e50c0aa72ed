"""Nothing a hand can do at the tablet leads out of it, and a fault of ours ends where it happened."""

import asyncio

import pytest

from staff_app import sample
from staff_app.board import SORRY_MS
from staff_app.screen import Screen

from .closing import press_every_key
from .faults import fault
from .staff import Tablet, at_the_tablet

IN_HAND = sample.in_hand("serving")


@pytest.mark.parametrize("alone", [True, False])
def test_no_key_leads_out_or_to_settings(alone: bool) -> None:
    async def what(t: Tablet) -> None:
        window = t.screen.window
        press_every_key(window)
        await t.screen.frames()
        assert window.children == [t.glass]
        assert t.screen.app.open_settings() is False
        await t.tap("end-solved")
        await t.shows("floor")

    at_the_tablet(what, IN_HAND, alone=alone)


@pytest.mark.parametrize("alone", [True, False])
def test_alone_on_the_screen_it_does_not_let_itself_be_closed(alone: bool) -> None:
    async def what(t: Tablet) -> None:
        assert bool(t.screen.window.dispatch("on_request_close")) is alone

    at_the_tablet(what, alone=alone)


# --- faults --------------------------------------------------------------------------------------


def in_drawing(t: Tablet) -> None:
    t.glass.page.show = fault
    t.hands.draw()


def in_a_frame(_t: Tablet) -> None:
    from kivy.clock import Clock

    Clock.schedule_once(fault)


def in_a_timer(_t: Tablet) -> None:
    asyncio.get_running_loop().call_soon(fault)


def in_a_touch(t: Tablet) -> None:
    t.look()
    t.glass.page.on_touch_down = fault
    t.screen.window.dispatch("on_mouse_down", 10, 10, "left", [])
    t.screen.window.dispatch("on_mouse_up", 10, 10, "left", [])


def in_the_news(t: Tablet) -> None:
    t.hands.board.see, real = fault, t.hands.board.see
    asyncio.get_running_loop().call_soon(t.device.on_change)
    asyncio.get_running_loop().call_soon(lambda: setattr(t.hands.board, "see", real))


def test_after_a_fault_everything_is_where_it_was() -> None:
    async def what(t: Tablet) -> None:
        await t.tap("tip-clean_port")
        await t.tap("more-endings")
        for where in (in_drawing, in_a_frame, in_a_timer, in_a_touch, in_the_news):
            where(t)
            await t.says("Something went wrong on our side")
            await t.tap("go-on")
            await t.shows("endings")
        await t.tap("end-sold")
        await t.shows("floor")
        assert (t.ops[0].resolution, t.ops[0].tip) == ("sold", "clean_port")

    at_the_tablet(what, IN_HAND)


def test_an_apology_goes_by_itself_and_never_covers_an_offer() -> None:
    async def what(t: Tablet) -> None:
        t.hands.broken()
        await t.says("Something went wrong on our side")
        await t.show(sample.offered())
        await t.shows("offer")
        await t.show()
        await t.shows("sorry")
        t.device.now += SORRY_MS
        t.hands.look()
        assert t.hands.screen is Screen.FLOOR

    at_the_tablet(what)
