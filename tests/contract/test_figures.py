"""Every figure is the same in the report, on the pages, in the CSV and in SQL, and figures.md is true."""

import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from msgspec import to_builtins

from sync_server import store_clock
from sync_server.cli import main
from sync_server.domain import ops
from sync_server.domain.kpi import KPIS, Distribution, Kpis
from sync_server.domain.ops import Actor, ActorKind
from sync_server.domain.resolution import Resolution
from sync_server.domain.share import MIN_TO_SAY, Share
from sync_server.domain.visit.visit import ENDED, State, Visit
from sync_server.service.config.load import load_settings
from sync_server.service.reports import kpi_report, visit_log, waits_by_hour
from sync_server.service.reports.exports import csv_file
from sync_server.service.reports.figure_rows import FIGURES, FigurePart, figure_condition
from sync_server.service.storage.connection import connect
from sync_server.service.storage.data_dir import DataDir
from sync_server.service.storage.mapping import UPSERT_VISIT, visit_row
from sync_server.web.manager import today
from sync_server.web.manager.report.period import Span, period_of
from sync_server.web.manager.visit_log.log_rows import log_row
from tests.examples import examples
from tests.figures_sql import database_of_csv, definitions, differences, figures_of
from tests.floor_harness import KIOSK, FloorHarness
from tests.sample_store import CLOSES, MONDAY_10, catalogue
from tests.store_rows import empty_store_file, write_records

from .docs_pages import page, rows, sections

DAY = "2026-03-02"
NOW = MONDAY_10 + 5 * 3_600_000
PHONE = Actor(ActorKind.PHONE)
OPENERS = {
    "kiosk": KIOSK,
    "phone": PHONE,
    "api": Actor(ActorKind.API),
    "staff": Actor(ActorKind.STAFF, "tablet-kim"),
}
KINDS = (*OPENERS, "quick")
VID = "{:032x}"


# --- all four agree --------------------------------------------------------------------------------

STEPS_MS = st.sampled_from([0, 1, 999, 59_999, 60_000, 60_001, 239_999, 240_000, 300_001]) | st.integers(
    0, 900_000
)
MAYBE_CODE = st.none() | st.sampled_from(["dry", "cable"])


@st.composite
def visits(draw: st.DrawFn, number: int) -> Visit:
    """A visit with times as they may be, quick or not."""
    came = MONDAY_10 + draw(st.integers(0, 4 * 3_600_000))
    state = draw(st.sampled_from([State.COMPLETED, State.COMPLETED, *State]))
    made: dict[str, Any] = {"handovers": draw(st.integers(0, 2)) if state is State.COMPLETED else 0}
    if state is State.COMPLETED:
        made |= {"resolution": draw(st.sampled_from(Resolution)), "tip": draw(MAYBE_CODE)}
    if state in (State.COMPLETED, State.CANCELLED):
        made |= {"ces": draw(st.none() | st.integers(1, 5)), "nps": draw(st.none() | st.integers(0, 10))}
    source = draw(st.sampled_from(["kiosk", "phone", "api", "staff"]))
    if state is State.COMPLETED and source == "staff" and draw(st.booleans()):
        said = draw(st.none() | st.integers(1, 3600))
        made |= {"accepted_at": came, "serving_at": came, "ended_at": came, "said_service_s": said}
        made |= {"ces": None, "nps": None}  # nobody can answer
    else:
        made |= draw(times(came, state))
        if draw(st.booleans()):
            low, width = draw(st.integers(0, 9)), draw(st.integers(1, 20))
            made |= {"quoted_low_s": low * 60.0, "quoted_high_s": (low + width) * 60.0}
            made["extended_high_s"] = draw(st.none() | st.just(3_600.0))
            made["quoted_median_s"] = (low + width / 2) * 60.0
    return Visit(VID.format(number), f"A-{number}", DAY, source, "ask", "en", came, state=state, **made)


@st.composite
def times(draw: st.DrawFn, came: int, state: State) -> dict[str, Any]:
    """The times that a visit in this state may have."""
    served = state in (State.COMPLETED, State.SERVING, State.ON_HOLD) or (
        state not in (State.WAITING, State.OFFERED, State.ACCEPTED, State.NO_SHOW) and draw(st.booleans())
    )
    accepted = served or state is State.ACCEPTED or (state in ENDED and draw(st.booleans()))
    found: dict[str, Any] = {}
    at = came
    if draw(st.booleans()):
        at += draw(STEPS_MS)
        found["offered_at"] = at
    if accepted:
        at += draw(STEPS_MS)
        found["accepted_at"] = at
    if served:
        at += draw(STEPS_MS)
        found["serving_at"] = at
    if state in ENDED:
        length = draw(STEPS_MS)
        found |= {"ended_at": at + length, "left_open": state is State.EXPIRED and draw(st.booleans())}
        found["held_ms"] = draw(st.integers(0, length)) if served else 0
    return found


