"""Runs a store of real processes: a server, a kiosk window and a tablet window, touched with xdotool."""

import contextlib
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from assets.paths import DEMO_STORE
from sync_server.protocol.device_file import device_file_text
from sync_server.service.admin import client
from sync_server.service.storage.data_dir import DataDir
from sync_server.service.upkeep.create_store import make_store
from sync_server.simulation.demo.processes import free_port

GIVE_UP_S = 60.0
LOOK_EVERY_S = 0.02
NOTHING: dict[str, Any] = {"places": {}, "texts": [], "steady": False}
PIN = "246824"


def until(condition: Callable[[], Any], what: str) -> Any:
    """Waits until `condition()` is true; its value. Polls, because it looks at other processes."""
    deadline = time.monotonic() + GIVE_UP_S
    while not (value := condition()):
        assert time.monotonic() < deadline, f"never happened: {what}"
        time.sleep(LOOK_EVERY_S)
    return value


class Window:
    """The real window of an app, moved to `at` so that windows do not overlap."""

    def __init__(self, process: "subprocess.Popen[bytes]", map_file: Path, at: tuple[int, int]) -> None:
        self.process = process
        self._map = map_file
        until(lambda: self.state()["steady"], "the first screen")
        self._id = self._xdotool("search", "--onlyvisible", "--pid", str(process.pid)).split()[-1]
        self._xdotool("windowmove", "--sync", self._id, *map(str, at))

    def state(self) -> dict[str, Any]:
        """What `window_process` wrote last."""
        assert self.process.poll() is None, "the window's program has ended"
        return json.loads(self._map.read_text("utf-8")) if self._map.exists() else NOTHING

    def shows(self, text: str) -> bool:
        return any(text in shown for shown in self.state()["texts"])

    def touch(self, name: str) -> None:
        """Touches the widget with this test_name, as soon as it is there and does not move."""
        x, y = until(lambda: self._steady_place(name), f"{name} on the window; there is {self.state()}")
        self._click(x, y)

    def _click(self, x: int, y: int) -> None:
        self._xdotool("mousemove", "--sync", "--window", self._id, str(x), str(y))
        self._xdotool("click", "1")

    def touch_until(self, name: str, condition: Callable[[], Any], what: str) -> None:
        """Touches this widget again and again until `condition()` is true, as a person would.

        A touch does nothing where the screen has just changed, as after a connection came back.
        """

        def done() -> Any:
            if (place := self._steady_place(name)) is not None:
                self._click(*place)
            return condition()

        until(done, what)

    def _steady_place(self, name: str) -> list[int] | None:
        state = self.state()
        return state["places"].get(name) if state["steady"] else None

    @staticmethod
    def _xdotool(*words: str) -> str:
        return subprocess.run(["xdotool", *words], check=True, stdout=subprocess.PIPE, text=True).stdout


class StoreProcesses:
    """The store's folder, its server process, and its windows."""

    def __init__(self, work: Path) -> None:
        self.work = work
        (work / "store.toml").write_text(_settings(), "utf-8")
        self.folder: DataDir = make_store(work / "store", None, "a-long-password", work / "store.toml")
        client.run(self.folder, "set_pin", employee="maya", pin=PIN)
        self.port = free_port()
        self.server: subprocess.Popen[str] | None = None
        self.windows: list[Window] = []

    def start_server(self) -> None:
        self.server = subprocess.Popen(
            [sys.executable, "-m", "sync_server.cli", "server", "--data", str(self.folder.path),
             "--sync", f"127.0.0.1:{self.port}", "--web", "127.0.0.1:0", "--enrol", ""],
            stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )  # fmt: skip
        assert self.server.stdout is not None
        assert any(line.startswith("Ready") for line in self.server.stdout), "the server did not start"

    def kill_server(self) -> None:
        """Like a power cut."""
        assert self.server is not None
        self.server.send_signal(signal.SIGKILL)
        self.server.wait()

    def open(self, which: str, name: str, size: str, at: tuple[int, int]) -> Window:
        """Opens a window of a new device."""
        kind = "kiosk" if which == "kiosk" else "staff"
        file = client.add_device(self.folder, kind, name, f"tcp://127.0.0.1:{self.port}")
        path = self.work / f"{file.device_id}.device.toml"
        path.write_text(device_file_text(file), "utf-8")
        map_file = self.work / f"{file.device_id}.map.json"
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.e2e.window_process", which, str(map_file),
             "--device", str(path), "--data", str(self.work / "devices"), "--size", size],
        )  # fmt: skip
        window = Window(process, map_file, at)
        self.windows.append(window)
        return window

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """Queries the store, as a person with an SQL tool does."""
        with contextlib.closing(sqlite3.connect(f"file:{self.folder.store}?mode=ro", uri=True)) as db:
            db.row_factory = sqlite3.Row
            return [dict(row) for row in db.execute(sql)]

    def close(self) -> None:
        for window in self.windows:
            window.process.terminate()
            window.process.wait(20)
        if self.server is not None and self.server.poll() is None:
            self.server.terminate()
            self.server.wait(20)


def _settings() -> str:
    """The demo's settings, with closing time far away and a long offer time for slow machines."""
    closes = datetime.now(ZoneInfo("Europe/Amsterdam")) + timedelta(hours=12)
    kept = [line for line in DEMO_STORE.read_text("utf-8").splitlines() if not line.startswith("closes")]
    place = kept.index("[store]") + 1
    text = "\n".join([*kept[:place], f'closes = "{closes:%H:%M}"', *kept[place:]])
    return re.sub(r"(?m)^offer_s = .*$", "offer_s = 300", text)


@contextlib.contextmanager
def store_processes(work: Path) -> Iterator[StoreProcesses]:
    store = StoreProcesses(work)
    try:
        yield store
    finally:
        store.close()
