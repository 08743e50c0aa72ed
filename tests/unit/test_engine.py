"""The device's side of the protocol, without socket or clock: what it does with whatever comes."""

import pytest
from msgspec.structs import replace

from sync_server.device import engine as eng
from sync_server.device.engine import Engine
from sync_server.device.wordless import NO_NOTE, wordless
from sync_server.domain import ops
from sync_server.domain.refusal import Code, Refusal
from sync_server.protocol import messages as msg
from tests.shop import MONDAY_10, catalogue

from .engine import DIGEST, row, running, sent, snapshot, submit, submitted

# --- beginning ------------------------------------------------------------------------------------


def test_it_asks_for_a_socket_says_hello_and_is_live_with_the_snapshot():
    engine = Engine([], DIGEST)
    assert engine.next_deadline() == 0
    assert engine.tick(0) == [eng.Open()]
    assert sent(engine.opened(0)) == [msg.Hello(msg.PROTOCOL, DIGEST, lenient=True)]
    assert not engine.live
    actions = engine.receive(snapshot(n=7, visits=(row(1),)), 20)
    assert eng.Changed() in actions
    assert engine.live
    assert engine.replica.n == 7
    assert list(engine.replica.visits) == [row(1).visit_id]


def test_a_snapshot_with_a_catalogue_is_to_be_kept_and_named_in_the_next_hello():
    engine = Engine([])
    assert sent(engine.opened(0)) == [msg.Hello(msg.PROTOCOL, "", lenient=True)]
    actions = engine.receive(snapshot(catalogue=catalogue()), 0)
    assert eng.Learned(catalogue(), DIGEST) in actions
    engine.tick(eng.SILENCE_MS)
    assert sent(engine.opened(eng.SILENCE_MS + 100)) == [msg.Hello(msg.PROTOCOL, DIGEST, lenient=True)]


def test_the_day_and_the_last_ticket_are_passed_on():
    engine = Engine([])
    engine.opened(0)
    actions = engine.receive(snapshot(day="2026-03-03", last_ticket=41), 0)
    assert eng.DayKnown("2026-03-03", 41) in actions


def test_without_a_snapshot_in_time_the_socket_is_taken_for_dead():
    engine = Engine([])
    engine.opened(1000)
    assert engine.next_deadline() == 1000 + eng.HELLO_MS
    assert engine.tick(999 + eng.HELLO_MS) == []
    assert eng.Close() in engine.tick(1000 + eng.HELLO_MS)


def test_the_servers_time_is_reckoned_from_its_last_word():
    engine = Engine([])
    assert engine.server_time(5) is None
    engine.opened(0)
    engine.receive(snapshot(at=MONDAY_10), 1000)
    assert engine.server_time(1500) == MONDAY_10 + 500
    engine.receive(msg.Beat(0, MONDAY_10 + 90_000), 2000)
    assert engine.server_time(2000) == MONDAY_10 + 90_000
    engine.receive(msg.Update(1, MONDAY_10 + 91_000), 2000)
    assert engine.server_time(2001) == MONDAY_10 + 91_001


# --- ops ------------------------------------------------------------------------------------------


def test_an_op_is_sent_at_once_while_live_and_settled_by_its_answer():
    engine = running()
    actions = engine.submit(submit(1), 10)
    assert submitted(actions) == [submit(1).op_id]
    assert eng.Changed() in actions
    assert engine.pending == [submit(1)]
    actions = engine.receive(msg.Answer(submit(1).op_id), 20)
    assert actions == [eng.Settled(submit(1).op_id, None), eng.Changed()]
    assert engine.pending == []


def test_a_refusal_settles_an_op_too():
    engine = running(submit(1))
    refusal = Refusal(Code.STALE_REV, "4")
    actions = engine.receive(msg.Answer(submit(1).op_id, refusal), 20)
    assert eng.Settled(submit(1).op_id, refusal) in actions
    assert engine.pending == []


def test_a_second_answer_to_the_same_op_does_nothing():
    engine = running(submit(1))
    engine.receive(msg.Answer(submit(1).op_id), 20)
    assert engine.receive(msg.Answer(submit(1).op_id, Refusal(Code.MALFORMED)), 30) == []


def test_what_waited_is_sent_in_the_order_it_was_made_as_soon_as_there_is_a_snapshot():
    engine = Engine([submit(3), submit(1)])
    engine.opened(0)
    assert submitted(engine.submit(submit(2), 5)) == []
    assert submitted(engine.receive(snapshot(), 10)) == [s.op_id for s in (submit(3), submit(1), submit(2))]


def test_an_op_without_an_answer_in_time_means_a_dead_link_and_is_sent_again_over_a_new_one():
    engine = running()
    engine.submit(submit(1), 100)
    engine.receive(msg.Beat(0, MONDAY_10), 3000)  # the server speaks, only not of this op
    assert engine.next_deadline() <= 100 + eng.ANSWER_MS
    assert eng.Close() in engine.tick(100 + eng.ANSWER_MS)
    engine.opened(5000)
    assert submitted(engine.receive(snapshot(), 5010)) == [submit(1).op_id]