STORES = st.integers(0, 40).flatmap(lambda n: st.tuples(*(visits(number) for number in range(n))))


@pytest.fixture(scope="module")
def store(finished_store: DataDir, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DataDir]:
    """A store whose visits each example replaces. The commands take the time for NOW."""
    folder = DataDir(shutil.copytree(finished_store.path, tmp_path_factory.mktemp("figures") / "store"))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(store_clock, "wall_clock", lambda: NOW)
        yield folder


@given(STORES)
# A failure names the figures that differ; to look for a smaller store would take minutes.
@settings(max_examples=examples(40), deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
def test_report_pages_csv_and_sql_agree(store: DataDir, made: tuple[Visit, ...]) -> None:
    shop = load_settings(store.settings).catalogue()
    target_s = shop.times.service_level_s
    db = connect(store.store)
    try:
        db.execute("DELETE FROM visits")
        db.executemany(UPSERT_VISIT, map(visit_row, made))
        ran = CliRunner().invoke(main, ["report", "--data", str(store.path), "--from", DAY, "--json"])
        report = json.loads(ran.output)
        assert differences(figures_of(db, (DAY, DAY), target_s, NOW), report) == []
        csv = database_of_csv(csv_file.visit_log_csv(lambda: nullcontext(db), visit_log.LogFilter()))
        assert differences(figures_of(csv, (DAY, DAY), target_s, NOW), report) == []
        csv.close()
        day = period_of(Span.DAY, date.fromisoformat(DAY), date(2026, 3, 2))
        page_report = today.make_report(db, shop, day, NOW)
        assert kpi_report.json_figures(page_report.kpis) == {
            name: value for name, value in report.items() if name not in ("from", "to")
        }
        check_pages(db, page_report, made)
        check_shares(db, report["shares"], target_s)
        check_rows_behind(db, report, target_s)
    finally:
        db.close()


def check_pages(db: sqlite3.Connection, shown: today.DayReport, made: tuple[Visit, ...]) -> None:
    """What the pages compute beside the report: hours, and the rows of the log."""
    assert sum(hour.visits for hour in shown.hours) == shown.kpis.wait_s.n
    waits = sorted(wait for hour in shown.hours for wait in (*hour.helped, *hour.left))
    assert waits == sorted(visit.wait_ms / 1000 for visit in made if visit.wait_ms is not None)
    assert len(waits_by_hour.visits_of_days(db, [DAY])) == shown.kpis.arrived
    by_id = {visit.visit_id: visit for visit in made}
    for line in visit_log.visit_log(db, visit_log.LogFilter()):
        row = log_row(line, catalogue(), {}, NOW)
        visit = by_id[row.visit_id]
        if visit.wait_ms is not None or visit.is_quick:
            assert row.wait_s == (None if visit.wait_ms is None else visit.wait_ms / 1000)
        assert row.service_s == (None if visit.service_ms is None else visit.service_ms / 1000)


def check_shares(db: sqlite3.Connection, reported: dict[str, Any], target_s: float) -> None:
    """The counts behind each share, by `sum` and `count` in place of `avg`."""
    at = "2026-03-02T14:00:00.000Z"
    for name, share in reported.items():
        values = []
        for counted in ("sum", "count"):
            sql = definitions()[name].replace("avg(", f"{counted}(", 1)
            (row,) = db.execute(f"SELECT {sql} FROM visit_log", {"target_s": target_s, "now": at})
            values.append(row[0] or 0)
        assert [share["part"], share["whole"]] == values, name
        counts = Share(share["part"], share["whole"])
        assert share["enough"] == (share["whole"] >= MIN_TO_SAY)
        between = to_builtins(counts.interval) or {"low": None, "high": None}
        assert {key: share[key] for key in ("low", "high")} == between


def check_rows_behind(db: sqlite3.Connection, reported: dict[str, Any], target_s: float) -> None:
    """The log shows as many visits behind a figure as the figure counts."""
    assert KPIS.keys() - {"occupancy", "service_level_target_s"} == FIGURES
    for name in FIGURES:
        yes, no, both = (
            visit_log.count_visits(
                db, visit_log.LogFilter(also=(figure_condition(name, part, target_s, NOW),))
            )
            for part in (FigurePart.YES, FigurePart.NO, FigurePart.ALL)
        )
        match reported["shares"].get(name) or reported[name]:
            case {"part": part, "whole": whole}:
                assert (yes, no, both) == (part, whole - part, whole), name
            case {"n": n}:
                assert (yes, no, both) == (n, 0, n), name
            case int() as count if name in COUNTS:
                assert (yes, both) == (count, count), name
            case _:  # a mean, and a difference of shares: of all who answered
                (answers,) = db.execute(f"SELECT count({name}) FROM visit_log").fetchone()
                assert yes + no == both == answers, name


COUNTS = {"arrived", "completed", "cancelled", "no_show", "removed", "expired", "left", "quick"}


# --- figures.md ------------------------------------------------------------------------------------


def test_the_page_has_every_figure_with_its_meaning():
    written = sections(page("figures.md"), 2)["Definitions"]
    assert {row[0].strip("`"): row[1] for row in rows(written)} == KPIS
    assert set(definitions()) == KPIS.keys() - {"occupancy"}


def figures_of_kind(folder: Path, kind: str) -> Kpis:
    """The figures of visits of this kind alone, which went every way that there is for them."""
    play = FloorHarness()
    play.sign_on("maya", "tom", "kim")  # kim can open a visit, and has none of the skills
    if kind == "quick":
        for number, service_s in enumerate((None, 300, None)):
            made = VID.format(number), f"T-{number + 1}"
            play.yes("maya", ops.QuickResolution(*made, "ask", "en", Resolution.SOLVED, service_s=service_s))
            if number == 2:  # taken back
                play.yes("maya", ops.Undo(made[0], ops.QUICK_RESOLUTION_REV))
                play.yes("maya", ops.Remove(made[0], ops.QUICK_RESOLUTION_REV + 1))
            play.after(60)
    else:
        open_and_end(play, OPENERS[kind])
    empty_store_file(folder / "store.db")
    db = connect(folder / "store.db")
    write_records(db, play.catalogue, play.records)
    report = kpi_report.kpi_report(db, play.catalogue, DAY, DAY, play.clock.now)
    db.close()
    return report


def open_and_end(play: FloorHarness, by: Actor) -> None:
    """One visit for each way to end."""
    done = open_accepted(play, by)
    play.after(20)
    employee = play.visit(done).employee
    play.start(employee, done)
    play.after(60)
    play.complete(employee, done, tip="dry")
    play.yes(PHONE, ops.Rate(done, ces=5, nps=9))
    play.after(60)
    play.yes(PHONE, ops.Cancel(play.open("repair", by)))
    missing = open_accepted(play, by)
    play.on(play.visit(missing).employee, ops.Recall, missing)
    play.on(play.visit(missing).employee, ops.MarkNoShow, missing)
    play.after(60)
    mistake = open_accepted(play, by)
    play.on(play.visit(mistake).employee, ops.Remove, mistake)
    play.open("repair", by)
    play.after((CLOSES - play.clock.now) / 1000 + 1)  # nobody answers until the shop closes


def open_accepted(play: FloorHarness, by: Actor) -> str:
    visit_id = play.open("repair", by)
    play.after(5)
    play.accept(play.visit(visit_id).offer_to, visit_id)
    return visit_id


def counts_any(figure: Any) -> bool:
    """Whether a figure counts anything."""
    match figure:
        case Share():
            return figure.whole > 0
        case Distribution():
            return figure.n > 0
    return bool(figure)


@pytest.mark.parametrize("kind", KINDS)
def test_the_page_says_which_visits_a_figure_counts(tmp_path, kind):
    written = rows(sections(page("figures.md"), 2)["Which visits a figure counts"])
    column = 1 + KINDS.index(kind)
    on_the_page = {row[0].strip("`"): row[column] for row in written}
    assert all(row[-1] for row in written)
    figures = figures_of_kind(tmp_path, kind)
    in_the_code = {
        name: "in" if counts_any(getattr(figures, name)) else "out"
        for name in KPIS
        if name != "service_level_target_s"
    }
    assert on_the_page == in_the_code
