"""One device under torture: the real Device without a window, and somebody who never rests at it.

Each op is noted as soon as it is in the outbox, and again the moment it is acknowledged, in files that
survive this process however it ends. After SIGUSR1 nobody makes anything new; the device goes on
sending what it has, and writes down what it shows.
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
from sync_server.device.outbox import OutboxError
from sync_server.domain import ops
from sync_server.protocol.device_file import parse_device_file
from sync_server.protocol.messages import Submit
from sync_server.simulation import people
from tests.bench.shop import PIN

SPEED = 240.0  # times faster than life: a shopper every 0.15 s, half a second to help one
LOOK_S = 0.1


class Shown(Struct):
    """What a device shows, for comparing it with the server."""

    pending: int
    live: bool
    visits: dict[str, dict[str, object]]
    people: dict[str, dict[str, object]]


class Journal:
    """A line is on disk when `note` returns."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND | os.O_DSYNC, 0o600)

    def note(self, *words: str) -> None:
        os.write(self._file, (" ".join(words) + "\n").encode())


def note_op(journal: Journal, submit: Submit) -> None:
    op = submit.op
    journal.note(submit.op_id, op.__struct_config__.tag, getattr(op, "visit_id", "-"))


def shown(device: Device) -> Shown:
    return Shown(
        pending=len(device.outbox.pending()),
        live=device.live,
        visits={visit_id: asdict(row) for visit_id, row in device.view.visits.items()},
        people={who: asdict(row) for who, row in device.view.people.items()},
    )


async def never_resting(device: Device, who: str) -> None:
    """An employee, or the shoppers at a kiosk. A tap that could not be kept is made again, as people do."""
    chance = random.Random()
    pace = people.Pace(speed=SPEED)
    while True:
        with contextlib.suppress(OutboxError):
            if who:
                await people.employee(device, who, PIN, pace, chance)
            else:
                await people.shoppers(device, pace, chance)


async def main(file: Path, data: Path, notes: Path, who: str) -> None:
    device = Device(parse_device_file(file.read_text("utf-8")), data)
    name = device.file.device_id
    made, acknowledged = Journal(notes / f"{name}.ops"), Journal(notes / f"{name}.acks")
    for submit in device.outbox.pending():  # killed between keeping and noting it
        note_op(made, submit)
    submit_op = device.submit

    def noted(op: ops.DeviceOp) -> str:
        op_id = submit_op(op)
        made.note(op_id, op.__struct_config__.tag, getattr(op, "visit_id", "-"))
        return op_id

    device.submit = noted  # type: ignore[method-assign]
    device.on_answered = acknowledged.note
    rest = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, rest.set)
    device.start()
    (notes / f"{name}.up").write_text(str(os.getpid()))
    working = asyncio.ensure_future(never_resting(device, who))
    await rest.wait()
    working.cancel()
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        task.cancel()  # the shoppers that are still at a kiosk
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
