"""A kiosk under test: the real app, a real device and its real outbox, but no server."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import zmq

from kiosk.controller import KioskController
from kiosk.session.session_flow import SessionFlow
from sync_server.device.device import Device
from sync_server.device.storage.outbox import Outbox
from sync_server.domain.catalogue.catalogue import Catalogue
from sync_server.domain.ops import CountSession
from sync_server.protocol.device_file import DeviceFile
from tests.gallery.fake_kiosk_device import store_of

from .driver import Screen, running
from .on_disk import on_disk

PORTRAIT, SMALL = (432, 768), (800, 480)


@dataclass
class Kiosk:
    """A kiosk with its own clock: time passes only when a test says so."""

    screen: Screen
    controller: KioskController
    device: Any
    clock: list[int]

    def __post_init__(self) -> None:
        self.tap = self.screen.tap
        self.screen.before_tap = self.look

    def look(self) -> None:
        """Lets a second pass, as a person needs to look at the screen."""
        self.clock[0] += 1000

    async def pass_time(self, ms: int) -> None:
        self.clock[0] += ms
        self.controller.tick()
        await self.screen.frames()

    def says(self, text: str) -> bool:
        return any(text in shown for shown in self.screen.texts())

    def pending_ops(self) -> list[Any]:
        """The unanswered ops of shoppers on this device's disk, without what is counted of their sessions."""
        return [op for op in self._ops_on_disk() if not isinstance(op, CountSession)]

    def counted_sessions(self) -> list[CountSession]:
        """What is counted of the sessions that have ended, and not answered yet."""
        return [op for op in self._ops_on_disk() if isinstance(op, CountSession)]

    def _ops_on_disk(self) -> list[Any]:
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
        server="tcp://127.0.0.1:9",  # no server
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
    """A kiosk that has its catalogue from an earlier connection, or one with the given fake device."""
    if device is None:
        file = device_file()
        outbox = Outbox(folder / f"{file.device_id}.db")
        outbox.save_catalogue(catalogue or store_of(), "digest")
        outbox.close()
        device = Device(file, folder)
    clock = [1_000_000]
    controller = KioskController(SessionFlow(), device, lambda: clock[0])
    from kiosk.view import KioskWindow

    try:
        async with running(KioskWindow(controller, alone=alone), size) as screen:
            yield Kiosk(screen, controller, device, clock)
    finally:
        controller.stop()
        if isinstance(device, Device):
            device.stop()


def at_the_kiosk(folder: Path, what: Callable[[Kiosk], Awaitable[None]], **how: Any) -> None:
    """Runs `what` at a kiosk, and closes it."""

    async def go() -> None:
        async with kiosk(folder, **how) as k:
            await what(k)

    asyncio.run(go())
