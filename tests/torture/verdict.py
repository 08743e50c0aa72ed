"""After the torture: is everything that was acknowledged there, once, and does everybody show the same?"""

import time
from collections import Counter
from pathlib import Path

from msgspec import Struct, json
from msgspec.structs import asdict

from sync_server.domain import routing
from sync_server.domain.catalogue import Catalogue
from sync_server.domain.floor import Floor
from sync_server.protocol.rows import kiosk_visit, person_row, staff_visit
from sync_server.service import queries
from sync_server.service.folder import Folder
from sync_server.service.settings import load_settings
from sync_server.service.store import reading
from sync_server.service.verify import verify

from .part import Shown

# What an op that was done has left in the log.
EVENTS = {
    "open_visit": "opened",
    "accept": "accepted",
    "decline": "declined",
    "start": "started",
    "complete": "completed",
    "cancel": "cancelled",
    "rate": "rated",
}
MOVES_BY_ITSELF = {"place_in_line", "low_s", "high_s"}  # a kiosk is told of these a second later


class Verdict(Struct):
    """`missing` and `duplicates` count ops, `helped` visits; `found` is what `welkom verify` says."""

    acknowledged: int
    missing: int
    duplicates: int
    helped: int
    found: list[str]


def acknowledged(notes: Path) -> list[str]:
    return [line for path in notes.glob("*.acks") for line in path.read_text().splitlines()]


def verdict(folder: Folder, notes: Path) -> Verdict:
    """Holds the devices' notes against the store, of which no server may be running."""
    told = set(acknowledged(notes))
    made: dict[str, tuple[str, str]] = {}
    for path in notes.glob("*.ops"):
        for line in path.read_text().splitlines():
            op_id, kind, visit_id = line.split()
            made[op_id] = kind, visit_id
    with reading(folder.store) as db:
        fates = dict(db.execute("SELECT op_id, refusal FROM ops"))
        events = Counter(
            (event, visit_id)
            for event, visit_id in db.execute(
                "SELECT event, visit_id FROM visit_events WHERE visit_id IS NOT NULL"
            )
            if event in EVENTS.values()
        )
    done = Counter(
        (EVENTS[kind], visit_id)
        for op_id, (kind, visit_id) in made.items()
        if kind in EVENTS and op_id in fates and fates[op_id] is None
    )
    return Verdict(
        acknowledged=len(told),
        missing=len(told - fates.keys()) + (done - events).total(),
        duplicates=(events - done).total(),
        helped=sum(event == "completed" for event, _ in events),
        found=[finding.text for finding in verify(folder)],
    )


def disagreement(folder: Folder, notes: Path, kiosks: list[str], tablets: list[str]) -> str:
    """Who does not show yet what the store says, and in what, or who waits in vain; nobody: an empty text."""
    seen: dict[str, Shown] = {}
    for name in kiosks + tablets:
        path = notes / f"{name}.state"
        if not path.exists():
            return f"{name} has shown nothing yet"
        seen[name] = json.decode(path.read_bytes(), type=Shown)
        if seen[name].pending or not seen[name].live:
            return f"{name} has {seen[name].pending} ops to send" + (
                "" if seen[name].live else " and no server"
            )
    catalogue = load_settings(folder.settings).catalogue()
    with reading(folder.store) as db:
        floor = Floor.replay(catalogue, queries.records(db))
    visits = _plain({v.visit_id: staff_visit(v) for v in floor.open_visits()})
    people = _plain({p.id: person_row(p) for p in floor.people.values()})
    for name in tablets:
        if seen[name].visits != visits:
            return f"{name} shows other visits"
        if seen[name].people != people:
            return f"{name} shows other people"
    for name in kiosks:
        own = {v.visit_id: v for v in floor.visits.values() if v.device_id == name}
        for visit_id, row in seen[name].visits.items():
            if visit_id not in own:
                return f"{name} shows a visit that is not there"
            right = _plain({visit_id: kiosk_visit(own[visit_id], floor)})[visit_id]
            if {k: v for k, v in row.items() if k not in MOVES_BY_ITSELF} != {
                k: v for k, v in right.items() if k not in MOVES_BY_ITSELF
            }:
                return f"{name} shows {right['ticket']} otherwise"
        if (
            lacking := {v.visit_id for v in floor.open_visits() if v.device_id == name}
            - seen[name].visits.keys()
        ):
            return f"{name} lacks {len(lacking)} visits"
    return _waits_in_vain(catalogue, floor)


def _waits_in_vain(catalogue: Catalogue, floor: Floor) -> str:
    """A visit that somebody free could be asked for. A server that has just started asks nobody yet."""
    now = time.time_ns() // 1_000_000
    free = routing.free(catalogue, floor.people.values(), now)
    match = routing.next_match(catalogue, free, floor.line(), now)
    return f"{match.visit.ticket} waits though {match.employee} is free" if match else ""


def _plain(rows: dict[str, object]) -> dict[str, dict[str, object]]:
    """As they look after a way through JSON."""
    found: dict[str, dict[str, object]] = json.decode(
        json.encode({key: asdict(row) for key, row in rows.items()})
    )
    return found
