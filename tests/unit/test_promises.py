"""What a shopper was told stands, and is made longer at most once, with a reason."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from sync_server.domain import events as ev
from sync_server.domain import ops
from sync_server.domain.events import ExtendedBecause, Presence
from sync_server.domain.floor.floor import Floor
from sync_server.domain.line_situation import LineSituation
from sync_server.domain.queue import promises
from sync_server.domain.queue.wait_estimate import Quote
from sync_server.domain.violation import InvariantViolated
from sync_server.domain.visit import transitions
from sync_server.domain.visit.progress import is_overdue, longer_wait_key, wait_to_tell
from sync_server.domain.visit.visit import Visit
from sync_server.protocol.visibility import kiosk_visit
from tests.floor_harness import KIOSK, FloorHarness, event_of, kinds
from tests.sample_store import MONDAY_10, catalogue

TOLD = Visit(
    "v", "A-1", "2026-03-02", "kiosk", "repair", "en", MONDAY_10,
    arrived_at=MONDAY_10, quoted_low_s=120.0, quoted_median_s=200.0, quoted_high_s=300.0,
    situation=LineSituation(200.0, ahead=1, able=2),
)  # fmt: skip


def expected(low_s: float, median_s: float, high_s: float, able: int = 2) -> Quote:
    return Quote(low_s, median_s, high_s, LineSituation(median_s, ahead=1, able=able))


def after_s(seconds: float) -> int:
    return MONDAY_10 + int(seconds * 1000)


def test_a_promise_that_is_likely_to_be_met_stands():
    # 60 s waited; three in four such waits take more than (120 + 360) ÷ 2 = 240 s from now
    assert promises.extension(TOLD, expected(120, 360, 600), False, after_s(60)) is None


def test_a_promise_that_three_in_four_would_miss_is_made_longer_in_whole_minutes():
    longer = promises.extension(TOLD, expected(120, 360, 600), False, after_s(61))
    assert longer == ev.QuoteExtended(180.0, 720.0, ExtendedBecause.LONGER_VISITS)


def test_a_longer_promise_does_not_begin_before_the_first_one():
    longer = promises.extension(TOLD, expected(60, 700, 720), False, after_s(0))
    assert (longer.low_s, longer.high_s) == (120.0, 720.0)
    only_high = replace(TOLD, quoted_low_s=None)
    longer = promises.extension(only_high, expected(0, 700, 720), False, after_s(0))
    assert (longer.low_s, longer.high_s) == (0.0, 720.0)


def test_a_clock_that_went_back_has_not_made_anybody_wait():
    longer = promises.extension(TOLD, expected(360, 480, 600), False, after_s(-5))
    assert (longer.low_s, longer.high_s) == (360.0, 600.0)


def test_the_reason_is_the_first_that_fits():
    def because(able: int, overtaken: bool) -> ExtendedBecause:
        longer = promises.extension(TOLD, expected(120, 360, 600, able), overtaken, after_s(100))
        assert longer is not None
        return longer.because

    assert because(able=1, overtaken=True) is ExtendedBecause.FEWER_COLLEAGUES
    assert because(able=2, overtaken=True) is ExtendedBecause.MORE_URGENT
    assert because(able=3, overtaken=False) is ExtendedBecause.LONGER_VISITS


@given(st.floats(0, 9e4), st.floats(0, 9e3), st.floats(0, 9e3), st.floats(0, 9e3), st.booleans())
def test_a_longer_promise_is_longer_and_in_whole_minutes(waited_s, low_s, more_s, yet_more_s, overtaken):
    quote = expected(low_s, low_s + more_s, low_s + more_s + yet_more_s)
    longer = promises.extension(TOLD, quote, overtaken, after_s(waited_s))
    if longer is not None:
        assert longer.low_s % 60 == longer.high_s % 60 == 0
        assert longer.low_s >= TOLD.quoted_low_s
        assert longer.high_s > TOLD.quoted_high_s
        assert longer.high_s >= waited_s


@given(st.integers(1, 60), st.floats(0, 5000), st.floats(0, 5000), st.integers(0, 3))
def test_what_is_too_short_is_found_by_the_most_likely_wait_alone(told_min, median_s, waited_s, less_min):
    low_s = max(0.0, (median_s // 60 - less_min) * 60)
    visit, now = replace(TOLD, quoted_high_s=told_min * 60.0), after_s(waited_s)
    if promises.is_too_short(visit, expected(low_s, round(median_s, 1), low_s + 60), now):
        assert promises.may_be_too_short(visit, median_s, now)


def test_without_a_quote_or_an_estimate_nothing_is_promised():
    untold = Visit("v", "A-1", "2026-03-02", "kiosk", "repair", "en", MONDAY_10)
    assert promises.extension(untold, expected(120, 360, 600), False, after_s(900)) is None
    assert promises.extension(TOLD, None, False, after_s(900)) is None
    assert (untold.promised_from, untold.promised_until) == (None, None)


# --- on the floor --------------------------------------------------------------------------------------


def slow_line() -> tuple[FloorHarness, str]:
    """Tom serves somebody; a shopper who was told up to 11 minutes waits behind that."""
    play = FloorHarness()
    play.sign_on("tom")
    play.open_with("tom", "repair")
    visit_id = play.open("repair")
    assert play.visit(visit_id).quoted_high_s == 660
    return play, visit_id


def test_a_shopper_is_told_once_that_it_takes_longer():
    play, visit_id = slow_line()
    records = play.after(3_600)
    [told] = [r for r in records if isinstance(r.event, ev.QuoteExtended)]
    assert told.visit_id == visit_id
    assert told.at < MONDAY_10 + 660_000  # before the promise is broken
    assert event_of(records, ev.QuoteExtended).because is ExtendedBecause.LONGER_VISITS
    visit = play.visit(visit_id)
    assert visit.quoted_high_s == 660
    assert visit.extended_high_s > 660
    assert visit.promised_until == visit.created_at + visit.extended_high_s * 1000


def test_those_who_join_behind_a_shopper_make_nothing_longer_for_them():
    play, visit_id = slow_line()
    for _ in range(5):
        play.open("repair")
    assert [r for r in play.after(120) if isinstance(r.event, ev.QuoteExtended)] == []
    assert play.floor.ahead_of(visit_id) == 0


def test_a_colleague_who_leaves_is_a_reason():
    play = FloorHarness()
    play.sign_on("tom", "maya")
    for _ in range(2):
        in_hand = play.open("repair")
        name = play.visit(in_hand).offer_to
        play.accept(name, in_hand)
        play.start(name, in_hand)
    visit_id = play.open("repair")
    play.complete("maya", play.person("maya").active[0])
    play.yes("maya", ops.SetPresence(Presence.ON_BREAK))  # instead of the pause after a visit
    longer = event_of(play.after(1_200), ev.QuoteExtended)
    assert longer.because is ExtendedBecause.FEWER_COLLEAGUES
    assert play.visit(visit_id).situation.able == 2


def longer_for(records: list[ev.Record], visit_id: str) -> ev.QuoteExtended:
    [longer] = [r.event for r in records if r.visit_id == visit_id and isinstance(r.event, ev.QuoteExtended)]
    return longer


def test_shoppers_who_came_later_and_are_before_one_are_a_reason():
    play, visit_id = slow_line()
    play.clock.after(60)
    for _ in range(3):
        play.open("pick_up")
    assert play.floor.ahead_of(visit_id) == 3
    assert longer_for(play.after(1_200), visit_id).because is ExtendedBecause.MORE_URGENT


def test_one_who_came_at_the_same_moment_has_not_overtaken():
    play, _ = slow_line()
    second = play.open("repair")
    assert play.floor.ahead_of(second) == 1
    assert longer_for(play.after(3_600), second).because is ExtendedBecause.LONGER_VISITS


def test_a_visit_that_nobody_can_take_now_does_not_keep_others_from_being_told():
    play = FloorHarness()
    play.sign_on("lea", "tom")
    play.open_with("lea", "buy")
    first = play.open("buy")
    play.complete("lea", play.person("lea").active[0])
    play.open_with("tom", "repair")
    second = play.open("repair")
    play.yes("lea", ops.SetPresence(Presence.ON_BREAK))
    records = play.after(1_800)
    assert play.floor.quote("buy", 0) is None
    assert play.visit(first).extended_high_s is None
    assert longer_for(records, second)


def test_a_visit_whose_need_left_the_catalogue_does_not_keep_others_from_being_told():
    play = FloorHarness()
    play.sign_on("tom")
    play.open_with("tom", "repair")
    first, second = play.open("pick_up"), play.open("repair")
    needs = tuple(need for need in play.catalogue.needs if need.code != "pick_up")
    later = Floor.replay(catalogue(needs=needs), play.records)
    records = [record for minute in range(30) for record in later.tick(after_s(60 * minute))]
    assert later.visits[first].extended_high_s is None
    assert longer_for(records, second)


def test_who_was_served_before_and_handed_over_has_no_promise_left():
    play, _ = slow_line()
    served = play.person("tom").active[0]
    play.on("tom", ops.HandOver, served)
    assert not promises.can_be_extended(play.visit(served))


def test_a_second_extension_breaks_an_invariant():
    longer = ev.QuoteExtended(180.0, 720.0, ExtendedBecause.LONGER_VISITS)
    once = transitions.apply(TOLD, longer, MONDAY_10)
    with pytest.raises(InvariantViolated) as broken:
        transitions.apply(once, longer, MONDAY_10)
    assert broken.value.number == 18


def test_promises_are_looked_at_every_twenty_seconds_while_somebody_waits():
    play, visit_id = slow_line()
    play.tick()
    assert play.floor.next_deadline(play.clock.now) == play.clock.now + promises.CHECK_MS
    play.yes(KIOSK, ops.Cancel(visit_id))
    assert play.floor.next_deadline(play.clock.now) > play.clock.now + promises.CHECK_MS


def test_the_log_gives_back_what_was_told():
    play, visit_id = slow_line()
    assert "quote_extended" in kinds(play.after(900))
    again = Floor.replay(play.catalogue, play.records)
    assert again.visits[visit_id] == play.visit(visit_id)


def test_a_kiosk_is_sent_what_was_promised_and_why_it_is_longer():
    play, visit_id = slow_line()
    visit = play.visit(visit_id)
    row = kiosk_visit(visit, play.floor)
    assert row.promised == (visit.created_at + 120_000, visit.created_at + 660_000)
    assert row.extended_because is None
    play.after(900)
    row = kiosk_visit(play.visit(visit_id), play.floor)
    assert row.promised == (play.visit(visit_id).promised_from, play.visit(visit_id).promised_until)
    assert row.extended_because == "longer_visits"


# --- what is said --------------------------------------------------------------------------------------


def test_the_wait_is_counted_down_and_never_longer_than_promised():
    promised = (after_s(120), after_s(300))
    assert wait_to_tell((120.0, 300.0), promised, MONDAY_10) == (120, 300)
    assert wait_to_tell((180.0, 600.0), promised, after_s(61)) == (0, 240)
    assert wait_to_tell((0.0, 60.0), promised, after_s(61)) == (0, 60)  # sooner is said


def test_after_the_promise_the_estimate_is_all_there_is():
    promised = (after_s(120), after_s(300))
    assert not is_overdue(promised, after_s(299))
    assert is_overdue(promised, after_s(300))
    assert wait_to_tell((60.0, 180.0), promised, after_s(300)) == (60, 180)
    assert longer_wait_key("more_urgent", promised, after_s(299)) == "common.wait.longer.more_urgent"
    assert longer_wait_key(None, promised, after_s(299)) is None
    assert longer_wait_key(None, promised, after_s(300)) == "common.wait.longer.overdue"


@given(st.integers(0, 9_000), st.integers(0, 90), st.integers(1, 90), st.integers(0, 90), st.integers(1, 90))
def test_what_is_said_is_a_bracket_within_the_promise(waited_s, first, more, low, wide):
    promised = (after_s(60 * first), after_s(60 * (first + more)))
    estimate = (60.0 * low, 60.0 * (low + wide))
    low_s, high_s = wait_to_tell(estimate, promised, after_s(waited_s))
    assert 0 <= low_s <= high_s
    if not is_overdue(promised, after_s(waited_s)):
        assert high_s >= 60
        assert (waited_s + high_s) * 1000 < promised[1] - MONDAY_10 + 60_000
