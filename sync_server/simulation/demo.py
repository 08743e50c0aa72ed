"""The demo: a whole shop on this computer, every part real, the people in it simulated.

The server, a kiosk and two tablets are processes of their own; the other employees and a second
kiosk are devices without a window in this one. Anyone may take over a window: touched, its
simulated person steps back for a while.
"""

import asyncio
import contextlib
import random
import signal
import tempfile
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sync_server.device.device import Device
from sync_server.protocol.device_file import device_file_text, parse_device_file
from sync_server.service import control, queries
from sync_server.service.folder import Folder
from sync_server.service.settings import load_settings
from sync_server.service.setup import make_store
from sync_server.service.store import reading

from . import stage
from .people import Pace, employee, shoppers
from .pictures import picture_pages

PIN = "123456"
PASSWORD = "welkom-demo"
# The windows: who is behind each, its device's name, and its size.
KIOSK = "kiosk"
WINDOWS = {
    KIOSK: ("Front door", (540, 960)),
    "maya": ("Maya's tablet", (960, 600)),
    "sam": ("Sam's tablet", (960, 600)),
}
AT_THE_END_S = 9.0  # of a timed demo, kept for the pictures and for closing down
PICTURE_S = 10.0


@dataclass
class Demo:
    """One demo: its store, where its pictures go, and how fast its people are."""

    folder: Folder
    pictures: Path
    pace: Pace
    sync: str
    web: str
    files: dict[str, Path] = field(default_factory=dict)  # device files, by who uses the device

    @property
    def answered(self) -> Path:
        """Where the windows write down which ops they were told are done."""
        return self.folder.path / "answered"


def run(seconds: float | None, data: Path | None, pictures: Path, speed: float) -> dict[str, Any]:
    """Runs a demo for `seconds`, or until interrupted; what came of it. Raises DemoError and others."""
    began = time.monotonic()
    with contextlib.ExitStack() as until_done:
        if data is None:
            data = (
                Path(until_done.enter_context(tempfile.TemporaryDirectory(prefix="welkom-demo-"))) / "store"
            )
        demo = prepare(data, pictures, speed)
        until_done.enter_context(stage.display())
        until_done.enter_context(stage.server(data, demo.sync, demo.web))
        _introduce(demo)
        ends = None if seconds is None else began + seconds - AT_THE_END_S
        with stage.windows({who: _window(demo, who) for who in WINDOWS}) as windows:
            answered, shots = asyncio.run(_live(demo, ends, windows))
        for path in demo.answered.glob("*"):
            answered |= set(path.read_text("utf-8").split())
        return {**figures(demo, answered), "screenshots": [str(path) for path in shots]}


def prepare(data: Path, pictures: Path, speed: float) -> Demo:
    """A store in `data`, new or from an earlier demo, with a device for everybody and a PIN."""
    folder = Folder(data)
    web = f"127.0.0.1:{stage.free_port()}"
    demo = Demo(folder, pictures, Pace(speed=speed), f"127.0.0.1:{stage.free_port()}", web)
    if not folder.settings.exists():
        make_store(data, None, PASSWORD)
    _make_it_a_demo(folder, f"http://{web}", demo.pace)
    demo.files[KIOSK] = _device(demo, "kiosk", WINDOWS[KIOSK][0])
    demo.files["back door"] = _device(demo, "kiosk", "Back door")
    for person in load_settings(folder.settings).employees:
        control.run(folder, "set_pin", employee=person.id, pin=PIN)
        name = WINDOWS[person.id][0] if person.id in WINDOWS else f"{person.name}'s tablet"
        demo.files[person.id] = _device(demo, "staff", name)
    demo.answered.mkdir(exist_ok=True)
    pictures.mkdir(parents=True, exist_ok=True)
    return demo


def _make_it_a_demo(folder: Folder, address: str, pace: Pace) -> None:
    """Gives tickets a QR code that leads to this demo, and moves closing time out of its way.

    The breath after a visit is as much shorter as everything people do.
    """
    closes = datetime.now(ZoneInfo(load_settings(folder.settings).store.timezone)) + timedelta(hours=12)
    lines = folder.settings.read_text("utf-8").splitlines()
    kept = [line for line in lines if not line.startswith(("public_url", "closes", "wrap_up_s"))]
    ours = [f'public_url = "{address}"', f'closes = "{closes:%H:%M}"']
    for table, lines in (("[times]", [f"wrap_up_s = {pace.wrap_up_s / pace.speed:g}"]), ("[store]", ours)):
        place = kept.index(table) + 1
        kept[place:place] = lines
    folder.settings.write_text("\n".join(kept) + "\n", "utf-8")


