"""Who may open the manager's pages: accounts, each with a name, a role and a password.

No account comes with the product. The first is made by whoever opens the pages on the server itself,
or holds the one-time link that `welkom init` and `welkom server` print.
"""

import re
import sqlite3

from msgspec import Struct

from sync_server.domain.ops import ActorKind

from . import accounts
from .accounts import AccountError

FIRST = "manager"  # what the first account is called unless somebody says otherwise
ROLES = (ActorKind.MANAGER.value, ActorKind.READONLY.value)
SHORTEST_PASSWORD = 8
NAME = re.compile(r"[^\s\x00-\x1f]([^\x00-\x1f]{0,38}[^\s\x00-\x1f])?")


class Account(Struct, frozen=True):
    """Somebody who may sign in. `set_at` is when the password was set, ms UTC: older sessions are over."""

    name: str
    role: ActorKind
    set_at: int
    password_hash: str


def hash_password(password: str) -> str:
    """What is kept of a password. Takes tens of milliseconds, on purpose. Raises AccountError."""
    if len(password) < SHORTEST_PASSWORD:
        raise AccountError(f"a password has at least {SHORTEST_PASSWORD} characters")
    return accounts.hash_secret(password)


def find(db: sqlite3.Connection, name: str) -> Account | None:
    return next((account for account in every(db) if account.name == name), None)


def every(db: sqlite3.Connection) -> list[Account]:
    """All accounts, by name."""
    rows = db.execute("SELECT name, role, set_at, password_hash FROM accounts ORDER BY name")
    return [Account(name, ActorKind(role), set_at, hashed) for name, role, set_at, hashed in rows]


def set_password(db: sqlite3.Connection, hashed: str, now: int, name: str = FIRST) -> None:
    """A new password for an account; makes the first account where there is none. Raises AccountError."""
    if not every(db):
        add(db, name, ActorKind.MANAGER.value, hashed, now)
        return
    found = db.execute(
        # A session knows by this instant which password it was begun with, so it must move.
        "UPDATE accounts SET password_hash = ?, set_at = max(?, set_at + 1) WHERE name = ?",
        (hashed, now, name),
    ).rowcount
    if not found:
        raise AccountError(f'there is no account "{name}"; `welkom manager list` shows them')


def add(db: sqlite3.Connection, name: str, role: str, hashed: str, now: int) -> None:
    """A further account. Raises AccountError."""
    if role not in ROLES:
        raise AccountError(f'"{role}" is no role of an account; use {" or ".join(ROLES)}')
    if not NAME.fullmatch(name):
        raise AccountError("an account's name has 1 to 40 characters and no blank at its ends")
    if find(db, name) is not None:
        raise AccountError(f'there is an account "{name}" already; choose another name')
    db.execute(
        "INSERT INTO accounts (name, password_hash, set_at, role) VALUES (?,?,?,?)", (name, hashed, now, role)
    )


def add_first(db: sqlite3.Connection, hashed: str, now: int) -> None:
    """The first account, made once. Raises AccountError where there is one."""
    if every(db):
        raise AccountError("this store has a manager already; sign in")
    add(db, FIRST, ActorKind.MANAGER.value, hashed, now)


def remove(db: sqlite3.Connection, name: str) -> None:
    """Ends an account and its sessions. Raises AccountError; the last manager cannot be removed."""
    account = find(db, name)
    if account is None:
        raise AccountError(f'there is no account "{name}"; `welkom manager list` shows them')
    managers = [a for a in every(db) if a.role is ActorKind.MANAGER]
    if managers == [account]:
        raise AccountError(f'"{name}" is the only manager; add another one first')
    db.execute("DELETE FROM accounts WHERE name = ?", (name,))
