"""Tokens for other programs of the shop. `domain/permissions.py`, role `api`, says what they may do.

A token is shown once. Only its hash is stored, so nobody who reads the store can use it.
"""

import hashlib
import secrets
import sqlite3

from sync_server.names import NameProblem, check_text

from .errors import AccountError
from .managers import NAME

BYTES = 32  # so random that it cannot be guessed: a plain hash is safe


def add_token(db: sqlite3.Connection, name: str, now: int) -> str:
    """Makes a token for the program called `name`, and returns it. Raises AccountError."""
    try:
        check_text(name, 40)
    except NameProblem as error:
        raise AccountError(f"the token's name {error}") from None
    if not NAME.fullmatch(name):
        raise AccountError("a token's name has 1 to 40 characters and no blank at its ends")
    if db.execute("SELECT 1 FROM tokens WHERE name = ?", (name,)).fetchone():
        raise AccountError(f'there is a token "{name}" already; revoke it first, or choose another name')
    token = secrets.token_urlsafe(BYTES)
    db.execute(
        "INSERT INTO tokens (name, token_hash, made_at) VALUES (?,?,?)", (name, hash_token(token), now)
    )
    return token


def list_tokens(db: sqlite3.Connection) -> list[tuple[str, int]]:
    """The name of each program, and when its token was made, ms UTC."""
    return [(name, at) for name, at in db.execute("SELECT name, made_at FROM tokens ORDER BY made_at, name")]


def revoke_token(db: sqlite3.Connection, name: str) -> None:
    """Removes a token. Raises AccountError."""
    if not db.execute("DELETE FROM tokens WHERE name = ?", (name,)).rowcount:
        raise AccountError(f'there is no token "{name}"; `welkom token list` shows them')


def token_name(db: sqlite3.Connection, token: str) -> str | None:
    """The name of the program with this token; None if there is none."""
    row = db.execute("SELECT name FROM tokens WHERE token_hash = ?", (hash_token(token),)).fetchone()
    return str(row[0]) if row else None


def hash_token(token: str) -> str:
    """What is stored of a token."""
    return hashlib.sha256(token.encode()).hexdigest()
