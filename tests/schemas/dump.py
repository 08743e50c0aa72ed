"""Writes the dump of a release: `python -m tests.schemas.dump 0.2.0`. See README.md."""

import sqlite3
import sys
import tempfile
from pathlib import Path

from sync_server.domain import ops
from sync_server.service.storage.catalogue_mirror import mirror_catalogue
from sync_server.service.storage.connection import connect
from sync_server.service.storage.schema.migrate import create_store_file
from tests.floor_harness import KIOSK, FloorHarness
from tests.store_rows import write_records

HERE = Path(__file__).parent


def a_day() -> FloorHarness:
    """A visit of each kind: served with everything said, left, waiting."""
    play = FloorHarness()
    play.sign_on("tom", "lea")
    done = play.open_with("tom", "repair", alias="Robin", colour="red", place="door", link="x" * 22)
    play.on("tom", ops.AddNote, done, note="tried another cable")
    play.on("tom", ops.Hold, done)
    play.clock.after(30)
    play.on("tom", ops.Resume, done)
    play.complete("tom", done, tip="dry", gift="cable", note="new cable")
    play.yes(KIOSK, ops.Rate(done, ces=5, nps=9, comment="lovely"))
    left = play.open("buy")
    play.yes(KIOSK, ops.Cancel(left))
    play.after(20)
    play.open("repair_phone")
    return play


def fill(db: sqlite3.Connection, play: FloorHarness) -> None:
    """Writes the day, and a row of everything else."""
    mirror_catalogue(db, play.catalogue)
    write_records(db, play.catalogue, play.records)
    db.execute("INSERT INTO ops VALUES ('a', zeroblob(16), NULL, NULL, 1)")
    db.execute("INSERT INTO ops VALUES ('b', zeroblob(16), 'stale_rev', '2', 1)")
    db.execute("UPDATE employees SET pin_hash = '$argon2id$of-tom', pin_set_at = 5 WHERE id = 'tom'")
    db.execute("INSERT INTO accounts (name, password_hash, set_at) VALUES ('manager', '$argon2id$of-it', 5)")
    db.execute(
        "INSERT INTO devices (device_id, kind, name, letter, public_key, enrolled_at) VALUES"
        " ('front', 'kiosk', 'Front', 'A', 'key-a', 5), ('toms', 'staff', 'Toms', 'B', 'key-b', 6)"
    )
    db.execute("UPDATE devices SET revoked_at = 7 WHERE device_id = 'toms'")


def dump() -> str:
    """The SQL of a store with that day in it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "store.db"
        create_store_file(path)
        db = connect(path)
        fill(db, a_day())
        text = "\n".join(db.iterdump()) + "\n"
        db.close()
    return text


if __name__ == "__main__":
    (HERE / f"{sys.argv[1]}.sql").write_text(dump(), "utf-8")
