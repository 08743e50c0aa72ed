"""Invariant 16 while somebody reads the store: what was removed is overwritten, or said not to be yet."""

import asyncio
import contextlib
import logging
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from sync_server.cli import main
from sync_server.service.processing.overwriting import LASTS, Overwriting
from sync_server.service.reports.exports.csv_file import visit_log_csv
from sync_server.service.reports.visit_log import LogFilter
from sync_server.service.storage.connection import connect, empty_write_ahead_log, reading
from sync_server.service.storage.data_dir import DataDir
from sync_server.service.storage.errors import StoreError
from tests.floor_harness import FloorHarness
from tests.store_rows import empty_store_file, write_records

SECRET = "Rumpelstiltskin"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    empty_store_file(tmp_path / "store.db")
    db = connect(tmp_path / "store.db")
    yield db
    db.close()


def test_a_csv_that_is_read_slowly_keeps_no_state_of_the_store(store, tmp_path):
    """A download that stood still kept erased words in the write-ahead log for as long as it lasted."""
    play = FloorHarness()
    for day in range(2):
        play.open("repair")
        play.after(86_400 * (1 - day))
    write_records(store, play.catalogue, play.records)
    pieces = visit_log_csv(lambda: reading(tmp_path / "store.db"), LogFilter())
    for _ in range(2):  # the heading, and the first of two days
        next(pieces)
    store.execute("UPDATE visits SET gift = 'x'")
    assert empty_write_ahead_log(store)
    assert "A-2," in "".join(pieces)


@pytest.mark.usefixtures("store")
def test_a_read_ends_at_its_limit_and_says_so(tmp_path):
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"
    read = reading(tmp_path / "store.db", limit_s=0)
    with pytest.raises(StoreError, match="reading took too long and was ended"), read as db:
        db.execute(endless).fetchone()


def test_what_is_not_overwritten_yet_is_said_once_and_tried_until_it_is_done(caplog):
    caplog.set_level(logging.INFO)
    asyncio.run(overwriting_is_tried_until_it_is_done(caplog))


async def overwriting_is_tried_until_it_is_done(caplog: pytest.LogCaptureFixture) -> None:
    done = [*[False] * (LASTS + 2), True, True]
    overwriting = Overwriting(lambda: asyncio.sleep(0, done.pop(0)))
    assert not await overwriting.overwrite(visits=2)
    assert overwriting.pending
    while overwriting.pending:
        await overwriting.retry()
    await overwriting.retry()  # nothing to do any more
    assert done == [True]
    said = [record.getMessage() for record in caplog.records]
    assert [text.split(",")[0] for text in said] == [
        "words that were removed are still in the store's files",
        "the words that were removed are overwritten now",
        "words about the shoppers of 2 visits were removed",
    ]
    assert await overwriting.overwrite()
    assert len(caplog.records) == 3


def test_erase_says_removed_only_when_nothing_of_the_words_is_left(folder: DataDir, monkeypatch):
    play = FloorHarness()
    visit_id = play.open("repair", alias=SECRET)
    with contextlib.closing(connect(folder.store)) as db:
        write_records(db, play.catalogue, play.records)
    reader = connect(folder.store, read_only=True)
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM visits").fetchall()

    def in_files() -> bool:
        return any(SECRET.encode() in path.read_bytes() for path in folder.path.glob("store.db*"))

    waits: list[bool] = []

    def wait(_seconds: float) -> None:
        waits.append(in_files())
        reader.close()

    monkeypatch.setattr("sync_server.cli.privacy.time.sleep", wait)
    visit = play.visit(visit_id)
    ran = CliRunner().invoke(
        main, ["erase", visit.ticket, "--day", visit.day, "--data", str(folder.path)], catch_exceptions=False
    )
    assert ran.exit_code == 0
    waiting, removed = ran.output.splitlines()
    assert waiting.startswith(f"{folder.store}: some program reads it")
    assert removed.endswith("are removed")
    assert waits == [True]
    assert not in_files()
