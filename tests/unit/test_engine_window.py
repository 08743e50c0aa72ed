"""An engine with more ops than it may have under way: the window of the protocol."""

from hypothesis import given
from hypothesis import strategies as st

from sync_server.device.sync import engine as eng
from sync_server.device.sync.engine import Engine
from sync_server.protocol import messages as msg

from .engine import DIGEST, running, snapshot, submit, submitted

MANY = 3 * msg.WINDOW
OP_IDS = [submit(number).op_id for number in range(MANY)]


def test_after_an_outage_only_a_window_of_ops_is_sent_and_each_answer_lets_one_more_go():
    engine = Engine([submit(number) for number in range(MANY)], DIGEST)
    engine.opened(0)
    sent = submitted(engine.receive(snapshot(), 0))
    assert sent == OP_IDS[: msg.WINDOW]
    for number in range(MANY):
        sent += submitted(engine.receive(msg.Answer(OP_IDS[number]), 10 + number))
        assert len(sent) == min(MANY, number + 1 + msg.WINDOW)
    assert sent == OP_IDS
    assert engine.pending == []


def test_a_tap_waits_for_its_turn_while_the_window_is_full():
    engine = running(*[submit(number) for number in range(msg.WINDOW)])
    late = submit(900)
    assert submitted(engine.submit(late, 10)) == []
    assert engine.pending[-1] == late
    assert submitted(engine.receive(msg.Answer(OP_IDS[5]), 20)) == [late.op_id]


def test_a_second_answer_makes_no_room():
    engine = running(*[submit(number) for number in range(MANY)])
    engine.receive(msg.Answer(OP_IDS[0]), 10)
    assert engine.receive(msg.Answer(OP_IDS[0]), 20) == []


def test_an_op_that_the_server_cannot_read_makes_room_for_one_that_is_waited_for():
    engine = running(*[submit(number) for number in range(MANY)], now=0)
    actions = engine.receive(msg.Fault("unknown op", OP_IDS[0]), 1_000)
    assert submitted(actions) == [OP_IDS[msg.WINDOW]]
    for number in range(1, msg.WINDOW):
        engine.receive(msg.Answer(OP_IDS[number], None), 2_000)
    engine.tick(eng.PING_MS)
    assert engine.next_deadline() == 2 * eng.PING_MS
    engine.tick(2 * eng.PING_MS)
    engine.receive(msg.Beat(0, 0), 2 * eng.PING_MS)
    assert engine.next_deadline() == 1_000 + eng.ANSWER_MS


def test_ops_that_were_never_sent_are_not_waited_for():
    engine = running(*[submit(number) for number in range(MANY)], now=0)
    for number in range(msg.WINDOW):
        engine.receive(msg.Answer(OP_IDS[number]), 3_000)
    engine.receive(msg.Beat(0, 0), eng.ANSWER_MS)
    assert eng.Close() not in engine.tick(eng.ANSWER_MS)
    engine.receive(msg.Beat(0, 0), 3_000 + eng.ANSWER_MS)
    assert eng.Close() in engine.tick(3_000 + eng.ANSWER_MS)


def test_after_a_not_now_the_first_window_is_sent_again():
    engine = running(*[submit(number) for number in range(MANY)])
    engine.receive(msg.NotNow("the disk is full", OP_IDS[1]), 1000)
    assert submitted(engine.receive(msg.Answer(OP_IDS[0]), 1010)) == []
    assert submitted(engine.tick(1000 + eng.NOT_NOW_MS)) == OP_IDS[1 : 1 + msg.WINDOW]


def test_a_new_snapshot_sends_the_window_again():
    engine = running(*[submit(number) for number in range(MANY)])
    engine.receive(msg.WhoAreYou(), 100)
    assert submitted(engine.receive(snapshot(), 110)) == OP_IDS[: msg.WINDOW]


@given(st.lists(st.sampled_from(["submit", "answer", "answer", "not_now", "pause", "new link"])))
def test_never_more_than_a_window_is_under_way_and_the_order_stays(steps):
    """The server's view: after a resend it sees the first unanswered ops again, in order."""
    engine = running(*[submit(number) for number in range(100)])
    under_way = OP_IDS[: msg.WINDOW]
    now, made = 0, 100
    for step in steps:
        now += 10
        actions: list[eng.Action] = []
        if step == "submit" and made < MANY:
            actions = engine.submit(submit(made), now)
            made += 1
        elif step == "answer" and under_way:
            actions = engine.receive(msg.Answer(under_way.pop(0)), now)
        elif step == "not_now":
            engine.receive(msg.NotNow("slow", None), now)
        elif step == "pause":
            now += eng.NOT_NOW_MS
            engine.receive(msg.Beat(0, 0), now)
            actions = engine.tick(now)
            if submitted(actions):
                under_way = []
        elif step == "new link":
            engine.receive(msg.Update(99, 0), now)
            now += 5_000
            engine.opened(now)
            under_way = []
            actions = engine.receive(snapshot(), now)
        under_way += submitted(actions)
        assert len(under_way) <= msg.WINDOW
        waiting = [each.op_id for each in engine.pending]
        assert under_way == waiting[: len(under_way)]
