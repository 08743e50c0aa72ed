"""The pages under docs/ say what the code says: every name, in both directions."""

import importlib.util
import json
import logging
import re
import sqlite3
import tomllib
from typing import get_args

import pytest

from sync_server.domain.events import Presence, Resolution, VisitEvent
from sync_server.domain.kpi import KPIS
from sync_server.domain.ops import DeviceOp
from sync_server.domain.refusal import Code
from sync_server.domain.visit import State
from sync_server.protocol.messages import PROTOCOL, FromDevice, FromServer
from sync_server.protocol.rows import PersonRow, QuoteRow, VisitRow
from sync_server.service.counters import COUNTED
from sync_server.service.logs import FIELDS, JsonLines
from sync_server.service.metrics import METRICS
from sync_server.service.store import connect, migrate
from tests.contract.pages import DOCS, ROOT, code, names, page, rows, sections


def tag(struct) -> str:
    return struct.__struct_config__.tag


# --- docs/protocol.md -----------------------------------------------------------------------------

PROTOCOL_PARTS = {
    "From a device": {tag(kind): kind for kind in get_args(FromDevice)},
    "From the server": {tag(kind): kind for kind in get_args(FromServer)},
    "Ops": {tag(kind): kind for kind in get_args(DeviceOp)},
    "Rows": {"visit row": VisitRow, "person row": PersonRow, "quote row": QuoteRow},
}


@pytest.mark.parametrize("part", PROTOCOL_PARTS)
def test_the_protocols_page_has_every_message_with_its_fields_in_order(part):
    written = sections(sections(page("protocol.md"), 2)[part], 3)
    kinds = PROTOCOL_PARTS[part]
    assert list(written) == list(kinds)
    for title, kind in kinds.items():
        assert names(written[title]) == list(kind.__struct_fields__), title
        assert all(len(row) == 2 and row[1] for row in rows(written[title])), title


def test_the_protocols_page_has_every_refusal_code():
    written = sections(page("protocol.md"), 2)["Refusal codes"]
    assert names(written) == [code.value for code in Code]
    assert all(row[1] for row in rows(written))


def test_the_protocols_page_and_the_wire_changes_name_the_protocol_in_use():
    assert f"Protocol number {PROTOCOL};" in page("protocol.md")
    newest = next(iter(reversed(sections(page("wire-changes.md"), 2))))
    assert newest == f"Protocol {PROTOCOL}"


# --- docs/visit.md --------------------------------------------------------------------------------


def test_the_visits_page_has_every_state_and_every_event():
    written = sections(page("visit.md"), 2)
    assert sorted(names(written["States"])) == sorted(State)
    assert sorted(names(written["Events"])) == sorted(tag(kind) for kind in VisitEvent.__subclasses__())


def test_the_visits_page_draws_the_table_as_it_is():
    spec = importlib.util.spec_from_file_location("make_diagrams", DOCS / "make_diagrams.py")
    drawing = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(drawing)
    written = page("visit.md")
    assert drawing.diagram() in written
    assert drawing.table() in written
    assert drawing.drawn(written) == written


# --- docs/visit-log.md ----------------------------------------------------------------------------------


@pytest.fixture
def db(tmp_path):
    migrate(tmp_path / "store.db")
    db = connect(tmp_path / "store.db", read_only=True)
    yield db
    db.close()


def test_the_logs_page_has_every_column_in_order(db):
    columns = [row[1] for row in db.execute("PRAGMA table_info('visit_log')")]
    written = sections(page("visit-log.md"), 2)["Columns"]
    assert names(written) == columns
    assert all(row[1] for row in rows(written))


def test_the_logs_page_has_every_resolution():
    written = sections(page("visit-log.md"), 2)["Columns"]
    listed = re.search(r"Resolutions: (.*?)\.\n", written, re.DOTALL)[1]
    assert re.findall(r"`(\w+)`", listed) == [resolution.value for resolution in Resolution]


def test_the_logs_page_has_every_figure_with_its_meaning():
    written = sections(page("visit-log.md"), 2)["Figures"]
    assert {row[0].strip("`"): row[1] for row in rows(written)} == KPIS


def test_the_logs_page_shows_queries_that_run(db):
    queries = code(page("visit-log.md"), "sql")
    assert len(queries) == 4
    for query in queries:
        db.execute(query).fetchall()


def test_the_logs_page_names_every_table_beside_it(db):
    tables = {row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    for_people = {t for t in tables if not t.startswith(("sqlite_", "_"))} - {
        "ops",
        "accounts",
        "epochs",
        "tokens",
        "tries",
    }
    assert for_people == {
        "visits",
        "visit_events",
        "feedback",
        "presence_log",
        "employees",
        "needs",
        "devices",
    }
    written = page("visit-log.md")
    assert all(f"`{table}`" in written for table in for_people)


def test_the_store_can_be_read_as_the_page_says_while_nobody_may_write(db):
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        db.execute("DELETE FROM visits")


# --- docs/dependencies.md -------------------------------------------------------------------------


def test_every_dependency_has_its_reason_and_none_that_is_gone():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    written = sections(page("dependencies.md"), 2)
    for title, wanted in (
        ("To run it", project["dependencies"]),
        ("To work on it", project["optional-dependencies"]["dev"]),
        ("To fuzz it", project["optional-dependencies"]["fuzz"]),
    ):
        assert names(written[title]) == [re.match(r"[\w-]+", line)[0] for line in wanted]
        assert all(len(row) == 2 and row[1] for row in rows(written[title]))


# --- all pages ------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", sorted([*DOCS.glob("*.md"), ROOT / "README.md"]), ids=lambda path: path.name)
def test_a_link_to_another_page_leads_there(path):
    text = path.read_text("utf-8")
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", text):
        assert (path.parent / target).exists(), target


def test_presences_are_named_as_they_are():
    assert all(f"`{presence.value}`" in page("protocol.md") for presence in Presence)


# --- docs/watching.md -----------------------------------------------------------------------------


def test_the_watching_page_has_everything_the_doctor_may_find():
    service = ROOT / "sync_server" / "service"
    found = {"screen"}
    for name in ("doctor.py", "verify.py"):
        found |= set(
            re.findall(r'(?:Finding|beyond_repair)\(\s*"(\w+)"', (service / name).read_text("utf-8"))
        )
    listed = sections(page("watching.md"), 2)["Is all well?"]
    assert set(re.findall(r"`(\w+)`", " ".join(row[0] for row in rows(listed)))) == found - {"ops"}


def test_the_watching_page_has_every_metric_with_its_meaning():
    counted = {f"welkom_{name}_total": meaning for name, meaning in COUNTED.items()}
    written = rows(sections(page("watching.md"), 2)["Figures for Prometheus"])
    assert {row[0].strip("`"): row[1] for row in written} == METRICS | counted


def test_the_watching_page_shows_a_line_as_the_log_has_it():
    (line,) = code(page("watching.md"), "json")
    shown = json.loads(line)
    assert set(shown) == {"at", "level", "logger", "text", *FIELDS}
    record = logging.LogRecord("welkom.events", logging.INFO, "", 0, "%s", ("accepted",), None)
    record.created = 1_795_341_600.0
    record.fields = {name: shown[name] for name in FIELDS}
    assert JsonLines().format(record) == line.strip()
