"""Who may take part: devices by their key, employees by their PIN. `managers.py` has the web accounts.

Each function takes the store's writing connection, so the running server and the command line
share them; see `control.py` for how a command reaches a running server.
"""

import os
import re
import sqlite3
from base64 import b64encode
from collections.abc import Iterable

import argon2
from argon2.low_level import ARGON2_VERSION
from msgspec import json

from sync_server.domain import ticket
from sync_server.domain.catalogue import Catalogue, Employee
from sync_server.domain.ops import ActorKind
from sync_server.protocol.device_file import DeviceFile

from .keys import new_pair
from .queries import DeviceRow
from .settings import LONGEST_PIN
from .tries import Tried

KINDS = (ActorKind.KIOSK.value, ActorKind.STAFF.value)
PIN = re.compile(r"[0-9]+")

_hasher = argon2.PasswordHasher()  # argon2id with the library's current recommendation (RFC 9106)


class AccountError(Exception):
    """What was asked for cannot be done. The text says why, and the way out."""


class KnownKey(AccountError):
    """A device with this key is in the list already."""


def add_device(
    db: sqlite3.Connection, kind: str, name: str, now: int, server: str, server_key: str
) -> DeviceFile:
    """Enrols a device and gives the file to copy to it. The secret key is in that file only."""
    public, secret = new_pair()
    device = enrol_device(db, kind, name, public, now)
    return DeviceFile(
        device.device_id, device.kind, device.name, device.letter, server, server_key, public, secret
    )


def enrol_device(db: sqlite3.Connection, kind: str, name: str, public_key: str, now: int) -> DeviceRow:
    """Adds the device that holds the other half of this key. Raises AccountError."""
    kind, name = kind_of(kind), name_of(name)
    if db.execute("SELECT 1 FROM devices WHERE public_key = ?", (public_key,)).fetchone():
        raise KnownKey("a device with this key is in the list already; begin anew on the device")
    count = db.execute("SELECT count(*) FROM devices").fetchone()[0]
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or kind
    device_id = slug
    taken = {row[0] for row in db.execute("SELECT device_id FROM devices")}
    while device_id in taken:
        device_id = f"{slug}-{int(device_id.rpartition('-')[2]) + 1 if device_id != slug else 2}"
    letter = ticket.letter_for(count)
    db.execute(
        "INSERT INTO devices (device_id, kind, name, letter, public_key, enrolled_at) VALUES (?,?,?,?,?,?)",
        (device_id, kind, name, letter, public_key, now),
    )
    return DeviceRow(device_id, kind, name, letter, public_key)


def kind_of(kind: str) -> str:
    """A kind that devices can have. Raises AccountError."""
    if kind not in KINDS:
        raise AccountError(f'"{kind}" is no kind of device; use kiosk or staff')
    return kind


def name_of(name: str) -> str:
    """A name that a device can have. Raises AccountError."""
    name = name.strip()
    if not name or len(name) > 40 or not name.isprintable():
        raise AccountError("a device's name has 1 to 40 characters, on one line")
    return name


def revoke_device(db: sqlite3.Connection, device_id: str, now: int) -> None:
    """From now on the device has no effect. It stays in the list, and its letter stays taken."""
    found = db.execute(
        "UPDATE devices SET revoked_at = coalesce(revoked_at, ?) WHERE device_id = ?", (now, device_id)
    ).rowcount
    if not found:
        raise AccountError(f'there is no device "{device_id}"; `welkom device list` shows them')


def list_devices(db: sqlite3.Connection) -> list[dict[str, object]]:
    rows = db.execute(
        "SELECT device_id, kind, name, letter, enrolled_at, revoked_at FROM devices ORDER BY enrolled_at"
    )
    return [dict(zip([c[0] for c in rows.description], row, strict=True)) for row in rows]


def hash_pin(pin: str, digits: int) -> str:
    """What is kept of a PIN of at least `digits` digits. Takes tens of milliseconds. Raises AccountError."""
    if not PIN.fullmatch(pin) or not digits <= len(pin) <= LONGEST_PIN:
        span = f"{digits} to {LONGEST_PIN}" if digits < LONGEST_PIN else f"{digits}"
        raise AccountError(f"a PIN has {span} digits (access.pin_digits in store.toml)")
    return hash_secret(pin)


