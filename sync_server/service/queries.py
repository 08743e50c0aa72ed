"""Reading `store.db`: for the start of the server, the report, and the manager's pages.

Readers have connections of their own, opened read-only, and never wait for the writer.
"""

import csv
import io
import re
import sqlite3
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

from msgspec import Struct

from sync_server.domain.catalogue import Catalogue
from sync_server.domain.events import Record
from sync_server.domain.floor import KEEP_ENDED_MS
from sync_server.domain.kpi import Kpis, Visited, kpis
from sync_server.domain.refusal import Code, Refusal
from sync_server.domain.wait import History

from . import tables

PRESENCES = 500  # lines of the log that are looked at for who held which tablet: several days
LEARN_FROM_VISITS = 2000  # how many past visits the wait estimate is fed with at the start


# --- for the start of the server -----------------------------------------------------------------


def records(db: sqlite3.Connection, from_seq: int = 1) -> Iterator[Record]:
    """The store's log in order, from `from_seq` on."""
    rows = db.execute(f"{tables.SELECT_EVENTS} WHERE seq >= ? ORDER BY seq", (from_seq,))
    return map(tables.record_of, rows)


def records_of(db: sqlite3.Connection, visit_id: str) -> Iterator[Record]:
    """One visit's part of the log."""
    for row in db.execute(f"{tables.SELECT_EVENTS} WHERE visit_id = ? ORDER BY seq", (visit_id,)):
        yield tables.record_of(row)


def presences_before(db: sqlite3.Connection, seq: int) -> list[Record]:
    """Who came and went before this line of the log, lately."""
    rows = db.execute(
        f"{tables.SELECT_EVENTS} WHERE event = 'presence_changed' AND seq < ? ORDER BY seq DESC LIMIT ?",
        (seq, PRESENCES),
    ).fetchall()
    return [tables.record_of(row) for row in reversed(rows)]


def last_written_at(db: sqlite3.Connection) -> int:
    """The time of the log's last line, ms UTC; 0 for an empty log."""
    row = db.execute("SELECT at_server FROM visit_events ORDER BY seq DESC LIMIT 1").fetchone()
    return int(row[0]) if row else 0


def replay_from(db: sqlite3.Connection, now: int) -> int:
    """Where to begin replaying: at the latest closing with nobody still here, over an hour ago; else at 1.

    From there the log gives the whole floor, those who may still be asked how it was included.
    """
    row = db.execute(
        "SELECT max(seq) FROM visit_events WHERE event = 'day_closed' AND at_server < ?"
        " AND json_extract(body, '$.still_here') = 0",
        (now - KEEP_ENDED_MS,),
    ).fetchone()
    return int(row[0] or 1)


def history(db: sqlite3.Connection, before_seq: int) -> History:
    """What past visits teach the wait estimate, without those the replay itself will bring."""
    learned = History()
    rows = db.execute(
        "SELECT need, created_at, serving_at, ended_at, held_ms, expected_s, state FROM visits"
        " WHERE serving_at > created_at AND visit_id NOT IN"
        "  (SELECT visit_id FROM visit_events WHERE seq >= ? AND event = 'opened')"
        " ORDER BY created_at DESC LIMIT ?",
        (before_seq, LEARN_FROM_VISITS),
    ).fetchall()
    for need, created, serving, ended, held, expected, state in reversed(rows):
        if expected is not None:
            learned.waited(expected, (serving - created) / 1000)
        if state == "completed":
            learned.served(need, (ended - serving - held) / 1000)
    return learned


def epoch(db: sqlite3.Connection) -> str:
    """The store's present epoch: another one since each time it was restored."""
    return str(db.execute("SELECT epoch FROM epochs ORDER BY n DESC LIMIT 1").fetchone()[0])


def epoch_began(db: sqlite3.Connection) -> int:
    """When the present epoch began, ms UTC."""
    return int(db.execute("SELECT began_at FROM epochs ORDER BY n DESC LIMIT 1").fetchone()[0])


def tickets_of_day(db: sqlite3.Connection, day: str) -> list[str]:
    return [row[0] for row in db.execute("SELECT ticket FROM visits WHERE day = ?", (day,))]


class DeviceRow(Struct, frozen=True):
    device_id: str
    kind: str
    name: str
    letter: str
    public_key: str


def devices(db: sqlite3.Connection) -> list[DeviceRow]:
    """The devices that may take part."""
    rows = db.execute(
        "SELECT device_id, kind, name, letter, public_key FROM devices WHERE revoked_at IS NULL"
    )
    return [DeviceRow(*row) for row in rows]


def dismissed_devices(db: sqlite3.Connection) -> list[DeviceRow]:
    """The devices that took part once and may not any more."""
    rows = db.execute(
        "SELECT device_id, kind, name, letter, public_key FROM devices WHERE revoked_at IS NOT NULL"
    )
    return [DeviceRow(*row) for row in rows]


def ops_done(db: sqlite3.Connection) -> Iterator[tuple[str, bytes]]:
    """Every op done so far: its id and its digest. There are many: as they come, without a look at each."""
    return db.execute("SELECT op_id, digest FROM ops WHERE refusal IS NULL")


def ops_refused(db: sqlite3.Connection) -> Iterator[tuple[str, bytes, Refusal]]:
    """Every op refused so far: its id, its digest, and why."""
    for op_id, digest, code, about in db.execute(
        "SELECT op_id, digest, refusal, about FROM ops WHERE refusal IS NOT NULL"
    ):
        yield op_id, digest, Refusal(Code(code), about.rstrip())


# --- one visit -----------------------------------------------------------------------------------


