"""The device's own small database: ops not yet answered, and what it keeps between starts.

An op is on disk here before the screen says yes, and leaves only on the server's durable answer.
"""

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from msgspec.structs import replace

from sync_server.domain.catalogue import Catalogue
from sync_server.domain.refusal import Refusal
from sync_server.domain.ticket import Counter
from sync_server.protocol.messages import Submit
from sync_server.protocol.rows import PersonRow, QuoteRow, VisitRow

from .last import KINDS, Heard, Last, Row
from .wordless import as_due

MOST_PENDING = 5000  # ops not yet answered: more than a busy device makes in a week without its server
REFUSALS_KEPT_MS = 86_400_000  # then nobody needs to read any more that a tap was refused
KEEP_MS = 86_400_000  # words of shoppers, unless the store says sooner
TRACES_MS = 540_000  # what SQLite left behind of a row that is gone: cleared every ten minutes at most

_SCHEMA = """
CREATE TABLE IF NOT EXISTS pending (
    position INTEGER PRIMARY KEY, op_id TEXT NOT NULL UNIQUE, submit BLOB NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS refused (
    op_id TEXT PRIMARY KEY, submit BLOB NOT NULL, refusal BLOB NOT NULL, at INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS kept (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS last_rows (
    kind TEXT NOT NULL, id TEXT NOT NULL, row BLOB NOT NULL, PRIMARY KEY (kind, id)
) STRICT, WITHOUT ROWID;
"""

# sqlite3 asks bytes how they are to be written, and is told an error each time, unless somebody has said so.
sqlite3.register_adapter(bytes, lambda value: value)
_encode = msgspec.json.encode
T = TypeVar("T")
Statement = tuple[str, tuple[object, ...]]


class OutboxError(Exception):
    """The device's database cannot be used. The text names the file, why, and what to do."""


