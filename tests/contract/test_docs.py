"""The pages under docs/ have every name that the code has, and no other."""

import json
import logging
import re
import sqlite3
import tomllib
from typing import get_args

import pytest

from sync_server.domain.events import Presence, VisitEvent
from sync_server.domain.ops import DeviceOp
from sync_server.domain.refusal import Code
from sync_server.domain.resolution import Resolution
from sync_server.domain.visit.visit import State
from sync_server.protocol.messages import PROTOCOL, FromDevice, FromServer
from sync_server.service.observe.counters import COUNTED
from sync_server.service.observe.logs import FIELDS, JsonFormatter
from sync_server.service.observe.metrics import METRICS
from sync_server.service.storage.connection import connect
from tests.store_rows import empty_store_file

from .docs_pages import ROOT, code, generator, names, page, rows, sections


def tag(struct) -> str:
    return struct.__struct_config__.tag


# --- protocol.md ---

PROTOCOL_PARTS = {
    "From a device": {tag(kind): kind for kind in get_args(FromDevice)},
    "From the server": {tag(kind): kind for kind in get_args(FromServer)},
    "Ops": {tag(kind): kind for kind in get_args(DeviceOp)},
    "Rows": generator("protocol_page").ROWS,
    "Catalogue": generator("protocol_page").CATALOGUE,
}


@pytest.mark.parametrize("part", PROTOCOL_PARTS)
def test_protocol_page_has_every_message_with_its_fields_in_order(part):
    written = sections(sections(page("protocol.md"), 2)[part], 3)
    kinds = PROTOCOL_PARTS[part]
    assert list(written) == list(kinds)
    for title, kind in kinds.items():
        assert names(written[title]) == list(kind.__struct_fields__), title
        assert all(len(row) == 4 and all(row) for row in rows(written[title])), title


def test_protocol_page_has_every_refusal_code():
    written = sections(page("protocol.md"), 2)["Refusal codes"]
    assert names(written) == [code.value for code in Code]
    assert all(row[1] for row in rows(written))


@pytest.mark.parametrize("name", ["protocol", "enrolment"])
def test_the_types_defaults_and_examples_of_the_wire_are_those_of_code_and_golden_files(name):
    text = page(f"{name}.md")
    assert getattr(generator("protocol_page"), f"{name}_page")(text) == text, "run `make docs`"


def test_protocol_page_and_wire_changes_name_the_present_protocol():
    assert f"Protocol number {PROTOCOL};" in page("protocol.md")
    newest = next(iter(reversed(sections(page("wire-changes.md"), 2))))
    assert newest == f"Protocol {PROTOCOL}"


# --- visit.md ---


def test_visit_page_has_every_state_and_every_event():
    written = sections(page("visit.md"), 2)
    assert sorted(names(written["States"])) == sorted(State)
    assert sorted(names(written["Events"])) == sorted(tag(kind) for kind in VisitEvent.__subclasses__())


def test_visit_page_shows_the_present_transitions():
    drawing = generator("visit_diagram")
    written = page("visit.md")
    assert drawing.diagram() in written
    assert drawing.table() in written
    assert drawing.drawn(written) == written


# --- visit-log.md ---


@pytest.fixture
def db(tmp_path):
    empty_store_file(tmp_path / "store.db")
    db = connect(tmp_path / "store.db", read_only=True)
    yield db
    db.close()


def test_log_page_has_every_column_in_order(db):
    columns = [row[1] for row in db.execute("PRAGMA table_info('visit_log')")]
    written = sections(page("visit-log.md"), 2)["Columns"]
    assert names(written) == columns
    assert all(row[1] for row in rows(written))


def test_log_page_has_every_resolution():
    written = sections(page("visit-log.md"), 2)["Columns"]
    listed = re.search(r"Resolutions: (.*?)\.\n", written, re.DOTALL)[1]
    assert re.findall(r"`(\w+)`", listed) == [resolution.value for resolution in Resolution]


def test_queries_of_the_log_page_run(db):
    queries = code(page("visit-log.md"), "sql")
    assert len(queries) == 4
    for query in queries:
        db.execute(query).fetchall()


def test_log_page_names_every_other_table(db):
    tables = {row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    for_people = {t for t in tables if not t.startswith(("sqlite_", "_"))} - {
        "ops",
        "accounts",
        "arrival_reports",  # so that a report that is sent again counts once
        "calendars",
        "mails",  # the pages Mail and Webhooks show what was sent
        "raised_alerts",
        "webhook_deliveries",
        "webhook_events",
        "webhook_secrets",
        "clock_trusted",
        "epochs",
        "audit_log",  # for its own page
        "invitations",
        "recovery_codes",
        "second_factors",
        "log_columns",  # what people keep for the log's page
        "period_summaries",  # for the report alone: not readable
        "saved_views",
        "settings_history",  # the texts of store.toml, for the pages of the settings
        "tokens",
        "tries",
    }
    assert for_people == {
        "visits",
        "visit_events",
        "arrivals",
        "feedback",
        "presence_log",
        "employees",
        "needs",
        "devices",
        "planned_shifts",
        "staff_plans",
        "walls",
        "kiosk_sessions",
        "opened_pages",
    }
    written = page("visit-log.md")
    assert all(f"`{table}`" in written for table in for_people)


def test_the_store_is_opened_read_only(db):
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        db.execute("DELETE FROM visits")


# --- dependencies.md ---


def test_dependencies_page_has_every_dependency_with_its_reason():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"]
    for_some = [name for extra in ("explore", "parquet", "xlsx") for name in extras[extra]]
    written = sections(page("dependencies.md"), 2)
    for title, wanted in (
        ("To run it", project["dependencies"]),
        ("To work on it", project["optional-dependencies"]["dev"]),
        ("For some of it only", sorted(for_some, key=str.lower)),
        ("To fuzz it", project["optional-dependencies"]["fuzz"]),
    ):
        assert names(written[title]) == [re.match(r"[\w-]+", line)[0] for line in wanted]
        assert all(len(row) in (2, 3) and row[-1] for row in rows(written[title]))


def test_protocol_page_has_every_presence():
    assert all(f"`{presence.value}`" in page("protocol.md") for presence in Presence)


# --- monitoring.md ---


def test_monitoring_page_has_every_finding_of_the_doctor():
    upkeep = ROOT / "sync_server" / "service" / "upkeep"
    found = {"screen"}
    for name in ("doctor.py", "contents.py", "verify.py"):
        found |= set(
            re.findall(r'(?:Finding|restore_needed)\(\s*"(\w+)"', (upkeep / name).read_text("utf-8"))
        )
    listed = sections(page("monitoring.md"), 2)["Is all well?"]
    assert set(re.findall(r"`(\w+)`", " ".join(row[0] for row in rows(listed)))) == found - {
        "ops",
        "summaries",
    }


def test_monitoring_page_has_every_metric_with_its_meaning():
    counted = {f"welkom_{name}_total": meaning for name, meaning in COUNTED.items()}
    written = rows(sections(page("monitoring.md"), 2)["Figures for Prometheus"])
    assert {row[0].strip("`"): row[1] for row in written} == METRICS | counted


def test_monitoring_page_shows_a_real_line_of_the_log():
    (line,) = code(page("monitoring.md"), "json")
    shown = json.loads(line)
    assert set(shown) == {"at", "level", "logger", "text", *FIELDS}
    record = logging.LogRecord("welkom.events", logging.INFO, "", 0, "%s", ("accepted",), None)
    record.created = 1_795_341_600.0
    record.fields = {name: shown[name] for name in FIELDS}
    assert JsonFormatter().format(record) == line.strip()
