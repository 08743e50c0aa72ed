"""Runs the demo: a whole store on this computer. Every part is real, only the people are simulated.

The server, a kiosk and two tablets are processes of their own. The other tablets and a second kiosk are
devices without a window in this process. A window that somebody touches is left alone for a while by its
simulated person.

The store opens with eight weeks behind it, late in a morning. All processes read its time from one clock,
which is many times as fast as life (`DemoClock`).
"""

import asyncio
import contextlib
import os
import random
import signal
import tempfile
import time
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from sync_server.addresses import DEVICE_SCHEME
from sync_server.device.device import Device
from sync_server.device.environment import Environment
from sync_server.protocol.device_file import DeviceFile, device_file_text, parse_device_file
from sync_server.service.admin import client
from sync_server.service.config.load import load_settings
from sync_server.service.reports import kpi_report
from sync_server.service.storage import event_log
from sync_server.service.storage.connection import reading
from sync_server.service.storage.data_dir import DataDir
from sync_server.service.upkeep.create_store import make_store
from sync_server.simulation.behaviour import ARRIVALS, Behaviour
from sync_server.simulation.history.write import write_history
from sync_server.store_clock import VARIABLE, DemoClock

from . import people, processes
from .opening import CLOSES, demo_clock, history_begins, opening_of
from .page_screenshots import take_screenshots

PIN = "482913"
PASSWORD = "welkom-demo"
# The windows: who uses each, its size, and its place where there is no window manager: side by side.
KIOSK = "kiosk"
WINDOWS = {KIOSK: (540, 960), "maya": (848, 530), "sam": (848, 530)}
PLACES = {KIOSK: (0, 0), "maya": (548, 0), "sam": (548, 538)}
KIOSKS = {KIOSK: "Front door", "back door": "Back door"}
USUAL_TEAM = ("maya", "sam", "jussi")  # who worked in the past; together they have every skill
TEAM = (*USUAL_TEAM, "aino")  # who works today
OFFER_S = 15  # real seconds to answer, for a person who takes over a tablet
MAX_OFFER_S = 600  # of the store's time: the most that store.toml may say
# More shoppers than on a day of the past, so that there is always something to see.
BUSY_DAY = tuple(rate * 2.5 for rate in ARRIVALS)
CLOSING_S = 9.0  # at the end of a timed demo, for the screenshots and for closing
PICTURE_S = 20.0  # a busy computer may still be opening the windows
OPENING_S = 20.0  # shoppers come this late at the latest, also if a window does not open


@dataclass
class Demo:
    """One demo: its store, the folder of its screenshots, its addresses, its clock and its people."""

    folder: DataDir
    pictures: Path
    clock: DemoClock
    behaviour: Behaviour
    sync: str
    web: str
    files: dict[str, Path] = field(default_factory=dict)  # device files, by who uses the device

    @property
    def answered(self) -> Path:
        """The folder of a file for each window: made when it opens, with its answered ops at the end."""
        return self.folder.path / "answered"


def run(seconds: float | None, data: Path | None, pictures: Path, speed: int) -> dict[str, Any]:
    """Runs a demo for `seconds`, or until interrupted; returns its figures. Raises DemoError and others."""
    began = time.monotonic()
    with contextlib.ExitStack() as until_done:
        if data is None:
            data = (
                Path(until_done.enter_context(tempfile.TemporaryDirectory(prefix="welkom-demo-"))) / "store"
            )
        demo = prepare(data, pictures, speed)
        os.environ[VARIABLE] = demo.clock.text  # for the server and the windows
        until_done.callback(os.environ.pop, VARIABLE, None)
        until_done.enter_context(processes.display())
        until_done.enter_context(processes.server(data, demo.sync, demo.web))
        _print_introduction(demo)
        ends = None if seconds is None else began + seconds - CLOSING_S
        with processes.windows({who: _window(demo, who) for who in WINDOWS}) as windows:
            answered, shots = asyncio.run(_run_people(demo, ends, windows))
        for path in demo.answered.glob("*"):
            answered |= set(path.read_text("utf-8").split())
        return {**figures(demo, answered), "screenshots": [str(path) for path in shots]}