def _device(demo: Demo, kind: str, name: str) -> Path:
    file = control.add_device(demo.folder, kind, name, f"tcp://{demo.sync}")
    path = demo.folder.path / f"{file.device_id}.device.toml"
    path.write_text(device_file_text(file), "utf-8")
    path.chmod(0o600)
    return path


def _window(demo: Demo, who: str) -> list[str]:
    """The command line of one window."""
    width, height = WINDOWS[who][1]
    return [
        "demo-window", who, "--device", str(demo.files[who]), "--data", str(demo.folder.path / "devices"),
        "--size", f"{width}x{height}", "--speed", str(demo.pace.speed),
        "--picture", str(demo.pictures / f"{who}.png"), "--answered", str(demo.answered / who),
    ]  # fmt: skip


def _introduce(demo: Demo) -> None:
    print(f"A shop at work, {demo.pace.speed:g} times as fast as life.")
    print(f"  Manager:   http://{demo.web}/manager   (password {PASSWORD})")
    print("  Shoppers:  a page of their own each; scan the QR code of a ticket")
    print(f"  Windows:   a kiosk, Maya's tablet, Sam's tablet. Touch one to take over; every PIN is {PIN}")
    print(f"  Store:     {demo.folder.path}")
    print("Ctrl+C ends.", flush=True)


async def _live(demo: Demo, ends: float | None, windows: dict[str, Any]) -> tuple[set[str], list[Path]]:
    """The people of this process until the end; the ops answered to them, and the pictures taken."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    answered: set[str] = set()
    chance = random.Random(20)
    devices, people = [], []
    for who, path in demo.files.items():
        if who in WINDOWS:
            continue
        device = Device(parse_device_file(path.read_text("utf-8")), demo.folder.path / "devices")
        device.on_answered = answered.add
        device.start()
        devices.append(device)
        own = random.Random(chance.random())
        person = (
            employee(device, who, PIN, demo.pace, own)
            if device.file.kind == "staff"
            else shoppers(device, demo.pace, own)
        )
        people.append(asyncio.ensure_future(person))
    try:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), None if ends is None else max(0, ends - time.monotonic()))
        return answered, [] if stop.is_set() else await _pictures(demo, windows)
    finally:
        for task in people:
            task.cancel()
        await asyncio.gather(*people, return_exceptions=True)
        for device in devices:
            device.stop()


async def _pictures(demo: Demo, windows: dict[str, Any]) -> list[Path]:
    """Everything at work: the windows, a shopper's page and the manager's pages."""
    wanted = [demo.pictures / f"{who}.png" for who in windows]
    for path, process in zip(wanted, windows.values(), strict=True):
        path.unlink(missing_ok=True)
        process.send_signal(signal.SIGUSR1)
    pages = await asyncio.to_thread(picture_pages, f"http://{demo.web}", PASSWORD, demo.folder, demo.pictures)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(PICTURE_S):
            while not all(path.exists() for path in wanted):
                await asyncio.sleep(0.05)
    return [path for path in [*wanted, *pages] if path.exists()]


def figures(demo: Demo, answered: set[str]) -> dict[str, Any]:
    """Counted in the store itself. `lost`: ops that a device was told are on disk and that are not."""
    catalogue = load_settings(demo.folder.settings).catalogue()
    with reading(demo.folder.store) as db:
        visits, completed, offers, first, last = db.execute(
            "SELECT count(*), coalesce(sum(state = 'completed'), 0), coalesce(sum(offers), 0),"
            " min(day), max(day) FROM visits"
        ).fetchone()
        report = queries.report(db, catalogue, first or "", last or "", 0)
        kept = {row[0] for row in db.execute("SELECT op_id FROM ops")}
    return {
        "visits": visits,
        "completed": completed,
        "offers": offers,
        "median_greet_s": report.greet_s.median,
        "lost": len(answered - kept),
    }
