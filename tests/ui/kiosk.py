"""A kiosk under test: the real app, the real device and its real outbox; nobody answers at the other end."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import zmq

from kiosk.flow import Flow
from kiosk.hands import Hands
from kiosk.scenes import store_of
from sync_server.device.device import Device
from sync_server.device.outbox import Outbox
from sync_server.domain.catalogue import Catalogue
from sync_server.protocol.device_file import DeviceFile

from .driver import Screen, running
from .on_disk import on_disk

PORTRAIT, SMALL = (432, 768), (800, 480)


@dataclass
class Kiosk:
    """A kiosk with a clock of its own: time passes when a test says so."""

    screen: Screen
    hands: Hands
    device: Any
    clock: list[int]

    def __post_init__(self) -> None:
        self.tap = self.screen.tap
        self.screen.look = self.look

    def look(self) -> None:
        """A second for what is on the glass."""
        self.clock[0] += 1000

    async def pass_time(self, ms: int) -> None:
        self.clock[0] += ms
        self.hands.wake()
        await self.screen.frames()

    def says(self, text: str) -> bool:
        return any(text in shown for shown in self.screen.texts())

    def kept(self) -> list[Any]:
        """The ops on this device's disk that nobody has answered."""
        with on_disk(self.device.outbox) as found:
            return [submit.op for submit in found.pending()]


def device_file() -> DeviceFile:
    server_key, _ = zmq.curve_keypair()
    public, secret = zmq.curve_keypair()
    return DeviceFile(
        device_id="front",
        kind="kiosk",
        name="Front door",
        letter="A",
        server="tcp://127.0.0.1:9",  # nobody is there
        server_key=server_key.decode(),
        public_key=public.decode(),
        secret_key=secret.decode(),
    )


@contextlib.asynccontextmanager
async def kiosk(
    folder: Path,
    size: tuple[int, int] = PORTRAIT,
    catalogue: Catalogue | None = None,
    device: Any = None,
    alone: bool = False,
) -> AsyncIterator[Kiosk]:
    """A kiosk that knows its store from an earlier day, or one with the given stand-in for a device."""
    if device is None:
        file = device_file()
        outbox = Outbox(folder / f"{file.device_id}.db")
        outbox.keep_catalogue(catalogue or store_of(), "digest")
        outbox.close()
        device = Device(file, folder)
    clock = [1_000_000]
    hands = Hands(Flow(), device, lambda: clock[0])
    from kiosk.glass import KioskApp

    try:
        async with running(KioskApp(hands, alone=alone), size) as screen:
            yield Kiosk(screen, hands, device, clock)
    finally:
        hands.stop()
        if isinstance(device, Device):
            device.stop()


def at_the_kiosk(folder: Path, what: Callable[[Kiosk], Awaitable[None]], **how: Any) -> None:
    """Runs `what` at a kiosk that is closed again afterwards."""

    async def go() -> None:
        async with kiosk(folder, **how) as k:
            await what(k)

    asyncio.run(go())
