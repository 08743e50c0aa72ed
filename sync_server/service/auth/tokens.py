"""Tokens for other programs of the shop, each with scopes: parts of what the role `api` may do.

A token is shown once. Only its hash is stored, so nobody who reads the store can use it.
"""

import hashlib
import secrets
import sqlite3
from collections.abc import Collection, Iterable
from enum import StrEnum

from msgspec import Struct

from sync_server.names import NameProblem, check_text
from sync_server.service.limits.numbers import API_TOKENS

from .errors import AccountError
from .managers import NAME

BYTES = 32  # so random that it cannot be guessed: a plain hash is safe
USED_EVERY_MS = 600_000  # the time of the last use is written no more often


class Scope(StrEnum):
    """What a token may be used for. Their names are part of the API and never change."""

    OPEN_VISITS = "visits:open"
    CANCEL_VISITS = "visits:cancel"
    READ_VISITS = "visits:read"
    READ_FLOOR = "floor:read"
    READ_REPORT = "report:read"
    READ_CATALOGUE = "catalogue:read"
    COUNT_ARRIVALS = "arrivals:count"
    READ_FIGURES = "figures:read"
    READ_WORDS = "words:read"  # what shoppers and colleagues wrote, wherever the other scopes let read


FIRST_SCOPES = frozenset({Scope.OPEN_VISITS, Scope.READ_FIGURES})  # of a token for which none are chosen


class Token(Struct, frozen=True):
    """A token as the store knows it. `made_at` and `used_at` (about; None: never) in ms UTC."""

    name: str
    made_at: int
    scopes: frozenset[Scope]
    used_at: int | None = None


def add_token(db: sqlite3.Connection, name: str, now: int, scopes: Collection[Scope] = FIRST_SCOPES) -> str:
    """Makes a token for the program called `name`, and returns it. Raises AccountError."""
    try:
        check_text(name, 40)
    except NameProblem as error:
        raise AccountError(f"the token's name {error}") from None
    if not NAME.fullmatch(name):
        raise AccountError("a token's name has 1 to 40 characters and no blank at its ends")
    if not scopes:
        raise AccountError("a token without a scope could do nothing; choose at least one")
    if db.execute("SELECT 1 FROM tokens WHERE name = ?", (name,)).fetchone():
        raise AccountError(f'there is a token "{name}" already; revoke it first, or choose another name')
    if db.execute("SELECT count(*) FROM tokens").fetchone()[0] >= API_TOKENS:
        raise AccountError(f"there are {API_TOKENS} tokens already; revoke one that is not used any more")
    token = secrets.token_urlsafe(BYTES)
    db.execute(
        "INSERT INTO tokens (name, token_hash, made_at, scopes) VALUES (?,?,?,?)",
        (name, hash_token(token), now, " ".join(scope for scope in Scope if scope in scopes)),
    )
    return token


def read_scopes(words: Iterable[str]) -> frozenset[Scope]:
    """The scopes with these names. Raises AccountError for one that is not there."""
    try:
        return frozenset(Scope(word) for word in words)
    except ValueError as error:
        known = ", ".join(Scope)
        raise AccountError(f"{str(error).partition(' is ')[0]} is no scope; there are {known}") from None


def list_tokens(db: sqlite3.Connection) -> list[Token]:
    """All tokens, the oldest first."""
    rows = db.execute("SELECT name, made_at, scopes, used_at FROM tokens ORDER BY made_at, name")
    return [_token(*row) for row in rows]


def revoke_token(db: sqlite3.Connection, name: str) -> None:
    """Removes a token. Raises AccountError."""
    if not db.execute("DELETE FROM tokens WHERE name = ?", (name,)).rowcount:
        raise AccountError(f'there is no token "{name}"; `welkom token list` shows them')


def find_token(db: sqlite3.Connection, token: str) -> Token | None:
    """What the store knows of this token; None if there is none (any more)."""
    row = db.execute(
        "SELECT name, made_at, scopes, used_at FROM tokens WHERE token_hash = ?", (hash_token(token),)
    ).fetchone()
    return _token(*row) if row else None


def note_use(db: sqlite3.Connection, name: str, now: int) -> None:
    """Writes down that a token was used at `now`, ms UTC."""
    db.execute("UPDATE tokens SET used_at = ? WHERE name = ?", (now, name))


def hash_token(token: str) -> str:
    """What is stored of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def _token(name: str, made_at: int, scopes: str, used_at: int | None) -> Token:
    known = set(Scope)  # a later version may know more of them
    return Token(name, made_at, frozenset(Scope(word) for word in scopes.split() if word in known), used_at)
