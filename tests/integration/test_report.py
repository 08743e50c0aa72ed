"""Compares `welkom report --json` with the same figures computed from the tables."""

import asyncio
import json
import re
import shutil
import sqlite3
from itertools import pairwise
from typing import Any

import pytest

from sync_server.domain.kpi import KPIS
from sync_server.service.config.load import load_settings
from sync_server.service.storage.connection import connect, reading
from sync_server.service.storage.data_dir import DataDir
from tests.figures_sql import differences, figures_of
from tests.floor_harness import FloorHarness
from tests.sample_store import ms
from tests.store_rows import write_records

from .finished_days import DAYS, live_through
from .process import welkom
from .store_checks import check_store

ENDED = ("completed", "cancelled", "no_show", "removed", "expired")
TAKEN_UP = ("accepted", "claimed", "resumed")
LAID_DOWN = ("held", "handed_over", "completed", "no_show", "cancelled", "removed", "expired")
ON_THE_FLOOR = ("available", "serving", "not_responding")


@pytest.fixture(scope="module", params=[1, 2, 3])
def past(request, finished_store, tmp_path_factory) -> DataDir:
    """Three days of a shop. They take some seconds to simulate, so all tests use the same."""
    folder = DataDir(tmp_path_factory.mktemp("past") / "store")
    shutil.copytree(finished_store.path, folder.path)
    asyncio.run(live_through(folder, request.param))
    return folder


@pytest.mark.parametrize("days", [(DAYS[0], DAYS[2]), (DAYS[1], DAYS[1])], ids=["three days", "one day"])
def test_the_report_matches_the_tables(past, days):
    with reading(past.store) as db:
        check_store(db, load_settings(past.settings).catalogue())
        expected = computed(db, *days)
    ran = welkom("report", "--data", past.path, "--from", days[0], "--to", days[1], "--json")
    assert ran.stderr == ""
    report = json.loads(ran.stdout)
    assert (report.pop("from"), report.pop("to")) == days
    shares = report.pop("shares")
    assert report.keys() == expected.keys() == KPIS.keys()
    assert differences(expected, report) == []
    if days[0] != days[1]:  # enough of everything to show a mistake
        assert report["arrived"] > 100
        assert all(report[name] > 0 for name in ENDED)
        assert 0 < report["occupancy"] < 1
        assert all(share["low"] <= report[name] <= share["high"] for name, share in shares.items())


def computed(db: sqlite3.Connection, first: str, last: str) -> dict[str, Any]:
    """Every figure by its definition in docs, from `visit_log`, `presence_log` and `visit_events`."""
    occupancy = round(handling_ms(db, first, last) / present_ms(db, first, last), 4)
    return {**figures_of(db, (first, last), 60, ms(2026, 3, 5)), "occupancy": occupancy}


def handling_ms(db: sqlite3.Connection, first: str, last: str) -> int:
    """From the log itself: from each start or resume to the hold or end that follows."""
    rows = db.execute(
        "SELECT visit_id, event, at_server FROM visit_events JOIN visits USING (visit_id)"
        " WHERE day BETWEEN ? AND ? ORDER BY seq",
        (first, last),
    )
    since: dict[str, int] = {}
    spent = 0
    for visit_id, event, at in rows:
        if event in TAKEN_UP:
            since[visit_id] = at
        elif event in LAID_DOWN and visit_id in since:
            spent += at - since.pop(visit_id)
    assert not since
    return spent


def present_ms(db: sqlite3.Connection, first: str, last: str) -> int:
    """The times on the floor of all employees; nobody was there at night."""
    spent = 0
    for (employee,) in db.execute("SELECT DISTINCT employee FROM presence_log"):
        rows = db.execute(
            "SELECT presence, at, date(at / 1000, 'unixepoch', '+1 hour') FROM presence_log"
            " WHERE employee = ? ORDER BY seq",
            (employee,),
        ).fetchall()
        assert rows[-1][0] == "off_floor"
        for (presence, at, day), (_, until, _) in pairwise(rows):
            if presence in ON_THE_FLOOR and first <= day <= last:
                spent += until - at
    return spent


def test_a_report_in_words_has_every_figure_and_its_meaning(past):
    ran = welkom("report", "--data", past.path, "--from", DAYS[0], "--to", DAYS[2])
    lines = ran.stdout.splitlines()
    assert lines[0] == f"Test shop, {DAYS[0]} to {DAYS[2]}"
    for line, (name, meaning) in zip(lines[1:], KPIS.items(), strict=True):
        assert line.startswith(name)
        assert line.endswith(meaning)


def test_a_report_in_words_says_how_sure_a_share_is_or_that_there_are_too_few(past, folder):
    ran = welkom("report", "--data", past.path, "--from", DAYS[0], "--to", DAYS[2])
    line = next(line for line in ran.stdout.splitlines() if line.startswith("abandonment_rate"))
    assert re.search(r" 0\.\d+ \(0\.\d+-0\.\d+, \d+ of \d+\)   cancelled ÷ arrived$", line), line
    db = connect(folder.store)
    play = FloorHarness(load_settings(folder.settings).catalogue())
    play.sign_on("maya")
    done = play.open_with("maya", "repair")
    play.after(30)
    play.complete("maya", done)
    write_records(db, play.catalogue, play.records)
    db.close()
    ran = welkom("report", "--data", folder.path, "--from", "2026-03-02")
    line = next(line for line in ran.stdout.splitlines() if line.startswith("within_five_minutes"))
    assert "too few to say (1 of 1)" in line


def test_a_report_of_an_empty_store_has_no_figures_and_no_fault(folder):
    ran = welkom("report", "--data", folder.path, "--json")
    report = json.loads(ran.stdout)
    assert (report["arrived"], report["service_level"], report["wait_s"]) == (
        0,
        None,
        {"median": None, "p90": None, "n": 0},
    )
    nothing = {"part": 0, "whole": 0, "low": None, "high": None, "enough": False}
    assert set(map(str, report["shares"].values())) == {str(nothing)}


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--from", "yesterday"], '"yesterday" is no day from 2000 to 2199; write it as 2026-11-21'),
        (["--from", "2026-03-04", "--to", "2026-03-02"], "--to 2026-03-02 is before --from 2026-03-04"),
    ],
)
def test_a_report_with_invalid_days_is_refused(folder, arguments, reason):
    ran = welkom("report", "--data", folder.path, *arguments)
    assert ran.returncode == 2
    assert reason in ran.stderr
