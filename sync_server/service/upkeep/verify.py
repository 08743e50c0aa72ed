"""Verifies a store: its file, its log, and that its tables match the log.

It reads one snapshot, so it may run while a server runs. It changes nothing.
"""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

from sqlite_utils import Database

from sync_server.domain.catalogue.catalogue import Catalogue, StoreInfo
from sync_server.domain.refusal import Code
from sync_server.service.config.load import SettingsError, load_settings
from sync_server.service.privacy.retention import DESCRIPTION_MS, LINK_MS, TOO_OLD, kept_since
from sync_server.service.reports.period_summaries import wrong_summaries
from sync_server.service.storage.connection import reading
from sync_server.service.storage.data_dir import DataDir
from sync_server.service.storage.errors import StoreError, StoreMissing
from sync_server.service.storage.schema.migrations import migrations
from sync_server.service.storage.store_file import require_store
from sync_server.store_clock import wall_clock

from .finding import Finding, restore_needed
from .replay_check import Found, ReplayChecker

MAX_OF_A_KIND = 5  # findings of one kind that are listed one by one
LATE_MS = 1_500_000  # retention runs every ten minutes; after more than two rounds it is late


def verify(data_dir: DataDir, now: int | None = None) -> list[Finding]:
    """Everything that is wrong with a store, running or stopped; nothing if it is sound. `now` in ms UTC."""
    return verify_file(data_dir.store, _catalogue(data_dir), now)


def verify_file(path: Path, catalogue: Catalogue | None = None, now: int | None = None) -> list[Finding]:
    """The same for a store's file alone. Checks that need the catalogue are left out where it is None."""
    try:
        require_store(path)
        with reading(path, limit_s=None) as db:
            db.execute("BEGIN")  # one snapshot for all checks
            return list(_shorten(_all(db, catalogue, wall_clock() if now is None else now)))
    except StoreMissing as error:
        return [Finding("file", str(error))]
    except StoreError as error:
        return [restore_needed("file", str(error))]


def verify_quickly(path: Path, now: int) -> list[Finding]:
    """The checks that need not read the whole log: damage, version, gaps, data kept for too long."""
    try:
        require_store(path)
        with reading(path, limit_s=None) as db:
            db.execute("BEGIN")
            return list(_quickly(db, now))
    except StoreMissing as error:
        return [Finding("store", str(error))]
    except StoreError as error:
        return [restore_needed("file", str(error))]


def _quickly(db: sqlite3.Connection, now: int) -> Found:
    damaged = db.execute("PRAGMA quick_check(1)").fetchone()[0]
    if damaged != "ok":
        yield restore_needed("file", f"store.db: the file is damaged ({damaged})")
        return
    outdated = list(_schema(db))
    yield from outdated
    if outdated:
        return
    count, last = db.execute("SELECT count(*), coalesce(max(seq), 0) FROM visit_events").fetchone()
    if count != last:
        yield restore_needed("seq", f"visit_events: {last - count} lines of the log are missing (9)")
    yield from _answers_kept_too_long(db, now - LATE_MS)
    yield from _kept_too_long(db, now - LATE_MS)


def _all(db: sqlite3.Connection, catalogue: Catalogue | None, now: int) -> Found:
    damage = list(_file(db))
    yield from damage
    if damage:
        return  # the contents of a damaged file mean nothing
    outdated = list(_schema(db))
    yield from outdated
    if outdated:
        return
    yield from _ops(db)
    yield from _answers_kept_too_long(db, now - LATE_MS)
    yield from ReplayChecker(db, catalogue or Catalogue(StoreInfo(name="-"), (), (), ())).findings()
    yield from _kept_too_long(db, now - LATE_MS)
    if catalogue is not None:
        yield from _summaries(db, catalogue, now)


def _summaries(db: sqlite3.Connection, catalogue: Catalogue, now: int) -> Found:
    for period in wrong_summaries(db, catalogue, now):
        yield Finding(
            "summaries",
            f"period_summaries: the summary of {period} is not that of its visits, so its report is wrong;"
            ' `sqlite3 store.db "DELETE FROM period_summaries"`, and the running server makes them anew',
        )


def _file(db: sqlite3.Connection) -> Found:
    for (fault,) in db.execute("PRAGMA integrity_check(20)"):
        if fault != "ok":
            yield restore_needed("file", f"store.db: the file is damaged ({fault})")
    for table, rowid, other, _ in db.execute("PRAGMA foreign_key_check"):
        yield restore_needed("file", f"{table}: row {rowid} names a row of {other} that is not there")


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
            yield restore_needed("ops", f"ops: the answer kept for op {op_id} cannot be read (3)")


def _answers_kept_too_long(db: sqlite3.Connection, now: int) -> Found:
    late = db.execute(f"SELECT count(*) FROM ops WHERE {TOO_OLD}", kept_since(now)).fetchone()[0]
    if late:
        text = f"ops: {late} answers are kept for too long; start the server, it removes them first"
        yield Finding("answers", text)


def _kept_too_long(db: sqlite3.Connection, now: int) -> Found:
    late = db.execute(
        "SELECT count(*) FROM visits v WHERE v.ended_at <= ?"
        " AND EXISTS (SELECT 1 FROM visit_events e WHERE e.visit_id = v.visit_id AND ("
        "  event IN ('noted', 'handed_over', 'completed', 'corrected') AND json_extract(body, '$.note') <> ''"
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


def _shorten(findings: Found) -> Iterator[Finding]:
    """The first of each kind, then how many more there are, so that a damaged log fills no screen."""
    seen: dict[str, int] = {}
    for finding in findings:
        seen[finding.about] = seen.get(finding.about, 0) + 1
        if seen[finding.about] <= MAX_OF_A_KIND:
            yield finding
    for about, count in seen.items():
        if count > MAX_OF_A_KIND:
            yield Finding(
                about, f"and {count - MAX_OF_A_KIND} more of this kind ({about}); see the lines above"
            )


def _catalogue(data_dir: DataDir) -> Catalogue | None:
    try:
        return load_settings(data_dir.settings).catalogue()
    except SettingsError:
        return None  # `welkom check` says why; the log can be replayed without it
