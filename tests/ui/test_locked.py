"""Both apps in real windows: no key closes or leaves them."""

import asyncio
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from msgspec.structs import replace

from sync_server.protocol.device_file import device_file_text

from .closing import ask_to_close
from .driver import GIVE_UP_S
from .kiosk import device_file

HERE = Path(__file__).parents[2]
STARTED = """
import sys
from {program} import app, cli

async def report(*_):
    from kivy.core.window import Window
    Window.fbind("on_key_down", lambda _window, key, *_: print("key", key, flush=True))
    print("up", flush=True)

app.run(cli.parse(sys.argv[1:]), report)
"""
LAST = "x"


@pytest.mark.parametrize(("program", "kind"), [("kiosk", "kiosk"), ("staff_app", "staff")])
@pytest.mark.parametrize("alone", [True, False])
def test_a_real_window_answers_no_key_and_alone_no_wish_to_close_it(
    tmp_path: Path, program: str, kind: str, alone: bool
) -> None:
    path = tmp_path / "front.device.toml"
    path.write_text(device_file_text(replace(device_file(), kind=kind)), "utf-8")

    def ask(*words: str) -> str:
        return subprocess.run(["xdotool", *words], check=True, capture_output=True, text=True).stdout

    window = ["--fullscreen"] if alone else ["--size", "800x480"]
    started = STARTED.format(program=program)
    command = [sys.executable, "-c", started, "--device", str(path), "--data", str(tmp_path), *window]
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
            ask("key", LAST)  # the last key in the queue: when it arrives, the others have had no effect
            while process.stdout.readline() != f"key {ord(LAST)}\n":
                assert process.poll() is None
            if not alone:
                ask_to_close(int(found))
                assert process.wait(GIVE_UP_S) == 0
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
    assert process.returncode == 0


def test_what_fails_again_and_again_is_started_afresh() -> None:
    from assets.ui import crash_guard

    async def go() -> list[str]:
        calls: list[str] = []
        clock = [0.0]
        end = crash_guard.install_crash_guard(lambda: calls.append("sorry"), lambda: clock[0])
        try:
            from kivy.app import App
            from kivy.base import ExceptionManager

            app = App()
            app.stop = lambda *_: calls.append("stopped")
            App._running_app = app
            for _ in range(crash_guard.MAX_FAULTS):
                ExceptionManager.handle_exception(RuntimeError("again"))
            clock[0] += crash_guard.WITHIN_S
            ExceptionManager.handle_exception(RuntimeError("long after"))
            ExceptionManager.handle_exception(RuntimeError("and at once"))
        finally:
            App._running_app = None
            end()
        return calls

    calls = asyncio.run(go())
    assert calls == ["sorry"] * crash_guard.MAX_FAULTS + ["sorry", "sorry"]
