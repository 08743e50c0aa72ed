"""Checks the tables by replaying the event log, and comparing.

The log is replayed on the domain's own floor, so events that the rules forbid are found too. A visit is
compared as soon as the floor forgets it, so that the log of years needs no more memory than that of days.
"""

import math
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import msgspec

from sync_server.domain import events as ev
from sync_server.domain.catalogue.catalogue import Catalogue
from sync_server.domain.events import Presence, Record
from sync_server.domain.floor.floor import Floor
from sync_server.domain.queue import routing
from sync_server.domain.queue.wait_estimate import History
from sync_server.domain.visit.transitions import IllegalTransition
from sync_server.domain.visit.visit import State, Visit
from sync_server.service.processing.processor import SETTLE_MS
from sync_server.service.storage import event_log, mapping
from sync_server.service.storage.mapping import Row

from .finding import Finding, restore_needed

# A server asks nobody for SETTLE_MS after a start, and the log does not say when it started. Where the power
# of a slow machine fails again and again, nobody is asked for the better part of a minute.
UNSETTLED_MS = 20 * SETTLE_MS

FORGET_EVERY_MS = 3_600_000
REMEMBER_MS = 48 * 3_600_000  # longer than any store-day, so that a ticket given out twice is found

Found = Iterator[Finding]


class NoHistory(History):
    """Learns nothing: nobody is quoted a wait here."""

    def add_service(self, *_: object) -> None:
        pass

    def add_wait(self, *_: object) -> None:
        pass


class RowsBySeq:
    """Reads the rows of a query ordered by their first column, a seq, in step with the log."""

    def __init__(self, rows: Iterator[Row]) -> None:
        self._rows = rows
        self._next = next(rows, None)

    def reaches(self, seq: float) -> bool:
        """Whether `up_to` gives a row."""
        return self._next is not None and self._next[0] <= seq

    def up_to(self, seq: float) -> Iterator[Row]:
        """Those that were not given yet, as far as this seq."""
        while (row := self._next) is not None and row[0] <= seq:
            self._next = next(self._rows, None)
            yield row