def set_pin(db: sqlite3.Connection, employee: str, hashed: str, now: int) -> None:
    """A new PIN; the wrong tries at the old one are forgotten."""
    found = db.execute(
        "UPDATE employees SET pin_hash = ?, pin_set_at = ? WHERE id = ?", (hashed, now, employee)
    ).rowcount
    if not found:
        raise AccountError(f'there is no employee "{employee}" in store.toml')
    forget_tries(db, f"employee:{employee}")


def has_employee(db: sqlite3.Connection, employee: str) -> bool:
    """Whether a server, or a PIN, has written this one down since they were added to store.toml."""
    return db.execute("SELECT 1 FROM employees WHERE id = ?", (employee,)).fetchone() is not None


def pin_hash(db: sqlite3.Connection, employee: str) -> str | None:
    row = db.execute("SELECT pin_hash FROM employees WHERE id = ?", (employee,)).fetchone()
    return row[0] if row else None


def hash_secret(secret: str) -> str:
    """What is kept of a secret. Takes tens of milliseconds, on purpose."""
    return _hasher.hash(secret)


def hash_of_nothing() -> str:
    """Takes as long to verify as what is kept of a secret, and is of none. Made at once."""
    costs = f"m={_hasher.memory_cost},t={_hasher.time_cost},p={_hasher.parallelism}"
    salt, digest = (
        b64encode(os.urandom(length)).decode().rstrip("=") for length in (_hasher.salt_len, _hasher.hash_len)
    )
    return f"$argon2id$v={ARGON2_VERSION}${costs}${salt}${digest}"


def verify(stored_hash: str, secret: str) -> bool:
    """Whether the PIN or password is the right one. Takes tens of milliseconds, on purpose."""
    try:
        return _hasher.verify(stored_hash, secret)
    except argon2.exceptions.VerificationError:
        return False


def mirror_catalogue(db: sqlite3.Connection, catalogue: Catalogue) -> None:
    """Writes needs and employees beside the log, for SQL tools. Old ones stay: past visits name them.

    What stands there already is not written again, so a server also starts on a full disk.
    """
    for need in catalogue.needs:
        row = (
            need.code,
            json.encode(need.text).decode(),
            need.icon,
            need.under,
            json.encode(need.skills).decode(),
            json.encode(need.prefer).decode(),
            need.priority,
            need.target_wait_s,
            need.target_service_s,
        )
        if db.execute("SELECT * FROM needs WHERE code = ?", (need.code,)).fetchone() != row:
            db.execute("INSERT OR REPLACE INTO needs VALUES (?,?,?,?,?,?,?,?,?)", row)
    for employee in catalogue.employees:
        mirror_employee(db, employee)


def mirror_employee(db: sqlite3.Connection, employee: Employee) -> None:
    db.execute(
        "INSERT INTO employees (id, name, skills) VALUES (?,?,?) ON CONFLICT(id) DO UPDATE"
        " SET name = excluded.name, skills = excluded.skills"
        " WHERE (name, skills) IS NOT (excluded.name, excluded.skills)",
        (employee.id, employee.name, json.encode(sorted(employee.skills)).decode()),
    )


def tries(db: sqlite3.Connection) -> list[Tried]:
    """Who tried wrong PINs, and who must wait."""
    return [Tried(*row) for row in db.execute("SELECT who, wrong, at, until FROM tries")]


def keep_tries(db: sqlite3.Connection, rows: Iterable[Tried]) -> None:
    db.executemany(
        "INSERT OR REPLACE INTO tries (who, wrong, at, until) VALUES (?,?,?,?)",
        [(row.who, row.wrong, row.at, row.until) for row in rows],
    )


def forget_tries(db: sqlite3.Connection, who: str) -> None:
    db.execute("DELETE FROM tries WHERE who = ?", (who,))