def prepare(data: Path, pictures: Path, speed: int) -> Demo:
    """A store in `data`, new or from an earlier demo, with a device and a PIN for everybody who works.

    A new one gets its past. Raises DataDirError, SettingsError, StoreError and others.
    """
    folder = DataDir(data)
    if not folder.settings.exists():
        make_store(data, None, PASSWORD)
    web, sync = (f"127.0.0.1:{processes.free_port()}" for _ in range(2))
    behaviour = Behaviour(speed=speed, arrivals=BUSY_DAY)
    _set_up(folder, f"http://{web}", OFFER_S, behaviour)
    kiosks = {who: _device(folder, sync, "kiosk", name) for who, name in KIOSKS.items()}
    tablets = {
        person.id: _device(folder, sync, "staff", f"{person.name}'s tablet")
        for person in load_settings(folder.settings).employees
        if person.id in TEAM
    }
    last = _write_history(folder, kiosks, tablets)
    _set_pins(folder)  # not beside the past, which is made in one transaction
    _set_up(folder, f"http://{web}", min(OFFER_S * speed, MAX_OFFER_S), behaviour)
    clock = demo_clock(load_settings(folder.settings), speed, last)
    demo = Demo(folder, pictures, clock, behaviour, sync, web)
    for who, file in (kiosks | tablets).items():
        demo.files[who] = folder.path / f"{file.device_id}.device.toml"
        demo.files[who].write_text(device_file_text(file), "utf-8")
        demo.files[who].chmod(0o600)
    demo.answered.mkdir(exist_ok=True)
    for left in demo.answered.iterdir():  # by an earlier demo of this store
        left.unlink()
    pictures.mkdir(parents=True, exist_ok=True)
    return demo


def _set_up(folder: DataDir, address: str, offer_s: int, behaviour: Behaviour) -> None:
    """Points the tickets' QR codes to this demo, and sets the times that a demo needs."""
    lines = folder.settings.read_text("utf-8").splitlines()
    kept = [line for line in lines if not line.startswith(("public_url", "closes ", "wrap_up_s", "offer_s"))]
    times = [f"wrap_up_s = {behaviour.wrap_up_s:g}", f"offer_s = {offer_s}"]
    store = [f'public_url = "{address}"', f'closes = "{CLOSES:%H:%M}"']
    for table, lines in (("[times]", times), ("[store]", store)):
        place = kept.index(table) + 1
        kept[place:place] = lines
    folder.settings.write_text("\n".join(kept) + "\n", "utf-8")


def _set_pins(folder: DataDir) -> None:
    for employee_id in TEAM:
        client.run(folder, "set_pin", employee=employee_id, pin=PIN)


def _device(folder: DataDir, sync: str, kind: str, name: str) -> DeviceFile:
    return client.add_device(folder, kind, name, f"{DEVICE_SCHEME}{sync}")


def _write_history(
    folder: DataDir, kiosks: dict[str, DeviceFile], tablets: dict[str, DeviceFile]
) -> int | None:
    """Gives a new store its past. The last time in the log of an older one, ms UTC; None for a new one."""
    with reading(folder.store) as db:
        if last := event_log.last_written_at(db):
            return last
    settings = load_settings(folder.settings)
    opening = opening_of(settings)
    write_history(
        folder,
        settings.catalogue(),
        [(file.device_id, file.letter) for file in kiosks.values()],
        {who: (tablets[who].device_id, tablets[who].letter) for who in USUAL_TEAM},
        Behaviour(),
        history_begins(opening),
        opening,
    )
    return None


def _window(demo: Demo, who: str) -> list[str]:
    """The command line of one window."""
    (width, height), (left, top) = WINDOWS[who], PLACES[who]
    return [
        "demo-window", who, "--device", str(demo.files[who]), "--data", str(demo.folder.path / "devices"),
        "--size", f"{width}x{height}", "--place", f"{left},{top}", "--speed", str(demo.clock.pace),
        "--picture", str(demo.pictures / f"{who}.png"), "--answered", str(demo.answered / who),
    ]  # fmt: skip


