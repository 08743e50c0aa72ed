"""Reads the disk of a running device, whose database is locked."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from sync_server.device.storage.outbox import Outbox


@contextmanager
def on_disk(running: Outbox) -> Iterator[Outbox]:
    """The outbox as it would be after a power cut at this moment: a copy of its files."""
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
