"""Checks a store on disk: its tables match its log, and the invariants hold."""

import sqlite3

from sync_server.domain.catalogue.catalogue import Catalogue
from sync_server.domain.floor.floor import Floor
from sync_server.service.storage import event_log
from sync_server.service.storage.mapping import VISIT_COLUMNS, visit_row
from tests.store_rows import query


def check_store(db: sqlite3.Connection, catalogue: Catalogue) -> Floor:
    """Raises AssertionError with the number of the invariant. Returns the floor after the last event."""
    assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    seqs = [row["seq"] for row in query(db, "SELECT seq FROM visit_events ORDER BY seq")]
    assert seqs == list(range(1, len(seqs) + 1)), "9: a gap in seq"
    for row in query(
        db, "SELECT visit_id, group_concat(rev) AS revs FROM"
        " (SELECT visit_id, rev FROM visit_events WHERE visit_id IS NOT NULL ORDER BY seq) GROUP BY visit_id"
    ):  # fmt: skip
        revs = [int(rev) for rev in row["revs"].split(",")]
        assert revs == list(range(1, len(revs) + 1)), "6: a rev left out or used twice"
    floor = Floor.replay(catalogue, event_log.records(db))
    tables = {row["visit_id"]: row for row in query(db, "SELECT * FROM visits")}
    assert tables.keys() == floor.visits.keys(), "9: visits"
    for visit_id, row in tables.items():
        expected = dict(zip(VISIT_COLUMNS, visit_row(floor.visits[visit_id]), strict=True))
        assert row == expected, "9: a visit differs from its log"
    seen = dict.fromkeys(floor.people, "off_floor")
    for row in query(db, "SELECT employee, presence FROM presence_log ORDER BY seq"):
        assert seen[row["employee"]] != row["presence"], "9: presence logged twice"
        seen[row["employee"]] = row["presence"]
    assert seen == {person.id: person.presence.value for person in floor.people.values()}, "9: presence"
    said = [row["seq"] for row in query(db, "SELECT seq FROM feedback ORDER BY seq")]
    rated = [
        row["seq"] for row in query(db, "SELECT seq FROM visit_events WHERE event = 'rated' ORDER BY seq")
    ]
    assert said == rated, "9: feedback"
    tickets = [(row["day"], row["ticket"]) for row in query(db, "SELECT day, ticket FROM visits")]
    assert len(tickets) == len(set(tickets)), "12: a ticket twice"
    return floor
