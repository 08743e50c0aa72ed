"""Nothing a hand can do at the kiosk leads out of it, and a fault of ours ends in a fresh greeting."""

import asyncio
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from kiosk.flow import TROUBLE_MS
from kiosk.session import Screen
from sync_server.protocol.device_file import device_file_text

from .closing import ask_to_close
from .driver import GIVE_UP_S
from .kiosk import Kiosk, at_the_kiosk, device_file

HERE = Path(__file__).parents[2]
CTRL, ALT, SUPER = ["ctrl"], ["alt"], ["meta"]
# Escape, F1 (settings), F11, F12 (picture), Ctrl+E (inspector), Ctrl+C, Ctrl+M, Alt+F4, Super+Q
KEYS: tuple[tuple[int, list[str]], ...] = (
    (27, []), (282, []), (292, []), (293, []), (101, CTRL), (99, CTRL), (109, CTRL), (285, ALT), (113, SUPER),
)  # fmt: skip
FINGERS = 5


def press(window: Any, key: int, modifiers: list[str]) -> None:
    window.dispatch("on_key_down", key, 0, None, modifiers)
    window.dispatch("on_keyboard", key, 0, None, modifiers)
    window.dispatch("on_key_up", key, 0)


@pytest.mark.parametrize("alone", [True, False])
def test_no_key_leads_out_or_to_settings(tmp_path: Path, alone: bool) -> None:
    async def what(k: Kiosk) -> None:
        window, glass = k.screen.window, k.screen.app.root
        for key, modifiers in KEYS:
            press(window, key, modifiers)
        await k.screen.frames()
        assert window.children == [glass]
        assert k.screen.app.open_settings() is False
        await k.tap("need-repair")
        assert k.hands.screen is Screen.SPOT

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

        window, glass = k.screen.window, k.screen.app.root
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
        await k.pass_time(5_000)  # a long press with a whole hand
        for finger in fingers:
            finger.touch_move(window.width / 2, window.height - 1)
        for finger in fingers:
            finger.touch_up()
        await k.screen.frames()
        assert window.children == [glass]
        k.hands.start_over()
        await k.tap("need-repair")
        assert k.hands.screen is Screen.SPOT

    at_the_kiosk(tmp_path, what, alone=True)


# --- faults --------------------------------------------------------------------------------------


def fault(*_: object) -> None:
    raise RuntimeError("a fault put here by the test")


def in_drawing(k: Kiosk) -> None:
    k.screen.app.root.page.show = fault
    k.hands.draw()


def in_a_frame(_k: Kiosk) -> None:
    from kivy.clock import Clock

    Clock.schedule_once(fault)


def in_a_timer(_k: Kiosk) -> None:
    asyncio.get_running_loop().call_soon(fault)


def in_a_touch(k: Kiosk) -> None:
    k.screen.app.root.page.on_touch_down = fault
    k.screen.window.dispatch("on_mouse_down", 10, 10, "left", [])
    k.screen.window.dispatch("on_mouse_up", 10, 10, "left", [])


def in_the_news(k: Kiosk) -> None:
    k.hands.flow.see, real = fault, k.hands.flow.see
    asyncio.get_running_loop().call_soon(k.device.on_change)
    asyncio.get_running_loop().call_soon(lambda: setattr(k.hands.flow, "see", real))


def test_a_fault_is_told_kindly_and_the_greeting_comes_back_by_itself(tmp_path: Path) -> None:
    async def what(k: Kiosk) -> None:
        for where in (in_drawing, in_a_frame, in_a_timer, in_a_touch, in_the_news):
            k.hands.choose_need("repair")
            await k.screen.frames()
            where(k)
            await k.screen.until(lambda: k.says("Something went wrong on our side"), where.__name__)
            await k.pass_time(TROUBLE_MS)
            assert k.hands.screen is Screen.NEED, where.__name__
        await k.tap("need-repair")
        await k.tap("join")
        assert k.says("A-1"), "the flow is whole again"

    at_the_kiosk(tmp_path, what)


def test_what_fails_again_and_again_is_started_afresh() -> None:
    from assets import guard

    async def go() -> list[str]:
        told: list[str] = []
        clock = [0.0]
        end = guard.guard(lambda: told.append("sorry"), lambda: clock[0])
        try:
            from kivy.app import App

            app = App()
            app.stop = lambda *_: told.append("stopped")
            App._running_app = app
            for _ in range(guard.MOST):
                guard.ExceptionManager.handle_exception(RuntimeError("again"))
            clock[0] += guard.WITHIN_S
            guard.ExceptionManager.handle_exception(RuntimeError("long after"))
            guard.ExceptionManager.handle_exception(RuntimeError("and at once"))
        finally:
            App._running_app = None
            end()
        return told

    told = asyncio.run(go())
    assert told == ["sorry"] * guard.MOST + ["sorry", "sorry"]


# --- a real window -------------------------------------------------------------------------------

STARTED = """
import sys
from kiosk import app, config

async def tell(hands, device):
    from kivy.core.window import Window
    Window.fbind("on_key_down", lambda _window, key, *_: print("key", key, flush=True))
    print("up", flush=True)

app.run(config.parse(sys.argv[1:]), tell)
"""
LAST = "x"


@pytest.mark.parametrize("alone", [True, False])
def test_a_real_window_answers_no_key_and_alone_no_wish_to_close_it(tmp_path: Path, alone: bool) -> None:
    path = tmp_path / "front.device.toml"
    path.write_text(device_file_text(device_file()), "utf-8")

    def ask(*words: str) -> str:
        return subprocess.run(["xdotool", *words], check=True, capture_output=True, text=True).stdout

    window = ["--fullscreen"] if alone else ["--size", "480x800"]
    command = [sys.executable, "-c", STARTED, "--device", str(path), "--data", str(tmp_path), *window]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=HERE) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "up\n"
            found = ask("search", "--sync", "--onlyvisible", "--pid", str(process.pid)).split()[-1]
            ask("mousemove", "60", "60", "windowfocus", found)
            for keys in ("Escape", "F1", "F12", "ctrl+e", "ctrl+c", "alt+F4", "super+q"):
                ask("key", "--clearmodifiers", keys)
            if alone:
                ask_to_close(int(found))
            ask("key", LAST)  # behind all the others in its queue: seen, they have led nowhere
            while process.stdout.readline() != f"key {ord(LAST)}\n":
                assert process.poll() is None
            if not alone:
                ask_to_close(int(found))
                assert process.wait(GIVE_UP_S) == 0
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
    assert process.returncode == 0
