"""Who is asked for whom: exclusive offers, their order, rounds of asking, and the widening search."""

import pytest

from sync_server.domain import ops
from sync_server.domain.catalogue import Employee, Need, Times
from sync_server.domain.events import Presence
from sync_server.domain.ops import SYSTEM
from sync_server.domain.refusal import Code, Refusal
from sync_server.domain.visit import State
from tests.shop import KIOSK, Play, catalogue, kinds, tablet, text


def test_a_visit_is_offered_at_once_to_a_free_employee_with_the_skill():
    play = Play()
    play.sign_on("lea", "tom")
    visit = play.visit(play.open("repair"))
    assert (visit.state, visit.offer_to) == (State.OFFERED, "tom")
    assert visit.offer_until == play.clock.now + 15_000
    assert visit.offers == 1


def test_one_employee_holds_one_offer_and_one_visit_is_offered_to_one_employee():
    play = Play()
    play.sign_on("tom", "maya")
    first, second, third = (play.open("repair") for _ in range(3))
    asked = [play.visit(v).offer_to for v in (first, second, third)]
    assert sorted(name for name in asked if name) == ["maya", "tom"]
    assert play.visit(third).state is State.WAITING
    assert {play.person(name).offer for name in ("tom", "maya")} == {first, second}


def test_nobody_is_asked_while_a_visit_is_in_their_hands():
    play = Play()
    play.sign_on("tom")
    play.open_with("tom", "repair")
    assert play.visit(play.open("repair")).state is State.WAITING


def test_a_waiting_visit_is_offered_as_soon_as_somebody_comes():
    play = Play()
    visit_id = play.open("repair")
    assert play.visit(visit_id).state is State.WAITING
    play.sign_on("tom")
    assert play.visit(visit_id).offer_to == "tom"


# --- whom to ask -----------------------------------------------------------------------------------


def test_who_knows_least_of_what_others_need_is_asked_first():
    play = Play()
    play.sign_on("lea")
    play.on("lea", ops.Decline, play.open("buy"))  # the sale still waits, for somebody like lea
    play.clock.after(10)
    play.sign_on("kim")
    assert play.visit(play.open("ask")).offer_to == "kim"  # though lea has been idle longer


def test_a_rare_skill_is_not_spent_where_a_common_one_does():
    play = Play()
    play.sign_on("maya", "tom")  # maya has been idle as long as tom, and comes first by id
    first = play.open("repair_phone")  # only maya can, in the first ring
    assert play.visit(first).offer_to == "maya"
    play.on("maya", ops.Decline, first)
    second = play.open("repair")
    assert play.visit(second).offer_to == "tom"  # maya's phones and sales are waited for by the first


def test_among_equals_the_one_idle_longest_is_asked():
    play = Play()
    play.sign_on("tom")
    play.clock.after(10)
    play.sign_on("maya")
    assert play.visit(play.open("repair")).offer_to == "tom"


def test_idle_counts_from_the_last_visit_and_not_from_signing_on():
    play = Play()
    play.sign_on("lea")
    play.clock.after(10)
    play.sign_on("maya")
    done = play.open_with("lea", "buy")
    play.clock.after(60)
    play.complete("lea", done)
    play.after(10)
    assert play.visit(play.open("buy")).offer_to == "maya"


def test_idle_counts_from_handing_over_as_well():
    play = Play()
    play.sign_on("lea", "maya")
    done = play.open_with("lea", "buy")
    play.clock.after(60)
    play.on("lea", ops.HandOver, done)
    play.yes(KIOSK, ops.Cancel(done))
    assert play.visit(play.open("buy")).offer_to == "maya"  # waiting since a minute, lea since now


def test_among_those_idle_equally_long_the_id_decides():
    play = Play()
    play.sign_on("tom", "maya", "kim", "lea")
    assert play.visit(play.open("ask")).offer_to == "kim"


# --- which visit first -----------------------------------------------------------------------------


def test_the_one_who_has_waited_longest_is_served_first():
    play = Play()
    first = play.open("repair")
    play.clock.after(1)
    second = play.open("repair")
    assert [v.visit_id for v in play.floor.line(play.clock.now)] == [first, second]
    play.sign_on("tom")
    assert play.visit(first).offer_to == "tom"


