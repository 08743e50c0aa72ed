"""The quotes of the floor: who counts as ahead, who is free, and what closing does to them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync_server.domain import ops
from sync_server.domain.catalogue.catalogue import Employee
from sync_server.domain.events import Presence
from sync_server.domain.line_situation import LineSituation
from tests.floor_harness import KIOSK, FloorHarness, floor
from tests.sample_store import catalogue

from .told_brackets import check_sane


def test_there_is_no_quote_while_nobody_on_the_floor_can_help():
    play = FloorHarness()
    play.sign_on("lea")
    assert play.floor.quote("repair") is None
    visit = play.visit(play.open("repair"))
    assert (visit.quoted_low_s, visit.quoted_median_s, visit.quoted_high_s, visit.expected_s) == (None,) * 4
    assert floor().quote("nothing_like_it") is None


def test_a_visit_stores_its_quote_and_what_it_followed_from():
    play = FloorHarness()
    play.sign_on("tom")
    visit = play.visit(play.open("repair"))
    quoted = (visit.quoted_low_s, visit.quoted_median_s, visit.quoted_high_s, visit.expected_s)
    assert quoted == (0, 45, 120, 245)
    assert visit.situation == LineSituation(245, ahead=0, able=1, free=True, idle_s=0)


def expected_s(play: FloorHarness, need: str, ahead: int | None = None) -> float:
    return play.floor.quote(need, ahead).situation.expected_s


TAKES_S = 240 + 5  # the target and the pause after a visit


def test_only_visits_ahead_that_need_the_same_employees_count():
    play = FloorHarness()
    play.sign_on("tom", "lea")
    play.open_with("tom", "repair")
    play.open_with("lea", "buy")
    assert expected_s(play, "repair") == TAKES_S
    for _ in range(3):
        play.open("buy")
    assert expected_s(play, "repair") == TAKES_S
    assert expected_s(play, "buy") == 4 * TAKES_S
    play.open("repair")
    assert expected_s(play, "repair") == 2 * TAKES_S
    # Everybody can answer a question: it competes with all four, for both employees.
    assert expected_s(play, "ask") == 5 * TAKES_S / 2


def test_an_employee_on_a_break_does_not_count_and_a_busy_one_does():
    play = FloorHarness()
    play.sign_on("tom", "maya")
    assert expected_s(play, "repair") == TAKES_S / 2
    play.open_with("maya", "repair")
    assert expected_s(play, "repair") == TAKES_S / 2
    play.yes("tom", ops.SetPresence(Presence.ON_BREAK))
    assert expected_s(play, "repair") == TAKES_S


def test_the_quote_of_a_visit_in_line_follows_from_those_ahead():
    play = FloorHarness()
    play.sign_on("tom")
    play.open_with("tom", "repair")
    first, second = play.open("repair"), play.open("repair")
    assert [v.visit_id for v in play.floor.line()] == [first, second]
    assert [play.floor.ahead_of(visit_id) for visit_id in (first, second)] == [0, 1]
    assert expected_s(play, "repair", 0) == TAKES_S
    assert expected_s(play, "repair", 1) == 2 * TAKES_S
    play.yes(KIOSK, ops.Cancel(first))
    assert expected_s(play, "repair") == 2 * TAKES_S


def test_somebody_free_is_seen_and_a_line_for_them_too():
    play = FloorHarness()
    play.sign_on("tom", "maya")
    assert play.floor.quote("repair").situation.free
    first = play.open("repair")  # one of them is asked, the other is free
    assert play.floor.quote("repair").situation.free
    second = play.open("repair")  # both are asked
    assert not play.floor.quote("repair").situation.free
    for visit_id in (first, second):
        name = play.visit(visit_id).offer_to
        play.accept(name, visit_id)
    assert not play.floor.quote("repair").situation.free
    play.start(name, second)
    play.complete(name, second)
    assert not play.floor.quote("repair").situation.free  # the pause after a visit
    play.after(5)
    assert play.floor.quote("repair").situation.free


def test_the_head_of_the_line_waits_on_between_events():
    play = FloorHarness()
    play.sign_on("tom")
    play.open_with("tom", "repair")
    play.open("repair")
    assert play.floor.quote("repair").situation.head_wait_s == 0
    play.after(19)
    assert play.floor.quote("repair").situation.head_wait_s == 0  # a quote stands for 20 s
    play.after(21)
    assert play.floor.quote("repair").situation.head_wait_s == 40


def test_a_shopper_with_priority_does_not_count_those_whom_they_pass():
    play = FloorHarness()
    play.sign_on("tom")
    play.open_with("tom", "ask")
    play.open("ask")
    assert play.floor.quote("pick_up").situation.ahead == 0
    play.after(200)  # the credit of priority 2 is 180 s: the first has waited longer
    assert play.floor.quote("pick_up").situation.ahead == 1


@pytest.mark.parametrize("people", [(), ("tom",), ("maya",), ("tom", "maya", "lea", "kim")])
@given(st.lists(st.sampled_from(("repair", "buy", "ask", "pick_up", "repair_phone")), max_size=12))
def test_whoever_is_there_and_whatever_the_line_every_quote_is_sane(people, needs):
    play = FloorHarness()
    play.sign_on(*people)
    for need in needs:
        play.open(need)
        play.after(7)
    if "tom" in people and not play.person("tom").active:
        play.yes("tom", ops.SetPresence(Presence.ON_BREAK))
    for need in ("repair", "buy", "ask", "pick_up", "repair_phone"):
        told = play.floor.quote(need)
        if told is not None:
            check_sane(told)


@given(st.lists(st.sampled_from(["repair", "repair_phone", "buy", "ask", "pick_up"]), max_size=30))
def test_one_employee_with_every_skill_serves_the_whole_line(needs):
    store = catalogue()
    every_skill = frozenset(skill.code for skill in store.skills)
    ann = Employee("ann", "Ann", every_skill)
    play = FloorHarness(catalogue(employees=(ann,)))
    play.sign_on("ann")
    for need in needs:
        play.open(need)
    for need in ("repair", "ask"):
        quote = play.floor.quote(need)
        assert quote is not None
        check_sane(quote)
        assert (quote.situation.able, quote.situation.free) == (1, not needs)


def test_before_closing_time_a_quote_ends_there_and_after_it_the_next_day_counts():
    play = FloorHarness()
    play.sign_on("tom")
    play.open_with("tom", "repair")
    closing = play.catalogue.next_closing(play.clock.now)
    full = play.floor.quote("repair")
    play.clock.now = closing - int(full.high_s - 60) * 1000
    play.tick()
    assert play.floor.quote("repair").high_s == full.high_s - 60
    play.clock.now = closing - 20_000
    play.tick()
    assert play.floor.quote("repair") is None
    play.clock.now = closing + 60_000
    play.tick()
    assert play.floor.quote("repair").high_s == full.high_s


def test_a_clock_that_was_set_back_makes_no_negative_waits():
    play = FloorHarness()
    play.sign_on("tom")
    play.open_with("tom", "repair")
    play.open("repair")
    play.clock.now -= 3 * 3_600_000
    visit = play.visit(play.open("repair"))
    check_sane(play.floor.quote("repair"))
    assert visit.situation.head_wait_s == 0


def test_a_line_that_closing_clears_teaches_nothing():
    play = FloorHarness()
    play.sign_on("tom")
    play.open_with("tom", "repair")
    for _ in range(5):
        play.open("repair")
    play.after(14 * 3600)
    assert not play.floor.line()
    assert play.floor.history.waits == 1  # the one who was served
