"""What the pages and the server ask of the store finds its rows by an index, however long the log is."""

import re
import sqlite3
from collections.abc import Callable
from typing import Any

import pytest
import requests

from sync_server.service.admin import client
from sync_server.service.auth.tokens import Scope
from sync_server.service.auth.walls import WallSettings, add_wall
from sync_server.service.reports.exports.days import rows_of_days
from sync_server.service.reports.visit_log import LogFilter
from sync_server.service.storage.connection import reading

from . import every_page
from .running_server import RunningServer
from .steps import sign_in_once

# `v` is the table of visits inside the view.
GROWING = (
    "visits|visit_events|ops|feedback|presence_log|v|kiosk_sessions|opened_pages|arrivals|arrival_reports"
    "|webhook_events|webhook_deliveries"
)
ALL_OF_A_KIND = r"SEARCH visit_events USING .*\(event=\?\)"  # all events of a kind that ever were
# A plan that goes through such a table: with the part of a query that it is allowed for, and the reason.
ALLOWED = {
    "ORDER BY day DESC, created_at DESC, rowid DESC LIMIT": "in the order of an index, for one page",
    "ORDER BY day DESC, created_at DESC LIMIT": "a start reads the latest visits in the order of an index",
    "ORDER BY seq DESC LIMIT 1": "the last row of the log, by its key",
    "FROM visit_log LIMIT 0": "the names of the columns; no row is read",
    "SELECT count(*) FROM (SELECT 1 FROM visits": "the log counts what matches, and stops at some thousands",
    "IS NULL, CASE WHEN": "an order by a column; the log counts first that they are not too many",
    "event IN ('need_closed', 'need_reopened',": "a manager does these a few times a month",
    "temp.words WHERE": "the words of a day, in memory",
    "ORDER BY at_server DESC, seq DESC LIMIT": "a start reads the latest changes in the order of an index",
    "WHERE state = 'waiting' AND (next_at <": "of the webhooks only those that wait are in the index",
    "FROM ops WHERE refusal IS": "a start reads the results of all ops once, so that none is done twice",
}
PAGES = (
    "now", "now?lang=nl", "today", "today?days=7", "today?days=28", "log", "log?page=2",
    "log?state=completed",
    "log?from=2026-03-01&to=2026-03-07", "log?need=cables&employee=maya", "log?resolution=solved",
    "log?search=A-1", "log?search=lovely", "log?sort=wait_s", "log?figure=service_level&part=no",
    "log?weekday=6&hour=14", "devices", "notice",
    "staffing", "staffing?skill=repair", "learning", "learning?days=91",
    "report", "report?from=2026-03-01&to=2026-03-07",
    "report?span=year", "settings/api", "settings/webhooks", "settings/mail",
)  # fmt: skip

API_PATHS = (
    "/floor", "/log?from=2026-03-01&to=2026-03-07", "/follow-ups?from=2026-03-01&to=2026-03-07",
    "/report?from=2026-03-01&to=2026-03-07", "/catalogue", "/arrivals?from=2026-03-01&to=2026-03-07",
)  # fmt: skip


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """All SQL that is run on connections opened from now on."""
    statements: set[str] = set()
    connect: Callable[..., sqlite3.Connection] = sqlite3.connect

    def traced(*given: Any, **more: Any) -> sqlite3.Connection:
        db = connect(*given, **more)
        db.set_trace_callback(statements.add)
        return db

    monkeypatch.setattr(sqlite3, "connect", traced)
    return statements


def scans(db: sqlite3.Connection, sql: str) -> list[str]:
    """The steps of a query's plan that go through all rows of a table that grows."""
    steps = [row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {sql}")]
    return [step for step in steps if re.match(rf"SCAN ({GROWING})\b|{ALL_OF_A_KIND}", step)]


def add_wall_display(running: RunningServer) -> str:
    """The path of a wall display that was let in."""

    async def write() -> str:
        return await running.server.processor.writer.call(
            lambda db: add_wall(db, WallSettings("Desk", "en"), 0)
        )

    return f"/wall/{running.run(write())}"


def test_no_query_of_a_page_or_an_op_goes_through_a_table_that_grows(
    asked: set[str], running: RunningServer, http: requests.Session
) -> None:
    sign_in_once(running, http)
    for page in PAGES:
        http.get(f"{running.address}/manager/{page}").raise_for_status()
    for other in every_page.PAGES:
        if other.framed and "{" not in other.path:  # what it shows may not be there
            assert http.get(running.address + other.path).status_code < 500
    token = client.run(running.server.data_dir, "add_token", name="till", scopes=" ".join(Scope))
    program = {"Authorization": f"Bearer {token}", "Idempotency-Key": "one"}
    for path in API_PATHS:
        answer = http.get(f"{running.address}/api/v1{path}", headers=program)
        assert answer.status_code == 200, answer.text
    http.get(running.address + add_wall_display(running)).raise_for_status()
    for log_filter in (LogFilter(), LogFilter(from_day="2026-03-06"), LogFilter(state="cancelled")):
        list(
            rows_of_days(lambda: reading(running.server.data_dir.store), log_filter)
        )  # as an export's process
    running.sign_on("maya")
    ticket = running.open()
    http.get(ticket.url).raise_for_status()
    http.get(f"{running.address}/manager/visits/{ticket.visit_id}").raise_for_status()
    ticket.serve("maya")
    http.post(f"{ticket.url}/rate", {"score": "5"})
    running.open("repair").cancel()
    wanted = ("/visits", {"need": "repair", "language": "en"}), ("/arrivals", {"people": 2})
    for path, body in wanted:
        http.post(f"{running.address}/api/v1{path}", json=body, headers=program).raise_for_status()
    running.run(running.server.processor.apply_retention())
    http.get(f"{running.address}/metrics").raise_for_status()
    statements = [sql for sql in asked if re.match(r"\s*(SELECT|WITH|UPDATE|DELETE)", sql)]
    with reading(running.server.data_dir.store) as db:
        plans = {sql: scans(db, sql) for sql in statements if not any(part in sql for part in ALLOWED)}
    assert len(asked) > 50
    found = [f"{sql}: {steps}" for sql, steps in plans.items() if steps]
    assert not found, "\n".join(found)


def test_the_check_notices_a_query_without_an_index(running: RunningServer) -> None:
    with reading(running.server.data_dir.store) as db:
        assert scans(db, "SELECT * FROM visits WHERE language = 'nl'")
        assert scans(db, "SELECT * FROM visit_log ORDER BY created_at DESC LIMIT 1")
        assert scans(db, "SELECT * FROM visit_events WHERE event = 'completed'")
        assert not scans(db, "SELECT * FROM visit_log WHERE visit_id = 'x'")
