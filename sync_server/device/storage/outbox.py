"""The device's own SQLite database.

Ops of people are committed here before they are sent, and leave only when the server has answered.
Beside them it holds what the device needs to start without its server.
"""

import contextlib
import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from sync_server.device.sync.redaction import redact_if_due
from sync_server.device.sync.saved_rows import ROW_TYPES, Row, SavedState, SavedUpdate
from sync_server.domain.catalogue.catalogue import Catalogue
from sync_server.domain.refusal import Refusal
from sync_server.domain.visit.ticket import TicketCounter
from sync_server.protocol.messages import Submit
from sync_server.protocol.rows import PersonRow, QuoteRow, VisitRow

from . import outbox_schema
from .outbox_errors import Cause, OutboxDamaged, OutboxError, outbox_error

MAX_PENDING = 5000  # unanswered ops: more than a busy device makes in a week without its server
REFUSED_RETENTION_MS = 86_400_000  # after a day nobody has to read any more that a tap was refused
IN_USE_S = 5.0  # how long a program that is ending may still hold the database
DEFAULT_RETENTION_MS = 86_400_000  # for text about shoppers, unless the store allows less
VACUUM_INTERVAL_MS = 540_000  # traces of deleted rows are cleared at most about every ten minutes

# Registering an adapter avoids sqlite3's slow `__conform__` lookup for each value of this type.
sqlite3.register_adapter(bytes, lambda value: value)
_encode = msgspec.json.encode
T = TypeVar("T")
Statement = tuple[str, tuple[object, ...]]


class ScreenState(Struct, frozen=True):
    """What the app restores on its screen after a crash. `data` is None for nothing."""

    data: bytes | None


