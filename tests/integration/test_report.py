"""`welkom report --json` against the same figures worked out anew from the tables, for several pasts."""

import asyncio
import json
import math
import shutil
import sqlite3
from itertools import pairwise

import pytest

from sync_server.domain.kpi import KPIS
from sync_server.service.folder import Folder
from sync_server.service.settings import load_settings
from sync_server.service.store import reading

from .ledger import check
from .past import DAYS, live_through
from .process import welkom

NOT_FIRST_CONTACT = ("referred", "repair_booked", "appointment_booked", "not_solved")
ENDED = ("completed", "cancelled", "no_show", "removed", "expired")
TAKEN_UP = ("accepted", "claimed", "resumed")
LAID_DOWN = ("held", "handed_over", "completed", "no_show", "cancelled", "removed", "expired")
ON_THE_FLOOR = ("available", "serving", "not_responding")


@pytest.fixture(scope="module", params=[1, 2, 3])
def past(request, finished_store, tmp_path_factory) -> Folder:
    """Three days of a shop. They take some seconds to live through, so all tests look at the same."""
    folder = Folder(tmp_path_factory.mktemp("past") / "store")
    shutil.copytree(finished_store.path, folder.path)
    asyncio.run(live_through(folder, request.param))
    return folder


@pytest.mark.parametrize("days", [(DAYS[0], DAYS[2]), (DAYS[1], DAYS[1])], ids=["three days", "one day"])
def test_the_report_says_what_the_tables_say(past, days):
    with reading(past.store) as db:
        check(db, load_settings(past.settings).catalogue())
        expected = worked_out(db, *days)
    ran = welkom("report", "--data", past.path, "--from", days[0], "--to", days[1], "--json")
    assert ran.stderr == ""
    told = json.loads(ran.stdout)
    assert (told.pop("from"), told.pop("to")) == days
    assert told.keys() == expected.keys() == KPIS.keys()
    for name, figure in expected.items():
        assert told[name] == figure, name
    if days[0] != days[1]:  # enough of everything to tell right from wrong
        assert told["arrived"] > 100
        assert all(told[name] > 0 for name in ENDED)
        assert 0 < told["occupancy"] < 1


def worked_out(db: sqlite3.Connection, first: str, last: str) -> dict:
    """Every figure from `visit_log`, `presence_log` and `visit_events`, by its definition."""

    def one(sql: str):
        (value,) = db.execute(
            f"SELECT {sql} FROM visit_log WHERE day BETWEEN ? AND ?", (first, last)
        ).fetchone()
        return value

    def column(sql: str) -> list[float]:
        found = db.execute(f"SELECT {sql} AS x FROM visit_log WHERE day BETWEEN ? AND ?", (first, last))
        return [x for (x,) in found if x is not None]

    def count(condition: str) -> int:
        return one(f"coalesce(sum({condition}), 0)")

    marks = ", ".join(f"'{state}'" for state in ENDED)
    arrived, completed = one("count(*)"), count("state = 'completed'")
    inside = "wait_s BETWEEN quoted_low_s AND quoted_high_s"
    asked = count("state IN ('completed', 'cancelled')")
    nps = column("nps")
    promoters = sum(1 for x in nps if x >= 9) - sum(1 for x in nps if x <= 6)
    first_contact = count(f"state = 'completed' AND handovers = 0 AND resolution NOT IN {NOT_FIRST_CONTACT}")
    return {
        "arrived": arrived,
        **{state: count(f"state = '{state}'") for state in ENDED},
        "wait_s": told(column("wait_s")),
        "offer_latency_s": told(column("(julianday(offered_at) - julianday(created_at)) * 86400")),
        "response_s": told(column("response_s")),
        "walk_s": told(column("walk_s")),
        "greet_s": told(column("greet_s")),
        "service_s": told(column("service_s")),
        "visit_s": told(column("visit_s")),
        "service_level": ratio(
            count(f"state IN ({marks}) AND serving_at IS NOT NULL AND wait_s <= 60"),
            count(f"state IN ({marks})"),
        ),
        "service_level_target_s": 60,
        "abandonment_rate": ratio(count("state = 'cancelled'"), arrived),
        "no_show_rate": ratio(count("state = 'no_show'"), arrived),
        "within_five_minutes": ratio(count("state = 'completed' AND visit_s <= 300"), arrived),
        "first_contact_resolution": ratio(first_contact, completed),
        "quote_error_s": told(column("wait_s - quoted_median_s")),
        "quote_coverage": ratio(count(inside), count("wait_s IS NOT NULL AND quoted_low_s IS NOT NULL")),
        "nps": round(100 * promoters / len(nps), 1),
        "ces": round(one("avg(ces)"), 3),
        "response_rate": ratio(count("nps IS NOT NULL OR ces IS NOT NULL"), asked),
        "occupancy": ratio(handling_ms(db, first, last), present_ms(db, first, last)),
    }


def ratio(part: float, whole: float) -> float:
    return round(part / whole, 4)


def told(values: list[float]) -> dict:
    """Median and 90th percentile, by the line between the two neighbours."""
    known = sorted(values)

    def at(share: float) -> float:
        place = share * (len(known) - 1)
        low = math.floor(place)
        high = min(low + 1, len(known) - 1)
        return round(known[low] + (known[high] - known[low]) * (place - low), 3)

    return {"median": at(0.5), "p90": at(0.9), "n": len(known)}


def handling_ms(db: sqlite3.Connection, first: str, last: str) -> int:
    """From the log itself: from each taking up to the laying down that follows."""
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
    """Each employee's stretches on the floor; everybody had gone home each night."""
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


def test_a_report_of_an_empty_store_has_no_figures_and_no_fault(folder):
    ran = welkom("report", "--data", folder.path, "--json")
    told = json.loads(ran.stdout)
    assert (told["arrived"], told["service_level"], told["wait_s"]) == (
        0,
        None,
        {"median": None, "p90": None, "n": 0},
    )


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--from", "yesterday"], '"yesterday" is no day; write it as 2026-11-21'),
        (["--from", "2026-03-04", "--to", "2026-03-02"], "--to 2026-03-02 is before --from 2026-03-04"),
    ],
)
def test_a_report_of_days_that_are_none_says_so(folder, arguments, reason):
    ran = welkom("report", "--data", folder.path, *arguments)
    assert ran.returncode == 2
    assert reason in ran.stderr
