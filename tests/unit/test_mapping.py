"""Maps values of the domain to `store.db` and back; the visit log; reading at the start."""

import contextlib
import csv
import io
import sqlite3
from pathlib import Path

import pytest
from msgspec.structs import asdict

from sync_server.domain import events as ev
from sync_server.domain import ops
from sync_server.domain.events import Presence, Record
from sync_server.domain.floor.floor import Floor
from sync_server.domain.line_situation import LineSituation
from sync_server.domain.queue.wait_estimate import History
from sync_server.domain.resolution import Resolution
from sync_server.service.reports import visit_log
from sync_server.service.reports.exports import csv_file
from sync_server.service.reports.visit_log import LogFilter
from sync_server.service.storage import event_log, mapping, startup
from sync_server.service.storage.connection import connect
from tests.floor_harness import KIOSK, FloorHarness
from tests.sample_store import CLOSES, MONDAY_10
from tests.store_rows import empty_store_file, query, write_records

from .test_visit_table import EVENTS

FULL = [
    *EVENTS.values(),
    ev.Opened(
        "A-1", "2026-03-02", "kiosk", "ask", "en", 2, 3, "Žofia", "red", "door", "x" * 22, 60, 90, 120, 88.5
    ),
    ev.Completed("maya", Resolution.REPLACED_FREE, "note", "dry", "cable", 900),
    ev.Rated(1, 0, "„so lala“"),
    ev.PresenceChanged("tom", Presence.ON_BREAK, "tablet-tom"),
    ev.PresenceChanged("tom", Presence.OFF_FLOOR),
    ev.DayClosed(3),
]


@pytest.fixture
def db(tmp_path: Path):
    empty_store_file(tmp_path / "store.db")
    db = connect(tmp_path / "store.db")
    yield db
    db.close()


def a_day() -> FloorHarness:
    """A served visit, a cancelled one and a waiting one, with descriptions."""
    play = FloorHarness()
    play.sign_on("tom", "lea")
    done = play.open("repair", alias="Robin", colour="red", place="door", link="x" * 22)
    play.clock.after(10)
    play.accept("tom", done)
    play.clock.after(20)
    play.start("tom", done)
    play.clock.after(60)
    play.on("tom", ops.Hold, done)
    play.clock.after(30)
    play.on("tom", ops.Resume, done)
    play.clock.after(45.25)
    play.complete("tom", done, tip="dry", gift="cable", note="new cable")
    play.yes(KIOSK, ops.Rate(done, ces=5, nps=9, comment="=lovely"))
    left = play.open("buy", ticket="B-2")
    play.clock.after(90)
    play.yes(KIOSK, ops.Cancel(left))
    play.open("repair_phone")
    return play


# --- there and back ----------------------------------------------------------------------------------


@pytest.mark.parametrize("event", FULL, ids=lambda event: type(event).__name__)
def test_every_event_comes_back_from_the_log_as_it_went_in(db, event):
    about_a_visit = isinstance(event, ev.VisitEvent)
    record = Record(
        seq=7,
        at=MONDAY_10,
        event=event,
        visit_id="a" * 32 if about_a_visit else None,
        rev=4 if about_a_visit else None,
        actor="employee:maya",
        device_id="tablet-1",
        at_device=MONDAY_10 - 5,
        ahead_ms=-60_000,
        happened_at=MONDAY_10 - 60_005,
    )
    db.execute(mapping.INSERT_EVENT, mapping.event_row(record))
    assert [mapping.record_of(row) for row in db.execute(mapping.SELECT_EVENTS)] == [record]
    assert db.execute("SELECT event FROM visit_events").fetchone() == (event.__struct_config__.tag,)


def test_the_log_leads_to_the_same_floor_and_the_same_tables(db):
    play = a_day()
    write_records(db, play.catalogue, play.records)
    again = Floor.replay(play.catalogue, event_log.records(db))
    assert (again.seq, again.visits, again.people) == (play.floor.seq, play.floor.visits, play.floor.people)
    for row in query(db, "SELECT * FROM visits"):
        visit = asdict(again.visits[row["visit_id"]])
        found = {name: row[name] for name in row if name not in ("described", "linked")}
        assert found == {name: visit[name] for name in found}
    assert {visit.notes for visit in again.visits.values()} == {("new cable",), ()}
    flags = db.execute("SELECT ticket, described, linked FROM visits ORDER BY ticket").fetchall()
    assert flags == [("A-1", 1, 1), ("A-3", 0, 0), ("B-2", 0, 0)]


def test_a_visit_is_one_row_however_often_it_changes(db):
    play = a_day()
    write_records(db, play.catalogue, play.records)
    assert db.execute("SELECT count(*), max(rev) FROM visits").fetchone() == (3, 8)


