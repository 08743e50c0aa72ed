"""Ops that had to wait: they get the time of their tap, and take their turn when they are heard of."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync_server.domain import late, ops
from sync_server.domain.events import Presence, Resolution
from sync_server.domain.floor import Floor
from sync_server.domain.refusal import Code, Refusal
from sync_server.domain.visit import State
from tests.shop import CLOSES, KIOSK, MONDAY_10, OTHER_KIOSK, Play, kinds, staff


def delivered(play: Play, by, op, waited_s: float, behind_ms: int = 0) -> list:
    """An op tapped `waited_s` ago on a device whose clock is `behind_ms` behind the server's."""
    by = by if not isinstance(by, str) else staff(by)
    tapped = play.clock.now - int(waited_s * 1000)
    outcome = play.floor.handle(op, by, play.clock.now, tapped - behind_ms, behind_ms)
    assert not isinstance(outcome, Refusal), outcome
    play.records += outcome
    return outcome


def open_late(play: Play, waited_s: float, visit_id: str = "a" * 32, by=KIOSK, **more) -> str:
    ticket = more.pop("ticket", "A-901")
    delivered(play, by, ops.OpenVisit(visit_id, ticket, "repair", "en"), waited_s, **more)
    return visit_id


def test_a_visit_worked_through_an_outage_has_the_times_of_its_taps():
    play = Play()
    play.sign_on("tom")
    visit_id = play.open("repair")
    play.accept("tom", visit_id)
    rev = play.visit(visit_id).rev
    play.clock.after(1_000)
    delivered(play, "tom", ops.Start(visit_id, rev), 900, behind_ms=7_200_000)
    delivered(play, "tom", ops.Hold(visit_id, rev + 1), 700)
    delivered(play, "tom", ops.Resume(visit_id, rev + 2), 400)
    delivered(play, "tom", ops.Complete(visit_id, rev + 3, Resolution.SOLVED), 300, behind_ms=-5_000)
    visit = play.visit(visit_id)
    assert (visit.serving_at, visit.ended_at) == (MONDAY_10 + 100_000, MONDAY_10 + 700_000)
    assert (visit.held_ms, visit.service_ms) == (300_000, 300_000)
    assert [r.at for r in play.records][-4:] == [MONDAY_10 + 1_000_000] * 4
    assert Floor.replay(play.catalogue, play.records).visits == play.floor.visits


def test_what_came_at_once_or_from_a_clock_nobody_knows_happened_when_it_was_heard_of():
    for waited_s, ahead in ((5, 0), (4, 0), (-3_600, 0), (60, None), (32 * 86_400, 0)):
        play = Play()
        tapped = MONDAY_10 - int(waited_s * 1000)
        op = ops.OpenVisit("a" * 32, "A-1", "repair", "en")
        [record, *_] = play.floor.handle(op, KIOSK, MONDAY_10, tapped, ahead)
        assert record.happened_at is None
        assert (record.at_device, record.ahead_ms) == (tapped, ahead)
        assert play.visit("a" * 32).created_at == MONDAY_10
    assert late.tapped_at(MONDAY_10 - 5_001, 0, MONDAY_10) == MONDAY_10 - 5_001


@pytest.mark.fault(
    "A device whose clock is wrong by a day sends an op that had waited",
    "the visit's times stay in order, and none is in the future",
)
def test_a_clock_that_is_wrong_never_puts_a_visits_times_out_of_order():
    play = Play()
    play.sign_on("tom")
    visit_id = play.open("repair")
    play.clock.after(10)
    play.accept("tom", visit_id)
    play.clock.after(20)
    rev = play.visit(visit_id).rev
    delivered(play, "tom", ops.Start(visit_id, rev), 86_400)  # long before it was accepted
    assert play.visit(visit_id).serving_at == play.visit(visit_id).accepted_at


def test_the_line_goes_by_when_the_server_heard_of_it_and_by_nothing_a_device_says():
    """11"""
    play = Play()
    first = open_late(play, 60, "a" * 32)
    play.clock.after(1)
    second = open_late(play, 3_600, "b" * 32, OTHER_KIOSK, ticket="B-1")
    assert play.visit(second).created_at < play.visit(first).created_at
    assert [v.visit_id for v in play.floor.line()] == [first, second]
    play.sign_on("tom")
    play.tick()
    assert play.visit(first).offer_to == "tom"


