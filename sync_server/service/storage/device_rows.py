"""Reads the devices that may connect, and those that were revoked."""

import sqlite3

from msgspec import Struct


class DeviceRow(Struct, frozen=True):
    """What the server needs of a device. `letter` begins its tickets; `public_key` is its CURVE key, Z85."""

    device_id: str
    kind: str
    name: str
    letter: str
    public_key: str


_SELECT = "SELECT device_id, kind, name, letter, public_key FROM devices"


def active_devices(db: sqlite3.Connection) -> list[DeviceRow]:
    """The devices that may take part."""
    return [DeviceRow(*row) for row in db.execute(f"{_SELECT} WHERE revoked_at IS NULL")]


def revoked_devices(db: sqlite3.Connection) -> list[DeviceRow]:
    """The devices that took part once and may not any more."""
    return [DeviceRow(*row) for row in db.execute(f"{_SELECT} WHERE revoked_at IS NOT NULL")]
