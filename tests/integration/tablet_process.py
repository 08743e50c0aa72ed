"""A tablet in its own process, with an employee who works on it until it is killed.

    python -m tests.integration.tablet_process DEVICE_FILE FOLDER PIN

It signs tom in, accepts the visit that is offered to him, and prints `accepted`. After a line on its
standard input (the server has been killed by then) it starts serving and writes one note after the
other. It prints each op id after the tap.
"""

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path

from sync_server.device.device import Device
from sync_server.domain import ops
from sync_server.protocol.device_file import parse_device_file


async def work(device: Device, pin: str) -> None:
    changed = asyncio.Event()
    device.on_change = changed.set

    async def until(condition: Callable[[], object]) -> None:
        while not condition():
            changed.clear()
            await changed.wait()

    device.start()
    await until(lambda: device.live)
    await device.sign_in("tom", pin)
    await until(lambda: any(row.offer_to == "tom" for row in device.view.visits.values()))
    [row] = [row for row in device.view.visits.values() if row.offer_to == "tom"]
    device.submit(ops.Accept(row.visit_id, row.rev))
    await until(lambda: not device.view.unsent)
    print("accepted", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    device.submit(ops.Start(row.visit_id, device.view.visits[row.visit_id].rev))
    for number in range(1_000_000):
        device.submit(ops.AddNote(row.visit_id, device.view.visits[row.visit_id].rev, f"note {number}"))
        print(number, flush=True)
        await asyncio.sleep(0)


async def main() -> None:
    file, folder, pin = sys.argv[1:]
    await work(Device(parse_device_file(Path(file).read_text("utf-8")), Path(folder)), pin)


if __name__ == "__main__":
    asyncio.run(main())
