"""What is checked when all is quiet: that copies agree with the server, and the disk with its log."""

import re
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from sync_server.domain.floor import Floor
from sync_server.domain.visit import ENDED
from sync_server.protocol.rows import kiosk_visit, person_row, staff_visit
from sync_server.service import tables
from sync_server.service.audience import KIOSK_KEEPS_MS
from sync_server.service.store import reading

from .ledger import Ledger, floors_differ
from .machines import DeviceMachine, ServerMachine

# What retention takes away in its time: it may be gone from a row whose log line had it.
_FORGOTTEN = {"described", "linked"}
_ALIAS = re.compile(rb"Zq-(\d+)-")


def disagreement(server: ServerMachine, machines: Iterable[DeviceMachine]) -> str | None:
    """Who does not show what the server knows, or still has something to say; None if all agree."""
    if server.shop is None:
        return "the server does not run"
    floor, now = server.shop.floor, server.shop.clock()
    for machine in machines:
        if machine.revoked:
            continue
        if machine.device is None or not machine.device.live:
            return f"{machine.name} does not follow the server"
        if machine.device._engine.pending:
            return f"{machine.name} still has ops without an answer"
        replica = machine.device._engine.replica
        if machine.file.kind == "kiosk":
            own = [v for v in floor.visits.values() if v.device_id == machine.name]
            kept = [v for v in own if v.ended_at is None or now - v.ended_at < KIOSK_KEEPS_MS]
            rows = {v.visit_id: kiosk_visit(v, floor) for v in kept}
            stale = [vid for vid, row in replica.visits.items() if row.ended_at is None and vid not in rows]
            if stale:
                return f"{machine.name} shows visit {stale[0]}, which is no more"
            if any(replica.visits.get(vid) != row for vid, row in rows.items()):
                return f"{machine.name} shows a visit otherwise than the server has it"
        else:
            if replica.visits != {v.visit_id: staff_visit(v) for v in floor.open_visits()}:
                return f"{machine.name} shows other visits than the server has"
            if replica.people != {p.id: person_row(p) for p in floor.people.values()}:
                return f"{machine.name} shows other people than the server has"
    return None


def check_disk(ledger: Ledger, floor: Floor, store: Path, now: int) -> int:
    """1, 2 and 9, once nothing is under way. How many acknowledged ops the disk does not have."""
    for difference in floors_differ(ledger.shadow, floor, now):
        ledger.blame(9, f"on the floor {difference}")
    still_open = {vid: visit for vid, visit in floor.visits.items() if visit.state not in ENDED}
    if {visit.visit_id: visit for visit in floor.open_visits()} != still_open:
        ledger.blame(9, "the floor has lost sight of a visit that is open")
    with reading(store) as db:
        lines, last = db.execute("SELECT count(*), coalesce(max(seq), 0) FROM visit_events").fetchone()
        if not lines == last == ledger.shadow.seq:
            ledger.blame(9, f"the log has {lines} lines up to seq {last}; {ledger.shadow.seq} were written")
        for vid in ledger.touched:
            _check_row(ledger, db, vid)
        kept = {row[0] for row in db.execute("SELECT op_id FROM ops")}
    ledger.touched = {vid for vid in ledger.touched if ledger.shadow.visits[vid].state not in ENDED}
    lost = ledger.acknowledged - kept
    if lost:
        ledger.blame(1, f"{len(lost)} acknowledged ops are not on the disk, {min(lost)} among them")
    return len(lost)


def _check_row(ledger: Ledger, db: sqlite3.Connection, visit_id: str) -> None:
    names = ",".join(tables.VISIT_COLUMNS)
    row: tuple[Any, ...] | None = db.execute(
        f"SELECT {names} FROM visits WHERE visit_id = ?", (visit_id,)
    ).fetchone()
    replayed = tables.visit_row(ledger.shadow.visits[visit_id])
    if row is None:
        ledger.blame(9, f"visit {visit_id} is in the log and not in the table")
        return
    for name, found, wanted in zip(names.split(","), row, replayed, strict=True):
        if found != wanted and not (name in _FORGOTTEN and found == 0):
            ledger.blame(9, f"visit {visit_id}: {name} is {found!r} in the table; the log gives {wanted!r}")


def check_forgotten(ledger: Ledger, day: int, files: Iterable[tuple[str, bytes]]) -> None:
    """16: two days later no file of any machine, by name and content, holds a byte of an alias."""
    for name, content in files:
        for found in set(_ALIAS.findall(content)):
            if int(found) <= day - 2:
                ledger.blame(16, f"{name} still holds an alias of day {int(found)} on day {day}")
                return
