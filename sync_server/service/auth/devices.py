"""The devices of a store: adds, revokes, renames and lists them. `managers.py` has the accounts of people.

Each function takes the store's writing connection, so the running server and the command line share
them; `admin/client.py` says how a command reaches a running server.
"""

import re
import sqlite3

from msgspec import Struct

from sync_server.domain.ops import ActorKind
from sync_server.domain.visit import ticket
from sync_server.names import NameProblem, check_text
from sync_server.protocol.device_file import DeviceFile
from sync_server.service.storage.device_rows import DeviceRow

from .errors import AccountError, KeyAlreadyEnrolled
from .server_key import new_pair

KINDS = (ActorKind.KIOSK.value, ActorKind.STAFF.value)
# Longer than any store-day: nobody else has a letter on the day of the last tickets of a revoked device.
LETTER_RESTS_MS = 26 * 3_600_000


class DeviceEntry(Struct, frozen=True):
    """One device of the list. Times in ms UTC; `seen_at` None: never, or before that was written."""

    device_id: str
    kind: str
    name: str
    letter: str
    enrolled_at: int
    revoked_at: int | None
    seen_at: int | None


def add_device(
    db: sqlite3.Connection, kind: str, name: str, now: int, server: str, server_key: str
) -> DeviceFile:
    """Enrols a device and returns the file to copy to it, the only place of its secret key."""
    public, secret = new_pair()
    device = enrol_device(db, kind, name, public, now)
    return DeviceFile(
        device.device_id, device.kind, device.name, device.letter, server, server_key, public, secret
    )


def enrol_device(db: sqlite3.Connection, kind: str, name: str, public_key: str, now: int) -> DeviceRow:
    """Enrols the device that holds the secret half of this key. Raises AccountError."""
    kind, name = check_kind(kind), check_name(name)
    if db.execute("SELECT 1 FROM devices WHERE public_key = ?", (public_key,)).fetchone():
        raise KeyAlreadyEnrolled("a device with this key is in the list already; begin anew on the device")
    letter = _free_letter(db, now)
    device_id = _free_id(db, re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or kind)
    db.execute(
        "INSERT INTO devices (device_id, kind, name, letter, public_key, enrolled_at) VALUES (?,?,?,?,?,?)",
        (device_id, kind, name, letter, public_key, now),
    )
    return DeviceRow(device_id, kind, name, letter, public_key)


def _free_letter(db: sqlite3.Connection, now: int) -> str:
    """A letter that no device has, nor had in the last day. Raises AccountError."""
    rows = db.execute(
        "SELECT letter FROM devices WHERE revoked_at IS NULL OR revoked_at > ?", (now - LETTER_RESTS_MS,)
    )
    letter = ticket.free_letter({row[0] for row in rows})
    if letter is None:
        raise AccountError(
            "all 600 ticket letters are in use; revoke devices that are not used any more"
            " (`welkom device list` shows them): their letters are free a day later"
        )
    return letter


def _free_id(db: sqlite3.Connection, slug: str) -> str:
    """`slug`, or the first of `slug-2`, `slug-3`, … that no device has."""
    taken = {row[0] for row in db.execute("SELECT device_id FROM devices")}
    device_id, number = slug, 1
    while device_id in taken:
        number += 1
        device_id = f"{slug}-{number}"
    return device_id


def check_kind(kind: str) -> str:
    """`kind`, if devices can be of it. Raises AccountError."""
    if kind not in KINDS:
        raise AccountError(f'"{kind}" is no kind of device; use kiosk or staff')
    return kind


def check_name(name: str) -> str:
    """`name` without blanks around it, if a device can have it. Raises AccountError."""
    try:
        return check_text(name, 40)
    except NameProblem as error:
        raise AccountError(f"the device's name {error}") from None


def revoke_device(db: sqlite3.Connection, device_id: str, now: int) -> None:
    """From now on the device has no effect. It stays in the list; its letter is free a day later."""
    found = db.execute(
        "UPDATE devices SET revoked_at = coalesce(revoked_at, ?) WHERE device_id = ?", (now, device_id)
    ).rowcount
    if not found:
        raise AccountError(f'there is no device "{device_id}"; `welkom device list` shows them')


def rename_device(db: sqlite3.Connection, device_id: str, name: str) -> None:
    """Gives a device another name; its id stays. Raises AccountError."""
    _update(db, device_id, "name", check_name(name))


def change_role(db: sqlite3.Connection, device_id: str, kind: str) -> None:
    """Gives a device the other role; its letter stays. Raises AccountError."""
    _update(db, device_id, "kind", check_kind(kind))


def _update(db: sqlite3.Connection, device_id: str, column: str, value: str) -> None:
    sql = f"UPDATE devices SET {column} = ? WHERE device_id = ? AND revoked_at IS NULL"
    if not db.execute(sql, (value, device_id)).rowcount:
        raise AccountError(f'no device "{device_id}" takes part; `welkom device list` shows them')


def list_devices(db: sqlite3.Connection) -> list[DeviceEntry]:
    """All devices: first those that take part, by name, then the revoked ones, the latest first."""
    rows = db.execute(
        "SELECT device_id, kind, name, letter, enrolled_at, revoked_at, seen_at FROM devices"
        " ORDER BY coalesce(-revoked_at, -9e18), name COLLATE NOCASE, device_id"
    )
    return [DeviceEntry(*row) for row in rows]


def write_last_seen(db: sqlite3.Connection, seen: dict[str, int]) -> None:
    """Writes when these devices were last seen, ms UTC."""
    db.executemany("UPDATE devices SET seen_at = ? WHERE device_id = ?", [(at, d) for d, at in seen.items()])
