"""The order of the line, and the choice among the free employees."""

from sync_server.domain import ops
from sync_server.domain.catalogue.times import Times
from sync_server.domain.visit.visit import State
from tests.floor_harness import KIOSK, FloorHarness
from tests.sample_store import catalogue

# --- which employee -----------------------------------------------------------------------------------


def test_the_employee_with_the_fewest_skills_that_others_need_is_asked_first():
    play = FloorHarness()
    play.sign_on("lea")
    play.on("lea", ops.Decline, play.open("buy"))  # the sale waits for somebody with lea's skill
    play.clock.after(10)
    play.sign_on("kim")
    assert play.visit(play.open("ask")).offer_to == "kim"  # although lea has been idle longer


def test_an_employee_with_a_rare_skill_is_kept_free_if_another_can_do_it():
    play = FloorHarness()
    play.sign_on("maya", "tom")  # maya has been idle as long as tom, and comes first by id
    first = play.open("repair_phone")  # only maya can, in the first ring
    assert play.visit(first).offer_to == "maya"
    play.on("maya", ops.Decline, first)
    second = play.open("repair")
    assert play.visit(second).offer_to == "tom"  # the first visit waits for maya's other skills


def test_of_equal_employees_the_one_idle_longest_is_asked():
    play = FloorHarness()
    play.sign_on("tom")
    play.clock.after(10)
    play.sign_on("maya")
    assert play.visit(play.open("repair")).offer_to == "tom"


def test_idle_counts_from_the_last_visit_and_not_from_signing_on():
    play = FloorHarness()
    play.sign_on("lea")
    play.clock.after(10)
    play.sign_on("maya")
    done = play.open_with("lea", "buy")
    play.clock.after(60)
    play.complete("lea", done)
    play.after(10)
    assert play.visit(play.open("buy")).offer_to == "maya"


def test_idle_counts_from_handing_over_too():
    play = FloorHarness()
    play.sign_on("lea", "maya")
    done = play.open_with("lea", "buy")
    play.clock.after(60)
    play.on("lea", ops.HandOver, done)
    play.yes(KIOSK, ops.Cancel(done))
    assert play.visit(play.open("buy")).offer_to == "maya"  # idle for a minute, lea since now


def test_of_employees_idle_equally_long_the_first_id_is_asked():
    play = FloorHarness()
    play.sign_on("tom", "maya", "kim", "lea")
    assert play.visit(play.open("ask")).offer_to == "kim"


# --- which visit first -----------------------------------------------------------------------------


def test_the_visit_that_has_waited_longest_is_served_first():
    play = FloorHarness()
    first = play.open("repair")
    play.clock.after(1)
    second = play.open("repair")
    assert [v.visit_id for v in play.floor.line()] == [first, second]
    play.sign_on("tom")
    assert play.visit(first).offer_to == "tom"


def test_a_priority_counts_as_time_already_waited():
    play = FloorHarness()  # credit_s is 90, so priority 2 counts as 180 s
    asking = play.open("ask")
    play.clock.after(179)
    picking_up = play.open("pick_up")
    assert [v.visit_id for v in play.floor.line()] == [picking_up, asking]


def test_a_low_priority_that_has_waited_long_enough_is_never_overtaken():
    play = FloorHarness()
    asking = play.open("ask")
    play.clock.after(181)
    picking_up = play.open("pick_up")
    assert [v.visit_id for v in play.floor.line()] == [asking, picking_up]
    play.clock.after(100_000)
    assert [v.visit_id for v in play.floor.line()] == [asking, picking_up]


def test_a_steady_stream_of_high_priority_does_not_starve_a_low_one():
    play = FloorHarness(catalogue(times=Times(wrap_up_s=0)))
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
    assert rounds == 7  # six came before it in the 180 s that priority 2 is worth, and none after