def test_every_column_of_a_visit_is_a_field_of_it_and_the_other_way_round(db):
    columns = {row["name"] for row in query(db, "SELECT name FROM pragma_table_info('visits')")}
    fields = set(play_fields())
    while_open = {
        "offer_to",
        "offer_until",
        "asked",
        "asked_at",
        "lapsed",
        "lapsed_at",
        "line_at",
        "ring",
        "recalled_at",
        "stint_at",
        "arrived_at",
        "touched_at",
        "before_expiry",
        "undo",
        "undo_until",
        "situation",
    }
    words = {"alias", "colour", "place", "notes", "comment"}  # only in the log, whose rows never move
    assert columns == (fields - while_open - words - {"link"}) | {"described", "linked"}


def play_fields() -> list[str]:
    play = FloorHarness()
    return list(asdict(play.visit(play.open())))


def test_presence_is_logged_as_colleagues_saw_it(db):
    play = a_day()
    play.clock.now = CLOSES
    play.tick()
    write_records(db, play.catalogue, play.records)
    found = query(db, "SELECT employee, presence, at FROM presence_log ORDER BY seq")
    toms = [(row["presence"], (row["at"] - MONDAY_10) / 1000) for row in found if row["employee"] == "tom"]
    assert toms[:5] == [
        ("available", 0),
        ("serving", 10),
        ("available", 90),
        ("serving", 120),
        ("available", 165.25),
    ]
    assert toms[-1] == ("off_floor", (CLOSES - MONDAY_10) / 1000)


def test_each_rating_is_stored(db):
    play = a_day()
    write_records(db, play.catalogue, play.records)
    (row,) = query(db, "SELECT ces, nps, at FROM feedback")
    assert row == {"ces": 5, "nps": 9, "at": MONDAY_10 + 165_250}
    assert [row["comment"] for row in visit_log.visit_log(db, LogFilter()) if row["ces"]] == ["=lovely"]


def test_a_ticket_is_unique_within_a_day(db):
    play = a_day()
    write_records(db, play.catalogue, play.records)
    with pytest.raises(sqlite3.IntegrityError, match="ticket"):
        db.execute("UPDATE visits SET ticket = 'A-1'")


# --- the log that people read ---------------------------------------------------------------------------


def test_the_visit_log_has_seconds_and_utc_times(db):
    play = a_day()
    write_records(db, play.catalogue, play.records)
    done = visit_log.visit_log(db, LogFilter(state="completed"))[0]
    times = {
        name: done[name] for name in ("created_at", "offered_at", "accepted_at", "serving_at", "ended_at")
    }
    assert times == {
        "created_at": "2026-03-02T09:00:00.000Z",
        "offered_at": "2026-03-02T09:00:00.000Z",
        "accepted_at": "2026-03-02T09:00:10.000Z",
        "serving_at": "2026-03-02T09:00:30.000Z",
        "ended_at": "2026-03-02T09:02:45.250Z",
    }
    names = ("wait_s", "greet_s", "response_s", "walk_s", "service_s", "held_s", "visit_s")
    assert [done[name] for name in names] == [30, 10, 10, 20, 105.25, 30, 165.25]
    assert [done[name] for name in ("day", "employee", "resolution", "tip", "goodwill_cents")] == [
        "2026-03-02", "tom", "solved", "dry", 900,
    ]  # fmt: skip
    assert (done["first_contact_resolved"], done["offers"], done["handovers"], done["rev"]) == (1, 1, 0, 8)


def test_the_visit_log_has_null_where_nothing_happened(db):
    play = a_day()
    write_records(db, play.catalogue, play.records)
    left = visit_log.visit_log(db, LogFilter(state="cancelled"))[0]
    assert (left["wait_s"], left["visit_s"], left["serving_at"], left["service_s"]) == (90, 90, None, None)
    assert left["first_contact_resolved"] is None
    waiting = visit_log.visit_log(db, LogFilter(state="offered"))[0]
    assert (waiting["wait_s"], waiting["visit_s"], waiting["ended_at"]) == (None, None, None)


@pytest.mark.parametrize(
    ("resolution", "handed_over", "expected"),
    [
        ("solved", False, 1),
        ("solved", True, 0),
        ("referred", False, 0),
        ("not_solved", False, 0),
        ("sold", False, 1),
    ],
)
def test_the_visit_log_shows_first_contact_resolution(db, resolution, handed_over, expected):
    play = FloorHarness()
    play.sign_on("kim")
    visit_id = play.open_with("kim")
    if handed_over:
        play.on("kim", ops.HandOver, visit_id)
        play.on("kim", ops.Claim, visit_id)
        play.start("kim", visit_id)
    play.on("kim", ops.Complete, visit_id, resolution=Resolution(resolution))
    write_records(db, play.catalogue, play.records)
    assert visit_log.visit_log(db, LogFilter())[0]["first_contact_resolved"] == expected