class Outbox:
    """Methods raise OutboxError if the file cannot be used. After a failed `put` the tap did not count.

    `on_damaged(error)` is called before one raises OutboxDamaged: nothing more will be saved in this file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.on_damaged: Callable[[OutboxDamaged], None] = lambda _error: None
        try:
            self._db = self._connect()
            outbox_schema.prepare(self._db)
        except sqlite3.Error as error:
            advice = "check that the folder exists, is writable and has space,"
            advice += " and that no second Welkom runs with the same device file"
            raise outbox_error(path, error, advice) from error
        self._free_places = 0  # at least this many more ops fit; counted again when it is used up
        self._refused: list[tuple[Submit, Refusal]] | None = None  # the table `refused`; None: not read yet
        self._vacuumed: tuple[int, int] | None = None  # the time, and total_changes, of the last VACUUM

    def _connect(self) -> sqlite3.Connection:
        with contextlib.suppress(OSError):  # sqlite3.connect reports the reason
            # The file holds text about shoppers: only its owner may read it.
            os.close(os.open(self.path, os.O_CREAT | os.O_EXCL, 0o600))
        return sqlite3.connect(self.path, isolation_level=None, timeout=IN_USE_S)

    def check(self) -> None:
        """Reads everything that must be readable. Raises OutboxDamaged if the file is damaged."""
        ((fault,),) = self._query("PRAGMA quick_check(1)")
        if fault != "ok":
            raise OutboxDamaged(f"{self.path}: {fault}")
        self.pending()
        self.refused()
        self.counter()
        self.epoch()
        self.retention_hours()

    # --- ops -------------------------------------------------------------------------------------

    def put(
        self,
        submit: Submit,
        *,
        encoded: bytes | None = None,
        counter: TicketCounter | None = None,
        update: SavedUpdate | None = None,
        screen: ScreenState | None = None,
        tapped: tuple[str, int] | None = None,
    ) -> None:
        """Commits an op and everything that belongs to the same tap, in one transaction.

        `encoded` is the op's JSON, if the caller has it already. `counter` is the ticket counter after
        the op, `update` what the server sent before it, `screen` what the screen shows after it.
        `tapped` is when it was tapped: the start of the computer, and its steady clock.
        """
        if self._free_places <= 0:
            self._free_places = MAX_PENDING - self._query("SELECT count(*) FROM pending")[0][0]
        if self._free_places <= 0:
            raise OutboxError(
                f"{self.path}: {MAX_PENDING} taps wait here to be sent and no more are taken;"
                " bring this device back to the shop's network"
            )
        data = _encode(submit) if encoded is None else encoded
        self._write(
            (
                "INSERT INTO pending (op_id, submit, boot, steady) VALUES (?,?,?,?)",
                (submit.op_id, data, *(tapped or (None, None))),
            ),
            *([_put_value("counter", counter)] if counter else []),
            *([_put_value("screen", screen.data)] if screen else []),
            update=update,
        )
        self._free_places -= 1

    def pending(self) -> list[Submit]:
        """The unanswered ops, in the order they were made."""
        rows = self._query("SELECT submit FROM pending ORDER BY position")
        return [self._decode_submit(row[0]) for row in rows]

    def tapped(self, boot: str) -> dict[str, int]:
        """When unanswered ops were tapped, by the steady clock, if it was in this start of the computer."""
        if not boot:
            return {}
        return dict(self._query("SELECT op_id, steady FROM pending WHERE boot = ?", boot))

    def save_dated(self, submits: Iterable[Submit]) -> None:
        """Saves unanswered ops again: it is known now when they were tapped."""
        self._write(
            *(("UPDATE pending SET submit = ? WHERE op_id = ?", (_encode(s), s.op_id)) for s in submits)
        )

    def find(self, op_id: str) -> Submit | None:
        """The unanswered op with this id."""
        rows = self._query("SELECT submit FROM pending WHERE op_id = ?", op_id)
        return self._decode_submit(rows[0][0]) if rows else None

    def settle(self, op_id: str, update: SavedUpdate | None = None) -> None:
        """Removes an op that the server has done, and saves what the server sent with the answer."""
        self._write(("DELETE FROM pending WHERE op_id = ?", (op_id,)), update=update)

    def refuse(self, op_id: str, refusal: Refusal, at: int) -> None:
        """Moves an op that the server refuses to the refused ones. `at` is the time, ms UTC."""
        self._refused = None
        self._write(
            (
                "INSERT OR REPLACE INTO refused SELECT op_id, submit, ?, ? FROM pending WHERE op_id = ?",
                (_encode(refusal), at, op_id),
            ),
            ("DELETE FROM pending WHERE op_id = ?", (op_id,)),
        )

    def refused(self) -> list[tuple[Submit, Refusal]]:
        """The refused ops that nobody has dismissed yet, oldest first. Reads the disk only after a change."""
        if self._refused is None:
            rows = self._query("SELECT submit, refusal FROM refused ORDER BY at, rowid")
            self._refused = [
                (self._decode_submit(submit), self._decode(refusal, Refusal)) for submit, refusal in rows
            ]
        return list(self._refused)

    def dismiss(self, op_id: str) -> None:
        """Removes a refused op: a person has read that it was refused."""
        self._refused = None
        self._write(("DELETE FROM refused WHERE op_id = ?", (op_id,)))

    # --- retention -------------------------------------------------------------------------------

    def apply_retention(
        self,
        at: int,
        age_ms: Callable[[Submit], int],
        retention_ms: int = DEFAULT_RETENTION_MS,
        clear_traces: bool = False,
    ) -> None:
        """Removes what may not be kept any longer from the file and from its write-ahead log.

        Unanswered ops lose their text `retention_ms` after the tap and are sent without it; with 0 all
        of them do now. Traces of rows that were deleted earlier may stay for ten minutes, unless
        `clear_traces` is set. `at` is the server's time, `age_ms(submit)` how long ago an op was tapped.
        """
        self._refused = None
        redactions = [
            *self._redactions("pending", age_ms, retention_ms),
            *self._redactions("refused", age_ms, retention_ms),
        ]
        self._write(("DELETE FROM refused WHERE at < ?", (at - REFUSED_RETENTION_MS,)), *redactions)
        if redactions or clear_traces or self._vacuum_is_due(at):
            # Where SQLite moved rows it left copies, even with secure_delete. VACUUM writes a new file.
            self._query("VACUUM")
            self._query("PRAGMA wal_checkpoint(TRUNCATE)")
            self._vacuumed = at, self._db.total_changes

    def _vacuum_is_due(self, at: int) -> bool:
        if self._vacuumed is None:
            return True  # an earlier run may have left traces
        vacuumed_at, changes = self._vacuumed
        return self._db.total_changes != changes and abs(at - vacuumed_at) >= VACUUM_INTERVAL_MS

    def _redactions(self, table: str, age_ms: Callable[[Submit], int], retention_ms: int) -> list[Statement]:
        submits = [self._decode_submit(row[0]) for row in self._query(f"SELECT submit FROM {table}")]
        return [
            (f"UPDATE {table} SET submit = ? WHERE op_id = ?", (_encode(redacted), submit.op_id))
            for submit in submits
            if (redacted := redact_if_due(submit, age_ms(submit), retention_ms)) != submit
        ]

    def save_retention_hours(self, hours: int) -> None:
        """Saves for how long the store allows text about shoppers to be kept."""
        self._write(_put_value("keep_h", hours))

    def retention_hours(self) -> int | None:
        """For how long the store allows text about shoppers to be kept; None before the first contact."""
        data = self._value("keep_h")
        return self._decode(data, int) if data is not None else None

    # --- what the device needs to start without its server ---------------------------------------

    def save_catalogue(self, catalogue: Catalogue, digest: str) -> None:
        self._write(_put_value("catalogue", catalogue), _put_value("digest", digest))

    def catalogue(self) -> tuple[Catalogue | None, str]:
        """The saved catalogue and its digest; None and "" before the first contact."""
        try:
            data = self._value("catalogue")
            digest = self._value("digest")
            if data is not None and digest is not None:
                return msgspec.json.decode(data, type=Catalogue), msgspec.json.decode(digest, type=str)
        except msgspec.DecodeError:
            pass  # saved by another version: the server sends it again
        return None, ""

    def save_counter(self, counter: TicketCounter) -> None:
        self._write(_put_value("counter", counter))

    def counter(self) -> TicketCounter:
        """The ticket counter of this device."""
        data = self._value("counter")
        return self._decode(data, TicketCounter) if data is not None else TicketCounter()

    def save_update(self, update: SavedUpdate) -> None:
        """Saves rows of the server. A power cut may lose them, which costs nothing: they are copies."""
        with self._relaxed_sync():
            self._write(update=update)

    def saved_state(self) -> SavedState | None:
        """The rows at the last contact, as far as they were saved; None before the first contact."""
        state = self._value_or_none("last", SavedState)
        if state is None or state.visits or state.people or state.quotes:
            return state  # an older version saved the rows together with it
        rows = self._saved_rows()
        return replace(
            state,
            visits=tuple(row for row in rows if isinstance(row, VisitRow)),
            people=tuple(row for row in rows if isinstance(row, PersonRow)),
            quotes=tuple(row for row in rows if isinstance(row, QuoteRow)),
        )

    def _saved_rows(self) -> list[Row]:
        rows = []
        for kind, data in self._query("SELECT kind, row FROM last_rows ORDER BY kind, id"):
            with contextlib.suppress(KeyError, msgspec.DecodeError):  # saved by another version
                rows.append(msgspec.json.decode(data, type=ROW_TYPES[kind]))
        return rows

    def save_screen(self, screen: ScreenState) -> None:
        """Saves what the app restores on its screen after a crash."""
        with self._relaxed_sync():
            self._write(_put_value("screen", screen.data))

    def screen(self) -> bytes | None:
        return self._value_or_none("screen", bytes)

    def save_epoch(self, epoch: str) -> None:
        self._write(_put_value("epoch", epoch))

    def epoch(self) -> str:
        """The store's epoch at the last contact; empty before the first."""
        data = self._value("epoch")
        return self._decode(data, str) if data is not None else ""

    def save_revoked_key(self, public_key: str | None) -> None:
        """Saves which key the store has revoked; None once the device takes part again."""
        self._write(_put_value("revoked_key", public_key))

    def revoked_key(self) -> str | None:
        return self._value_or_none("revoked_key", str)

    def save_put_aside(self, name: str) -> None:
        """Saves that the file before this one was damaged, and its name now; empty: a person has read it."""
        self._write(_put_value("put_aside", name))

    def put_aside(self) -> str:
        return self._value_or_none("put_aside", str) or ""

    def close(self) -> None:
        self._db.close()

    # --- SQL -------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def _relaxed_sync(self) -> Iterator[None]:
        # With NORMAL a commit does not wait for the disk; the next op's commit does. A killed process
        # loses nothing by that, only a power cut may.
        self._query("PRAGMA synchronous=NORMAL")
        try:
            yield
        finally:
            self._query("PRAGMA synchronous=FULL")

    def _value_or_none(self, name: str, kind: type[T]) -> T | None:
        """A saved value; None if there is none, or if another version saved it in another form."""
        data = self._value(name)
        try:
            return msgspec.json.decode(data, type=kind | None) if data is not None else None
        except msgspec.DecodeError:
            return None

    def _value(self, name: str) -> bytes | None:
        rows = self._query("SELECT value FROM kept WHERE name = ?", name)
        return rows[0][0] if rows else None

    def _decode_submit(self, data: bytes) -> Submit:
        return self._decode(data, Submit)

    def _decode(self, data: bytes, kind: type[T]) -> T:
        try:
            return msgspec.json.decode(data, type=kind)
        except msgspec.ValidationError as error:
            raise OutboxError(
                f"{self.path}: was written by another version of Welkom ({error});"
                " start that version once more to send what is in it",
                Cause.OTHER_VERSION,
            ) from error
        except (msgspec.DecodeError, UnicodeDecodeError, TypeError) as error:
            damaged = OutboxDamaged(f"{self.path}: a part of it cannot be read ({error})")
            raise self._noticed(damaged) from error

    def _noticed(self, error: OutboxError) -> OutboxError:
        if isinstance(error, OutboxDamaged):
            self.on_damaged(error)
        return error

    def _query(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        try:
            return self._db.execute(sql, values).fetchall()
        except sqlite3.Error as error:
            advice = "free some space, and start this app again"
            raise self._noticed(outbox_error(self.path, error, advice)) from error

    def _write(self, *statements: Statement, update: SavedUpdate | None = None) -> None:
        """Runs the statements and saves `update` in one transaction."""
        if update is not None and update.header is not None:
            statements = (*statements, _put_value("last", update.header))
        try:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                for sql, values in statements:
                    self._db.execute(sql, values)
                if update is not None:
                    self._write_rows(update)
                self._db.execute("COMMIT")
            except BaseException:
                # A full disk may have ended the transaction already.
                with contextlib.suppress(sqlite3.Error):
                    self._db.execute("ROLLBACK")
                raise
        except sqlite3.Error as error:
            raise self._noticed(outbox_error(self.path, error, "free some space on this device")) from error

    def _write_rows(self, update: SavedUpdate) -> None:
        if update.replace_all:
            self._db.execute("DELETE FROM last_rows")
        put = [(*key, _encode(row)) for key, row in update.rows.items() if row is not None]
        if put:
            self._db.executemany(_PUT_ROW, put)
        if deleted := [key for key, row in update.rows.items() if row is None]:
            self._db.executemany("DELETE FROM last_rows WHERE kind = ? AND id = ?", deleted)


# ON CONFLICT updates in place. REPLACE would delete the row and its index entry and insert both again.
_PUT_ROW = "INSERT INTO last_rows VALUES (?,?,?) ON CONFLICT (kind, id) DO UPDATE SET row = excluded.row"
_PUT_VALUE = "INSERT INTO kept VALUES (?,?) ON CONFLICT (name) DO UPDATE SET value = excluded.value"


def _put_value(name: str, value: object) -> Statement:
    return _PUT_VALUE, (name, _encode(value))
