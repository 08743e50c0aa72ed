"""The file of a shift plan is read as planning programs and spreadsheets write it; the store keeps it."""

import contextlib
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync_server.domain.staffing.advice import Shift
from sync_server.domain.staffing.shift_plan import PlanLine, PlanProblem
from sync_server.service.staffing import plan_file
from sync_server.service.staffing.plan_file import FileProblem, PlanFileError, read_plan
from sync_server.service.staffing.planned_shifts import (
    KEEP_MS,
    ImportedPlan,
    latest_plan,
    planned_days,
    shifts_between,
    write_plan,
)
from sync_server.service.storage.connection import connect, transaction
from tests.sample_store import ms
from tests.store_rows import empty_store_file

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
NINE_TO_FIVE = ms(2026, 3, 7, 8), ms(2026, 3, 7, 16)  # 09:00 to 17:00 in Amsterdam


@pytest.mark.parametrize(
    "content",
    [
        b"employee,day,from,to\nmaya,2026-03-07,09:00,17:00\n",
        b"employee;day;from;to\r\nmaya;7-3-2026;9:00;17.00\r\n",
        "\ufeffNaam\tDatum\tVan\tTot\tUren\nmaya\t7/3/2026\t09:00\t17:00\t8\n".encode(),
        "työntekijä;päivä;alkaa;loppuu\nmaya;7.3.2026;9.00;17.00\n".encode("cp1252"),
        "from,to,day,name\n09:00,17:00,2026-03-07,maya\n".encode("utf-16"),
    ],
)
def test_a_csv_is_read_as_programs_and_spreadsheets_write_it(content):
    assert read_plan(content, AMSTERDAM) == [PlanLine(2, "maya", *NINE_TO_FIVE)]


def test_a_line_is_named_by_its_number_in_the_file():
    lines = read_plan(
        b"employee,day,from,to\n\n=2+3,0026-03-07,09:00,17:00\nsam,2026-03-07,late\nmaya,2026-03-07,22:00,6:00\n",
        AMSTERDAM,
    )
    assert [line.number for line in lines] == [3, 4, 5]
    assert [(line.who, line.starts_at) for line in lines[:2]] == [("=2+3", None), ("sam", None)]
    assert lines[2].ends_at == ms(2026, 3, 8, 5)  # the next morning


def test_the_night_on_which_the_clocks_change_is_an_hour_shorter_or_longer():
    spring, autumn = read_plan(
        b"employee,day,from,to\nmaya,2026-03-28,22:00,6:00\nmaya,2026-10-24,22:00,6:00\n", AMSTERDAM
    )
    assert [(line.ends_at - line.starts_at) / 3_600_000 for line in (spring, autumn)] == [7, 9]


def calendar(*events: str) -> bytes:
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//plan//"]
    for event in events:
        lines += ["BEGIN:VEVENT", *event.split("|"), "END:VEVENT"]
    return "\r\n".join([*lines, "END:VCALENDAR", ""]).encode()


def test_a_calendar_is_read_with_its_time_zones():
    lines = read_plan(
        calendar(
            "SUMMARY:maya|DTSTART:20260307T080000Z|DTEND:20260307T160000Z",
            "SUMMARY:Maya|DTSTART;TZID=Europe/Helsinki:20260307T100000|DURATION:PT8H",
            "SUMMARY:maya|DTSTART:20260307T090000|DTEND:20260307T170000",
            "SUMMARY:sam|STATUS:CANCELLED|DTSTART:20260307T090000|DTEND:20260307T170000",
            "SUMMARY:sam|DTSTART;VALUE=DATE:20260307|DTEND;VALUE=DATE:20260308",
            "SUMMARY:sam|RRULE:FREQ=WEEKLY|DTSTART:20260307T090000|DTEND:20260307T170000",
        ),
        AMSTERDAM,
    )
    assert [(line.starts_at, line.ends_at) for line in lines[:3]] == [NINE_TO_FIVE] * 3
    assert lines[3] == PlanLine(5, "sam", None, None)
    assert lines[4] == PlanLine(6, "sam", None, None, PlanProblem.REPEATS)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", FileProblem.EMPTY),
        (b"employee,day,from,to\n", FileProblem.EMPTY),
        (b"who,when\nmaya,today\n", FileProblem.COLUMNS),
        (b"\x00\xff\x13", FileProblem.COLUMNS),
        (b"x" * 200_000, FileProblem.COLUMNS),
        (b"employee,day,from,to\n" + b"x" * 200_000, FileProblem.COLUMNS),
        (b"\n\nemployee,day\n", FileProblem.COLUMNS),
        (calendar(), FileProblem.EMPTY),
        (b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n", FileProblem.CALENDAR),
        (
            b"BEGIN:VCALENDAR\r\nTZID:Europe/Helsinki\r\nBEGIN:STANDARD\r\nTZOFFSETTO:+0200\r\n"
            b"END:STANDARD\r\nEND:VTIMEZONE\r\nEND:VCALENDAR\r\n",
            FileProblem.CALENDAR,
        ),
        (b"BEGIN:VCALENDAR\r\nnonsense\r\nEND:VEVENT\r\n", FileProblem.CALENDAR),
    ],
)
def test_a_file_that_is_no_plan_is_refused_with_the_reason(content, problem):
    with pytest.raises(PlanFileError) as refused:
        read_plan(content, AMSTERDAM)
    assert refused.value.problem is problem


