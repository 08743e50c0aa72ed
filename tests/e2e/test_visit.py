"""One visit from the shopper's first touch to the visit log, on real windows, with real processes."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .store_processes import PIN, StoreProcesses, Window, store_processes, until


def _open_windows(store: StoreProcesses) -> tuple[Window, Window]:
    """A kiosk and Maya's tablet side by side, Maya signed in."""
    store.start_server()
    kiosk = store.open("kiosk", "Front door", "480x800", at=(0, 0))
    tablet = store.open("staff", "Maya's tablet", "800x480", at=(480, 0))
    tablet.touch("who-maya")
    for digit in PIN:
        tablet.touch(f"key-{digit}")
    tablet.touch("key-last")
    until(lambda: "break" in tablet.state()["places"], "Maya on the floor")
    return kiosk, tablet


def _ask_for_repair(kiosk: Window) -> None:
    kiosk.touch("need-repair")
    kiosk.touch("colour-red")
    kiosk.touch("join")


def _check_the_log(store: StoreProcesses, began: datetime) -> dict[str, Any]:
    rows = store.rows("SELECT * FROM visit_log")
    assert len(rows) == 1
    row = rows[0]
    assert (row["state"], row["employee"], row["resolution"]) == ("completed", "maya", "solved")
    assert (row["source"], row["need"], row["ticket"]) == ("kiosk", "repair", "A-1")
    named = ("created_at", "offered_at", "accepted_at", "serving_at", "ended_at")
    times = [datetime.fromisoformat(row[name]) for name in named]
    assert times == sorted(times)
    # The log keeps milliseconds, the test's own clock finer ones.
    assert began.replace(microsecond=began.microsecond // 1000 * 1000) <= times[0]
    assert times[-1] <= datetime.now(UTC)
    assert row["visit_s"] == round((times[-1] - times[0]).total_seconds(), 3)
    assert row["rev"] == 5
    return row


def test_a_shopper_touches_the_kiosk_and_is_helped(tmp_path: Path) -> None:
    with store_processes(tmp_path) as store:
        kiosk, tablet = _open_windows(store)
        began = datetime.now(UTC)
        _ask_for_repair(kiosk)
        tablet.touch("coming")
        until(lambda: kiosk.shows("Maya"), "the kiosk says who is coming")
        tablet.touch("with-them")
        tablet.touch("end-solved")
        until(lambda: store.rows("SELECT 1 FROM visits WHERE state = 'completed'"), "the visit in the log")
        _check_the_log(store, began)


def test_the_server_is_killed_in_the_middle_and_nothing_is_lost_or_doubled(tmp_path: Path) -> None:
    with store_processes(tmp_path) as store:
        kiosk, tablet = _open_windows(store)
        began = datetime.now(UTC)
        _ask_for_repair(kiosk)
        until(lambda: "coming" in tablet.state()["places"], "the tablet rings")
        store.kill_server()
        tablet.touch("coming")
        tablet.touch("with-them")
        store.start_server()
        tablet.touch_until(
            "end-solved",
            lambda: store.rows("SELECT 1 FROM visits WHERE state = 'completed'"),
            "the visit in the log",
        )
        _check_the_log(store, began)
        done = store.rows(
            "SELECT event, count(*) AS n FROM visit_events WHERE visit_id NOT NULL GROUP BY event"
        )
        assert {row["event"]: row["n"] for row in done} == {
            "opened": 1, "offered": 1, "accepted": 1, "started": 1, "completed": 1,
        }  # fmt: skip
