"""Nothing that a person does at the kiosk leaves the app, and after a fault the greeting comes back."""

import asyncio
from pathlib import Path

import pytest

from kiosk.session.session import KioskScreen
from kiosk.session.timeouts import ERROR_MS

from .closing import press_every_key
from .faults import fault
from .kiosk import Kiosk, at_the_kiosk

FINGERS = 5


@pytest.mark.parametrize("alone", [True, False])
def test_no_key_leads_out_or_to_settings(tmp_path: Path, alone: bool) -> None:
    async def what(k: Kiosk) -> None:
        window, view = k.screen.window, k.screen.app.root
        press_every_key(window)
        await k.screen.frames()
        assert window.children == [view]
        assert k.screen.app.open_settings() is False
        await k.tap("need-repair")
        assert k.controller.screen is KioskScreen.IDENTIFY

    at_the_kiosk(tmp_path, what, alone=alone)


def test_alone_on_the_screen_it_does_not_let_itself_be_closed(tmp_path: Path) -> None:
    async def what(k: Kiosk) -> None:
        assert k.screen.window.dispatch("on_request_close") is True

    at_the_kiosk(tmp_path, what, alone=True)


def test_a_window_among_others_can_be_closed(tmp_path: Path) -> None:
    async def what(k: Kiosk) -> None:
        assert not k.screen.window.dispatch("on_request_close")

    at_the_kiosk(tmp_path, what)


def test_long_presses_many_fingers_and_other_buttons_open_nothing(tmp_path: Path) -> None:
    async def what(k: Kiosk) -> None:
        from kivy.tests.common import UnitTestTouch

        window, view = k.screen.window, k.screen.app.root
        spots = [
            (x * window.width / FINGERS, y * window.height / FINGERS) for x, y in ((1, 1), (4, 4), (2, 3))
        ]
        for button in ("left", "right", "middle", "scrollup"):
            for x, y in spots:
                touch = UnitTestTouch(x, y)
                touch.button, touch.is_double_tap, touch.is_triple_tap = button, True, True
                touch.touch_down()
                await k.screen.frames(1)
                touch.touch_up()
        fingers = [UnitTestTouch(1 + n * (window.width - 2) / (FINGERS - 1), n * 120) for n in range(FINGERS)]
        for finger in fingers:
            finger.touch_down()
        await k.pass_time(5_000)  # a long press with five fingers
        for finger in fingers:
            finger.touch_move(window.width / 2, window.height - 1)
        for finger in fingers:
            finger.touch_up()
        await k.screen.frames()
        assert window.children == [view]
        k.controller.start_over()
        await k.tap("need-repair")
        assert k.controller.screen is KioskScreen.IDENTIFY

    at_the_kiosk(tmp_path, what, alone=True)


# --- faults --------------------------------------------------------------------------------------


def in_drawing(k: Kiosk) -> None:
    k.screen.app.root.page.show = fault
    k.controller.draw()


def in_a_frame(_k: Kiosk) -> None:
    from kivy.clock import Clock

    Clock.schedule_once(fault)


def in_a_timer(_k: Kiosk) -> None:
    asyncio.get_running_loop().call_soon(fault)


def in_a_touch(k: Kiosk) -> None:
    k.look()
    k.screen.app.root.page.on_touch_down = fault
    k.screen.window.dispatch("on_mouse_down", 10, 10, "left", [])
    k.screen.window.dispatch("on_mouse_up", 10, 10, "left", [])


def in_an_update(k: Kiosk) -> None:
    k.controller.flow.update_floor, real = fault, k.controller.flow.update_floor
    asyncio.get_running_loop().call_soon(k.device.on_change)
    asyncio.get_running_loop().call_soon(lambda: setattr(k.controller.flow, "update_floor", real))


def test_after_a_fault_there_is_an_apology_and_the_greeting_comes_back(tmp_path: Path) -> None:
    async def what(k: Kiosk) -> None:
        for where in (in_drawing, in_a_frame, in_a_timer, in_a_touch, in_an_update):
            k.controller.choose_need("repair")
            await k.screen.frames()
            where(k)
            await k.screen.until(lambda: k.says("Something went wrong on our side"), where.__name__)
            await k.pass_time(ERROR_MS)
            assert k.controller.screen is KioskScreen.NEED, where.__name__
        await k.tap("need-repair")
        await k.tap("join")
        assert k.says("A-1"), "the flow is whole again"

    at_the_kiosk(tmp_path, what)
