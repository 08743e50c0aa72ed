"""How soon devices know that the link is gone, and how soon they are back when it is.

Fifty devices lose their server together: the cable between is cut (connections end), or pinched
(nothing comes through any more and nobody is told), and mended some time later.
"""

import asyncio
import random
import time
from pathlib import Path

from msgspec.structs import replace

from sync_server.device.device import Device
from sync_server.protocol.device_file import DeviceFile
from tests.integration.cable import Cable

from . import shop

DEVICES = 50
ROUNDS = ("pinch", "cut", "pinch", "cut")
LONGEST_S = 30.0


async def _until_all(devices: list[Device], live: bool) -> list[float]:
    """How long each took, in seconds."""
    began, took = time.monotonic(), {}
    changed = asyncio.Event()
    for device in devices:
        device.on_change = changed.set
    try:
        async with asyncio.timeout(LONGEST_S):
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
    cable = await Cable(f"tcp://127.0.0.1:{port}").lay()
    devices = [Device(replace(file, server=cable.address), work / "cut-devices") for file in files]
    chance = random.Random(1)
    known: list[float] = []
    back: list[float] = []
    try:
        for device in devices:
            device.start()
        await _until_all(devices, live=True)
        for how in ROUNDS:
            getattr(cable, how)()
            known += await _until_all(devices, live=False)
            await asyncio.sleep(chance.uniform(0, 4))  # the outage lasts: devices are anywhere in their tries
            cable.mend()
            back += await _until_all(devices, live=True)
    finally:
        for device in devices:
            device.stop()
        await cable.close()
    return sorted(known), sorted(back)


def measure(work: Path, port: int) -> dict[str, float]:
    """Seconds, over all devices and rounds."""
    folder = shop.make(work / "cut", employees=1)
    files = [
        shop.add(folder, "staff" if n % 2 else "kiosk", f"D{n}", f"tcp://127.0.0.1:{port}")
        for n in range(DEVICES)
    ]
    with shop.server(folder, port):
        known, back = asyncio.run(_measure(work, files, port))
    return {
        "cut_known_max_s": round(known[-1], 2),
        "back_p50_s": round(back[len(back) // 2], 2),
        "back_max_s": round(back[-1], 2),
    }