def is_known(db: sqlite3.Connection, visit_id: str) -> bool:
    return db.execute("SELECT 1 FROM visits WHERE visit_id = ?", (visit_id,)).fetchone() is not None


# --- the visit log and its figures ---------------------------------------------------------------


class LogFilter(Struct, frozen=True):
    """Which lines of the visit log. Days are the store's local dates, both included; None means any."""

    from_day: str | None = None
    to_day: str | None = None
    need: str | None = None
    employee: str | None = None
    state: str | None = None
    resolution: str | None = None
    search: str | None = None

    def where(self) -> tuple[str, list[str]]:
        """The SQL condition and its values."""
        tests, values = ["1"], []
        for column, comparison, value in (
            ("day", ">=", self.from_day),
            ("day", "<=", self.to_day),
            ("need", "=", self.need),
            ("employee", "=", self.employee),
            ("state", "=", self.state),
            ("resolution", "=", self.resolution),
        ):
            if value:
                tests.append(f"{column} {comparison} ?")
                values.append(value)
        if self.search:
            tests.append("(ticket LIKE ? ESCAPE '!' OR comment LIKE ? ESCAPE '!')")
            pattern = self.search.replace("!", "!!").replace("%", "!%").replace("_", "!_")
            values += [f"%{pattern}%"] * 2
        return " AND ".join(tests), values


def visit_log(
    db: sqlite3.Connection, wanted: LogFilter, limit: int = 100, offset: int = 0
) -> list[dict[str, Any]]:
    """Lines of `visit_log`, the newest first."""
    where, values = wanted.where()
    rows = db.execute(
        f"SELECT * FROM visit_log WHERE {where} ORDER BY created_at DESC, visit_id DESC LIMIT ? OFFSET ?",
        (*values, limit, offset),
    )
    names = [column[0] for column in rows.description]
    return [dict(zip(names, row, strict=True)) for row in rows]


def count_visits(db: sqlite3.Connection, wanted: LogFilter) -> int:
    where, values = wanted.where()
    return int(db.execute(f"SELECT count(*) FROM visit_log WHERE {where}", values).fetchone()[0])


def visit_log_csv(db: sqlite3.Connection, wanted: LogFilter) -> Iterator[str]:
    """The visit log as CSV text, piece by piece: a heading line, then one line a visit, oldest first."""
    where, values = wanted.where()
    rows = db.execute(f"SELECT * FROM visit_log WHERE {where} ORDER BY created_at, visit_id", values)
    piece = io.StringIO()
    writer = csv.writer(piece)
    writer.writerow(column[0] for column in rows.description)
    for row in rows:
        writer.writerow(map(_harmless, row))
        if piece.tell() > 32_768:
            yield piece.getvalue()
            piece.seek(0)
            piece.truncate()
    yield piece.getvalue()


# Where a cell begins: at the start, and for a spreadsheet that splits at semicolons, as Dutch and Finnish
# ones do, also after each of these; quotes in between it takes off.
_FORMULA = re.compile(r"""(^|[;\t\r\n]"*)(?=[=+\-@\t\r])""")


def _harmless(value: Any) -> Any:
    """A spreadsheet runs a cell that begins like a formula; a quote before it keeps it words."""
    return _FORMULA.sub(r"\1'", value) if isinstance(value, str) else value


def report(db: sqlite3.Connection, catalogue: Catalogue, from_day: str, to_day: str, now: int) -> Kpis:
    """The store's figures from `from_day` to `to_day`, both included."""
    rows = db.execute(
        "SELECT state, resolution,"
        " (coalesce(serving_at, ended_at) - created_at) / 1000.0, (offered_at - created_at) / 1000.0,"
        " (accepted_at - offered_at) / 1000.0, (serving_at - accepted_at) / 1000.0,"
        " (accepted_at - created_at) / 1000.0,"
        " CASE WHEN NOT left_open THEN (ended_at - serving_at - held_ms) / 1000.0 END,"
        " CASE WHEN NOT left_open THEN (ended_at - created_at) / 1000.0 END,"
        " serving_at IS NOT NULL, handovers,"
        " quoted_low_s, quoted_median_s, quoted_high_s, nps, ces"
        " FROM visits WHERE day BETWEEN ? AND ?",
        (from_day, to_day),
    )
    visited = [Visited(*(*row[:9], bool(row[9]), *row[10:])) for row in rows]
    handling = db.execute(
        "SELECT coalesce(sum(handled_ms), 0) FROM visits WHERE day BETWEEN ? AND ?", (from_day, to_day)
    ).fetchone()[0]
    present = presence_ms(db, catalogue, from_day, to_day, now)
    return kpis(visited, catalogue.times.service_level_s, handling, present)


def presence_ms(db: sqlite3.Connection, catalogue: Catalogue, from_day: str, to_day: str, now: int) -> int:
    """Time on the floor (available, serving or not responding) of everybody together, ms."""
    # Only rows from the first day on are looked at: the log of years is long, the question is about days.
    zone = catalogue.local(now).tzinfo
    first = datetime.combine(date.fromisoformat(from_day), time(), zone)
    after = datetime.combine(date.fromisoformat(to_day) + timedelta(days=1), time(), zone)
    rows = db.execute(
        "SELECT presence, at, until FROM (SELECT presence, at, lead(at, 1, ?)"
        " OVER (PARTITION BY employee ORDER BY seq) AS until FROM presence_log WHERE at >= ?) WHERE at < ?",
        (now, int(first.timestamp() * 1000), int(after.timestamp() * 1000)),
    )
    return sum(
        until - at for presence, at, until in rows if presence in ("available", "serving", "not_responding")
    )