def test_an_answer_is_all_that_makes_an_op_leave():
    engine = running(submit(1))
    for message in (
        snapshot(),
        msg.Beat(0, MONDAY_10),
        msg.NotNow("full", submit(1).op_id),
        msg.Fault("what was that?"),
        msg.WhoAreYou(),
        msg.Answer("f" * 32),
    ):
        assert not [a for a in engine.receive(message, 50) if isinstance(a, eng.Settled)]
    engine.tick(10**6)
    assert engine.pending == [submit(1)]


def test_an_op_the_server_cannot_read_is_refused_for_good():
    engine = running(submit(1))
    actions = engine.receive(msg.Fault("unknown op", submit(1).op_id), 10)
    assert eng.Settled(submit(1).op_id, Refusal(Code.MALFORMED, "unknown op")) in actions
    assert engine.pending == []


# --- a server that cannot write -------------------------------------------------------------------


def test_not_now_is_told_and_the_op_is_sent_again_after_a_while():
    engine = running(submit(1))
    actions = engine.receive(msg.NotNow("the disk is full", submit(1).op_id), 1000)
    assert actions == [eng.Changed()]
    assert engine.problem == "the disk is full"
    assert engine.live
    assert engine.next_deadline() <= 1000 + eng.NOT_NOW_MS
    assert submitted(engine.tick(1000 + eng.NOT_NOW_MS)) == [submit(1).op_id]
    engine.receive(msg.Answer(submit(1).op_id), 3100)
    assert engine.problem is None


def test_the_snapshot_that_follows_a_not_now_does_not_make_it_ask_again_at_once():
    engine = running(submit(1))
    engine.receive(msg.NotNow("the disk is full", submit(1).op_id), 1000)
    assert submitted(engine.receive(snapshot(n=3), 1001)) == []
    assert engine.problem == "the disk is full"
    assert submitted(engine.tick(1000 + eng.NOT_NOW_MS)) == [submit(1).op_id]


def test_an_op_made_meanwhile_does_not_overtake_the_one_that_was_put_off():
    engine = running(submit(1))
    engine.receive(msg.NotNow("the disk is full", submit(1).op_id), 1000)
    assert submitted(engine.submit(submit(2), 1500)) == []
    assert submitted(engine.tick(1000 + eng.NOT_NOW_MS)) == [submit(1).op_id, submit(2).op_id]
    assert submitted(engine.submit(submit(3), 4000)) == [submit(3).op_id]


def test_a_problem_without_an_op_of_ours_passes_by_itself():
    engine = running()
    engine.receive(msg.NotNow("the disk is full"), 1000)  # a sign-in, say
    assert engine.problem == "the disk is full"
    assert eng.Changed() in engine.tick(1000 + eng.NOT_NOW_MS)
    assert engine.problem is None


def test_a_new_link_does_not_wait_for_what_the_old_one_put_off():
    engine = running(submit(1))
    engine.receive(msg.NotNow("the disk is full", submit(1).op_id), 1000)
    engine.receive(msg.Update(99, MONDAY_10), 1100)
    engine.opened(1400)
    assert submitted(engine.receive(snapshot(), 1450)) == [submit(1).op_id]
    assert engine.problem is None


def test_a_server_that_speaks_another_protocol_is_named_as_the_problem_until_it_does_not():
    engine = Engine([])
    engine.opened(0)
    engine.receive(msg.Fault("device speaks protocol 1, server 2"), 10)
    assert not engine.live
    assert engine.problem == "device speaks protocol 1, server 2"
    engine.tick(eng.HELLO_MS)
    assert engine.problem == "device speaks protocol 1, server 2"
    engine.opened(9000)
    engine.receive(snapshot(), 9001)
    assert engine.problem is None


# --- staying in step ------------------------------------------------------------------------------


def test_updates_are_applied_one_after_the_other():
    engine = running()
    assert engine.receive(msg.Update(1, MONDAY_10, visits=(row(1),)), 10) == [eng.Changed()]
    assert engine.receive(msg.Update(2, MONDAY_10, visits=(row(1, rev=2),)), 11) == [eng.Changed()]
    assert engine.replica.visits[row(1).visit_id].rev == 2


@pytest.mark.parametrize("n", [0, 2, 9])
def test_a_missing_or_repeated_update_means_a_new_snapshot(n):
    engine = running()
    before = dict(engine.replica.visits)
    actions = engine.receive(msg.Update(n, MONDAY_10, visits=(row(1),)), 10)
    assert actions == [eng.Close(), eng.Changed()]
    assert engine.replica.visits == before
    assert not engine.live


def test_a_beat_beyond_the_copy_means_that_the_last_update_was_lost():
    engine = running()
    engine.receive(msg.Update(1, MONDAY_10), 10)
    assert engine.receive(msg.Beat(1, MONDAY_10), 20) == []
    assert eng.Close() in engine.receive(msg.Beat(2, MONDAY_10), 30)