def test_an_event_with_a_damaged_time_is_a_problem_of_its_own():
    lines = read_plan(
        calendar("SUMMARY:maya|DTSTART:20260307T080000Z|DURATION:PT8", "DTSTART:noon|DTEND:20260307T160000Z"),
        AMSTERDAM,
    )
    assert lines == [
        PlanLine(1, "maya", NINE_TO_FIVE[0], None), PlanLine(2, "", None, NINE_TO_FIVE[1]),
    ]  # fmt: skip


@settings(max_examples=200)
@given(st.randoms(use_true_random=False), st.sampled_from(["calendar", "csv"]))
def test_whatever_is_in_a_file_it_is_read_or_refused(rng, kind):
    event = "SUMMARY:maya|DTSTART;TZID=Europe/Helsinki:20260307T100000|DURATION:PT8H|STATUS:CONFIRMED"
    whole = (
        calendar(event) if kind == "calendar" else b'employee,day,from,to\n"maya",2026-03-07,09:00,17:00\n'
    )
    damaged = bytearray(whole)
    for _ in range(rng.randint(1, 6)):
        at = rng.randrange(len(damaged))
        other = rng.choices(b'0129:;,=\r\nTZ"\x00\xe4', k=rng.randint(0, 4))
        damaged[at : at + rng.randint(0, 9)] = bytes(other)
    with contextlib.suppress(PlanFileError):
        assert all(isinstance(line, PlanLine) for line in read_plan(bytes(damaged), AMSTERDAM))


def test_a_plan_has_an_end(monkeypatch):
    monkeypatch.setattr(plan_file, "MAX_SHIFTS", 1)
    line = b"maya,2026-03-07,09:00,17:00\n"
    with pytest.raises(PlanFileError) as refused:
        read_plan(b"employee,day,from,to\n" + 2 * line, AMSTERDAM)
    assert refused.value.problem is FileProblem.TOO_LONG


def shift(day: int, hour: int, who: str = "maya") -> Shift:
    return Shift(ms(2026, 3, day, hour), ms(2026, 3, day, hour + 4), who)


def test_a_new_plan_replaces_the_one_of_its_days_and_says_who_imported_it(tmp_path: Path):
    empty_store_file(tmp_path / "store.db")
    db = connect(tmp_path / "store.db")
    now = ms(2026, 3, 1)
    old = Shift(now - KEEP_MS - 10, now - KEEP_MS - 5, "maya")
    for shifts, file, by in (
        ([old, shift(7, 9), shift(8, 9)], "first.csv", "anna"),
        ([shift(7, 12, "sam")], "second.csv", "ben"),
    ):
        with transaction(db):
            write_plan(db, shifts, file, by, now, UTC)
    assert db.execute("SELECT count(*) FROM planned_shifts WHERE starts_at < ?", (now,)).fetchone() == (0,)
    assert shifts_between(db, date(2026, 3, 7), date(2026, 3, 8), UTC) == [shift(7, 12, "sam"), shift(8, 9)]
    assert latest_plan(db) == ImportedPlan(now, "ben", "second.csv", "2026-03-07", "2026-03-07", 1)
    assert [row[0] for row in db.execute("SELECT imported_by FROM staff_plans ORDER BY n")] == ["anna", "ben"]
    days = planned_days(db, date(2026, 3, 6), date(2026, 3, 10))
    assert days == {date(2026, 3, day) for day in (6, 7, 8)}
    assert planned_days(db, date(2026, 3, 9), date(2026, 3, 10)) == frozenset()
    db.close()


def test_a_shift_over_midnight_reaches_into_the_days_that_are_asked_for(tmp_path: Path):
    empty_store_file(tmp_path / "store.db")
    db = connect(tmp_path / "store.db")
    night = Shift(ms(2026, 3, 6, 22), ms(2026, 3, 7, 6), "maya")
    with transaction(db):
        write_plan(db, [night], "plan.ics", "anna", 0, UTC)
    assert shifts_between(db, date(2026, 3, 7), date(2026, 3, 7), UTC) == [night]
    assert planned_days(db, date(2026, 3, 6), date(2026, 3, 7)) == {datetime(2026, 3, 6, tzinfo=UTC).date()}
    db.close()
