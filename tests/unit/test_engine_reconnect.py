"""How a device tries again after it lost the server, and what it forgets then."""

from functools import partial

from sync_server.device.sync import engine as eng
from sync_server.device.sync.engine import Engine
from sync_server.protocol import messages as msg

from .engine import running, snapshot, submit, submitted


def test_after_each_failure_the_pause_doubles_up_to_the_longest():
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
    assert engine.next_deadline() - now - eng.SILENCE_MS == 200  # after a success the wait is short again


def test_the_pause_is_not_changed_by_chance_unless_the_caller_wants_it():
    engine = Engine([])
    engine.opened(0)
    engine.tick(eng.HELLO_MS)
    assert engine.next_deadline() == eng.HELLO_MS + 200


def test_devices_that_lose_the_server_together_reconnect_at_different_times():
    waits = []
    for chance in (0.0, 0.999):
        engine = Engine([], jitter=partial(float, chance))
        engine.opened(0)
        engine.tick(eng.HELLO_MS)
        waits.append(engine.next_deadline() - eng.HELLO_MS)
    assert waits == [100, 299]


def test_a_new_link_forgets_what_was_sent_over_the_old_one():
    engine = running(submit(1), now=0)
    engine.tick(eng.SILENCE_MS)
    engine.opened(7_000)
    engine.receive(snapshot(), 7_100)
    engine.receive(msg.Answer(submit(1).op_id), 7_200)
    assert engine.next_deadline() == 7_100 + eng.PING_MS


def test_a_new_link_on_which_the_server_is_not_ready_does_not_wait_for_ops_of_the_old_one():
    engine = running(submit(1), now=0)
    engine.tick(eng.SILENCE_MS)
    engine.opened(7_000)
    engine.receive(msg.NotNow("the disk is full"), 7_010)
    engine.receive(snapshot(), 7_020)
    assert engine.next_deadline() == 7_010 + eng.NOT_NOW_MS
    assert engine.tick(7_030) == []
    assert submitted(engine.tick(7_010 + eng.NOT_NOW_MS)) == [submit(1).op_id]