def test_a_priority_counts_as_time_already_waited():
    play = Play()  # credit_s is 90, so priority 2 counts as 180 s
    asking = play.open("ask")
    play.clock.after(179)
    picking_up = play.open("pick_up")
    assert [v.visit_id for v in play.floor.line(play.clock.now)] == [picking_up, asking]


def test_a_low_priority_that_has_waited_long_enough_is_never_overtaken():
    play = Play()
    asking = play.open("ask")
    play.clock.after(181)
    picking_up = play.open("pick_up")
    assert [v.visit_id for v in play.floor.line(play.clock.now)] == [asking, picking_up]
    play.clock.after(100_000)
    assert [v.visit_id for v in play.floor.line(play.clock.now)] == [asking, picking_up]


def test_a_steady_stream_of_high_priority_does_not_starve_a_low_one():
    play = Play(catalogue(times=Times(wrap_up_s=0)))
    play.sign_on("kim")
    in_hand = play.open_with("kim", "ask")
    asking = play.open("ask")
    rounds = 0
    while play.visit(asking).state is State.WAITING:
        play.open("pick_up")
        play.after(30)
        play.complete("kim", in_hand)
        in_hand = play.person("kim").offer
        play.accept("kim", in_hand)
        play.start("kim", in_hand)
        rounds += 1
        assert rounds < 20
    assert in_hand == asking
    assert rounds == 7  # six came first in the 180 s that priority 2 is worth, and none after


# --- declining, lapsing, asking again -----------------------------------------------------------------


def test_a_declined_visit_goes_at_once_to_the_next_and_keeps_its_arrival():
    play = Play()
    play.sign_on("maya", "tom")
    visit_id = play.open("repair")
    arrived = play.visit(visit_id).created_at
    first = play.visit(visit_id).offer_to
    play.clock.after(4)
    records = play.on(first, ops.Decline, visit_id)
    assert kinds(records) == ["declined", "offered"]
    visit = play.visit(visit_id)
    assert {first, visit.offer_to} == {"maya", "tom"}
    assert visit.created_at == arrived
    assert play.person(first).chosen is Presence.AVAILABLE


def test_an_offer_nobody_answers_lapses_and_who_was_asked_counts_as_not_responding():
    play = Play()
    play.sign_on("tom")
    play.clock.after(3)
    play.sign_on("maya")
    visit_id = play.open("repair")
    arrived = play.visit(visit_id).created_at
    assert play.floor.next_deadline(play.clock.now) == play.clock.now + 15_000
    play.clock.after(14.999)
    assert play.tick() == []
    play.clock.after(0.001)
    assert kinds(play.tick()) == ["timed_out", "presence_changed", "offered"]
    assert play.person("tom").presence is Presence.NOT_RESPONDING
    assert play.visit(visit_id).offer_to == "maya"
    assert play.visit(visit_id).created_at == arrived


def test_who_does_not_respond_is_asked_nothing_until_they_touch_the_tablet():
    play = Play()
    play.sign_on("tom")
    visit_id = play.open("repair")
    play.after(200)
    assert play.visit(visit_id).state is State.WAITING
    play.yes("tom", ops.SetPresence(Presence.AVAILABLE))
    assert play.person("tom").presence is Presence.AVAILABLE
    assert play.visit(visit_id).offer_to == "tom"


def test_whatever_somebody_taps_brings_them_back():
    play = Play()
    play.sign_on("tom")
    visit_id = play.open("repair")
    play.after(16)
    assert play.person("tom").presence is Presence.NOT_RESPONDING
    records = play.on("tom", ops.Claim, visit_id)
    assert kinds(records)[:2] == ["presence_changed", "claimed"]
    assert play.person("tom").presence is Presence.SERVING


def test_nobody_is_asked_twice_before_everybody_was_asked():
    play = Play()
    play.sign_on("maya", "tom")
    visit_id = play.open("repair")
    asked = []
    for _ in range(2):
        asked.append(play.visit(visit_id).offer_to)
        play.on(asked[-1], ops.Decline, visit_id)
    assert sorted(asked) == ["maya", "tom"]
    assert play.visit(visit_id).state is State.WAITING
    play.after(29)
    assert play.visit(visit_id).state is State.WAITING


