"""A device that may not take part in the store: it was revoked, or has another role."""

from sync_server.device.sync import engine as eng
from sync_server.device.sync.engine import Engine
from sync_server.protocol import messages as msg

from .engine import DIGEST, row, running, snapshot, submit, submitted


def test_a_revoked_device_closes_and_asks_again_once_a_minute():
    engine = running(submit(1))
    actions = engine.receive(msg.Dismissed(), 1000)
    assert eng.Close() in actions
    assert eng.RowsCleared() in actions
    assert eng.ViewChanged() in actions
    assert (engine.revoked, engine.live) == (True, False)
    assert engine.next_deadline() == 1000 + eng.EXCLUDED_MS
    assert engine.tick(999 + eng.EXCLUDED_MS) == []
    assert engine.tick(1000 + eng.EXCLUDED_MS) == [eng.Open()]
    engine.opened(1000 + eng.EXCLUDED_MS)
    assert engine.revoked  # until the server says otherwise
    engine.receive(msg.Dismissed(), 1001 + eng.EXCLUDED_MS)
    assert engine.next_deadline() == 1001 + 2 * eng.EXCLUDED_MS
    assert engine.pending == [submit(1)]


def test_a_device_that_takes_part_again_sends_its_ops():
    engine = running(submit(1))
    engine.receive(msg.Dismissed(), 1000)
    engine.tick(1000 + eng.EXCLUDED_MS)
    engine.opened(1000 + eng.EXCLUDED_MS)
    actions = engine.receive(snapshot(), 1010 + eng.EXCLUDED_MS)
    assert (engine.revoked, engine.live) == (False, True)
    assert submitted(actions) == [submit(1).op_id]


def test_a_device_with_another_role_has_no_rows():
    engine = Engine([submit(1)], DIGEST, kind="kiosk")
    engine.opened(0)
    actions = engine.receive(snapshot(kind="staff", name="Front", letter="A", visits=(row(1),)), 20)
    assert eng.IdentityReceived("staff", "Front", "A") in actions
    assert eng.Close() in actions
    assert submitted(actions) == []
    assert (engine.moved_to, engine.live, list(engine.replica.visits)) == ("staff", False, [])
    assert engine.next_deadline() == 20 + eng.EXCLUDED_MS
    engine.opened(100)
    engine.receive(snapshot(kind="kiosk", name="Front", letter="A"), 120)
    assert (engine.moved_to, engine.live) == (None, True)


def test_an_older_server_that_sends_no_identity_changes_nothing():
    engine = Engine([], DIGEST, kind="kiosk")
    engine.opened(0)
    actions = engine.receive(snapshot(), 20)
    assert (engine.moved_to, engine.live) == (None, True)
    assert not any(isinstance(action, eng.IdentityReceived) for action in actions)


# --- two computers with the same device file ----------------------------------------------------------


def test_of_two_computers_the_first_goes_on_and_knows_of_the_second():
    engine = running(submit(1))
    assert engine.receive(msg.Duplicated(excluded=False), 1000) == [eng.ViewChanged()]
    assert (engine.duplicated, engine.live) == (False, True)
    engine.receive(msg.WhoAreYou(), 2000)
    engine.receive(snapshot(), 2010)
    assert engine.duplicated is False, "until a person has read it"


def test_of_two_computers_the_second_has_no_rows_and_asks_again_once_a_minute():
    engine = running(submit(1))
    actions = engine.receive(msg.Duplicated(excluded=True), 1000)
    assert actions == [eng.RowsCleared(), eng.Close(), eng.ViewChanged()]
    assert (engine.duplicated, engine.live) == (True, False)
    assert engine.next_deadline() == 1000 + eng.EXCLUDED_MS
    engine.opened(1000 + eng.EXCLUDED_MS)
    assert submitted(engine.receive(snapshot(), 1010 + eng.EXCLUDED_MS)) == [submit(1).op_id]
    assert engine.duplicated is None, "it may take part, so the other computer is gone"


def test_a_device_that_was_never_told_of_a_second_computer_knows_of_none():
    assert running().duplicated is None