def _print_introduction(demo: Demo) -> None:
    print(f"A shop at work, {demo.clock.pace} times as fast as life.")
    print(f"  Manager:   http://{demo.web}/manager   (password {PASSWORD})")
    print("  Shoppers:  a page of their own each; scan the QR code of a ticket")
    print(f"  Windows:   a kiosk, Maya's tablet, Sam's tablet. Touch one to take over; every PIN is {PIN}")
    print(f"  Store:     {demo.folder.path}")
    print("Ctrl+C ends.", flush=True)


async def windows_are_open(answered: Path) -> None:
    """Waits until every window has its file in this folder, or OPENING_S.

    Shoppers who came before would wait for employees who have no tablet yet, longer than they are told.
    """
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(OPENING_S):
            while not all((answered / who).exists() for who in WINDOWS):
                await asyncio.sleep(people.LOOK_EVERY_S)


async def _shoppers(demo: Demo, device: Device, chance: random.Random) -> None:
    await windows_are_open(demo.answered)
    await people.shoppers(device, demo.behaviour, chance, 1 / len(KIOSKS))


async def _run_people(demo: Demo, ends: float | None, windows: dict[str, Any]) -> tuple[set[str], list[Path]]:
    """Runs the people of this process until the end; the ids of their answered ops, and the screenshots."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    answered: set[str] = set()
    chance = random.Random(20)
    devices, tasks = [], []
    for who, path in demo.files.items():
        if who in WINDOWS:
            continue
        environment = Environment(demo.clock.now, pace=demo.clock.pace)
        device = Device(parse_device_file(path.read_text("utf-8")), demo.folder.path / "devices", environment)
        device.on_answered = answered.add
        device.start()
        devices.append(device)
        own = random.Random(chance.random())
        person = (
            people.employee(device, who, PIN, demo.behaviour, own)
            if device.file.kind == "staff"
            else _shoppers(demo, device, own)
        )
        tasks.append(asyncio.ensure_future(person))
    try:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), None if ends is None else max(0, ends - time.monotonic()))
        return answered, [] if stop.is_set() else await _pictures(demo, windows)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for device in devices:
            device.stop()


async def _pictures(demo: Demo, windows: dict[str, Any]) -> list[Path]:
    """Takes screenshots of the windows, a shopper's page and the manager's pages."""
    wanted = [demo.pictures / f"{who}.png" for who in windows]
    for path in wanted:
        path.unlink(missing_ok=True)
    _ask_for_pictures(wanted, windows)
    pages = await asyncio.to_thread(
        take_screenshots, f"http://{demo.web}", PASSWORD, demo.folder, demo.pictures
    )
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(PICTURE_S):
            while not all(path.exists() for path in wanted):
                await asyncio.sleep(0.5)
                _ask_for_pictures(wanted, windows)  # again: a window that is still opening does not hear it
    return [path for path in [*wanted, *pages] if path.exists()]


def _ask_for_pictures(wanted: list[Path], windows: dict[str, Any]) -> None:
    for path, process in zip(wanted, windows.values(), strict=True):
        if not path.exists():
            process.send_signal(signal.SIGUSR1)


def figures(demo: Demo, answered: set[str]) -> dict[str, Any]:
    """The figures, counted in the store. `lost` are ops that were answered and are not on disk.

    The visits are those since the demo began. What shoppers were told is judged over the same 30 days as
    on the pages, because the visits of a minute are too few.
    """
    catalogue = load_settings(demo.folder.settings).catalogue()
    last = catalogue.day(demo.clock.now())
    first = (date.fromisoformat(last) - timedelta(days=29)).isoformat()
    with reading(demo.folder.store) as db:
        total, past = db.execute(
            "SELECT count(*), coalesce(sum(created_at < ?), 0) FROM visits", (demo.clock.shows,)
        ).fetchone()
        completed, offers = db.execute(
            "SELECT coalesce(sum(state = 'completed'), 0), coalesce(sum(offers), 0)"
            " FROM visits WHERE created_at >= ?",
            (demo.clock.shows,),
        ).fetchone()
        report = kpi_report.kpi_report(db, catalogue, first, last, 0)
        kept = {row[0] for row in db.execute("SELECT op_id FROM ops")}
    return {
        "visits": total - past,
        "completed": completed,
        "offers": offers,
        "past_visits": past,
        "median_greet_s": report.greet_s.median,
        "quote_coverage": report.quote_coverage.value,
        "lost": len(answered - kept),
    }
