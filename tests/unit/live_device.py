"""A real device with its real outbox. The test speaks for the server; time is virtual."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any

from sync_server.device.device import Device
from sync_server.device.environment import Environment
from sync_server.domain.refusal import Refusal
from sync_server.protocol import messages as msg
from sync_server.protocol.device_file import DeviceFile
from sync_server.protocol.wire import decode_from_device, encode
from tests.sample_store import MONDAY_10, catalogue

from .engine import snapshot
from .virtual_time import loop

KEY, SECRET = "sp1*Jz^li<js/%D@^7#d+{P6mgM&13LQHat3a%WH", "ErGUH19]UX<H<:}d79i{w@SyAck*)Cj!:8DCY8zf"
FILE = DeviceFile("device-1", "kiosk", "Front", "A", "tcp://127.0.0.1:9", "s" * 40, KEY, SECRET)


class ScriptedLink:
    """A link over which the test speaks for the server."""

    def __init__(self, file: DeviceFile, on_frame: Callable[[bytes], None]) -> None:
        self.file = file
        self.on_frame = on_frame
        self.is_open = False
        self.opened = 0
        self.frames: list[bytes] = []

    def open(self) -> None:
        self.is_open = True
        self.opened += 1

    def close(self) -> None:
        self.is_open = False

    def send(self, frame: bytes) -> None:
        self.frames.append(frame)


class LiveDevice:
    """`device`, and everything that it reported. The wall clock shows MONDAY_10 at the start."""

    def __init__(self, folder: Path, file: DeviceFile = FILE, **environment: Any) -> None:
        self.links: list[ScriptedLink] = []
        self.wall_offset = 0
        self.steady_offset = 0
        self._numbers = count(1)
        running = loop()
        defaults: dict[str, Any] = {
            "wall_clock": lambda: MONDAY_10 + self.wall_offset + running.ms(),
            "steady_clock": lambda: self.steady_offset + running.ms(),
            "random_bytes": lambda size: next(self._numbers).to_bytes(size, "big"),
            "boot_id": str,  # nothing of an earlier start can be compared
            "run_id": str,
            "jitter": lambda: 0.5,
            "link": self._link,
        }
        self.device = Device(file, folder, Environment(**(defaults | environment)))
        self.changes = 0
        self.answered: list[str] = []
        self.refused: list[tuple[msg.Submit, Refusal]] = []
        self.identities: list[DeviceFile] = []
        self.revoked: list[DeviceFile] = []
        self.device.on_change = self._count_change
        self.device.on_answered = self.answered.append
        self.device.on_refused = lambda submit, refusal: self.refused.append((submit, refusal))
        self.device.on_identity = self.identities.append
        self.device.on_revoked = self.revoked.append
        self.statements: list[str] = []  # the SQL that the outbox ran
        self.device.outbox._db.set_trace_callback(self.statements.append)

    def _link(self, file: DeviceFile, on_frame: Callable[[bytes], None]) -> ScriptedLink:
        self.links.append(ScriptedLink(file, on_frame))
        return self.links[-1]

    def _count_change(self) -> None:
        self.changes += 1

    @property
    def link(self) -> ScriptedLink:
        """The link that is in use."""
        return self.links[-1]

    def receive(self, message: msg.FromServer) -> None:
        self.link.on_frame(encode(message))

    def receive_snapshot(self, **fields: Any) -> None:
        now = MONDAY_10 + loop().ms()
        whole: dict[str, Any] = {"device_id": "device-1", "catalogue": catalogue(), "at": now}
        self.receive(snapshot(**(whole | fields)))

    def sent(self) -> list[msg.FromDevice]:
        """What the device sent over the present link since the last call."""
        messages = [decode_from_device(frame) for frame in self.link.frames]
        self.link.frames.clear()
        return messages

    def count(self, word: str) -> int:
        """How many SQL statements with this word ran since the last call."""
        found = sum(word in statement for statement in self.statements)
        self.statements.clear()
        return found


@asynccontextmanager
async def started_device(
    folder: Path, file: DeviceFile = FILE, **environment: Any
) -> AsyncIterator[LiveDevice]:
    """A device that was started and has no snapshot yet."""
    live = LiveDevice(folder, file, **environment)
    live.device.start()
    try:
        yield live
    finally:
        live.device.stop()


@asynccontextmanager
async def live_device(folder: Path, file: DeviceFile = FILE, **environment: Any) -> AsyncIterator[LiveDevice]:
    """A device that follows the server."""
    async with started_device(folder, file, **environment) as live:
        live.receive_snapshot()
        assert live.device.live
        live.sent()
        yield live