def test_asking_starts_over_once_all_have_been_asked_and_the_pause_is_over():
    play = Play()
    play.sign_on("maya", "tom")
    visit_id = play.open("repair")
    for _ in range(2):
        play.on(play.visit(visit_id).offer_to, ops.Decline, visit_id)
    assert play.floor.next_deadline(play.clock.now) == play.clock.now + 30_000
    records = play.after(30)
    assert kinds(records) == ["offered"]
    assert records[0].event.new_round
    again = play.visit(visit_id).offer_to
    play.on(again, ops.Decline, visit_id)
    other = play.visit(visit_id).offer_to  # the new round reaches the other one too
    assert {again, other} == {"maya", "tom"}


def test_somebody_who_comes_later_is_asked_without_waiting_for_a_new_round():
    play = Play()
    play.sign_on("tom")
    visit_id = play.open("repair")
    play.on("tom", ops.Decline, visit_id)
    play.sign_on("maya")
    assert play.visit(visit_id).offer_to == "maya"


def test_a_pause_of_wrapping_up_follows_a_completed_visit():
    play = Play()
    play.sign_on("tom")
    done = play.open_with("tom", "repair")
    waiting = play.open("repair")
    play.complete("tom", done)
    assert play.visit(waiting).state is State.WAITING
    assert play.floor.next_deadline(play.clock.now) == play.clock.now + 5_000
    play.after(4.999)
    assert play.visit(waiting).state is State.WAITING
    play.after(0.001)
    assert play.visit(waiting).offer_to == "tom"


def test_more_than_one_visit_at_a_time_where_the_store_wants_it():
    play = Play(catalogue(times=Times(max_active=2)))
    play.sign_on("tom")
    first = play.open_with("tom", "repair")
    second = play.open("repair")
    play.accept("tom", second)
    third = play.open("repair")
    assert play.person("tom").active == (first, second)
    assert play.visit(third).state is State.WAITING


# --- the search widens ---------------------------------------------------------------------------------


def test_a_preferred_skill_is_given_up_ring_by_ring_and_then_the_manager_hears_of_it():
    play = Play()
    play.sign_on("tom")  # repairs, but no phones and no sales
    visit_id = play.open("repair_phone")
    assert play.visit(visit_id).state is State.WAITING
    assert kinds(play.after(59.999)) == []
    assert kinds(play.after(0.001)) == ["widened"]
    assert play.visit(visit_id).ring == 1
    assert kinds(play.after(60)) == ["widened", "offered"]
    assert play.visit(visit_id).offer_to == "tom"
    play.on("tom", ops.Decline, visit_id)
    records = play.after(60)
    assert "alerted" in kinds(records)
    assert play.visit(visit_id).alerted_at == play.visit(visit_id).created_at + 180_000


def test_the_manager_is_alerted_once():
    play = Play()
    visit_id = play.open("repair")
    assert kinds(play.after(4000)) == ["alerted"]
    assert play.visit(visit_id).alerted_at == play.visit(visit_id).created_at + 60_000


def test_a_floor_that_looks_late_catches_up_with_every_target_at_once():
    play = Play()
    visit_id = play.open("repair_phone")
    play.clock.after(600)
    assert kinds(play.tick()) == ["widened", "widened", "alerted"]
    assert play.visit(visit_id).ring == 2


def test_a_required_skill_is_never_given_up():
    play = Play()
    play.sign_on("lea", "kim")
    visit_id = play.open("repair_phone")
    play.after(4000)
    visit = play.visit(visit_id)
    assert visit.ring == 2
    assert visit.alerted_at is not None
    assert (visit.state, visit.offers) == (State.WAITING, 0)


def test_the_ring_widens_after_an_offer_that_outlasted_the_target():
    play = Play(catalogue(times=Times(offer_s=90)))
    play.sign_on("maya")
    visit_id = play.open("repair_phone")
    assert kinds(play.after(89)) == []
    assert kinds(play.after(1)) == ["timed_out", "presence_changed", "widened"]
    assert play.visit(visit_id).ring == 1


def test_a_visit_handed_over_waits_a_whole_target_before_the_manager_hears_of_it():
    play = Play()
    play.sign_on("tom")
    visit_id = play.open_with("tom", "repair")
    play.clock.after(600)  # served for ten minutes: nobody was waiting
    records = play.on("tom", ops.HandOver, visit_id, note="needs another pair of hands")
    assert kinds(records) == ["handed_over"]
    assert "alerted" not in kinds(play.after(29))
    play.yes("tom", ops.SetPresence(Presence.ON_BREAK))
    assert kinds(play.after(31)) == ["alerted"]


