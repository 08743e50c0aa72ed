"""Who is served next, and who is asked: the order of the line and the choice among those free."""

from sync_server.domain import ops
from sync_server.domain.catalogue import Times
from sync_server.domain.visit import State
from tests.shop import KIOSK, Play, catalogue

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
    assert [v.visit_id for v in play.floor.line()] == [first, second]
    play.sign_on("tom")
    assert play.visit(first).offer_to == "tom"


def test_a_priority_counts_as_time_already_waited():
    play = Play()  # credit_s is 90, so priority 2 counts as 180 s
    asking = play.open("ask")
    play.clock.after(179)
    picking_up = play.open("pick_up")
    assert [v.visit_id for v in play.floor.line()] == [picking_up, asking]


def test_a_low_priority_that_has_waited_long_enough_is_never_overtaken():
    play = Play()
    asking = play.open("ask")
    play.clock.after(181)
    picking_up = play.open("pick_up")
    assert [v.visit_id for v in play.floor.line()] == [asking, picking_up]
    play.clock.after(100_000)
    assert [v.visit_id for v in play.floor.line()] == [asking, picking_up]


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
