"""Two computers with one device file: recognised, and a restart never looks like it."""

import logging

import pytest

from sync_server.service.storage.device_rows import DeviceRow
from sync_server.service.sync.device_reports import TWICE_MS, DeviceReports, DeviceTrouble
from sync_server.service.sync.duplicates import RETURNS, WITHIN_MS, DuplicateDetector, Verdict

ACCEPT, EXCLUDE = Verdict.ACCEPT, Verdict.EXCLUDE
FRONT = DeviceRow("front", "kiosk", "Front door", "A", "k" * 40)


def take_turns(detector: DuplicateDetector, step_ms: int = 2000, until: int = 20) -> list[Verdict]:
    """Two runs take the session from each other, the first one first."""
    runs, connected, verdicts = ("one", "two"), None, []
    for turn in range(until):
        run = runs[turn % 2]
        verdicts.append(detector.judge("front", run, connected, turn * step_ms))
        if verdicts[-1] is not ACCEPT:
            return verdicts
        connected = run
    return verdicts


def test_two_computers_take_turns_a_few_times_at_most_and_the_first_one_goes_on() -> None:
    detector = DuplicateDetector()
    assert take_turns(detector) == [ACCEPT] * (1 + RETURNS) + [Verdict.ACCEPT_AND_EXCLUDE_OTHER]
    for minute in (1, 2, 3):
        assert detector.judge("front", "two", "one", minute * 60_000) is EXCLUDE
        assert detector.judge("front", "one", "one", minute * 60_000 + 1) is ACCEPT


def test_the_other_computer_may_take_part_when_the_first_one_is_gone() -> None:
    detector = DuplicateDetector()
    take_turns(detector)
    assert detector.judge("front", "two", None, 600_000) is ACCEPT
    assert detector.judge("front", "two", "two", 660_000) is ACCEPT


def test_restarts_are_always_accepted_however_many() -> None:
    detector, connected = DuplicateDetector(), None
    for number in range(100):
        run = f"run {number}"
        assert detector.judge("front", run, connected, number * 2000) is ACCEPT
        connected = run


def test_a_late_frame_of_a_process_that_ended_excludes_nobody() -> None:
    detector = DuplicateDetector()
    order = ("one", "two", "one", "two", "two")  # the first one's Hello arrives a second time, late
    connected = None
    for at, run in enumerate(order):
        assert detector.judge("front", run, connected, at * 500) is ACCEPT
        connected = run


def test_returns_far_apart_are_no_turns() -> None:
    assert set(take_turns(DuplicateDetector(), step_ms=WITHIN_MS)) == {ACCEPT}


def test_a_device_of_an_earlier_version_is_always_accepted() -> None:
    detector = DuplicateDetector()
    assert {detector.judge("front", "", connected, 0) for connected in ("", "one", None)} == {ACCEPT}


def test_two_computers_of_the_earliest_version_are_noticed_by_their_connections(
    caplog: pytest.LogCaptureFixture,
) -> None:
    detector, reports = DuplicateDetector(), DeviceReports()
    connected, noticed = "one", []
    for turn in range(1, 12):
        connection = ("one", "two")[turn % 2]
        noticed.append(detector.take_turns("front", connection, connected, turn * 2000))
        if noticed[-1]:
            reports.duplicated(FRONT, turn * 2000, DeviceTrouble.TURNS)
        connected = connection
    assert noticed.index(True) <= 2 * RETURNS
    assert reports.troubles("front", 24_000) == [DeviceTrouble.TURNS]
    assert caplog.text.count("each pushes the other one out") == 1


def test_a_device_of_the_earliest_version_that_connects_anew_takes_no_turns() -> None:
    detector = DuplicateDetector()
    names = [f"connection {n}" for n in range(50)]
    pairs = zip(names[1:], names, strict=False)
    assert not any(detector.take_turns("front", new, old, n * 100) for n, (new, old) in enumerate(pairs))
    assert not any(detector.take_turns("front", names[-1], names[-1], 6000) for _ in range(20))


def test_each_device_is_judged_by_its_own_runs() -> None:
    detector = DuplicateDetector()
    take_turns(detector)
    assert detector.judge("back", "two", "one", 0) is ACCEPT


def test_the_manager_reads_it_as_long_as_it_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    reports = DeviceReports()
    with caplog.at_level(logging.WARNING):
        for minute in range(5):
            reports.duplicated(FRONT, minute * 60_000, DeviceTrouble.TWICE)
    assert caplog.text.count("two computers use the device file of front (Front door)") == 1
    assert reports.troubles("front", 4 * 60_000 + TWICE_MS - 1) == [DeviceTrouble.TWICE]
    assert reports.troubles("front", 4 * 60_000 + TWICE_MS) == []


def test_a_device_that_began_afresh_is_named_until_somebody_has_read_it_there(
    caplog: pytest.LogCaptureFixture,
) -> None:
    reports = DeviceReports()
    with caplog.at_level(logging.WARNING):
        reports.began_afresh(FRONT, "front.db.damaged")
        reports.began_afresh(FRONT, "front.db.damaged")
    assert caplog.text.count("front (Front door) began afresh") == 1
    assert "front.db.damaged" in caplog.text
    assert reports.troubles("front", 0) == [DeviceTrouble.AFRESH]
    reports.began_afresh(FRONT, "")
    assert reports.troubles("front", 0) == []
