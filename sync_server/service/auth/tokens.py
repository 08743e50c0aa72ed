"""Tokens for other programs of the shop: what each may do stands in `domain/roles.py`, role `api`.

A token is shown once. Only its hash is kept, so nobody who reads the store can use it.
"""

import hashlib
import secrets
import sqlite3

from .accounts import AccountError
from .managers import NAME

BYTES = 32  # so random that a plain hash keeps it safe: there is nothing to guess


def add_token(db: sqlite3.Connection, name: str, now: int) -> str:
    """A new token for the program called `name`. Raises AccountError."""
    if not NAME.fullmatch(name):
        raise AccountError("a token's name has 1 to 40 characters and no blank at its ends")
    if db.execute("SELECT 1 FROM tokens WHERE name = ?", (name,)).fetchone():
        raise AccountError(f'there is a token "{name}" already; revoke it first, or choose another name')
    token = secrets.token_urlsafe(BYTES)
    db.execute("INSERT INTO tokens (name, token_hash, made_at) VALUES (?,?,?)", (name, _hash(token), now))
    return token


def list_tokens(db: sqlite3.Connection) -> list[tuple[str, int]]:
    """Name and time of making, ms UTC."""
    return [(name, at) for name, at in db.execute("SELECT name, made_at FROM tokens ORDER BY made_at, name")]


def revoke_token(db: sqlite3.Connection, name: str) -> None:
    """From now on the token opens nothing. Raises AccountError."""
    if not db.execute("DELETE FROM tokens WHERE name = ?", (name,)).rowcount:
        raise AccountError(f'there is no token "{name}"; `welkom token list` shows them')


def token_name(db: sqlite3.Connection, token: str) -> str | None:
    """Whose token this is; None for one that opens nothing."""
    row = db.execute("SELECT name FROM tokens WHERE token_hash = ?", (_hash(token),)).fetchone()
    return str(row[0]) if row else None


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
