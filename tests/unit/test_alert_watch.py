"""An alert is told once, also over a restart, and again when it comes back after a while."""

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from sync_server.domain.alerts import Alert, AlertCode
from sync_server.service.outside.alert_watch import GONE_MS, LOOK_EVERY_S, AlertWatch
from sync_server.service.storage.connection import connect, transaction
from tests.fake_clock import FakeClock
from tests.sample_store import MONDAY_10
from tests.store_rows import empty_store_file

EMPTY, FULL = Alert(AlertCode.FLOOR_EMPTY), Alert(AlertCode.STORAGE_LOW)


class Watched:
    """A watch over alerts that a test sets."""

    def __init__(self, path: Path, clock: FakeClock) -> None:
        self.alerts: list[Alert] = []
        self.told: list[str] = []
        self.wanted = True
        self.writes = 0
        self._db = connect(path)
        self._watch = AlertWatch(self._find, self._write, clock, self._tell, lambda: self.wanted)

    async def _find(self) -> list[Alert]:
        return self.alerts

    async def _write(self, work: Callable[[sqlite3.Connection], Any]) -> None:
        self.writes += 1
        with transaction(self._db) as db:
            work(db)

    def _tell(self, _db: sqlite3.Connection, alerts: Sequence[Alert], _now: int) -> None:
        self.told += [alert.code.value for alert in alerts]

    def look(self, *alerts: Alert) -> list[str]:
        """What is told when these are the alerts."""
        self.alerts, before = list(alerts), len(self.told)
        asyncio.run(self._watch.look())
        return self.told[before:]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    empty_store_file(tmp_path / "store.db")
    return tmp_path / "store.db"


def test_each_alert_is_told_once_while_it_lasts(path: Path) -> None:
    clock = FakeClock(MONDAY_10)
    watched = Watched(path, clock)
    assert watched.look() == []
    assert watched.look(EMPTY) == ["floor_empty"]
    for _ in range(200):
        clock.after(LOOK_EVERY_S)
        assert watched.look(EMPTY) == []
    assert watched.look(EMPTY, FULL) == ["storage_low"]
    assert watched.writes < 50, "that it lasts is written once a minute"
    again = Watched(path, clock)
    assert again.look(EMPTY, FULL) == [], "a restart tells nothing again"


def test_an_alert_that_comes_back_soon_is_the_same_one(path: Path) -> None:
    clock = FakeClock(MONDAY_10)
    watched = Watched(path, clock)
    watched.look(EMPTY)
    clock.after(GONE_MS / 1000 - 60)
    assert watched.look() == []
    assert watched.look(EMPTY) == []
    clock.after(GONE_MS / 1000 + 1)
    assert watched.look() == []
    assert watched.look(EMPTY) == ["floor_empty"]


def test_nothing_is_looked_for_where_nobody_wants_to_know(path: Path) -> None:
    watched = Watched(path, FakeClock(MONDAY_10))
    watched.wanted = False
    assert watched.look(EMPTY) == []
    assert watched.writes == 0
