"""Checks the store after a torture: is every acknowledged op there exactly once, and do all agree?"""

import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct, json
from msgspec.structs import asdict

from sync_server.domain.catalogue.catalogue import Catalogue
from sync_server.domain.floor.floor import Floor
from sync_server.domain.queue import routing
from sync_server.domain.visit.visit import State
from sync_server.protocol.visibility import kiosk_visit, person_row, staff_visit
from sync_server.service.config.load import load_settings
from sync_server.service.storage import event_log
from sync_server.service.storage.connection import reading
from sync_server.service.storage.data_dir import DataDir
from sync_server.service.upkeep.verify import verify

from .device import ShownState

# The event that an op leaves in the log.
EVENTS = {
    "open_visit": "opened",
    "accept": "accepted",
    "decline": "declined",
    "start": "started",
    "complete": "completed",
    "cancel": "cancelled",
    "rate": "rated",
}
CHANGES_WITH_TIME = {"place_in_line", "low_s", "high_s"}  # a kiosk gets these up to a second later


class Verdict(Struct):
    """`missing` and `duplicates` count ops, `helped` visits. `problems` are found by `welkom verify`."""

    acknowledged: int
    missing: int
    duplicates: int
    helped: int
    problems: list[str]


def acknowledged(notes: Path) -> list[str]:
    return [line for path in notes.glob("*.acks") for line in path.read_text().splitlines()]


def judge(folder: DataDir, notes: Path) -> Verdict:
    """Compares the devices' notes with the store. No server may be running."""
    answered = set(acknowledged(notes))
    made: dict[str, tuple[str, str]] = {}
    for path in notes.glob("*.ops"):
        for line in path.read_text().splitlines():
            op_id, kind, visit_id = line.split()
            made[op_id] = kind, visit_id
    with reading(folder.store) as db:
        results = dict(db.execute("SELECT op_id, refusal FROM ops"))
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
        if kind in EVENTS and op_id in results and results[op_id] is None
    )
    return Verdict(
        acknowledged=len(answered),
        missing=len(answered - results.keys()) + (done - events).total(),
        duplicates=(events - done).total(),
        helped=sum(event == "completed" for event, _ in events),
        problems=[finding.text for finding in verify(folder)],
    )


def disagreement(folder: DataDir, notes: Path, kiosks: list[str], tablets: list[str]) -> str:
    """The first device that differs from the store, or a visit that waits in vain; empty if all agree."""
    shown: dict[str, ShownState] = {}
    for name in kiosks + tablets:
        path = notes / f"{name}.state"
        if not path.exists():
            return f"{name} has written nothing yet"
        shown[name] = json.decode(path.read_bytes(), type=ShownState)
        if shown[name].pending or not shown[name].live:
            return f"{name} has {shown[name].pending} ops to send" + (
                "" if shown[name].live else " and no server"
            )
    catalogue = load_settings(folder.settings).catalogue()
    with reading(folder.store) as db:
        floor = Floor.replay(catalogue, event_log.records(db))
    visits = _plain({v.visit_id: staff_visit(v) for v in floor.open_visits()})
    people = _plain({p.id: person_row(p) for p in floor.people.values()})
    for name in tablets:
        if shown[name].visits != visits:
            return f"{name} shows other visits"
        if shown[name].people != people:
            return f"{name} shows other people"
    for name in kiosks:
        own = {v.visit_id: v for v in floor.visits.values() if v.device_id == name}
        for visit_id, row in shown[name].visits.items():
            if visit_id not in own:
                return f"{name} shows a visit that is not there"
            right = _plain({visit_id: kiosk_visit(own[visit_id], floor)})[visit_id]
            if {k: v for k, v in row.items() if k not in CHANGES_WITH_TIME} != {
                k: v for k, v in right.items() if k not in CHANGES_WITH_TIME
            }:
                return f"{name} shows {right['ticket']} with other values"
        if (
            missing := {v.visit_id for v in floor.open_visits() if v.device_id == name}
            - shown[name].visits.keys()
        ):
            return f"{name} lacks {len(missing)} visits"
    return _waits_in_vain(catalogue, floor)


def _waits_in_vain(catalogue: Catalogue, floor: Floor) -> str:
    """A visit that could be offered to a free employee. A server that has just started offers none yet."""
    now = time.time_ns() // 1_000_000
    free = routing.free_people(floor.people.values(), now, catalogue.times.max_active)
    present = routing.present_skills(catalogue, floor.people.values())
    waiting = [visit for visit in floor.line() if visit.state is State.WAITING]
    match = routing.next_match(catalogue, free, waiting, present, now)
    return f"{match.visit.ticket} waits though {match.employee} is free" if match else ""


def _plain(rows: Mapping[str, Any]) -> dict[str, dict[str, object]]:
    """The rows as they are after encoding and decoding."""
    found: dict[str, dict[str, object]] = json.decode(
        json.encode({key: asdict(row) for key, row in rows.items()})
    )
    return found