def test_a_visit_that_was_alerted_once_alerts_again_when_it_waits_again():
    play = Play()
    visit_id = play.open("repair")
    assert kinds(play.after(60)) == ["alerted"]
    play.sign_on("kim")
    play.on("kim", ops.Claim, visit_id)
    play.on("kim", ops.HandOver, visit_id)
    assert play.visit(visit_id).alerted_at is None
    assert kinds(play.after(60)) == ["alerted"]


def test_a_search_that_had_widened_stays_wide_for_the_same_need_only():
    play = Play()
    play.sign_on("kim")
    visit_id = play.open("repair_phone")
    play.after(60)
    play.on("kim", ops.Claim, visit_id)
    play.on("kim", ops.HandOver, visit_id)
    assert play.visit(visit_id).ring == 1
    play.on("kim", ops.Claim, visit_id)
    play.on("kim", ops.HandOver, visit_id, need="buy")
    assert play.visit(visit_id).ring == 0


def test_a_visit_handed_over_with_another_need_searches_from_the_narrowest_ring():
    play = Play()
    play.sign_on("lea", "kim")
    visit_id = play.open_with("lea", "buy")
    play.clock.after(600)
    play.sign_on("tom")
    records = play.on("lea", ops.HandOver, visit_id, note="a phone to mend", need="repair_phone")
    assert kinds(records) == ["handed_over"]
    assert play.visit(visit_id).ring == 0
    assert (
        play.visit(visit_id).state is State.WAITING
    )  # tom knows no phones; a minute is given to find one who does
    assert kinds(play.after(120)) == ["widened", "widened", "offered"]


# --- answering an offer ----------------------------------------------------------------------------


def test_accepting_puts_the_visit_into_ones_hands():
    play = Play()
    play.sign_on("tom")
    visit_id = play.open("repair")
    play.clock.after(3)
    play.accept("tom", visit_id)
    visit = play.visit(visit_id)
    assert (visit.state, visit.employee, visit.offer_to, visit.offer_until) == (
        State.ACCEPTED,
        "tom",
        None,
        None,
    )
    assert visit.accepted_at == play.clock.now
    assert play.person("tom").presence is Presence.SERVING
    assert (play.person("tom").offer, play.person("tom").active) == (None, (visit_id,))


@pytest.mark.parametrize("op", [ops.Accept, ops.Decline, ops.Claim])
def test_an_offer_can_be_answered_until_its_very_end(op):
    play = Play()
    play.sign_on("tom")
    visit_id = play.open("repair")
    play.clock.after(15)  # and the floor's own alarm has not rung yet
    assert kinds(play.on("tom", op, visit_id))[0] == ("declined" if op is ops.Decline else "accepted")


@pytest.mark.parametrize("op", [ops.Accept, ops.Decline])
def test_an_offer_cannot_be_answered_later_even_if_nobody_has_taken_it_back_yet(op):
    play = Play()
    play.sign_on("tom")
    visit_id = play.open("repair")
    play.clock.after(15.001)
    refusal = play.no("tom", op(visit_id, play.visit(visit_id).rev))
    assert refusal == Refusal(Code.OFFER_OVER, "A-1")


@pytest.mark.parametrize("op", [ops.Accept, ops.Decline])
def test_only_who_is_asked_can_answer(op):
    play = Play()
    play.sign_on("tom", "lea")
    visit_id = play.open("repair")
    rev = play.visit(visit_id).rev
    assert play.no("lea", op(visit_id, rev)).code is Code.OFFER_OVER
    play.accept("tom", visit_id)
    assert play.no("lea", op(visit_id, rev)) == Refusal(Code.ALREADY_TAKEN, "tom")
    assert play.no("tom", op(visit_id, rev)).code is Code.OFFER_OVER
    assert play.no("kim", op(visit_id, rev)).code is Code.NOT_SIGNED_IN
    assert play.no("tom", op("f" * 32, rev)) == Refusal(Code.UNKNOWN_VISIT, "f" * 32)


@pytest.mark.parametrize("op", [ops.Accept, ops.Decline])
def test_an_answer_to_what_the_visit_was_a_moment_ago_is_refused(op):
    play = Play()
    play.sign_on("tom")
    visit_id = play.open("repair")
    rev = play.visit(visit_id).rev
    assert play.no("tom", op(visit_id, rev - 1)) == Refusal(Code.STALE_REV, str(rev))
    assert play.no("tom", op(visit_id, rev + 1)).code is Code.STALE_REV