def test_lines_are_found_by_day_need_employee_state_resolution_and_words(db):
    play = a_day()
    play.clock.after(86_400)
    play.open("ask", ticket="C-7")
    write_records(db, play.catalogue, play.records)

    def tickets(**wanted) -> list[str]:
        found = visit_log.visit_log(db, LogFilter(**wanted))
        assert visit_log.count_visits(db, LogFilter(**wanted)) == len(found)
        return [line["ticket"] for line in found]

    assert tickets() == ["C-7", "A-3", "B-2", "A-1"]  # the newest first
    assert tickets(from_day="2026-03-03") == ["C-7"]
    assert tickets(to_day="2026-03-02") == ["A-3", "B-2", "A-1"]
    assert tickets(need="buy") == ["B-2"]
    assert tickets(employee="tom") == ["A-1"]
    assert tickets(resolution="solved", state="completed") == ["A-1"]
    assert tickets(search="lovely") == ["A-1"]
    assert tickets(search=" b2 ") == tickets(search="B-2") == ["B-2"]
    assert tickets(search="%") == []
    assert tickets(search="_-2") == []
    assert tickets(need="' OR 1=1 --") == []
    assert [x["ticket"] for x in visit_log.visit_log(db, LogFilter(), limit=2, offset=1)] == ["A-3", "B-2"]


def test_the_csv_has_every_line_and_no_cell_that_a_spreadsheet_would_run(db):
    play = a_day()
    write_records(db, play.catalogue, play.records)
    text = "".join(csv_file.visit_log_csv(lambda: contextlib.nullcontext(db), LogFilter()))
    assert text.startswith(csv_file.BOM)
    lines = list(csv.DictReader(io.StringIO(text.removeprefix(csv_file.BOM))))
    assert [line["ticket"] for line in lines] == ["A-1", "B-2", "A-3"]  # the oldest first
    assert lines[0]["comment"] == "'=lovely"
    assert list(lines[0]) == list(visit_log.visit_log(db, LogFilter())[0])


# --- for the start of the server ----------------------------------------------------------------------------


def two_days() -> FloorHarness:
    play = a_day()
    late = play.open("buy")
    play.clock.after(5)
    play.accept("lea", late)
    play.start("lea", late)
    play.clock.now = CLOSES - 60_000
    play.complete("lea", late)
    play.clock.now = CLOSES
    play.tick()
    play.clock.after(1800)
    play.yes(KIOSK, ops.Rate(late, ces=4))
    play.clock.after(12 * 3600)
    play.sign_on("tom")
    play.open("repair")
    return play


def test_the_log_is_replayed_from_the_last_closing_with_an_empty_floor(db):
    play = two_days()
    write_records(db, play.catalogue, play.records)
    closed = next(r.seq for r in play.records if isinstance(r.event, ev.DayClosed))
    assert startup.replay_from(db, play.clock.now) == closed
    part = Floor.replay(play.catalogue, event_log.records(db, closed))
    assert part.open_visits() == play.floor.open_visits()
    assert part.seq == play.floor.seq
    assert part.holder("tablet-tom").offer == part.open_visits()[0].visit_id


def test_a_closing_within_the_hour_is_too_recent_because_visits_may_still_be_rated(db):
    play = a_day()
    play.clock.now = CLOSES
    play.tick()
    write_records(db, play.catalogue, play.records)
    assert startup.replay_from(db, CLOSES + 3_600_000) == 1
    assert startup.replay_from(db, CLOSES + 3_600_001) == play.records[-1].seq
    assert startup.replay_from(db, 0) == 1


def test_the_replay_does_not_begin_at_a_closing_with_open_visits(db):
    play = FloorHarness()
    play.clock.now = CLOSES - 60_000
    play.sign_on("tom")
    play.open_with("tom", "repair")
    play.after(120)
    write_records(db, play.catalogue, play.records)
    assert startup.replay_from(db, CLOSES + 86_400_000) == 1


def learned(history: History) -> list[object]:
    """What a history says of some lines, to every digit."""
    lines = [
        LineSituation(240.0, ahead=1, head_wait_s=30.0),
        LineSituation(90.0, idle_s=4.0),
        LineSituation(1.0, free=True),
    ]
    quotes = [history.quote(need, line) for line in lines for need in ("repair", "buy")]
    return [*quotes, history.service_s("repair", 240)]


def test_the_wait_estimate_learns_from_past_visits_after_a_restart(db):
    play = two_days()
    write_records(db, play.catalogue, play.records)
    whole = startup.history(db, play.records[-1].seq + 1)
    assert whole.waits == play.floor.history.waits > 0
    assert learned(whole) == learned(play.floor.history)
    start = startup.replay_from(db, play.clock.now)
    part = Floor.replay(play.catalogue, event_log.records(db, start), startup.history(db, start))
    assert learned(part.history) == learned(play.floor.history)


def test_the_days_tickets_are_taken_after_a_restart(db):
    play = two_days()
    write_records(db, play.catalogue, play.records)
    assert sorted(startup.tickets_of_day(db, "2026-03-02")) == ["A-1", "A-3", "A-4", "B-2"]
    assert startup.tickets_of_day(db, "2026-03-04") == []
