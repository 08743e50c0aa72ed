"""Creates the simulated store: its settings, its database in memory, its devices and its PINs."""

import contextlib
import functools
import sqlite3
import tempfile
from pathlib import PosixPath

import argon2

from sync_server.protocol.device_file import DeviceFile
from sync_server.service.auth import devices, pins
from sync_server.service.auth.server_key import make_server_key
from sync_server.service.config.load import load_settings
from sync_server.service.storage import catalogue_mirror
from sync_server.service.storage.connection import connect, transaction
from sync_server.service.storage.data_dir import DataDir
from sync_server.service.storage.schema.migrate import create_store_file

from .script import KIOSKS
from .store_settings import EMPLOYEES, PIN, STORE_TOML

PIN_HASH = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PIN)


class MemoryPath(PosixPath):
    """A path at which SQLite stores databases in memory, as long as a connection to them is open."""

    def as_uri(self) -> str:
        return super().as_uri() + "?vfs=memdb"


@functools.cache
def _empty_store() -> bytes:
    """The database of a new store. It is made once, because the migrations take a while."""
    with tempfile.TemporaryDirectory(prefix="welkom-simulate-") as folder:
        path = MemoryPath(folder) / "empty.db"
        with contextlib.closing(
            connect(path, create=True)
        ) as db:  # the database is there as long as this connection
            create_store_file(path)
            return db.serialize()


def create_store(folder: DataDir, disk: sqlite3.Connection, now: int) -> list[DeviceFile]:
    """Creates the store in `folder`, whose database `disk` is connected to; its device files."""
    folder.settings.write_text(STORE_TOML, "utf-8")
    make_server_key(folder.server_key)
    with contextlib.closing(sqlite3.connect(":memory:")) as empty:
        empty.deserialize(_empty_store())
        empty.backup(disk)
    settings = load_settings(folder.settings)
    db = connect(folder.store)
    with contextlib.closing(db), transaction(db):
        catalogue_mirror.mirror_catalogue(db, settings.catalogue())
        names = [(name, "kiosk") for name in KIOSKS] + [(name, "staff") for name in (*EMPLOYEES, "spare")]
        files = [devices.add_device(db, kind, name, now, "simulated", "k" * 40) for name, kind in names]
        for employee in EMPLOYEES:
            pins.set_pin(db, employee, PIN_HASH, now)
    return files
