"""Measures how soon a change of the settings is on a kiosk's screen: from the save on the manager's page.

Fifty devices are connected, one of them a kiosk with its window, and a visit of each kiosk is in line.

    python -m tests.bench.settings_live window DEVICE_FILE FOLDER
"""

import asyncio
import html
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from sync_server.device.device import Device
from sync_server.domain import ops
from sync_server.protocol.device_file import DeviceFile, device_file_text

from . import store
from .kiosk_window import SIZE

DEVICES = 50
SAVES = 20
GIVE_UP_S = 30.0
FILE = "/manager/settings/file"


def window(device: str, folder: str) -> None:
    """The kiosk as `welkom kiosk` starts it. It prints each name of the shop that it has drawn, and when."""
    from kiosk import app, cli

    async def watch(controller: Any, _device: Any) -> None:
        from kivy.clock import Clock

        def drawn(name: str) -> None:
            print(f"drawn {time.monotonic_ns()} {name}", flush=True)

        shown = ""
        while True:
            await asyncio.sleep(0.001)
            catalogue = controller.flow.floor.catalogue
            if catalogue is not None and catalogue.store.name != shown:
                shown = catalogue.store.name
                # The frame after the next one shows what the next one draws.
                Clock.schedule_once(lambda _dt, n=shown: Clock.schedule_once(lambda _dt: drawn(n), 0), 0)

    size = f"{SIZE[0]}x{SIZE[1]}"
    app.run(cli.parse(["--device", device, "--data", folder, "--size", size]), watch)


def measure(work: Path, port: int, web: int) -> list[float]:
    """How long each save took until the kiosk showed it, in ms, sorted."""
    folder = store.create(work / "live", employees=3)
    address = f"tcp://127.0.0.1:{port}"
    kinds = ["kiosk" if n % 2 else "staff" for n in range(DEVICES)]
    files = [store.add_device(folder, kind, f"D{n}", address) for n, kind in enumerate(kinds)]
    *others, front = files
    path = work / "front.live.toml"
    path.write_text(device_file_text(front), "utf-8")
    command = [
        sys.executable,
        "-m",
        "tests.bench.settings_live",
        "window",
        str(path),
        str(work / "live-front"),
    ]
    with store.server(folder, port, web), _connected(others, work / "live-devices"):
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        try:
            return sorted(_saves(process, f"http://127.0.0.1:{web}"))
        finally:
            process.kill()
            process.wait()


def _saves(process: "subprocess.Popen[str]", address: str) -> Iterator[float]:
    _drawn(process, "Bench")
    with requests.Session() as http:
        http.trust_env = False
        page = http.get(f"{address}/manager/sign-in").text
        http.post(
            f"{address}/manager/sign-in", {"token": _field(page, "token"), "password": "bench-password"}
        )
        for number in range(SAVES):
            page = http.get(address + FILE).text
            found = re.search(r"<textarea[^>]*>\n(.*?)</textarea>", page, re.DOTALL)
            assert found is not None
            name = f"Shop {number}"
            text = re.sub(r'(?m)^name = ".*"$', f'name = "{name}"', html.unescape(found[1]), count=1)
            form = {"token": _field(page, "token"), "base": _field(page, "base"), "text": text, "save": ""}
            began = time.monotonic_ns()
            http.post(address + FILE, form, allow_redirects=False).raise_for_status()
            yield (_drawn(process, name) - began) / 1e6


def _field(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    if found is None:
        raise RuntimeError(f"the page has no field {name}")
    return found[1]


def _drawn(process: "subprocess.Popen[str]", name: str) -> int:
    """When the kiosk drew this name of the shop, ns of the steady clock."""
    assert process.stdout is not None
    for line in process.stdout:
        words = line.strip().split(" ", 2)
        if words[0] == "drawn" and words[2] == name:
            return int(words[1])
    raise RuntimeError(f"the kiosk never showed {name}")


@contextmanager
def _connected(files: list[DeviceFile], folder: Path) -> Iterator[None]:
    """Devices that take part until the block ends. Each kiosk has opened a visit, and all wait in line."""
    ready, stop = threading.Event(), threading.Event()

    async def take_part() -> None:
        devices = [Device(file, folder) for file in files]
        for device in devices:
            device.start()
        async with asyncio.timeout(GIVE_UP_S):
            while not all(device.live for device in devices):
                await asyncio.sleep(0.05)
            for device in devices:
                if device.file.kind == "kiosk":
                    device.submit(ops.OpenVisit(device.new_id(), device.next_ticket(), "help", "en"))
            while any(device.outbox.pending() for device in devices):
                await asyncio.sleep(0.05)
        ready.set()
        while not stop.is_set():
            await asyncio.sleep(0.05)
        for device in devices:
            device.stop()

    thread = threading.Thread(target=lambda: asyncio.run(take_part()), daemon=True)
    thread.start()
    try:
        if not ready.wait(GIVE_UP_S):
            raise RuntimeError("the devices are not connected")
        yield
    finally:
        stop.set()
        thread.join(GIVE_UP_S)


if __name__ == "__main__":
    window(*sys.argv[2:])
