"""An engine whose server cannot write at the moment: ops are postponed in order, and the problem is shown."""

from sync_server.device.sync import engine as eng
from sync_server.protocol import messages as msg
from tests.sample_store import MONDAY_10

from .engine import running, snapshot, submit, submitted


def test_after_a_not_now_the_problem_is_shown_and_the_op_sent_again_later():
    engine = running(submit(1))
    actions = engine.receive(msg.NotNow("the disk is full", submit(1).op_id), 1000)
    assert actions == [eng.ViewChanged()]
    assert engine.problem == "the disk is full"
    assert engine.live
    assert engine.next_deadline() <= 1000 + eng.NOT_NOW_MS
    assert submitted(engine.tick(1000 + eng.NOT_NOW_MS)) == [submit(1).op_id]
    engine.receive(msg.Answer(submit(1).op_id), 3100)
    assert engine.problem is None


def test_the_problem_stays_while_ops_are_postponed_although_others_are_answered():
    engine = running(submit(1), submit(2), submit(3))
    engine.receive(msg.NotNow("the disk is full", submit(1).op_id), 1000)
    engine.receive(msg.Answer(submit(2).op_id), 1010)
    assert engine.problem == "the disk is full", "a third op is still on its way"
    engine.receive(msg.Answer(submit(3).op_id), 1020)
    assert engine.problem == "the disk is full", "the first one is still to be sent again"
    engine.tick(1000 + eng.NOT_NOW_MS)
    assert engine.problem == "the disk is full"
    engine.receive(msg.Answer(submit(1).op_id), 3100)
    assert engine.problem is None


def test_the_problem_stays_until_every_op_that_was_sent_again_is_answered():
    engine = running(submit(1), submit(2))
    engine.receive(msg.NotNow("the disk is full"), 1000)
    engine.tick(1000 + eng.NOT_NOW_MS)
    engine.receive(msg.Answer(submit(1).op_id), 3010)
    assert engine.problem == "the disk is full"
    engine.receive(msg.Answer(submit(2).op_id), 3020)
    assert engine.problem is None


def test_a_snapshot_does_not_send_postponed_ops_early():
    engine = running(submit(1))
    engine.receive(msg.NotNow("the disk is full", submit(1).op_id), 1000)
    assert submitted(engine.receive(snapshot(n=3), 1001)) == []
    assert engine.problem == "the disk is full"
    assert submitted(engine.tick(1000 + eng.NOT_NOW_MS)) == [submit(1).op_id]


def test_a_new_op_does_not_overtake_a_postponed_one():
    engine = running(submit(1))
    engine.receive(msg.NotNow("the disk is full", submit(1).op_id), 1000)
    assert submitted(engine.submit(submit(2), 1500)) == []
    assert submitted(engine.tick(1000 + eng.NOT_NOW_MS)) == [submit(1).op_id, submit(2).op_id]
    assert submitted(engine.submit(submit(3), 4000)) == [submit(3).op_id]


def test_a_problem_without_pending_ops_ends_after_the_pause():
    engine = running()
    engine.receive(msg.NotNow("the disk is full"), 1000)  # such as an answer to a sign-in
    assert engine.problem == "the disk is full"
    assert eng.ViewChanged() in engine.tick(1000 + eng.NOT_NOW_MS)
    assert engine.problem is None


def test_a_new_link_sends_postponed_ops_at_once():
    engine = running(submit(1))
    engine.receive(msg.NotNow("the disk is full", submit(1).op_id), 1000)
    engine.receive(msg.Update(99, MONDAY_10), 1100)
    engine.opened(1400)
    assert submitted(engine.receive(snapshot(), 1450)) == [submit(1).op_id]
    assert engine.problem is None


def test_a_postponed_op_is_not_waited_for_and_the_others_are():
    engine = running(now=0)
    for number in (1, 2):
        engine.submit(submit(number), 100)
    engine.receive(msg.NotNow("the disk is full", submit(1).op_id), 3_900)
    engine.receive(msg.Answer(submit(2).op_id), 3_950)
    assert engine.tick(100 + eng.ANSWER_MS) == [eng.Send(msg.Ping(4_100))], "no answer is missing"
    assert engine.next_deadline() == 3_900 + eng.NOT_NOW_MS
    assert submitted(engine.tick(3_900 + eng.NOT_NOW_MS)) == [submit(1).op_id]


def test_a_postponement_without_an_op_still_waits_for_the_answers():
    engine = running(now=0)
    engine.submit(submit(1), 100)
    engine.receive(msg.NotNow("the disk is full"), 3_900)
    assert eng.Close() in engine.tick(100 + eng.ANSWER_MS)


def test_an_op_that_was_sent_again_has_the_whole_time_for_its_answer():
    engine = running(submit(1), now=0)
    engine.receive(msg.NotNow("the disk is full", submit(1).op_id), 10)
    engine.tick(10 + eng.NOT_NOW_MS)
    engine.receive(msg.Beat(0, MONDAY_10), 5_000)
    assert engine.next_deadline() == eng.PING_MS + 10 + eng.PING_MS
    assert eng.Close() not in engine.tick(9 + eng.NOT_NOW_MS + eng.ANSWER_MS)
    assert eng.Close() in engine.tick(10 + eng.NOT_NOW_MS + eng.ANSWER_MS)
