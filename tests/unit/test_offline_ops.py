"""Late ops get the time of their tap, and are applied in the order in which they arrive."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync_server.domain import ops
from sync_server.domain.events import Presence
from sync_server.domain.floor import offline_ops
from sync_server.domain.floor.floor import Floor
from sync_server.domain.ops import SYSTEM
from sync_server.domain.refusal import Code, Refusal
from sync_server.domain.resolution import Resolution
from sync_server.domain.visit.visit import State
from tests.floor_harness import KIOSK, OTHER_KIOSK, FloorHarness, allowed, kinds, staff, tablet
from tests.sample_store import CLOSES, MONDAY_10


def delivered(play: FloorHarness, by, op, waited_s: float, behind_ms: int = 0) -> list:
    """An op tapped `waited_s` ago on a device whose clock is `behind_ms` behind the server's."""
    by = by if not isinstance(by, str) else staff(by)
    tapped = play.clock.now - int(waited_s * 1000)
    outcome = play.floor.handle(op, by, play.clock.now, tapped - behind_ms, behind_ms)
    assert not isinstance(outcome, Refusal), outcome
    play.records += outcome
    return outcome


def open_late(play: FloorHarness, waited_s: float, visit_id: str = "a" * 32, by=KIOSK, **more) -> str:
    ticket = more.pop("ticket", "A-901")
    delivered(play, by, ops.OpenVisit(visit_id, ticket, "repair", "en"), waited_s, **more)
    return visit_id


def test_a_visit_served_during_an_outage_has_the_times_of_its_taps():
    play = FloorHarness()
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


def test_an_op_that_came_at_once_or_with_an_unknown_clock_happened_when_it_arrived():
    for waited_s, ahead in ((5, 0), (4, 0), (-3_600, 0), (60, None), (32 * 86_400, 0)):
        play = FloorHarness()
        tapped = MONDAY_10 - int(waited_s * 1000)
        op = ops.OpenVisit("a" * 32, "A-1", "repair", "en")
        [record, *_] = allowed(play.floor.handle(op, KIOSK, MONDAY_10, tapped, ahead))
        assert record.happened_at is None
        assert (record.at_device, record.ahead_ms) == (tapped, ahead)
        assert play.visit("a" * 32).created_at == MONDAY_10
    assert offline_ops.tapped_at(MONDAY_10 - 5_001, 0, MONDAY_10) == MONDAY_10 - 5_001
    month = 31 * 86_400_000
    assert offline_ops.tapped_at(MONDAY_10 - month, 0, MONDAY_10) == MONDAY_10 - month
    assert offline_ops.tapped_at(MONDAY_10 - month - 1, 0, MONDAY_10) is None
    assert offline_ops.tapped_at(MONDAY_10 - 67_000, 7_000, MONDAY_10) == MONDAY_10 - 60_000


@pytest.mark.fault(
    "A device whose clock is wrong by a day sends an op that had waited",
    "the visit's times stay in order, and none is in the future",
)
def test_a_wrong_device_clock_never_puts_a_visits_times_out_of_order():
    play = FloorHarness()
    play.sign_on("tom")
    visit_id = play.open("repair")
    play.clock.after(10)
    play.accept("tom", visit_id)
    play.clock.after(20)
    rev = play.visit(visit_id).rev
    delivered(play, "tom", ops.Start(visit_id, rev), 86_400)  # long before the visit was accepted
    assert play.visit(visit_id).serving_at == play.visit(visit_id).accepted_at


def test_no_time_of_a_visit_is_before_it_was_opened():
    play = FloorHarness()
    play.sign_on("kim")
    visit_id = play.open("repair")
    play.clock.after(10)
    delivered(play, "kim", ops.Claim(visit_id, play.visit(visit_id).rev), 3_600)
    assert play.visit(visit_id).accepted_at == play.visit(visit_id).created_at == MONDAY_10


def test_the_line_is_ordered_by_when_the_server_received_the_visit():
    """Invariant 11."""
    play = FloorHarness()
    first = open_late(play, 60, "a" * 32)
    play.clock.after(1)
    second = open_late(play, 3_600, "b" * 32, OTHER_KIOSK, ticket="B-1")
    assert play.visit(second).created_at < play.visit(first).created_at
    assert [v.visit_id for v in play.floor.line()] == [first, second]
    play.sign_on("tom")
    play.tick()
    assert play.visit(first).offer_to == "tom"


@pytest.mark.fault(
    "Devices' clocks show any time",
    "the order of service does not change",
)
@given(st.integers(-(10**7), 10**7), st.none() | st.integers(-(10**7), 10**7))
def test_no_device_clock_changes_the_order_of_the_line(at_device, ahead_ms):
    """Invariant 11, if no closing time lies between tap and arrival."""

    def asked(at_device: int | None, ahead_ms: int | None) -> list[tuple]:
        play = FloorHarness()
        play.sign_on("tom", "maya")
        for number, need in enumerate(("repair", "buy", "repair")):
            op = ops.OpenVisit(f"{number:032x}", f"A-{number}", need, "en")
            play.records += allowed(play.floor.handle(op, KIOSK, play.clock.after(1), at_device, ahead_ms))
        for seconds in (20, 40, 60):
            play.after(seconds)
        return [(r.visit_id, r.at, type(r.event), getattr(r.event, "employee", None)) for r in play.records]

    late_in_the_day = MONDAY_10 + at_device
    assert asked(late_in_the_day, ahead_ms) == asked(None, None)


