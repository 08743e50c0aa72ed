"""Sets and reads the PINs of employees."""

import re
import sqlite3

from sync_server.service.config.model import MAX_PIN_DIGITS

from .errors import AccountError
from .password_hash import hash_password
from .password_rules import is_common_pin
from .throttle import clear_throttle

PIN = re.compile(r"[0-9]+")


def hash_pin(pin: str, digits: int) -> str:
    """The hash of a PIN with at least `digits` digits. Takes tens of milliseconds. Raises AccountError."""
    if not PIN.fullmatch(pin) or not digits <= len(pin) <= MAX_PIN_DIGITS:
        span = f"{digits} to {MAX_PIN_DIGITS}" if digits < MAX_PIN_DIGITS else f"{digits}"
        raise AccountError(f"a PIN has {span} digits (access.pin_digits in store.toml)")
    if is_common_pin(pin):
        raise AccountError("that PIN is one of the first that others would guess; take another one")
    return hash_password(pin)


def set_pin(db: sqlite3.Connection, employee: str, hashed: str, now: int) -> None:
    """Sets a PIN. Wrong tries at the old one are forgotten. Raises AccountError."""
    found = db.execute(
        "UPDATE employees SET pin_hash = ?, pin_set_at = ? WHERE id = ?", (hashed, now, employee)
    ).rowcount
    if not found:
        raise AccountError(f'there is no employee "{employee}" in store.toml')
    clear_throttle(db, f"employee:{employee}")


def has_employee(db: sqlite3.Connection, employee: str) -> bool:
    """Whether the employee is in the table yet: the start of a server or `welkom employee pin` adds them."""
    return db.execute("SELECT 1 FROM employees WHERE id = ?", (employee,)).fetchone() is not None


def pin_hash(db: sqlite3.Connection, employee: str) -> str | None:
    """The hash of the employee's PIN; None where none is set."""
    row = db.execute("SELECT pin_hash FROM employees WHERE id = ?", (employee,)).fetchone()
    return row[0] if row else None
