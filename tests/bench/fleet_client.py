"""One client process of the fleet: many devices, which are only connected, or which are also used.

    python -m tests.bench.fleet_client FILES active|idle

Reads a JSON command a line and prints a JSON answer a line:
`connect` until all are live; `sign_in`; `wait_in_line COUNT`: opens visits that nobody serves, and answers
their links; `run SECONDS OPS_PER_S`: shoppers come and are served; `back`: until all are live again.
"""

import asyncio
import json
import os
import secrets
import sys
import time
from collections.abc import Callable
from itertools import count, cycle
from pathlib import Path
from typing import Any

import msgspec

from sync_server.domain import ops
from sync_server.domain.resolution import Resolution
from sync_server.domain.visit import ticket
from sync_server.protocol import messages as msg
from sync_server.protocol.device_file import DeviceFile

from . import store
from .fleet_device import FleetDevice

TICK_S = 0.1
OPS_A_VISIT = 4
GIVE_UP_S = 60.0


def now_ms() -> float:
    return time.monotonic_ns() / 1e6


class Fleet:
    """The devices of this process. Times are in ms."""

    def __init__(self, files: list[DeviceFile], active: bool) -> None:
        self.devices = [FleetDevice(file, self._on_message if active else None) for file in files]
        self.kiosks = [device for device in self.devices if device.file.kind == "kiosk"]
        self.tablets = [device for device in self.devices if device.file.kind == "staff"]
        self._employees = {device: f"e{n}" for n, device in enumerate(self.tablets)}
        self._numbers = {kiosk: count(1) for kiosk in self.kiosks}
        self._tapped: dict[str, float] = {}  # visits
        self._offered: dict[str, tuple[FleetDevice, int]] = {}  # visits: to whom, and rev
        self._sent: dict[str, float] = {}  # ops
        self._next: dict[str, Callable[[], None]] = {}  # what follows the answer to an op
        self._waiting: dict[str, asyncio.Future[Any]] = {}
        self.tap_to_offer: list[float] = []
        self.to_answer: list[float] = []
        self.refused = 0

    async def tick(self) -> None:
        """Lets the devices reconnect and send their heartbeats, spread over time."""
        while True:
            step = max(1, len(self.devices) // 10)
            for first in range(0, len(self.devices), step):
                for device in self.devices[first : first + step]:
                    device.tick()
                await asyncio.sleep(TICK_S / 10)

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(GIVE_UP_S):
            while not condition():
                await asyncio.sleep(0.005)

    # --- commands --------------------------------------------------------------------------------

    async def connect(self) -> dict[str, Any]:
        await self.until(lambda: all(device.live for device in self.devices))
        return {"live": len(self.devices)}

    async def back(self, since: int) -> dict[str, Any]:
        """When all are live again that lost the server at `since`: ms until then, sorted."""
        await self.until(lambda: all(device.live and device.live_at > since for device in self.devices))
        return {"back_ms": sorted(device.live_at - since for device in self.devices)}

    async def sign_in(self) -> dict[str, Any]:
        for device, employee in self._employees.items():
            request = new_id()
            future = self._waiting[request] = asyncio.get_running_loop().create_future()
            device.send(msg.SignIn(request, employee, store.PIN))
            answer = await asyncio.wait_for(future, GIVE_UP_S)
            assert answer.refusal is None, answer.refusal
        return {}

    async def wait_in_line(self, number: int) -> dict[str, Any]:
        links = []
        for _, kiosk in zip(range(number), cycle(self.kiosks), strict=False):
            links.append(secrets.token_urlsafe(16))
            self._open_visit(kiosk, "wait", links[-1])
        await self.until(lambda: not self._sent)
        return {"links": links}

    async def run(self, seconds: float, ops_per_s: float) -> dict[str, Any]:
        self.tap_to_offer, self.to_answer, self.refused = [], [], 0
        updates = sum(device.updates for device in self.devices)
        began, every = now_ms(), 1000 * OPS_A_VISIT / ops_per_s
        for number, kiosk in enumerate(cycle(self.kiosks)):
            due = began + number * every
            if due > began + 1000 * seconds:
                break
            await asyncio.sleep(max(0.0, (due - now_ms()) / 1000))
            self._tapped[self._open_visit(kiosk, "help")] = now_ms()
        await self.until(lambda: not (self._sent or self._tapped))
        return {
            "tap_to_offer": sorted(self.tap_to_offer),
            "answer": sorted(self.to_answer),
            "refused": self.refused,
            "updates": sum(device.updates for device in self.devices) - updates,
        }

    # --- shoppers and employees ------------------------------------------------------------------

    def _open_visit(self, kiosk: FleetDevice, need: str, link: str | None = None) -> str:
        visit_id = new_id()
        code = ticket.code(kiosk.file.letter, next(self._numbers[kiosk]))
        self._submit(kiosk, ops.OpenVisit(visit_id, code, need, "en", link=link), lambda: None)
        return visit_id

    def _submit(self, device: FleetDevice, op: ops.DeviceOp, then: Callable[[], None]) -> None:
        op_id = new_id()
        self._sent[op_id], self._next[op_id] = now_ms(), then
        device.send(msg.Submit(op_id, 0, op))

    def _on_message(self, device: FleetDevice, message: msg.FromServer) -> None:
        match message:
            case msg.Answer(op_id, refusal) if op_id in self._sent:
                self.to_answer.append(now_ms() - self._sent.pop(op_id))
                self.refused += refusal is not None
                self._next.pop(op_id)()
            case msg.Update():
                for row in message.visits:
                    if row.offer_to is not None and row.offer_to == self._employees.get(device):
                        self._on_offer(device, row.visit_id, row.rev)
            case msg.SignedIn(request):
                self._waiting.pop(request).set_result(message)

    def _on_offer(self, tablet: FleetDevice, visit_id: str, rev: int) -> None:
        tapped = self._tapped.pop(visit_id, None)
        if tapped is None:
            return  # it has this row already
        self.tap_to_offer.append(now_ms() - tapped)
        complete = ops.Complete(visit_id, rev + 2, Resolution.SOLVED)
        start = ops.Start(visit_id, rev + 1)
        self._submit(
            tablet,
            ops.Accept(visit_id, rev),
            lambda: self._submit(tablet, start, lambda: self._submit(tablet, complete, lambda: None)),
        )


def new_id() -> str:
    return ticket.uuid7(time.time_ns() // 1_000_000, secrets.token_bytes(10))


async def main(files: list[DeviceFile], active: bool) -> None:
    fleet = Fleet(files, active)
    ticking = asyncio.ensure_future(fleet.tick())
    ticking.add_done_callback(lambda task: None if task.cancelled() else os.abort())
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    while line := await reader.readline():
        name, *arguments = json.loads(line)
        print(json.dumps(await getattr(fleet, name)(*arguments)), flush=True)
    ticking.cancel()
    for device in fleet.devices:
        device.close()


if __name__ == "__main__":
    given = msgspec.json.decode(Path(sys.argv[1]).read_bytes(), type=list[DeviceFile])
    asyncio.run(main(given, sys.argv[2] == "active"))