def test_a_late_visit_has_no_quote():
    play = FloorHarness()
    play.sign_on("tom")
    late = play.visit(open_late(play, 60))
    assert (late.quoted_low_s, late.quoted_median_s, late.quoted_high_s, late.expected_s) == (None,) * 4
    assert play.visit(play.open("repair")).expected_s is not None


def test_a_visit_opened_at_the_very_moment_of_closing_time_is_of_the_next_day():
    play = FloorHarness()
    play.clock.now = CLOSES + 60_000
    assert play.visit(open_late(play, 60, "a" * 32)).state is State.WAITING
    assert play.visit(open_late(play, 60.001, "b" * 32, ticket="A-902")).state is State.EXPIRED


def test_a_late_op_that_opens_a_visit_belongs_to_whoever_holds_the_tablet_now():
    play = FloorHarness()
    play.sign_on("tom")
    play.clock.now = CLOSES + 12 * 3_600_000
    play.tick()
    play.yes(SYSTEM, ops.SignOn("lea", tablet("tom")))
    quick = ops.QuickResolution("a" * 32, "T-1", "ask", "en", Resolution.SOLVED)
    assert {r.actor for r in delivered(play, "tom", quick, 12.5 * 3_600)} == {"employee:lea"}


def test_a_late_decline_starts_the_pause_when_it_arrives():
    """Nobody waits shorter or longer because of a device's clock."""
    play = FloorHarness()
    play.sign_on("tom")
    visit_id = play.open("repair")
    play.clock.after(14)
    delivered(play, "tom", ops.Decline(visit_id, play.visit(visit_id).rev), 10)
    assert (play.visit(visit_id).asked_at, play.visit(visit_id).touched_at) == (
        MONDAY_10 + 14_000,
        MONDAY_10 + 4_000,
    )
    records = [r for r in play.records if r.visit_id == visit_id]
    assert offline_ops.rebuild_visit(records) == play.visit(visit_id)
    assert play.after(29.9) == []
    assert kinds(play.after(0.1)) == ["offered"]


def test_a_visit_that_ended_long_before_the_op_arrived_is_forgotten_sooner():
    play = FloorHarness()
    visit_id = play.open("repair")
    play.clock.after(3_000)
    delivered(play, KIOSK, ops.Cancel(visit_id), 2_900)
    play.after(700)
    assert visit_id in play.floor.visits
    play.after(1)
    assert visit_id not in play.floor.visits


def test_a_visit_without_a_quote_teaches_the_estimate_nothing():
    play = FloorHarness()
    play.sign_on("tom", "maya")
    late_one = open_late(play, 600)
    assert play.visit(late_one).quoted_low_s is None
    first = play.visit(late_one).offer_to
    play.accept(first, late_one)
    play.start(first, late_one)
    assert play.floor.history.waits == 0
    in_time = play.open("repair")
    second = play.visit(in_time).offer_to
    play.accept(second, in_time)
    play.start(second, in_time)
    assert play.floor.history.waits == 1


@pytest.mark.fault(
    "A need from before closing time arrives the next morning",
    "it is logged as expired; nobody is called for it",
)
def test_a_visit_opened_before_closing_time_and_received_after_it_expires_at_once():
    play = FloorHarness()
    play.clock.now = CLOSES + 13 * 3_600_000  # the server was down all night
    play.sign_on("tom")
    play.tick()
    visit_id = open_late(play, 13.5 * 3_600)
    visit = play.visit(visit_id)
    assert (visit.state, visit.created_at) == (State.EXPIRED, CLOSES - 1_800_000)
    assert play.person("tom").offer is None
    today = open_late(play, 60, "b" * 32, ticket="A-902")
    assert play.visit(today).state is State.OFFERED


def test_a_quick_resolution_from_before_closing_time_is_completed():
    play = FloorHarness()
    play.clock.now = CLOSES + 60_000
    play.sign_on("tom")
    quick = ops.QuickResolution("a" * 32, "T-1", "ask", "en", Resolution.SOLVED)
    records = delivered(play, "tom", quick, 600)
    assert kinds(records)[:4] == ["opened", "claimed", "started", "completed"]
    visit = play.visit("a" * 32)
    assert (visit.state, visit.ended_at) == (State.COMPLETED, CLOSES - 540_000)


@pytest.mark.parametrize("waited_s", [0, 30])
def test_a_late_recall_calls_nobody_now(waited_s):
    play = FloorHarness()
    play.sign_on("tom")
    visit_id = play.open("repair")
    play.accept("tom", visit_id)
    play.clock.after(40)
    delivered(play, "tom", ops.Recall(visit_id, play.visit(visit_id).rev), waited_s)
    assert play.visit(visit_id).recalled_at == play.clock.now - waited_s * 1000


def test_ops_from_before_closing_time_belong_to_the_employee_it_signed_off():
    play = FloorHarness()
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
        ),  # not late, and nobody holds the tablet
    ],
)
def test_other_ops_of_an_employee_who_is_signed_off_are_refused(op, waited_s):
    play = FloorHarness()
    play.sign_on("tom")
    play.clock.now = CLOSES + 12 * 3_600_000
    play.tick()
    outcome = play.floor.handle(op, staff("tom"), play.clock.now, play.clock.now - waited_s * 1000, 0)
    assert outcome == Refusal(Code.NOT_SIGNED_IN)
