"""Whether a store is sound: its file, its log, and what the tables say against what the log tells.

Reads one snapshot, so it may be asked while a server runs. It changes nothing.
"""

import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

from sqlite_utils import Database

from sync_server.domain.catalogue import Catalogue, Store
from sync_server.domain.refusal import Code

from .finding import Finding, beyond_repair
from .folder import Folder
from .migrations import migrations
from .retelling import Found, Retelling
from .retention import DESCRIPTION_MS, LINK_MS, TOO_OLD, kept_since
from .settings import SettingsError, load_settings
from .store import StoreError, reading

AT_MOST = 5  # findings of one kind that are told one by one
LATE_MS = 1_500_000  # the server forgets every ten minutes; after more than two turns it is late


def verify(folder: Folder, now: int | None = None) -> list[Finding]:
    """Everything that is wrong with a store, running or stopped; nothing if it is sound. `now` in ms UTC."""
    return verify_file(folder.store, _catalogue(folder), now)


def verify_file(path: Path, catalogue: Catalogue | None = None, now: int | None = None) -> list[Finding]:
    """The same for a store's file by itself. Without its catalogue, what depends on it is left out."""
    if not path.exists():
        return [beyond_repair("file", f"{path}: is not there")]
    try:
        with reading(path) as db:
            db.execute("BEGIN")  # one snapshot for all questions
            return list(_few(_all(db, catalogue, time.time_ns() // 1_000_000 if now is None else now)))
    except StoreError as error:
        return [beyond_repair("file", f"{error}")]


def verify_quickly(path: Path, now: int) -> list[Finding]:
    """What can be told without reading the whole log: damage, its version, gaps, what is kept too long."""
    try:
        with reading(path) as db:
            db.execute("BEGIN")
            return list(_quickly(db, now))
    except StoreError as error:
        return [beyond_repair("file", str(error))]


def _quickly(db: sqlite3.Connection, now: int) -> Found:
    damaged = db.execute("PRAGMA quick_check(1)").fetchone()[0]
    if damaged != "ok":
        yield beyond_repair("file", f"store.db: the file is damaged ({damaged})")
        return
    outdated = list(_schema(db))
    yield from outdated
    if outdated:
        return
    count, last = db.execute("SELECT count(*), coalesce(max(seq), 0) FROM visit_events").fetchone()
    if count != last:
        yield beyond_repair("seq", f"visit_events: {last - count} lines of the log are missing (9)")
    yield from _answers_kept_too_long(db, now - LATE_MS)
    yield from _kept_too_long(db, now - LATE_MS)


def _all(db: sqlite3.Connection, catalogue: Catalogue | None, now: int) -> Found:
    damage = list(_file(db))
    yield from damage
    if damage:
        return  # what a damaged file says of itself means nothing
    outdated = list(_schema(db))
    yield from outdated
    if outdated:
        return
    yield from _ops(db)
    yield from _answers_kept_too_long(db, now - LATE_MS)
    yield from Retelling(db, catalogue or Catalogue(Store(name="-"), (), (), ())).findings()
    yield from _kept_too_long(db, now - LATE_MS)


def _file(db: sqlite3.Connection) -> Found:
    for (fault,) in db.execute("PRAGMA integrity_check(20)"):
        if fault != "ok":
            yield beyond_repair("file", f"store.db: the file is damaged ({fault})")
    for table, rowid, other, _ in db.execute("PRAGMA foreign_key_check"):
        yield beyond_repair("file", f"{table}: row {rowid} names a row of {other} that is not there")


def _schema(db: sqlite3.Connection) -> Found:
    known = Database(db, execute_plugins=False)
    applied = {step.name for step in migrations.applied(known)}
    ours = {step.name for step in migrations._migrations}
    if newer := sorted(applied - ours):
        what = f"was made by a newer version (it has {', '.join(newer)})"
        yield Finding("newer", f"store.db: {what}; install that version here")
    elif waiting := [step.name for step in migrations.pending(known)]:
        what = f"is of an older version (it lacks {', '.join(waiting)})"
        yield Finding("older", f"store.db: {what}; start the server once, it brings the file up to date")


def _ops(db: sqlite3.Connection) -> Found:
    codes = set(Code)
    for op_id, digest, refusal in db.execute("SELECT op_id, digest, refusal FROM ops"):
        if len(digest) != 16 or (refusal is not None and refusal not in codes):
            yield beyond_repair("ops", f"ops: the answer kept for op {op_id} cannot be read (3)")


def _answers_kept_too_long(db: sqlite3.Connection, now: int) -> Found:
    late = db.execute(f"SELECT count(*) FROM ops WHERE {TOO_OLD}", kept_since(now)).fetchone()[0]
    if late:
        text = f"ops: {late} answers are kept for too long; start the server, it removes them first"
        yield Finding("answers", text)


def _kept_too_long(db: sqlite3.Connection, now: int) -> Found:
    late = db.execute(
        "SELECT count(*) FROM visits v WHERE v.ended_at <= ?"
        " AND EXISTS (SELECT 1 FROM visit_events e WHERE e.visit_id = v.visit_id AND ("
        "  event IN ('noted', 'handed_over', 'completed') AND json_extract(body, '$.note') <> ''"
        "  OR event = 'rated' AND json_extract(body, '$.comment') IS NOT NULL))",
        (now - DESCRIPTION_MS,),
    ).fetchone()[0]
    if late:
        yield Finding(
            "retention",
            f"{late} visits still have notes or a comment, which are due to be removed (16);"
            " start the server, it removes them first",
        )
    for fields, keep_ms in ((("alias", "colour", "place"), DESCRIPTION_MS), (("link",), LINK_MS)):
        some = " OR ".join(f"json_extract(e.body, '$.{f}') IS NOT NULL" for f in fields)
        late = db.execute(
            "SELECT count(*) FROM visits v JOIN visit_events e"
            f" ON e.visit_id = v.visit_id AND e.event = 'opened' WHERE v.ended_at <= ? AND ({some})",
            (now - keep_ms,),
        ).fetchone()[0]
        if late:
            what = " or ".join(fields)
            yield Finding(
                "retention",
                f"{late} visits still have their {what}, which is due to be removed (16);"
                " start the server, it removes them first",
            )


def _few(findings: Found) -> Iterator[Finding]:
    """The first of each kind, and how many there are beyond them: a damaged log fills no screen."""
    seen: dict[str, int] = {}
    for finding in findings:
        seen[finding.about] = seen.get(finding.about, 0) + 1
        if seen[finding.about] <= AT_MOST:
            yield finding
    for about, count in seen.items():
        if count > AT_MOST:
            yield Finding(about, f"and {count - AT_MOST} more of this kind ({about}); see the lines above")


def _catalogue(folder: Folder) -> Catalogue | None:
    try:
        return load_settings(folder.settings).catalogue()
    except SettingsError:
        return None  # `welkom check` says why; the log can be told without
