"""Checks that need a quiet moment: do all devices agree with the server, and the disk with its log?"""

import re
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from sync_server.domain.floor.floor import Floor
from sync_server.domain.ops import CountSession
from sync_server.domain.visit.visit import ENDED
from sync_server.protocol.rows import OverridesRow
from sync_server.protocol.visibility import kiosk_visit, overrides_row, person_row, staff_visit
from sync_server.service.storage import mapping
from sync_server.service.storage.connection import reading
from sync_server.service.sync.sessions import KIOSK_ENDED_VISITS_MS
from sync_server.simulation.checks.floor_checks import floors_differ
from sync_server.simulation.checks.invariant_checker import InvariantChecker
from sync_server.simulation.machines.device_machine import DeviceMachine
from sync_server.simulation.machines.server_machine import ServerMachine

# Columns that retention clears: a row may lack what its log line had.
_CLEARED_COLUMNS = {"described", "linked"}
_ALIAS = re.compile(rb"Zq-(\d+)-")


def disagreement(server: ServerMachine, machines: Iterable[DeviceMachine]) -> str | None:
    """The first device with other rows than the server, or with unanswered ops; None if all agree."""
    if server.processor is None:
        return "the server does not run"
    floor, now = server.processor.floor, server.processor.clock()
    for machine in machines:
        if machine.revoked:
            continue
        if machine.device is None or not machine.device.live:
            return f"{machine.name} does not follow the server"
        if machine.device._engine.pending:
            return f"{machine.name} still has ops without an answer"
        if machine.device.catalogue != floor.catalogue:
            return f"{machine.name} goes by other settings than the server"
        replica = machine.device._engine.replica
        if machine.file.kind == "kiosk":
            own = [v for v in floor.visits.values() if v.device_id == machine.name]
            kept = [v for v in own if v.ended_at is None or now - v.ended_at < KIOSK_ENDED_VISITS_MS]
            rows = {v.visit_id: kiosk_visit(v, floor) for v in kept}
            stale = [vid for vid, row in replica.visits.items() if row.ended_at is None and vid not in rows]
            if stale:
                return f"{machine.name} shows visit {stale[0]}, which is over"
            if any(replica.visits.get(vid) != row for vid, row in rows.items()):
                return f"{machine.name} shows a visit with other values than the server"
            if not _same_overrides(replica.overrides, overrides_row(floor, machine.name, now), now):
                return f"{machine.name} offers or says something else than the server has"
        else:
            if replica.visits != {v.visit_id: staff_visit(v) for v in floor.open_visits()}:
                return f"{machine.name} shows other visits than the server has"
            if replica.people != {p.id: person_row(p) for p in floor.people.values()}:
                return f"{machine.name} shows other people than the server has"
    return None


def _same_overrides(theirs: OverridesRow, ours: OverridesRow, now: int) -> bool:
    """Whether a kiosk offers and says what it should. What has ended is not shown, and may still be there."""
    closed = tuple(row for row in theirs.closed if now < row.until)
    text = theirs.announcement if theirs.announcement and now < theirs.announcement.until else None
    return (closed, text) == (ours.closed, ours.announcement)


def check_disk(checker: InvariantChecker, floor: Floor, store: Path, now: int) -> int:
    """Invariants 1 and 9, while nothing is under way. Returns how many acknowledged ops the disk lacks."""
    for difference in floors_differ(checker.replayed, floor, now):
        checker.violated(9, f"on the floor {difference}")
    still_open = {vid: visit for vid, visit in floor.visits.items() if visit.state not in ENDED}
    if {visit.visit_id: visit for visit in floor.open_visits()} != still_open:
        checker.violated(9, "the floor does not list a visit that is open")
    with reading(store) as db:
        lines, last = db.execute("SELECT count(*), coalesce(max(seq), 0) FROM visit_events").fetchone()
        if not lines == last == checker.replayed.seq:
            checker.violated(
                9, f"the log has {lines} lines up to seq {last}; {checker.replayed.seq} were written"
            )
        for vid in checker.changed_visits:
            _check_row(checker, db, vid)
        checker.webhooks.check(db)
        kept = {row[0] for row in db.execute("SELECT op_id FROM ops")}
        counted = db.execute("SELECT coalesce(sum(sessions), 0) FROM kiosk_sessions").fetchone()[0]
    ended = sum(_is_counted(checker, op_id) for op_id in checker.results)
    if counted != ended:
        checker.violated(2, f"{ended} sessions ended at the kiosks, and {counted} are counted")
    checker.changed_visits = {
        vid for vid in checker.changed_visits if checker.replayed.visits[vid].state not in ENDED
    }
    lost = checker.acknowledged - kept
    if lost:
        checker.violated(1, f"{len(lost)} acknowledged ops are not on the disk, {min(lost)} among them")
    return len(lost)


def _is_counted(checker: InvariantChecker, op_id: str) -> bool:
    """Whether this op on the disk is a session at a kiosk that was not refused."""
    saved = checker.ops.get(op_id)
    return (
        saved is not None and isinstance(saved.submit.op, CountSession) and checker.results[op_id][0] is None
    )


def _check_row(checker: InvariantChecker, db: sqlite3.Connection, visit_id: str) -> None:
    names = ",".join(mapping.VISIT_COLUMNS)
    row: tuple[Any, ...] | None = db.execute(
        f"SELECT {names} FROM visits WHERE visit_id = ?", (visit_id,)
    ).fetchone()
    replayed = mapping.visit_row(checker.replayed.visits[visit_id])
    if row is None:
        checker.violated(9, f"visit {visit_id} is in the log and not in the table")
        return
    for name, found, wanted in zip(names.split(","), row, replayed, strict=True):
        if found != wanted and not (name in _CLEARED_COLUMNS and found == 0):
            checker.violated(
                9, f"visit {visit_id}: {name} is {found!r} in the table; the log gives {wanted!r}"
            )


def check_retention(checker: InvariantChecker, day: int, files: Iterable[tuple[str, bytes]]) -> None:
    """Invariant 16: two days later no file, given by name and content, contains an alias."""
    for name, content in files:
        for found in set(_ALIAS.findall(content)):
            if int(found) <= day - 2:
                checker.violated(16, f"{name} still holds an alias of day {int(found)} on day {day}")
                return
