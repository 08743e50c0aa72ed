"""Nothing that a person does at the tablet leaves the app, and after a fault it goes on where it was."""

import asyncio

import pytest

from staff_app.navigation import StaffScreen
from staff_app.tablet_state import ERROR_MS
from tests.gallery import staff_sample

from .closing import press_every_key
from .faults import fault
from .staff import Tablet, at_the_tablet

IN_HAND = staff_sample.in_hand("serving")


@pytest.mark.parametrize("alone", [True, False])
def test_no_key_leads_out_or_to_settings(alone: bool) -> None:
    async def what(t: Tablet) -> None:
        window = t.screen.window
        press_every_key(window)
        await t.screen.frames()
        assert window.children == [t.view]
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
    t.view.page.show = fault
    t.controller.draw()


def in_a_frame(_t: Tablet) -> None:
    from kivy.clock import Clock

    Clock.schedule_once(fault)


def in_a_timer(_t: Tablet) -> None:
    asyncio.get_running_loop().call_soon(fault)


def in_a_touch(t: Tablet) -> None:
    t.look()
    t.view.page.on_touch_down = fault
    t.screen.window.dispatch("on_mouse_down", 10, 10, "left", [])
    t.screen.window.dispatch("on_mouse_up", 10, 10, "left", [])


def in_an_update(t: Tablet) -> None:
    t.controller.state.update, real = fault, t.controller.state.update
    asyncio.get_running_loop().call_soon(t.device.on_change)
    asyncio.get_running_loop().call_soon(lambda: setattr(t.controller.state, "update", real))


def test_after_a_fault_everything_is_where_it_was() -> None:
    async def what(t: Tablet) -> None:
        await t.tap("tip-clean_port")
        await t.tap("more-endings")
        for where in (in_drawing, in_a_frame, in_a_timer, in_a_touch, in_an_update):
            where(t)
            await t.says("Something went wrong on our side")
            await t.tap("go-on")
            await t.shows("resolutions")
        await t.tap("end-sold")
        await t.shows("floor")
        assert (t.ops[0].resolution, t.ops[0].tip) == ("sold", "clean_port")

    at_the_tablet(what, IN_HAND)


def test_an_apology_goes_by_itself_and_never_covers_an_offer() -> None:
    async def what(t: Tablet) -> None:
        t.controller.report_fault()
        await t.says("Something went wrong on our side")
        await t.show(staff_sample.offered())
        await t.shows("offer")
        await t.show()
        await t.shows("error")
        t.device.now += ERROR_MS
        t.controller.refresh()
        assert t.controller.screen is StaffScreen.FLOOR

    at_the_tablet(what)