def test_silence_for_three_beats_means_a_dead_link():
    engine = running(now=1000)
    engine.receive(msg.Beat(0, MONDAY_10), 2000)
    engine.tick(2000 + eng.SILENCE_MS - 1)
    assert engine.live
    assert eng.Close() in engine.tick(2000 + eng.SILENCE_MS)
    assert not engine.live
    assert eng.SILENCE_MS == 6000


def test_it_lets_the_server_know_that_it_is_there():
    engine = running(now=0)
    assert engine.next_deadline() == eng.PING_MS
    assert sent(engine.tick(eng.PING_MS)) == [msg.Ping(eng.PING_MS)]
    assert engine.next_deadline() == 2 * eng.PING_MS
    assert engine.tick(eng.PING_MS + 1) == []


def test_a_server_that_does_not_know_us_gets_a_hello_over_the_same_link():
    engine = running(submit(1))
    actions = engine.receive(msg.WhoAreYou(), 500)
    assert sent(actions) == [msg.Hello(msg.PROTOCOL, DIGEST, lenient=True)]
    assert not engine.live
    assert engine.receive(msg.WhoAreYou(), 505) == []  # of what was on its way before the hello
    assert submitted(engine.receive(snapshot(), 510)) == [submit(1).op_id]


def test_a_revoked_device_is_told_once_that_nothing_is_its_to_keep():
    engine = running(submit(1))
    assert engine.receive(msg.Dismissed(), 500)[:2] == [eng.ShutOut(), eng.Emptied()]
    engine.opened(70_000)
    assert eng.ShutOut() not in engine.receive(msg.Dismissed(), 70_001)
    engine.opened(140_000)
    engine.receive(snapshot(), 140_001)  # a backup from before was restored
    assert eng.ShutOut() in engine.receive(msg.Dismissed(), 150_000)


def test_ops_lose_their_words_in_memory_too_and_keep_their_place():
    first, second = submit(1, ops.AddNote("1" * 32, 3, "a word")), submit(2)
    engine = Engine([first, second], DIGEST)
    engine.reword(lambda s: replace(s, op=wordless(s.op)))
    assert engine.pending == [replace(first, op=ops.AddNote("1" * 32, 3, NO_NOTE)), second]
    engine.opened(0)
    assert submitted(engine.receive(snapshot(), 10)) == [first.op_id, second.op_id]


def test_after_each_failure_it_waits_twice_as_long_and_never_longer_than_the_longest():
    engine = Engine([], jitter=lambda: 0.5)
    now, waits = 0, []
    for _ in range(9):
        engine.opened(now)
        now += eng.HELLO_MS
        engine.tick(now)
        waits.append(engine.next_deadline() - now)
        assert engine.tick(engine.next_deadline() - 1) == []
        now = engine.next_deadline()
        assert engine.tick(now) == [eng.Open()]
    assert waits == [200, 400, 800, 1000, 1000, 1000, 1000, 1000, 1000]
    engine.opened(now)
    engine.receive(snapshot(), now)
    engine.tick(now + eng.SILENCE_MS)
    assert engine.next_deadline() - now - eng.SILENCE_MS == 200  # after a success it begins anew


def test_devices_that_lose_the_server_together_do_not_come_back_together():
    waits = []
    for chance in (0.0, 0.999):
        engine = Engine([], jitter=lambda chance=chance: chance)
        engine.opened(0)
        engine.tick(eng.HELLO_MS)
        waits.append(engine.next_deadline() - eng.HELLO_MS)
    assert waits == [100, 299]


# --- signing in -----------------------------------------------------------------------------------

SIGN_IN = msg.SignIn("5" * 32, "maya", "1234")


def test_a_pin_is_only_sent_over_a_live_link_and_never_kept():
    engine = Engine([])
    assert engine.sign_in(SIGN_IN) == []
    engine.opened(0)
    assert engine.sign_in(SIGN_IN) == []
    engine.receive(snapshot(), 0)
    assert sent(engine.sign_in(SIGN_IN)) == [SIGN_IN]
    assert engine.pending == []
    engine.tick(eng.SILENCE_MS)
    engine.opened(eng.SILENCE_MS + 500)
    assert SIGN_IN not in sent(engine.receive(snapshot(), eng.SILENCE_MS + 510))


def test_the_answer_to_a_sign_in_is_passed_on():
    answer = msg.SignedIn(SIGN_IN.request, Refusal(Code.WRONG_PIN))
    assert running().receive(answer, 10) == [eng.SignInAnswered(answer)]


def test_a_snapshot_replaces_all_that_was_there():
    engine = running()
    engine.receive(msg.Update(1, MONDAY_10, visits=(row(1),)), 10)
    engine.receive(replace(snapshot(n=5), visits=(row(2),)), 20)
    assert list(engine.replica.visits) == [row(2).visit_id]
    assert engine.replica.n == 5