@pytest.mark.fault("Devices' clocks say whatever they like", "nobody is served in another order")
@given(st.integers(-(10**7), 10**7), st.none() | st.integers(-(10**7), 10**7))
def test_whatever_a_devices_clock_says_nobody_is_served_in_another_order(at_device, ahead_ms):
    """11: as long as no closing time lies between."""

    def asked(at_device: int | None, ahead_ms: int | None) -> list[tuple]:
        play = Play()
        play.sign_on("tom", "maya")
        for number, need in enumerate(("repair", "buy", "repair")):
            op = ops.OpenVisit(f"{number:032x}", f"A-{number}", need, "en")
            play.records += play.floor.handle(op, KIOSK, play.clock.after(1), at_device, ahead_ms)
        for seconds in (20, 40, 60):
            play.after(seconds)
        return [(r.visit_id, r.at, type(r.event), getattr(r.event, "employee", None)) for r in play.records]

    late_in_the_day = MONDAY_10 + at_device
    assert asked(late_in_the_day, ahead_ms) == asked(None, None)


def test_who_was_quoted_nothing_teaches_the_estimate_nothing():
    play = Play()
    play.sign_on("tom", "maya")
    late_one = open_late(play, 600)
    assert play.visit(late_one).quoted_low_s is None
    first = play.visit(late_one).offer_to
    play.accept(first, late_one)
    play.start(first, late_one)
    assert list(play.floor.history.outcomes) == []
    in_time = play.open("repair")
    second = play.visit(in_time).offer_to
    play.accept(second, in_time)
    play.start(second, in_time)
    assert len(play.floor.history.outcomes) == 1


@pytest.mark.fault(
    "A need from before closing time is heard of the next morning",
    "it is written down as expired; nobody is called for it",
)
def test_a_need_from_before_closing_time_that_is_heard_of_after_it_is_no_ghost():
    play = Play()
    play.clock.now = CLOSES + 13 * 3_600_000  # the server was down all night
    play.sign_on("tom")
    play.tick()
    visit_id = open_late(play, 13.5 * 3_600)
    visit = play.visit(visit_id)
    assert (visit.state, visit.created_at) == (State.EXPIRED, CLOSES - 1_800_000)
    assert play.person("tom").offer is None
    today = open_late(play, 60, "b" * 32, ticket="A-902")
    assert play.visit(today).state is State.OFFERED


def test_a_quick_resolution_from_before_closing_time_is_what_it_was():
    play = Play()
    play.clock.now = CLOSES + 60_000
    play.sign_on("tom")
    quick = ops.QuickResolution("a" * 32, "T-1", "ask", "en", Resolution.SOLVED)
    records = delivered(play, "tom", quick, 600)
    assert kinds(records)[:4] == ["opened", "claimed", "started", "completed"]
    visit = play.visit("a" * 32)
    assert (visit.state, visit.ended_at) == (State.COMPLETED, CLOSES - 540_000)


@pytest.mark.parametrize("waited_s", [0, 30])
def test_a_call_from_long_ago_calls_nobody_now(waited_s):
    play = Play()
    play.sign_on("tom")
    visit_id = play.open("repair")
    play.accept("tom", visit_id)
    play.clock.after(40)
    delivered(play, "tom", ops.Recall(visit_id, play.visit(visit_id).rev), waited_s)
    assert play.visit(visit_id).recalled_at == play.clock.now - waited_s * 1000


def test_what_was_done_before_closing_time_signed_them_off_still_counts():
    play = Play()
    play.sign_on("tom")
    play.clock.now = CLOSES + 12 * 3_600_000  # the server was down over night
    play.tick()
    assert play.person("tom").presence == "off_floor"
    quick = ops.QuickResolution("a" * 32, "T-1", "ask", "en", Resolution.SOLVED)
    before = 12.5 * 3_600
    records = delivered(play, "tom", quick, before)
    assert {r.actor for r in records} == {"employee:tom"}
    visit = play.visit("a" * 32)
    assert (visit.employee, visit.ended_at) == ("tom", CLOSES - 1_800_000)
    assert delivered(play, "tom", ops.SetPresence(Presence.OFF_FLOOR), before) == []
    person = play.person("tom")
    assert (person.presence, person.active, person.device_id) == ("off_floor", (), None)
    assert Floor.replay(play.catalogue, play.records).people["tom"] == person


@pytest.mark.parametrize(
    ("op", "waited_s"),
    [
        (ops.SetPresence(Presence.AVAILABLE), 13 * 3_600),
        (ops.Claim("b" * 32, 1), 13 * 3_600),
        (
            ops.QuickResolution("a" * 32, "T-1", "ask", "en", Resolution.SOLVED),
            0,
        ),  # not late: nobody is there
    ],
)
def test_and_nothing_else_is_done_for_somebody_who_is_not_there(op, waited_s):
    play = Play()
    play.sign_on("tom")
    play.clock.now = CLOSES + 12 * 3_600_000
    play.tick()
    outcome = play.floor.handle(op, staff("tom"), play.clock.now, play.clock.now - waited_s * 1000, 0)
    assert outcome == Refusal(Code.NOT_SIGNED_IN)
