"""Offers: one employee at a time, rounds of asking, and a search that widens."""

from sync_server.domain import ops
from sync_server.domain.catalogue import Employee, Need, Times
from sync_server.domain.events import Presence
from sync_server.domain.ops import SYSTEM
from sync_server.domain.visit import State
from tests.shop import Play, catalogue, kinds, tablet, text


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
