"""Measures tap_to_offer_ms: from an op submitted on a kiosk until the offer is in a tablet's replica.

Kiosk, tablet and server are a process each. They note times on the monotonic clock, which all processes
share.

    python -m tests.bench.tap_to_offer kiosk|tablet DEVICE_FILE FOLDER COUNT
"""

import asyncio
import json
import subprocess
import sys
import time
from pathlib import Path

from sync_server.device.device import Device
from sync_server.domain import ops
from sync_server.domain.resolution import Resolution
from sync_server.domain.visit.visit import State
from sync_server.protocol.device_file import device_file_text, parse_device_file

from . import store

WARM_UP = 100


async def kiosk(device: Device, count: int) -> dict[str, int]:
    """Opens visits, each after the last one was completed. When each was tapped, ns."""
    tapped: dict[str, int] = {}
    changed = asyncio.Event()
    device.on_change = changed.set
    device.start()
    for _ in range(count):
        while not (device.live and device.view.quotes):
            changed.clear()
            await changed.wait()
        visit_id, ticket = device.new_id(), device.next_ticket()
        tapped[visit_id] = time.monotonic_ns()
        device.submit(ops.OpenVisit(visit_id, ticket, "help", "en"))
        while (row := device.view.visits.get(visit_id)) is None or row.state != State.COMPLETED:
            changed.clear()
            await changed.wait()
    return tapped


async def tablet(device: Device, count: int) -> dict[str, int]:
    """Accepts and completes every offer. When each offer was in the replica, ns."""
    offered: dict[str, int] = {}
    changed = asyncio.Event()

    def look() -> None:
        for row in device.view.visits.values():
            if row.offer_to == "e0" and row.visit_id not in offered:
                offered[row.visit_id] = time.monotonic_ns()
        changed.set()

    device.on_change = look
    device.start()
    while not device.live:
        changed.clear()
        await changed.wait()
    await device.sign_in("e0", store.PIN)
    print("signed in", flush=True)
    done: set[str] = set()
    while len(done) < count:
        for visit_id in [v for v in offered if v not in done]:
            done.add(visit_id)
            row = device.view.visits[visit_id]
            device.submit(ops.Accept(visit_id, row.rev))
            device.submit(ops.Start(visit_id, row.rev + 1))
            device.submit(ops.Complete(visit_id, row.rev + 2, Resolution.SOLVED))
        changed.clear()
        if len(done) < count and not any(v not in done for v in offered):
            await changed.wait()
    while device.view.unsent:
        changed.clear()
        await changed.wait()
    return offered


def measure(work: Path, port: int, count: int) -> list[float]:
    """The times of `count` taps in ms, sorted."""
    folder = store.create(work / "tap", employees=1)
    files = {}
    for side, kind in (("kiosk", "kiosk"), ("tablet", "staff")):
        file = store.add_device(folder, kind, side, f"tcp://127.0.0.1:{port}")
        files[side] = work / f"{side}.device.toml"
        files[side].write_text(device_file_text(file), "utf-8")

    def start(side: str) -> "subprocess.Popen[str]":
        command = [sys.executable, "-m", "tests.bench.tap_to_offer", side, str(files[side]), str(work / side)]
        return subprocess.Popen([*command, str(count + WARM_UP)], stdout=subprocess.PIPE, text=True)

    with store.server(folder, port):
        tablet_side = start("tablet")
        assert tablet_side.stdout is not None
        assert tablet_side.stdout.readline().strip() == "signed in"
        kiosk_side = start("kiosk")
        offered = json.loads(tablet_side.communicate(timeout=120)[0])
        tapped = json.loads(kiosk_side.communicate(timeout=120)[0])
    times = [(offered[visit] - at) / 1e6 for visit, at in tapped.items()][WARM_UP:]
    return sorted(times)


async def _side(side: str, file: Path, folder: Path, count: int) -> None:
    device = Device(parse_device_file(file.read_text("utf-8")), folder)
    try:
        print(json.dumps(await (kiosk if side == "kiosk" else tablet)(device, count)))
    finally:
        device.stop()


if __name__ == "__main__":
    asyncio.run(_side(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4])))
