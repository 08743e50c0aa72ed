"""Measures how soon devices notice a broken link, and how soon they are connected again after its repair.

Fifty devices lose their server at the same time: the cable is cut (connections end), or stalled (nothing
passes any more, and no connection ends). Some seconds later it is repaired.
"""

import asyncio
import random
import time
from pathlib import Path

from msgspec.structs import replace

from sync_server.device.device import Device
from sync_server.protocol.device_file import DeviceFile
from tests.integration.cable import Cable

from . import store

DEVICES = 50
ROUNDS = ("stall", "cut", "stall", "cut")
GIVE_UP_S = 30.0


async def _until_all(devices: list[Device], live: bool) -> list[float]:
    """Waits until all are live, or none is. How long each device took, in seconds, sorted."""
    began, took = time.monotonic(), {}
    changed = asyncio.Event()
    for device in devices:
        device.on_change = changed.set
    try:
        async with asyncio.timeout(GIVE_UP_S):
            while True:
                for number, device in enumerate(devices):
                    if device.live is live and number not in took:
                        took[number] = time.monotonic() - began
                if len(took) == len(devices):
                    return sorted(took.values())
                await changed.wait()
                changed.clear()
    except TimeoutError:
        raise RuntimeError(f"{len(devices) - len(took)} devices never became live={live}") from None


async def _measure(work: Path, files: list[DeviceFile], port: int) -> tuple[list[float], list[float]]:
    cable = await Cable(f"tcp://127.0.0.1:{port}").open()
    devices = [Device(replace(file, server=cable.address), work / "cut-devices") for file in files]
    chance = random.Random(1)
    noticed: list[float] = []
    back: list[float] = []
    try:
        for device in devices:
            device.start()
        await _until_all(devices, live=True)
        for fault in ROUNDS:
            getattr(cable, fault)()
            noticed += await _until_all(devices, live=False)
            await asyncio.sleep(
                chance.uniform(0, 4)
            )  # so that devices are at different points of their retries
            cable.repair()
            back += await _until_all(devices, live=True)
    finally:
        for device in devices:
            device.stop()
        await cable.close()
    return sorted(noticed), sorted(back)


def measure(work: Path, port: int) -> dict[str, float]:
    """The figures over all devices and rounds, in seconds."""
    folder = store.create(work / "cut", employees=1)
    files = [
        store.add_device(folder, "staff" if n % 2 else "kiosk", f"D{n}", f"tcp://127.0.0.1:{port}")
        for n in range(DEVICES)
    ]
    with store.server(folder, port):
        noticed, back = asyncio.run(_measure(work, files, port))
    return {
        "cut_known_max_s": round(noticed[-1], 2),
        "back_p50_s": round(back[len(back) // 2], 2),
        "back_max_s": round(back[-1], 2),
    }
