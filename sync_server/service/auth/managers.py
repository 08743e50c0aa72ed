"""The accounts for the manager's pages: adds, removes and lists them, and sets their passwords.

The product has no built-in account. A person makes the first one by the one-time link that `welkom server`
prints, or with `welkom manager password`.
"""

import re
import sqlite3

from msgspec import Struct

from sync_server.domain.ops import ActorKind
from sync_server.names import NameProblem, check_text

from . import password_hash
from .errors import AccountError
from .password_rules import is_common_password

FIRST = "manager"  # the default name of the first account
ROLES = (ActorKind.MANAGER.value, ActorKind.READONLY.value)
MIN_PASSWORD_LENGTH = 8
NAME = re.compile(r"[^\s\x00-\x1f]([^\x00-\x1f]{0,38}[^\s\x00-\x1f])?")


class ManagerExists(AccountError):
    """The first manager was added before."""


class OnlyManager(AccountError):
    """Without this account nobody could change anything any more."""


class Account(Struct, frozen=True):
    """A person who may sign in. `set_at` is when the password was set, ms UTC: earlier sessions are over."""

    name: str
    role: ActorKind
    set_at: int
    password_hash: str


class CommonPassword(AccountError):
    """The password is one of those that are guessed first."""


def hash_manager_password(password: str, *names: str) -> str:
    """The hash of a password, to be stored. Takes tens of milliseconds, on purpose. Raises AccountError.

    `names` are words that somebody who guesses knows: the account's and the shop's.
    """
    if len(password) < MIN_PASSWORD_LENGTH:
        raise AccountError(f"a password has at least {MIN_PASSWORD_LENGTH} characters")
    if is_common_password(password, *names):
        raise CommonPassword(
            "that password is one of the first that others would guess; take a few words that only you know"
        )
    return password_hash.hash_password(password)


def find(db: sqlite3.Connection, name: str) -> Account | None:
    """The account of this name."""
    return next((account for account in every(db) if account.name == name), None)


def every(db: sqlite3.Connection) -> list[Account]:
    """All accounts, by name."""
    rows = db.execute("SELECT name, role, set_at, password_hash FROM accounts ORDER BY name")
    return [Account(name, ActorKind(role), set_at, hashed) for name, role, set_at, hashed in rows]


def has_manager(db: sqlite3.Connection) -> bool:
    """Whether somebody may change things. A store may have accounts that only look, and nobody who may."""
    return any(account.role is ActorKind.MANAGER for account in every(db))


def set_password(db: sqlite3.Connection, hashed: str, now: int, name: str = FIRST) -> None:
    """Sets an account's password; adds the first manager where there is none. Raises AccountError."""
    if not has_manager(db) and find(db, name) is None:
        add(db, name, ActorKind.MANAGER.value, hashed, now)
        return
    found = db.execute(
        # A session is tied to this time of its password, so a new password must change it.
        "UPDATE accounts SET password_hash = ?, set_at = max(?, set_at + 1) WHERE name = ?",
        (hashed, now, name),
    ).rowcount
    if not found:
        raise AccountError(f'there is no account "{name}"; `welkom manager list` shows them')


def add(db: sqlite3.Connection, name: str, role: str, hashed: str, now: int) -> None:
    """Adds an account. Raises AccountError."""
    check_new(db, name, role)
    db.execute(
        "INSERT INTO accounts (name, password_hash, set_at, role) VALUES (?,?,?,?)", (name, hashed, now, role)
    )


def check_new(db: sqlite3.Connection, name: str, role: str) -> None:
    """Raises AccountError where no account of this name and role can be added."""
    if role not in ROLES:
        raise AccountError(f'"{role}" is no role of an account; use {" or ".join(ROLES)}')
    try:
        check_text(name, 40)
    except NameProblem as error:
        raise AccountError(f"the account's name {error}") from None
    if not NAME.fullmatch(name):
        raise AccountError("an account's name has 1 to 40 characters and no blank at its ends")
    if find(db, name) is not None:
        raise AccountError(f'there is an account "{name}" already; choose another name')


def add_first(db: sqlite3.Connection, hashed: str, now: int, name: str = FIRST) -> None:
    """Adds the first manager. Raises ManagerExists where there is one already, or AccountError."""
    if has_manager(db):
        raise ManagerExists("this store has a manager already; sign in")
    add(db, name, ActorKind.MANAGER.value, hashed, now)


def remove(db: sqlite3.Connection, name: str) -> None:
    """Removes an account and ends its sessions. Raises AccountError, also for the only manager."""
    account = find(db, name)
    if account is None:
        raise AccountError(f'there is no account "{name}"; `welkom manager list` shows them')
    _require_another_manager(db, account)
    for kept in ("saved_views", "log_columns", "second_factors", "recovery_codes"):
        # Another one of this name must not find them.
        db.execute(f"DELETE FROM {kept} WHERE account = ?", (name,))
    db.execute("DELETE FROM accounts WHERE name = ?", (name,))


def change_role(db: sqlite3.Connection, name: str, role: str) -> None:
    """Gives an account another role. Raises AccountError, also for the only manager."""
    account = find(db, name)
    if account is None:
        raise AccountError(f'there is no account "{name}"; `welkom manager list` shows them')
    if role not in ROLES:
        raise AccountError(f'"{role}" is no role of an account; use {" or ".join(ROLES)}')
    if role != ActorKind.MANAGER:
        _require_another_manager(db, account)
    db.execute("UPDATE accounts SET role = ? WHERE name = ?", (role, name))


def _require_another_manager(db: sqlite3.Connection, account: Account) -> None:
    if [one for one in every(db) if one.role is ActorKind.MANAGER] == [account]:
        raise OnlyManager(f'"{account.name}" is the only manager; add another one first')