class ReplayChecker:
    """Reads the log of `db` once, then the tables. `findings` gives what does not match."""

    def __init__(self, db: sqlite3.Connection, catalogue: Catalogue) -> None:
        self._db = db
        self._floor = Floor(catalogue, NoHistory())
        self._broken: set[str | None] = set()  # visits whose events cannot be replayed to the end
        self._presences: dict[str, Presence] = {}  # as in presence_log, so far
        self._rating: Row | None = None  # the row that the present line leads to in `feedback`
        self._at = self._latest = self._forget_at = 0

    def findings(self) -> Found:
        """Numbers in brackets are those of docs/develop/architecture.md, "What always holds".

        The log of a shop has millions of lines, nearly all of them sound: no generator is begun for those.
        """
        presences, feedback = self._rows("presence_log"), self._rows("feedback")
        seq = 0
        for row in self._db.execute(f"{mapping.SELECT_EVENTS} ORDER BY seq"):
            seq = row[0]
            if seq != self._floor.seq + 1:
                yield from self._gap(seq)
            if found := self._event(row):
                yield from found
            if presences.reaches(seq):
                for presence in presences.up_to(seq):
                    yield from self._presence_of(presence, seq)
            if self._rating is not None or feedback.reaches(seq):
                yield from self._feedback_of(feedback.up_to(seq), seq)
            if self._at >= self._forget_at:
                self._forget_at = self._at + FORGET_EVERY_MS
                yield from self._settle(self._floor.forget(self._at - REMEMBER_MS), seq)
        for presence in presences.up_to(math.inf):
            yield from self._presence_of(presence, seq)
        self._rating = None
        yield from self._feedback_of(feedback.up_to(math.inf), seq)
        yield from self._settle(self._floor.visits.values(), seq)
        yield from self._unknown_visits()
        yield from self._final_floor()

    def _rows(self, table: str) -> RowsBySeq:
        columns = {"presence_log": "seq, employee, presence, at", "feedback": "seq, visit_id, at, ces, nps"}
        return RowsBySeq(self._db.execute(f"SELECT {columns[table]} FROM {table} ORDER BY seq"))

    # --- the log ---------------------------------------------------------------------------------

    def _gap(self, seq: int) -> Found:
        expected = self._floor.seq + 1
        lost = f"line {expected}" if seq == expected + 1 else f"lines {expected} to {seq - 1}"
        yield restore_needed("seq", f"visit_events: {lost} of the log are missing (9)")
        self._floor.seq = seq - 1

    def _event(self, row: Row) -> list[Finding]:
        seq, visit_id, rev, kind = row[:4]
        where = f"visit_events: line {seq}"
        self._rating = None
        try:
            record = mapping.record_of(row)
        except (msgspec.DecodeError, msgspec.ValidationError) as error:
            self._skip(seq, visit_id)
            return [restore_needed("log", f"{where} cannot be read ({error})")]
        found = []
        if type(record.event).__struct_config__.tag != kind:
            found.append(restore_needed("log", f"{where} says {kind} but holds another event"))
        self._at, self._latest = record.at, max(self._latest, record.at)
        if visit_id in self._broken and visit_id is not None:
            self._skip(seq, visit_id)
            return found
        found += self._duplicates(record)
        before = self._visit_before(visit_id, seq, record.event)
        try:
            self._floor.apply(record)
        except IllegalTransition as error:
            self._skip(seq, visit_id)
            return [*found, restore_needed("transition", f"{where}: {error.subject}: {error.what} (7)")]
        due = before.rev + 1 if before else 1
        if visit_id is not None and rev != due:
            found.append(restore_needed("rev", f"{where} has rev {rev} where {due} is due (6)"))
        self._rating = mapping.feedback_row(record)
        return found

    def _visit_before(self, visit_id: str | None, seq: int, event: ev.Event) -> Visit | None:
        """The visit as it was before this line. One that the floor has forgotten is brought back."""
        if visit_id is None:
            return None
        if visit_id not in self._floor.visits and not isinstance(event, ev.Opened):
            earlier = (r for r in event_log.records_of(self._db, visit_id) if r.seq < seq)
            self._floor.restore_visit(earlier, self._at)
        return self._floor.visits.get(visit_id)

    def _duplicates(self, record: Record) -> list[Finding]:
        """Tickets and offers given twice, which the transition table does not forbid."""
        match record.event:
            case ev.Opened(ticket, day) if self._floor.tickets.is_taken(day, ticket):
                return [restore_needed("ticket", f"ticket {ticket} of {day} was given out twice (12)")]
            case ev.Offered(employee):
                person = self._floor.people.get(employee)
                if person is not None and person.offer is not None:
                    where = f"visit_events: line {record.seq}"
                    return [restore_needed("offer", f"{where}: {employee} was asked for two at once (5)")]
        return []

    def _skip(self, seq: int, visit_id: str | None) -> None:
        self._floor.seq = seq
        self._broken.add(visit_id)

    # --- the tables ------------------------------------------------------------------------------

    def _settle(self, visits: Iterable[Visit], seq: int) -> Found:
        """Compares these visits with their rows. Those about which there are later lines wait for them."""
        columns = mapping.VISIT_COLUMNS
        select = f"SELECT {','.join(columns)} FROM visits WHERE visit_id = ?"
        for visit in visits:
            if visit.visit_id in self._broken:
                continue
            row = self._db.execute(select, (visit.visit_id,)).fetchone()
            name = f"visits: {visit.ticket} of {visit.day}"
            if row is None:
                yield restore_needed("visits", f"{name} is in the log but not there (9)")
            elif (expected := mapping.visit_row(visit)) != row and not self._has_later(visit, seq):
                wrong = [name for name, a, b in zip(columns, row, expected, strict=True) if a != b]
                yield restore_needed("visits", f"{name} differs from the log in {', '.join(wrong)} (9)")

    def _has_later(self, visit: Visit, seq: int) -> bool:
        sql = "SELECT 1 FROM visit_events WHERE visit_id = ? AND seq > ?"
        return self._db.execute(sql, (visit.visit_id, seq)).fetchone() is not None

    def _unknown_visits(self) -> Found:
        """Rows that nothing in the log leads to."""
        states = set(State)
        sql = (
            "SELECT visit_id, ticket, day, state, EXISTS (SELECT 1 FROM visit_events e"
            " WHERE e.visit_id = v.visit_id AND e.rev = 1) FROM visits v"
        )
        for visit_id, ticket, day, state, is_in_log in self._db.execute(sql):
            if state not in states:
                yield restore_needed("state", f"visits: {ticket} of {day} is in no state there is (7)")
            elif not is_in_log and visit_id not in self._broken:
                yield restore_needed("visits", f"visits: {ticket} of {day} is not in the log (9)")

    def _feedback_of(self, rows: Iterable[Row], seq: int) -> Found:
        expected = self._rating
        for row in rows:
            if row[0] == seq and row == expected:
                expected = None
            elif row[1] not in self._broken:
                yield restore_needed("feedback", f"feedback: line {row[0]} differs from the log (9)")
                expected = expected if row[0] != seq else None
        if expected is not None:
            yield restore_needed("feedback", f"feedback: line {seq} of the log is not there (9)")

    def _presence_of(self, row: Row, seq: int) -> Found:
        at_seq, employee, presence, at = row
        person = self._floor.people.get(employee)
        right = at_seq == seq and person is not None and person.presence == presence and at == self._at
        changed = self._presences.get(employee, Presence.OFF_FLOOR) != presence
        self._presences[employee] = presence
        if not (right and changed) and not self._broken:
            yield restore_needed(
                "presence", f"presence_log: {employee} at line {at_seq} is not in the log (9)"
            )

    # --- the floor after the last event ----------------------------------------------------------------

    def _final_floor(self) -> Found:
        if self._broken:
            return  # the floor is not complete
        for person in self._floor.people.values():
            if person.presence != self._presences.get(person.id, Presence.OFF_FLOOR):
                yield restore_needed("presence", f"presence_log: {person.id}'s last change is missing (9)")
        for visit in self._floor.open_visits():
            if visit.state is State.OFFERED and visit.offer_to is None:
                yield restore_needed("offer", f"{visit.ticket} is being offered to nobody (4)")
        catalogue = self._floor.catalogue
        if catalogue.employees and _skills_unchanged(self._db, catalogue):
            yield from self._missed_offer(catalogue)

    def _missed_offer(self, catalogue: Catalogue) -> Found:
        # A server that has just started asks nobody yet, so the last moments of the log are left out.
        settled = self._latest - UNSETTLED_MS
        in_line = [v for v in self._floor.line() if v.state is State.WAITING and v.line_at <= settled]
        waiting = [v for v in in_line if catalogue.need(v.need)]  # a retired need is in no file
        everybody = self._floor.people.values()
        people = [p for p in everybody if max(p.since, p.idle_since, p.free_at) <= settled]
        free = routing.free_people(people, self._latest, catalogue.times.max_active)
        present = routing.present_skills(catalogue, everybody)
        match = routing.next_match(catalogue, free, waiting, present, self._latest)
        if match is not None:
            yield Finding(
                "waiting",
                f"{match.visit.ticket} waits though {match.employee} is free and was not asked (15);"
                " start the server again, it then asks at once",
            )


def _skills_unchanged(db: sqlite3.Connection, catalogue: Catalogue) -> bool:
    """Whether skills are those of the last start of a server: store.toml may have been edited since."""
    in_store = {**dict(_pairs(db, "SELECT code, skills || prefer FROM needs"))}
    in_store |= _pairs(db, "SELECT id, skills FROM employees")
    encode: Callable[[Any], str] = lambda value: msgspec.json.encode(value).decode()  # noqa: E731
    now = {need.code: encode(need.skills) + encode(need.prefer) for need in catalogue.needs}
    now |= {e.id: encode(sorted(e.skills)) for e in catalogue.employees}
    return all(in_store.get(name) == skills for name, skills in now.items())


def _pairs(db: sqlite3.Connection, sql: str) -> dict[str, str]:
    return dict(db.execute(sql).fetchall())
