"""`welkom server` on a disk that is slow for as long as a certain file is there.

    python -m tests.torture.server SLOW_FILE [arguments of welkom server]

The writer's thread waits before each commit; nothing else differs from the command.
"""

import sqlite3
import sys
import time
from pathlib import Path
from typing import Any

from sync_server.cli import main
from sync_server.service import store

SLOW_S = 0.4
slow_file = Path(sys.argv[1])


class SlowConnection(sqlite3.Connection):
    def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:
        if sql == "COMMIT" and slow_file.exists():
            time.sleep(SLOW_S)
        return super().execute(sql, *values)


class SlowSqlite:
    """sqlite3, as the store's module sees it."""

    def __getattr__(self, name: str) -> Any:
        return getattr(sqlite3, name)

    @staticmethod
    def connect(*arguments: Any, **more: Any) -> sqlite3.Connection:
        return sqlite3.connect(*arguments, **more, factory=SlowConnection)


if __name__ == "__main__":
    store.sqlite3 = SlowSqlite()  # type: ignore[assignment,attr-defined]
    main(["server", *sys.argv[2:]])
