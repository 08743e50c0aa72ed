"""What is on a device's disk while the device runs, which nobody else may open."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from sync_server.device.outbox import Outbox


@contextmanager
def on_disk(running: Outbox) -> Iterator[Outbox]:
    """The outbox that would be found if the power were cut now: a copy of its files."""
    folder = running.path.parent / "found"
    folder.mkdir(exist_ok=True)
    for file in running.path.parent.glob(f"{running.path.name}*"):
        shutil.copy(file, folder)
    found = Outbox(folder / running.path.name)
    try:
        yield found
    finally:
        found.close()
        shutil.rmtree(folder)