class Outbox:
    """Raises OutboxError where the file cannot be used; a failed `put` means the tap did not count."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._db = self._connect()
            # Nobody else opens it while we run; a second Welkom on the same file is stopped here.
            self._db.execute("PRAGMA locking_mode=EXCLUSIVE")
            self._db.execute("PRAGMA page_size=1024")  # of a new file: a tap is small, and so is its commit
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            self._db.execute("PRAGMA secure_delete=ON")
            self._db.executescript(_SCHEMA)
        except sqlite3.Error as error:
            raise OutboxError(
                f"{path}: {error}; check that the folder exists, is writable and has space,"
                " and that no second Welkom runs with the same device file"
            ) from error
        self._room = 0  # so many more may wait at least; counted anew when it is used up
        self._clean: tuple[int, int] | None = None  # when, and at how many changes, the file held no traces

    def _connect(self) -> sqlite3.Connection:
        with contextlib.suppress(OSError):  # connecting says why
            os.close(os.open(self.path, os.O_CREAT | os.O_EXCL, 0o600))  # it will hold what shoppers said
        return sqlite3.connect(self.path, isolation_level=None)

    def put(self, submit: Submit, counter: Counter | None = None, heard: Heard | None = None) -> None:
        """Commits an op, the ticket number it used up, and what the server said before it."""
        if self._room <= 0:
            self._room = MOST_PENDING - self._rows("SELECT count(*) FROM pending")[0][0]
        if self._room <= 0:
            raise OutboxError(
                f"{self.path}: {MOST_PENDING} taps wait here to be sent and no more are taken;"
                " bring this device back to the shop's network"
            )
        self._write(
            ("INSERT INTO pending (op_id, submit) VALUES (?,?)", (submit.op_id, _encode(submit))),
            *([_keep("counter", counter)] if counter else []),
            heard=heard,
        )
        self._room -= 1

    def pending(self) -> list[Submit]:
        """The ops not answered yet, in the order they were made."""
        return [self._op(row[0]) for row in self._rows("SELECT submit FROM pending ORDER BY position")]

    def find(self, op_id: str) -> Submit | None:
        """An op not answered yet."""
        rows = self._rows("SELECT submit FROM pending WHERE op_id = ?", op_id)
        return self._op(rows[0][0]) if rows else None

    def settle(self, op_id: str, heard: Heard | None = None) -> None:
        """The server has done it, and has said this."""
        self._write(("DELETE FROM pending WHERE op_id = ?", (op_id,)), heard=heard)

    def refuse(self, op_id: str, refusal: Refusal, at: int) -> None:
        """The server has refused it for good: kept apart until a person has seen it. `at` in ms UTC."""
        self._write(
            (
                "INSERT OR REPLACE INTO refused SELECT op_id, submit, ?, ? FROM pending WHERE op_id = ?",
                (_encode(refusal), at, op_id),
            ),
            ("DELETE FROM pending WHERE op_id = ?", (op_id,)),
        )

    def refused(self) -> list[tuple[Submit, Refusal]]:
        """The refused ops nobody has dismissed yet, as they were refused: oldest first."""
        rows = self._rows("SELECT submit, refusal FROM refused ORDER BY at, rowid")
        return [(self._op(submit), self._decode(refusal, Refusal)) for submit, refusal in rows]

    def dismiss(self, op_id: str) -> None:
        """A person has seen the refusal."""
        self._write(("DELETE FROM refused WHERE op_id = ?", (op_id,)))

    def forget(self, at: int, keep_ms: int = KEEP_MS, to_the_last_byte: bool = False) -> None:
        """Removes what must not outlive its use, from the file and from its write-ahead log.

        An op that waits loses its words `keep_ms` after its tap and is sent without them; with 0 all do now.
        Of what was removed before, traces may stay for ten minutes, unless it is `to_the_last_byte`.
        """
        changes = [*self._rewordings("pending", at, keep_ms), *self._rewordings("refused", at, keep_ms)]
        self._write(("DELETE FROM refused WHERE at < ?", (at - REFUSALS_KEPT_MS,)), *changes)
        if changes or to_the_last_byte or self._traces_are_due(at):
            # Written anew: where SQLite moved rows it left copies, secure_delete or not.
            self._rows("VACUUM")
            self._rows("PRAGMA wal_checkpoint(TRUNCATE)")
            self._clean = at, self._db.total_changes

    def _traces_are_due(self, at: int) -> bool:
        if self._clean is None:
            return True  # of an earlier run
        clean_at, changes = self._clean
        return self._db.total_changes != changes and abs(at - clean_at) >= TRACES_MS

    def _rewordings(self, table: str, at: int, keep_ms: int) -> list[tuple[str, tuple[object, ...]]]:
        found = [self._op(row[0]) for row in self._rows(f"SELECT submit FROM {table}")]
        return [
            (f"UPDATE {table} SET submit = ? WHERE op_id = ?", (_encode(plain), submit.op_id))
            for submit in found
            if (plain := as_due(submit, at, keep_ms)) != submit
        ]

    def keep_hours(self, hours: int) -> None:
        """For how long the store lets anybody keep words about shoppers."""
        self._write(_keep("keep_h", hours))

    def hours(self) -> int | None:
        """The same; None before the first connection."""
        found = self._kept("keep_h")
        return self._decode(found, int) if found is not None else None

    def keep_catalogue(self, catalogue: Catalogue, digest: str) -> None:
        self._write(_keep("catalogue", catalogue), _keep("digest", digest))

    def catalogue(self) -> tuple[Catalogue | None, str]:
        """The catalogue kept from the last connection and its digest; None and "" before the first."""
        try:
            found = self._kept("catalogue")
            digest = self._kept("digest")
            if found is not None and digest is not None:
                return msgspec.json.decode(found, type=Catalogue), msgspec.json.decode(digest, type=str)
        except msgspec.DecodeError:
            pass  # kept by another version: the server sends it again
        return None, ""

    def keep_counter(self, counter: Counter) -> None:
        self._write(_keep("counter", counter))

    def counter(self) -> Counter:
        found = self._kept("counter")
        return self._decode(found, Counter) if found is not None else Counter()

    def keep_last(self, heard: Heard) -> None:
        """Keeps what the server said. A power cut may lose it, and nothing else: it is a copy."""
        with self._cheaply():
            self._write(heard=heard)

    def last(self) -> Last | None:
        """What the server last said, by all that was kept of it; None before its first word."""
        last = self._recall("last", Last)
        if last is None or last.visits or last.people or last.quotes:
            return last  # with its rows: another version kept it in one piece
        rows = self._last_rows()
        return replace(
            last,
            visits=tuple(row for row in rows if isinstance(row, VisitRow)),
            people=tuple(row for row in rows if isinstance(row, PersonRow)),
            quotes=tuple(row for row in rows if isinstance(row, QuoteRow)),
        )

    def _last_rows(self) -> list[Row]:
        rows = []
        for kind, data in self._rows("SELECT kind, row FROM last_rows ORDER BY kind, id"):
            with contextlib.suppress(KeyError, msgspec.DecodeError):  # kept by another version
                rows.append(msgspec.json.decode(data, type=KINDS[kind]))
        return rows

    def _write_rows(self, heard: Heard) -> None:
        if heard.anew:
            self._db.execute("DELETE FROM last_rows")
        put = [(*key, _encode(row)) for key, row in heard.rows.items() if row is not None]
        if put:
            self._db.executemany(_PUT_ROW, put)
        if gone := [key for key, row in heard.rows.items() if row is None]:
            self._db.executemany("DELETE FROM last_rows WHERE kind = ? AND id = ?", gone)

    def keep_screen(self, screen: bytes | None) -> None:
        """Keeps what the app has to find on its screen after a crash; None for nothing."""
        with self._cheaply():
            self._write(_keep("screen", screen))

    def screen(self) -> bytes | None:
        return self._recall("screen", bytes)

    def keep_epoch(self, epoch: str) -> None:
        self._write(_keep("epoch", epoch))

    def epoch(self) -> str:
        """The store's epoch at the last connection; empty before the first."""
        found = self._kept("epoch")
        return self._decode(found, str) if found is not None else ""

    def close(self) -> None:
        self._db.close()

    @contextlib.contextmanager
    def _cheaply(self) -> Iterator[None]:
        # NORMAL leaves it to the next op to wait for the disk; kill -9 loses nothing by that.
        self._rows("PRAGMA synchronous=NORMAL")
        try:
            yield
        finally:
            self._rows("PRAGMA synchronous=FULL")

    def _recall(self, name: str, kind: type[T]) -> T | None:
        found = self._kept(name)
        try:
            return msgspec.json.decode(found, type=kind | None) if found is not None else None
        except msgspec.DecodeError:
            return None  # kept by another version: the server says it again

    def _kept(self, name: str) -> bytes | None:
        rows = self._rows("SELECT value FROM kept WHERE name = ?", name)
        return rows[0][0] if rows else None

    def _op(self, data: bytes) -> Submit:
        return self._decode(data, Submit)

    def _decode(self, data: bytes, kind: type[T]) -> T:
        try:
            return msgspec.json.decode(data, type=kind)
        except msgspec.DecodeError as error:
            raise OutboxError(
                f"{self.path}: was written by another version of Welkom ({error});"
                " start that version once more to send what is in it"
            ) from error

    def _rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        try:
            return self._db.execute(sql, values).fetchall()
        except sqlite3.Error as error:
            raise OutboxError(
                f"{self.path}: {error}; move this file away to begin with an empty one"
            ) from error

    def _write(self, *statements: Statement, heard: Heard | None = None) -> None:
        """All of it or nothing, and with it what the server said, where that is to be kept too."""
        if heard is not None and heard.said is not None:
            statements = (*statements, _keep("last", heard.said))
        try:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                for sql, values in statements:
                    self._db.execute(sql, values)
                if heard is not None:
                    self._write_rows(heard)
                self._db.execute("COMMIT")
            except BaseException:
                # A full disk may have ended the transaction already.
                with contextlib.suppress(sqlite3.Error):
                    self._db.execute("ROLLBACK")
                raise
        except sqlite3.Error as error:
            raise OutboxError(f"{self.path}: {error}; free some space on this device") from error


# An update in place: a replaced row is taken out and put in again, with its index.
_PUT_ROW = "INSERT INTO last_rows VALUES (?,?,?) ON CONFLICT (kind, id) DO UPDATE SET row = excluded.row"
_PUT_VALUE = "INSERT INTO kept VALUES (?,?) ON CONFLICT (name) DO UPDATE SET value = excluded.value"


def _keep(name: str, value: object) -> Statement:
    return _PUT_VALUE, (name, _encode(value))
