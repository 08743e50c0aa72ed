"""One device of a torture: the product's Device without a window, and a simulated person who uses it.

Each op is noted when it is in the outbox, and again when it is acknowledged, in files that survive a kill.
After SIGUSR1 no new ops are made: the device sends what it has, and writes down what it shows.

    python -m tests.torture.device DEVICE_FILE FOLDER NOTES EMPLOYEE
"""

import asyncio
import contextlib
import os
import random
import signal
import sys
from pathlib import Path

from msgspec import Struct, json
from msgspec.structs import asdict

from sync_server.device.device import Device
from sync_server.device.storage.outbox_errors import OutboxError
from sync_server.domain import ops
from sync_server.protocol.device_file import parse_device_file
from sync_server.protocol.messages import Submit
from sync_server.simulation.behaviour import Behaviour
from sync_server.simulation.demo import people
from tests.bench.store import PIN

SPEED = 240.0  # a shopper every 0.15 s, half a second to serve one
LOOK_S = 0.1


class ShownState(Struct):
    """What a device shows, for comparing it with the server."""

    pending: int
    live: bool
    visits: dict[str, dict[str, object]]
    people: dict[str, dict[str, object]]


class Journal:
    """A file of lines. A line is on disk when `note` returns."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND | os.O_DSYNC, 0o600)

    def note(self, *words: str) -> None:
        os.write(self._file, (" ".join(words) + "\n").encode())


def note_op(journal: Journal, submit: Submit) -> None:
    op = submit.op
    journal.note(submit.op_id, str(op.__struct_config__.tag), getattr(op, "visit_id", "-"))


def shown(device: Device) -> ShownState:
    return ShownState(
        pending=len(device.outbox.pending()),
        live=device.live,
        visits={visit_id: asdict(row) for visit_id, row in device.view.visits.items()},
        people={who: asdict(row) for who, row in device.view.people.items()},
    )


async def use_without_pause(device: Device, who: str) -> None:
    """An employee, or the shoppers at a kiosk. A tap that could not be saved is made again."""
    chance = random.Random()
    behaviour = Behaviour(speed=SPEED, arrivals=(105.0,) * 24, service=0.45)
    while True:
        with contextlib.suppress(OutboxError):
            if who:
                await people.employee(device, who, PIN, behaviour, chance)
            else:
                await people.shoppers(device, behaviour, chance)


async def main(file: Path, data: Path, notes: Path, who: str) -> None:
    device = Device(parse_device_file(file.read_text("utf-8")), data)
    name = device.file.device_id
    made, acknowledged = Journal(notes / f"{name}.ops"), Journal(notes / f"{name}.acks")
    for submit in device.outbox.pending():  # killed after saving it and before noting it
        note_op(made, submit)
    submit_op = device.submit

    def submit_and_note(op: ops.DeviceOp) -> str:
        op_id = submit_op(op)
        made.note(op_id, str(op.__struct_config__.tag), getattr(op, "visit_id", "-"))
        return op_id

    device.submit = submit_and_note  # type: ignore[assignment]
    device.on_answered = acknowledged.note
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, stop.set)
    device.start()
    (notes / f"{name}.up").write_text(str(os.getpid()))
    working = asyncio.ensure_future(use_without_pause(device, who))
    await stop.wait()
    working.cancel()
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        task.cancel()  # shoppers who are still at a kiosk
    state, before = notes / f"{name}.state", b""
    while True:
        now = json.encode(shown(device))
        if now != before:
            before = now
            state.with_suffix(".new").write_bytes(now)
            state.with_suffix(".new").replace(state)
        await asyncio.sleep(LOOK_S)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4]))
