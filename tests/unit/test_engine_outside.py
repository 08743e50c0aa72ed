"""A device that has no part in the store: it was revoked, or has another role."""

from sync_server.device import engine as eng
from sync_server.device.engine import Engine
from sync_server.protocol import messages as msg

from .engine import DIGEST, row, running, snapshot, submit, submitted


def test_a_dismissed_device_closes_and_asks_again_only_now_and_then():
    engine = running(submit(1))
    actions = engine.receive(msg.Dismissed(), 1000)
    assert eng.Close() in actions
    assert eng.Emptied() in actions
    assert eng.Changed() in actions
    assert (engine.dismissed, engine.live) == (True, False)
    assert engine.next_deadline() == 1000 + eng.OUTSIDE_MS
    assert engine.tick(999 + eng.OUTSIDE_MS) == []
    assert engine.tick(1000 + eng.OUTSIDE_MS) == [eng.Open()]
    engine.opened(1000 + eng.OUTSIDE_MS)
    assert engine.dismissed  # until it hears otherwise
    engine.receive(msg.Dismissed(), 1001 + eng.OUTSIDE_MS)
    assert engine.next_deadline() == 1001 + 2 * eng.OUTSIDE_MS
    assert engine.pending == [submit(1)]


def test_a_device_that_was_let_in_again_is_as_before():
    engine = running(submit(1))
    engine.receive(msg.Dismissed(), 1000)
    engine.tick(1000 + eng.OUTSIDE_MS)
    engine.opened(1000 + eng.OUTSIDE_MS)
    actions = engine.receive(snapshot(), 1010 + eng.OUTSIDE_MS)
    assert (engine.dismissed, engine.live) == (False, True)
    assert submitted(actions) == [submit(1).op_id]


def test_a_device_with_another_role_says_so_and_shows_nothing_of_the_floor():
    engine = Engine([submit(1)], DIGEST, kind="kiosk")
    engine.opened(0)
    actions = engine.receive(snapshot(kind="staff", name="Front", letter="A", visits=(row(1),)), 20)
    assert eng.Known("staff", "Front", "A") in actions
    assert eng.Close() in actions
    assert submitted(actions) == []
    assert (engine.moved_to, engine.live, list(engine.replica.visits)) == ("staff", False, [])
    assert engine.next_deadline() == 20 + eng.OUTSIDE_MS
    engine.opened(100)
    engine.receive(snapshot(kind="kiosk", name="Front", letter="A"), 120)
    assert (engine.moved_to, engine.live) == (None, True)


def test_a_server_that_does_not_say_who_the_device_is_is_taken_at_its_word():
    engine = Engine([], DIGEST, kind="kiosk")
    engine.opened(0)
    actions = engine.receive(snapshot(), 20)
    assert (engine.moved_to, engine.live) == (None, True)
    assert not any(isinstance(action, eng.Known) for action in actions)
