"""Runs `welkom server` on a disk that is slow as long as a certain file exists.

    python -m tests.torture.slow_server SLOW_FILE [arguments of welkom server]

The writer waits before each commit; nothing else differs from the command. Each slow commit adds a byte to
the file, so that the torture can tell that there were some.
"""

import contextlib
import os
import sqlite3
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from sync_server.cli import main
from sync_server.service.storage import writer
from sync_server.service.storage.batch import Batch
from sync_server.service.storage.executor import ThreadExecutor

SLOW_S = 0.4
T = TypeVar("T")


def make_slow(slow_file: Path) -> type[ThreadExecutor]:
    """The executor of such a disk."""

    class SlowExecutor(ThreadExecutor):
        def transaction(
            self, db: sqlite3.Connection, work: Callable[[sqlite3.Connection], T], batches: Sequence[Batch], /
        ) -> T:
            def slow(db: sqlite3.Connection) -> T:
                result = work(db)
                if batches and slow_file.exists():
                    time.sleep(SLOW_S)
                    with contextlib.suppress(FileNotFoundError):  # the disk is fast again
                        file = os.open(slow_file, os.O_WRONLY | os.O_APPEND)
                        os.write(file, b".")
                        os.close(file)
                return result

            return super().transaction(db, slow, batches)

    return SlowExecutor


def install(slow_file: Path) -> None:
    """Gives every writer of this process a slow executor."""
    assert "ThreadExecutor" in vars(writer), "the writer makes its executor in another way"
    writer.ThreadExecutor = make_slow(slow_file)  # type: ignore[attr-defined]


if __name__ == "__main__":
    install(Path(sys.argv[1]))
    main(["server", *sys.argv[2:]])