def test_of_two_who_tap_at_once_exactly_one_wins():
    play = Play()
    play.sign_on("tom")
    play.clock.after(1)
    play.sign_on("maya")
    visit_id = play.open("repair")
    rev = play.visit(visit_id).rev
    outcomes = [play.handle(who, ops.Claim(visit_id, rev)) for who in ("maya", "tom")]
    assert [isinstance(o, Refusal) for o in outcomes] == [False, True]
    assert outcomes[1] == Refusal(Code.ALREADY_TAKEN, "maya")


# --- taking a visit without being asked ---------------------------------------------------------------


def test_anybody_may_claim_a_waiting_visit_whatever_their_skills():
    play = Play()
    play.sign_on("kim")
    visit_id = play.open("repair")
    assert kinds(play.on("kim", ops.Claim, visit_id)) == ["claimed"]
    assert play.visit(visit_id).employee == "kim"


def test_claiming_a_visit_that_a_colleague_is_being_asked_for_takes_it_from_them():
    play = Play()
    play.sign_on("tom", "kim")
    visit_id = play.open("repair")
    other = play.open("repair")
    records = play.on("kim", ops.Claim, visit_id)
    assert kinds(records) == ["withdrawn", "claimed", "offered"]
    assert play.visit(visit_id).employee == "kim"
    assert play.visit(other).offer_to == "tom"  # who is asked for the next one at once
    assert play.person("tom").chosen is Presence.AVAILABLE


def test_claiming_something_else_gives_ones_own_offer_back():
    play = Play()
    play.sign_on("tom")
    offered, waiting = play.open("repair"), play.open("repair")
    play.on("tom", ops.Claim, waiting)
    assert play.visit(waiting).employee == "tom"
    assert (play.visit(offered).state, play.visit(offered).offer_to) == (State.WAITING, None)
    assert play.visit(offered).asked == ()  # it had no chance to be answered
    play.start("tom", waiting)
    play.complete("tom", waiting)
    play.after(5)
    assert play.visit(offered).offer_to == "tom"


def test_claiming_the_visit_one_is_asked_for_is_accepting_it():
    play = Play()
    play.sign_on("tom")
    visit_id = play.open("repair")
    assert kinds(play.on("tom", ops.Claim, visit_id)) == ["accepted"]


def test_claiming_is_refused_with_hands_full_or_too_late():
    play = Play()
    play.sign_on("tom", "kim")
    mine = play.open_with("tom", "repair")
    other = play.open("repair")
    assert play.no("tom", ops.Claim(other, play.visit(other).rev)) == Refusal(Code.FINISH_FIRST, "A-1")
    assert play.no("kim", ops.Claim(mine, play.visit(mine).rev)) == Refusal(Code.ALREADY_TAKEN, "tom")
    assert play.no("kim", ops.Claim(other, 9)).code is Code.STALE_REV
    assert play.no("lea", ops.Claim(other, play.visit(other).rev)).code is Code.NOT_SIGNED_IN
    assert play.no("kim", ops.Claim("e" * 32, 1)).code is Code.UNKNOWN_VISIT
    play.complete("tom", mine)
    assert play.no("kim", ops.Claim(mine, play.visit(mine).rev)) == Refusal(Code.ALREADY_TAKEN, "tom")
    gone = play.open("buy")
    play.yes(KIOSK, ops.Cancel(gone))
    assert play.no("kim", ops.Claim(gone, 2)) == Refusal(Code.WRONG_STATE, "cancelled")


def test_an_employee_whose_skills_left_the_store_is_offered_nothing():
    only_kim = catalogue(employees=(Employee("kim", "Kim", frozenset()),))
    play = Play(only_kim)
    play.sign_on("kim")
    assert play.visit(play.open("repair")).state is State.WAITING


def test_a_visit_whose_need_left_the_catalogue_is_still_offered():
    play = Play()
    visit_id = play.open("repair")
    without = catalogue(needs=(Need("ask", text("ask"), "bulb"),))
    again = type(play.floor).replay(without, play.records)
    again.handle(ops.SignOn("kim", tablet("kim")), SYSTEM, play.clock.now)
    assert again.visits[visit_id].offer_to == "kim"
