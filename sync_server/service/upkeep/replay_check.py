"""Whether the tables of a store are what its own log tells: the log is told again, and compared.

The log is told to the domain's own floor, so what is illegal for a running shop is found here too.
"""

import sqlite3
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from sync_server.domain import events as ev
from sync_server.domain import routing
from sync_server.domain.catalogue import Catalogue
from sync_server.domain.events import Presence, Record
from sync_server.domain.floor import Floor
from sync_server.domain.visit import IllegalTransition, State

from . import tables
from .finding import Finding, beyond_repair
from .shop import STILL_MS
from .tables import Row

UNSETTLED_MS = 4 * STILL_MS  # a server may be started several times in a row

Found = Iterator[Finding]


class Retelling:
    """One pass over the log of `db`, then over the tables. `findings` gives what does not fit."""

    def __init__(self, db: sqlite3.Connection, catalogue: Catalogue) -> None:
        self._db = db
        self._floor = Floor(catalogue)
        self._broken: set[str | None] = set()  # visits whose log cannot be told to its end
        self._feedback: dict[int, Row] = {}
        self._presences: dict[str, Presence] = {}  # as presence_log has it, so far
        self._at = self._latest = 0

    def findings(self) -> Found:
        """Numbers in brackets are those of docs/architecture.md, "What always holds"."""
        presence = self._presence_rows()
        for row in self._db.execute(f"{tables.SELECT_EVENTS} ORDER BY seq"):
            yield from self._gap(row[0])
            yield from self._one(row)
            yield from self._presence_of(presence.pop(row[0], ()), row[0])
        for seq, rows in presence.items():
            yield from self._presence_of(rows, seq)
        yield from self._visits()
        yield from self._feedback_rows()
        yield from self._at_rest()

    # --- the log ---------------------------------------------------------------------------------

    def _gap(self, seq: int) -> Found:
        due = self._floor.seq + 1
        if seq != due:
            lost = f"line {due}" if seq == due + 1 else f"lines {due} to {seq - 1}"
            yield beyond_repair("seq", f"visit_events: {lost} of the log are missing (9)")
            self._floor.seq = seq - 1

    def _one(self, row: Row) -> Found:
        seq, visit_id, rev = row[:3]
        try:
            record = tables.record_of(row)
        except (msgspec.DecodeError, msgspec.ValidationError) as error:
            yield beyond_repair("log", f"visit_events: line {seq} cannot be read ({error})")
            self._skip(seq, visit_id)
            return
        if type(record.event).__struct_config__.tag != row[3]:
            yield beyond_repair("log", f"visit_events: line {seq} says {row[3]} but holds another event")
        self._at, self._latest = record.at, max(self._latest, record.at)
        if visit_id in self._broken and visit_id is not None:
            self._skip(seq, visit_id)
            return
        yield from self._twice(record)
        before = self._floor.visits.get(visit_id)
        try:
            self._floor.apply(record)
        except IllegalTransition as error:
            yield beyond_repair("transition", f"visit_events: line {seq}: {error} (7)")
            self._skip(seq, visit_id)
            return
        now = before.rev + 1 if before else 1
        if visit_id is not None and rev != now:
            yield beyond_repair("rev", f"visit_events: line {seq} has rev {rev} where {now} is due (6)")
        if (feedback := tables.feedback_row(record)) is not None:
            self._feedback[seq] = feedback

    def _twice(self, record: Record) -> Found:
        """What the transition table alone does not forbid."""
        match record.event:
            case ev.Opened(ticket, day) if self._floor.tickets.taken(day, ticket):
                yield beyond_repair("ticket", f"ticket {ticket} of {day} was given out twice (12)")
            case ev.Offered(employee):
                person = self._floor.people.get(employee)
                if person is not None and person.offer is not None:
                    where = f"visit_events: line {record.seq}"
                    yield beyond_repair("offer", f"{where}: {employee} was asked for two at once (5)")

    def _skip(self, seq: int, visit_id: str | None) -> None:
        self._floor.seq = seq
        self._broken.add(visit_id)

    # --- the tables ------------------------------------------------------------------------------

    def _visits(self) -> Found:
        known = dict(self._floor.visits)
        columns = tables.VISIT_COLUMNS
        for row in self._db.execute(f"SELECT {','.join(columns)} FROM visits"):
            visit_id = row[0]
            visit = known.pop(visit_id, None)
            ticket = f"visits: {row[columns.index('ticket')]} of {row[columns.index('day')]}"
            if row[columns.index("state")] not in set(State):
                yield beyond_repair("state", f"{ticket} is in no state there is (7)")
            elif visit_id in self._broken:
                continue
            elif visit is None:
                yield beyond_repair("visits", f"{ticket} is not in the log (9)")
            else:
                told = tables.visit_row(visit)
                wrong = [name for name, a, b in zip(columns, row, told, strict=True) if a != b]
                if wrong:
                    yield beyond_repair("visits", f"{ticket} differs from the log in {', '.join(wrong)} (9)")
        for visit in known.values():
            yield beyond_repair(
                "visits", f"visits: {visit.ticket} of {visit.day} is in the log but not there (9)"
            )

    def _feedback_rows(self) -> Found:
        told = self._feedback
        for row in self._db.execute("SELECT seq, visit_id, at, ces, nps FROM feedback"):
            if told.pop(row[0], None) != row and row[1] not in self._broken:
                yield beyond_repair("feedback", f"feedback: line {row[0]} differs from the log (9)")
        for seq in told:
            yield beyond_repair("feedback", f"feedback: line {seq} of the log is not there (9)")

    def _presence_rows(self) -> dict[int, list[Row]]:
        found: dict[int, list[Row]] = {}
        for row in self._db.execute("SELECT seq, employee, presence, at FROM presence_log ORDER BY seq"):
            found.setdefault(row[0], []).append(row)
        return found

    def _presence_of(self, rows: list[Row] | tuple[Row, ...], seq: int) -> Found:
        for _, employee, presence, at in rows:
            person = self._floor.people.get(employee)
            right = person is not None and person.presence == presence and at == self._at
            changed = self._presences.get(employee, Presence.OFF_FLOOR) != presence
            self._presences[employee] = presence
            if not (right and changed) and not self._broken:
                yield beyond_repair(
                    "presence", f"presence_log: {employee} at line {seq} is not in the log (9)"
                )

    # --- the floor the log leads to ----------------------------------------------------------------

    def _at_rest(self) -> Found:
        if self._broken:
            return  # who has what in hand cannot be told from half a log
        for person in self._floor.people.values():
            if person.presence != self._presences.get(person.id, Presence.OFF_FLOOR):
                yield beyond_repair("presence", f"presence_log: {person.id}'s last change is missing (9)")
        for visit in self._floor.open_visits():
            if visit.state is State.OFFERED and visit.offer_to is None:
                yield beyond_repair("offer", f"{visit.ticket} is being offered to nobody (4)")
        catalogue = self._floor.catalogue
        if catalogue.employees and _as_at_the_start(self._db, catalogue):
            yield from self._idle(catalogue)

    def _idle(self, catalogue: Catalogue) -> Found:
        # A server that has just started asks nobody yet: what changed in its last moments says nothing.
        settled = self._latest - UNSETTLED_MS
        visits = [v for v in self._floor.line() if v.line_at <= settled]
        everybody = self._floor.people.values()
        people = [p for p in everybody if max(p.since, p.idle_since, p.free_at) <= settled]
        free = routing.free(catalogue, people, self._latest)
        match = routing.next_match(catalogue, free, visits, self._latest)
        if match is not None:
            yield Finding(
                "waiting",
                f"{match.visit.ticket} waits though {match.employee} is free and was not asked (15);"
                " start the server again, it then asks at once",
            )


def _as_at_the_start(db: sqlite3.Connection, catalogue: Catalogue) -> bool:
    """Whether skills are still those that the server began with: store.toml may be newer than the log."""
    kept = {**dict(_pairs(db, "SELECT code, skills || prefer FROM needs"))}
    kept |= _pairs(db, "SELECT id, skills FROM employees")
    encode: Callable[[Any], str] = lambda value: msgspec.json.encode(value).decode()  # noqa: E731
    now = {need.code: encode(need.skills) + encode(need.prefer) for need in catalogue.needs}
    now |= {e.id: encode(sorted(e.skills)) for e in catalogue.employees}
    return all(kept.get(name) == skills for name, skills in now.items())


def _pairs(db: sqlite3.Connection, sql: str) -> dict[str, str]:
    return dict(db.execute(sql).fetchall())
