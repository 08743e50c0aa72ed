"""Invitations: a manager adds an account by a link that its owner opens once to choose a password."""

import secrets
import sqlite3

from msgspec import Struct

from . import managers
from .errors import AccountError
from .tokens import hash_token

VALID_MS = 48 * 3_600_000
BYTES = 24


class Invitation(Struct, frozen=True):
    """`made_at` and `until`, ms UTC: afterwards the link opens nothing."""

    n: int
    name: str
    role: str
    made_by: str
    made_at: int
    until: int


_COLUMNS = "n, name, role, made_by, made_at, until"


def invite(db: sqlite3.Connection, name: str, role: str, by: str, now: int) -> str:
    """Makes an invitation and returns its code, which is stored as a hash only. Raises AccountError."""
    managers.check_new(db, name, role)
    db.execute("DELETE FROM invitations WHERE name = ? OR until <= ?", (name, now))
    code = secrets.token_urlsafe(BYTES)
    db.execute(
        "INSERT INTO invitations (code_hash, name, role, made_by, made_at, until) VALUES (?,?,?,?,?,?)",
        (hash_token(code), name, role, by, now, now + VALID_MS),
    )
    return code


def list_invitations(db: sqlite3.Connection, now: int) -> list[Invitation]:
    """Those that can still be used, the latest first."""
    rows = db.execute(f"SELECT {_COLUMNS} FROM invitations WHERE until > ? ORDER BY n DESC", (now,))
    return [Invitation(*row) for row in rows]


def find_invitation(db: sqlite3.Connection, code: str, now: int) -> Invitation | None:
    """The invitation with this code, if it can still be used."""
    row = db.execute(
        f"SELECT {_COLUMNS} FROM invitations WHERE code_hash = ? AND until > ?", (hash_token(code), now)
    ).fetchone()
    return Invitation(*row) if row else None


def accept_invitation(db: sqlite3.Connection, code: str, hashed: str, now: int) -> Invitation:
    """Adds the account with this password's hash; the link is used up. Raises AccountError."""
    invitation = find_invitation(db, code, now)
    if invitation is None:
        raise AccountError("this invitation is used up or too old; ask for another one")
    managers.add(db, invitation.name, invitation.role, hashed, now)
    remove_invitation(db, invitation.n)
    return invitation


def remove_invitation(db: sqlite3.Connection, n: int) -> None:
    """From now on its link opens nothing."""
    db.execute("DELETE FROM invitations WHERE n = ?", (n,))
