"""Measures how long a kiosk takes to start, its memory, and its processor time while nobody uses it.

A bare Kivy window of the same size is measured for comparison.

    python -m tests.bench.kiosk_window kiosk|bare [DEVICE_FILE FOLDER]
"""

import asyncio
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from typing import Any

import psutil

from sync_server.protocol.device_file import device_file_text

from . import store

SIZE = (540, 960)
ROUNDS = 5
SETTLE_S = 3.0  # after the first frame, before memory and idle time are read


def bare() -> None:
    """A window with one word."""
    from kivy.config import Config

    Config.set("graphics", "width", SIZE[0])
    Config.set("graphics", "height", SIZE[1])
    from kivy.app import App
    from kivy.clock import Clock
    from kivy.uix.label import Label

    class Bare(App):
        def build(self) -> Any:
            Clock.schedule_once(lambda _dt: Clock.schedule_once(_print_ready, 0), 0)
            return Label(text="Welkom")

    asyncio.run(Bare().async_run("asyncio"))


def kiosk(device: str, folder: str) -> None:
    """The kiosk as `welkom kiosk` starts it. It is ready when a frame of the greeting has been drawn."""
    from kiosk import app, cli

    async def watch(controller: Any, _device: Any) -> None:
        from kivy.clock import Clock

        while str(controller.screen) != "need":
            await asyncio.sleep(0)
        Clock.schedule_once(lambda _dt: Clock.schedule_once(_print_ready, 0), 0)

    size = f"{SIZE[0]}x{SIZE[1]}"
    app.run(cli.parse(["--device", device, "--data", folder, "--size", size]), watch)


def _print_ready(_dt: float) -> None:
    print(f"ready {time.monotonic_ns()}", flush=True)


def _start(command: list[str]) -> "tuple[float, subprocess.Popen[str]]":
    """Seconds until the first frame, and the process."""
    began = time.monotonic_ns()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("ready "):
            return (int(line.split()[1]) - began) / 1e9, process
    raise RuntimeError(f"the window was never ready: {' '.join(command)}")


def _end(process: "subprocess.Popen[str]") -> None:
    process.kill()
    process.wait()


def measure(work: Path, port: int, idle_s: float) -> dict[str, float]:
    folder = store.create(work / "window", employees=1)
    file = work / "front.device.toml"
    file.write_text(
        device_file_text(store.add_device(folder, "kiosk", "Front", f"tcp://127.0.0.1:{port}")), "utf-8"
    )
    module = [sys.executable, "-m", "tests.bench.kiosk_window"]
    bare_command = [*module, "bare"]
    kiosk_command = [*module, "kiosk", str(file), str(work / "front")]
    starts: dict[str, list[float]] = {"bare": [], "kiosk": []}
    rss: dict[str, list[float]] = {"bare": [], "kiosk": []}
    idle = 0.0
    with store.server(folder, port):
        _end(_start(kiosk_command)[1])  # the first start fetches the catalogue
        for round_ in range(ROUNDS):
            for name, command in (("bare", bare_command), ("kiosk", kiosk_command)):
                seconds, process = _start(command)
                starts[name].append(seconds)
                time.sleep(SETTLE_S)
                running = psutil.Process(process.pid)
                rss[name].append(running.memory_info().rss / 1e6)
                if name == "kiosk" and round_ == 0:
                    running.cpu_percent()
                    time.sleep(idle_s)
                    idle = running.cpu_percent()
                _end(process)
    return {
        "kiosk_start_s": round(median(starts["kiosk"]), 3),
        "bare_kivy_start_s": round(median(starts["bare"]), 3),
        "kiosk_rss_mb": round(median(rss["kiosk"]), 1),
        "bare_kivy_rss_mb": round(median(rss["bare"]), 1),
        "kiosk_idle_cpu_percent": round(idle, 1),
    }


if __name__ == "__main__":
    if sys.argv[1] == "bare":
        sys.argv = sys.argv[:1]
        bare()
    else:
        kiosk(*sys.argv[2:])
