"""A whole shop of real processes: server, kiosk window, tablet window; touched with xdotool."""

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
from sync_server.service import control
from sync_server.service.folder import Folder
from sync_server.service.setup import make_store
from sync_server.simulation.stage import free_port

GIVE_UP_S = 60.0
LOOK_EVERY_S = 0.02
NOTHING: dict[str, Any] = {"places": {}, "texts": [], "steady": False}
PIN = "246824"


def until(condition: Callable[[], Any], what: str) -> Any:
    """The value of `condition()` once it is true. Only looks; nothing is hurried or delayed."""
    deadline = time.monotonic() + GIVE_UP_S
    while not (value := condition()):
        assert time.monotonic() < deadline, f"never happened: {what}"
        time.sleep(LOOK_EVERY_S)
    return value


class Window:
    """An app's real window, as a finger meets it. Windows stand side by side: `at` is where."""

    def __init__(self, process: "subprocess.Popen[bytes]", map_file: Path, at: tuple[int, int]) -> None:
        self.process = process
        self._map = map_file
        until(lambda: self.seen()["steady"], "the first screen")
        self._id = self._xdotool("search", "--onlyvisible", "--pid", str(process.pid)).split()[-1]
        self._xdotool("windowmove", "--sync", self._id, *map(str, at))

    def seen(self) -> dict[str, Any]:
        assert self.process.poll() is None, "the window's program has ended"
        return json.loads(self._map.read_text("utf-8")) if self._map.exists() else NOTHING

    def shows(self, text: str) -> bool:
        return any(text in shown for shown in self.seen()["texts"])

    def touch(self, name: str) -> None:
        """Touches what has this test_name, once it is there and has come to rest."""
        x, y = until(lambda: self._at_rest(name), f"{name} on the window; there is {self.seen()}")
        self._xdotool("mousemove", "--sync", "--window", self._id, str(x), str(y))
        self._xdotool("click", "1")

    def _at_rest(self, name: str) -> list[int] | None:
        seen = self.seen()
        return seen["places"].get(name) if seen["steady"] else None

    @staticmethod
    def _xdotool(*words: str) -> str:
        return subprocess.run(["xdotool", *words], check=True, stdout=subprocess.PIPE, text=True).stdout


class Shop:
    """The store's folder, its server process, and its windows."""

    def __init__(self, work: Path) -> None:
        self.work = work
        (work / "store.toml").write_text(_settings(), "utf-8")
        self.folder: Folder = make_store(work / "store", None, "a-long-password", work / "store.toml")
        control.run(self.folder, "set_pin", employee="maya", pin=PIN)
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
        """As a power cut would."""
        assert self.server is not None
        self.server.send_signal(signal.SIGKILL)
        self.server.wait()

    def open(self, which: str, name: str, size: str, at: tuple[int, int]) -> Window:
        """Opens a window of a new device."""
        kind = "kiosk" if which == "kiosk" else "staff"
        file = control.add_device(self.folder, kind, name, f"tcp://127.0.0.1:{self.port}")
        path = self.work / f"{file.device_id}.device.toml"
        path.write_text(device_file_text(file), "utf-8")
        map_file = self.work / f"{file.device_id}.map.json"
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.e2e.window", which, str(map_file),
             "--device", str(path), "--data", str(self.work / "devices"), "--size", size],
        )  # fmt: skip
        window = Window(process, map_file, at)
        self.windows.append(window)
        return window

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """Reads the store as a person with an SQL tool would."""
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
    """The demo's shop; closing time is never near, and nobody is hurried on a slow machine."""
    closes = datetime.now(ZoneInfo("Europe/Amsterdam")) + timedelta(hours=12)
    kept = [line for line in DEMO_STORE.read_text("utf-8").splitlines() if not line.startswith("closes")]
    place = kept.index("[store]") + 1
    text = "\n".join([*kept[:place], f'closes = "{closes:%H:%M}"', *kept[place:]])
    return re.sub(r"(?m)^offer_s = .*$", "offer_s = 300", text)


@contextlib.contextmanager
def shop(work: Path) -> Iterator[Shop]:
    made = Shop(work)
    try:
        yield made
    finally:
        made.close()
