"""The device's side of the sync protocol, without a socket or a clock."""

import pytest
from msgspec.structs import replace

from sync_server.device.sync import engine as eng
from sync_server.device.sync.engine import Engine
from sync_server.domain import ops
from sync_server.domain.op_redaction import EMPTY_NOTE, redact_op
from sync_server.domain.refusal import Code, Refusal
from sync_server.protocol import messages as msg
from tests.sample_store import MONDAY_10, catalogue

from .engine import DIGEST, row, running, sent, snapshot, submit, submitted

# --- beginning ------------------------------------------------------------------------------------


def test_it_asks_for_a_socket_says_hello_and_is_live_with_the_snapshot():
    engine = Engine([], DIGEST)
    assert engine.next_deadline() == 0
    assert engine.tick(0) == [eng.Open()]
    assert sent(engine.opened(0)) == [msg.Hello(msg.PROTOCOL, DIGEST, lenient=True, coalesces=True)]
    assert not engine.live
    actions = engine.receive(snapshot(n=7, visits=(row(1),)), 20)
    assert eng.ViewChanged() in actions
    assert engine.live
    assert engine.replica.n == 7
    assert list(engine.replica.visits) == [row(1).visit_id]


def test_the_catalogue_of_a_snapshot_is_saved_and_its_digest_sent_in_the_next_hello():
    engine = Engine([])
    assert sent(engine.opened(0)) == [msg.Hello(msg.PROTOCOL, "", lenient=True, coalesces=True)]
    actions = engine.receive(snapshot(catalogue=catalogue()), 0)
    assert eng.CatalogueReceived(catalogue(), DIGEST) in actions
    engine.tick(eng.SILENCE_MS)
    hello = msg.Hello(msg.PROTOCOL, DIGEST, lenient=True, coalesces=True)
    assert sent(engine.opened(eng.SILENCE_MS + 100)) == [hello]


def test_the_day_and_the_last_ticket_are_passed_on():
    engine = Engine([])
    engine.opened(0)
    actions = engine.receive(snapshot(day="2026-03-03", last_ticket=41), 0)
    assert eng.DayReceived("2026-03-03", 41) in actions


def test_a_socket_without_a_snapshot_in_time_is_replaced():
    engine = Engine([])
    engine.opened(1000)
    assert engine.next_deadline() == 1000 + eng.HELLO_MS
    assert engine.tick(999 + eng.HELLO_MS) == []
    assert eng.Close() in engine.tick(1000 + eng.HELLO_MS)


def test_the_servers_time_is_estimated_from_its_messages():
    engine = Engine([])
    assert engine.server_time(5) is None
    engine.opened(0)
    engine.receive(snapshot(at=MONDAY_10), 1000)
    assert engine.server_time(1500) == MONDAY_10 + 500
    engine.receive(msg.Beat(0, MONDAY_10 + 90_000), 2000)
    assert engine.server_time(2000) == MONDAY_10 + 90_000
    engine.receive(msg.Update(1, MONDAY_10 + 91_000), 2000)
    assert engine.server_time(2001) == MONDAY_10 + 91_001


def test_the_round_trip_of_a_ping_improves_the_estimate_of_the_servers_time():
    engine = running()
    engine.receive(msg.Beat(0, MONDAY_10 + 10_000, echo=2_000), 3_000)
    assert engine.server_time(3_000) == MONDAY_10 + 10_500, "half a second before it arrived"
    assert engine.last_contact_at == MONDAY_10 + 10_500


def test_the_time_of_the_last_contact_is_that_of_the_last_message():
    engine = Engine([])
    assert engine.last_contact_at is None
    engine.opened(0)
    engine.receive(snapshot(at=MONDAY_10), 1000)
    engine.tick(1500)
    assert engine.last_contact_at == MONDAY_10
    engine.receive(msg.Answer("f" * 32), 2000)
    assert engine.last_contact_at == MONDAY_10 + 1000


def test_a_snapshot_reports_what_the_store_says_in_this_order():
    engine = Engine([], kind="kiosk", epoch="e1")
    engine.opened(0)
    whole = snapshot(kind="kiosk", name="Front", letter="A", epoch="e2", keep_h=5, catalogue=catalogue())
    assert engine.receive(whole, 10) == [
        eng.IdentityReceived("kiosk", "Front", "A"),
        eng.RetentionReceived(5),
        eng.DayReceived("2026-03-02", 0),
        eng.EpochReceived("e2"),
        eng.CatalogueReceived(catalogue(), DIGEST),
        eng.ViewChanged(),
    ]
    assert engine.epoch == "e2"
    assert engine.receive(snapshot(epoch="e2", keep_h=5), 20) == [
        eng.RetentionReceived(5),
        eng.DayReceived("2026-03-02", 0),
        eng.ViewChanged(),
    ]


def test_before_the_first_contact_nothing_is_known():
    engine = Engine([])
    assert (engine.live, engine.revoked, engine.moved_to, engine.problem) == (False, False, None, None)
    assert (engine.kind, engine.epoch, engine.pending) == ("", "", [])
    assert engine.tick(0) == [eng.Open()], "at once"


def test_the_time_for_taking_back_is_that_of_the_last_snapshot():
    engine = Engine([])
    assert engine.undo_s == 0, "an older server cannot do it"
    engine.opened(0)
    engine.receive(snapshot(undo_s=10), 10)
    assert engine.undo_s == 10
    engine.receive(snapshot(), 20)
    assert engine.undo_s == 0


def test_in_a_demo_the_servers_clock_goes_at_the_demos_pace():
    engine = Engine([], pace=60)
    engine.opened(0)
    engine.receive(snapshot(at=MONDAY_10), 1_000)
    assert engine.server_time(2_000) == MONDAY_10 + 60_000


def test_the_times_of_the_protocol():
    assert (eng.HELLO_MS, eng.SILENCE_MS, eng.ANSWER_MS, eng.PING_MS) == (3_000, 6_000, 4_000, 2_000)
    assert (eng.BACK_OFF_MS, eng.NOT_NOW_MS, eng.EXCLUDED_MS) == ((200, 1_000), 2_000, 60_000)


# --- ops ------------------------------------------------------------------------------------------


def test_an_op_is_sent_at_once_while_live_and_settled_by_its_answer():
    engine = running()
    actions = engine.submit(submit(1), 10)
    assert submitted(actions) == [submit(1).op_id]
    assert eng.ViewChanged() in actions
    assert engine.pending == [submit(1)]
    actions = engine.receive(msg.Answer(submit(1).op_id), 20)
    assert actions == [eng.OpSettled(submit(1).op_id, None), eng.ViewChanged()]
    assert engine.pending == []


def test_a_refusal_settles_an_op_too():
    engine = running(submit(1))
    refusal = Refusal(Code.STALE_REV, "4")
    actions = engine.receive(msg.Answer(submit(1).op_id, refusal), 20)
    assert eng.OpSettled(submit(1).op_id, refusal) in actions
    assert engine.pending == []


def test_a_second_answer_to_the_same_op_does_nothing():
    engine = running(submit(1))
    engine.receive(msg.Answer(submit(1).op_id), 20)
    assert engine.receive(msg.Answer(submit(1).op_id, Refusal(Code.MALFORMED)), 30) == []


def test_pending_ops_are_sent_in_order_with_the_snapshot():
    engine = Engine([submit(3), submit(1)])
    engine.opened(0)
    assert submitted(engine.submit(submit(2), 5)) == []
    assert submitted(engine.receive(snapshot(), 10)) == [s.op_id for s in (submit(3), submit(1), submit(2))]


def test_an_op_without_an_answer_in_time_is_sent_again_over_a_new_link():
    engine = running()
    engine.submit(submit(1), 100)
    engine.receive(msg.Beat(0, MONDAY_10), 3000)  # the server sends messages, but no answer
    assert engine.next_deadline() <= 100 + eng.ANSWER_MS
    assert eng.Close() in engine.tick(100 + eng.ANSWER_MS)
    engine.opened(5000)
    assert submitted(engine.receive(snapshot(), 5010)) == [submit(1).op_id]


def test_only_an_answer_settles_an_op():
    engine = running(submit(1))
    for message in (
        snapshot(),
        msg.Beat(0, MONDAY_10),
        msg.NotNow("full", submit(1).op_id),
        msg.Fault("what was that?"),
        msg.WhoAreYou(),
        msg.Answer("f" * 32),
    ):
        assert not [a for a in engine.receive(message, 50) if isinstance(a, eng.OpSettled)]
    engine.tick(10**6)
    assert engine.pending == [submit(1)]


def test_an_op_the_server_cannot_read_is_refused_for_good():
    engine = running(submit(1))
    actions = engine.receive(msg.Fault("unknown op", submit(1).op_id), 10)
    assert eng.OpSettled(submit(1).op_id, Refusal(Code.MALFORMED, "unknown op")) in actions
    assert engine.pending == []


# --- staying in step ------------------------------------------------------------------------------


def test_updates_are_applied_one_after_the_other():
    engine = running()
    assert engine.receive(msg.Update(1, MONDAY_10, visits=(row(1),)), 10) == [eng.ViewChanged()]
    assert engine.receive(msg.Update(2, MONDAY_10, visits=(row(1, rev=2),)), 11) == [eng.ViewChanged()]
    assert engine.replica.visits[row(1).visit_id].rev == 2


@pytest.mark.parametrize("n", [0, 2, 9])
def test_a_missing_or_repeated_update_means_a_new_snapshot(n):
    engine = running()
    before = dict(engine.replica.visits)
    actions = engine.receive(msg.Update(n, MONDAY_10, visits=(row(1),)), 10)
    assert actions == [eng.Close(), eng.ViewChanged()]
    assert engine.replica.visits == before
    assert not engine.live


def test_a_wrong_update_is_logged_and_corrected_by_a_new_snapshot(caplog):
    engine = running()
    engine.receive(msg.Update(1, MONDAY_10, visits=(row(1, rev=5),)), 10)
    actions = engine.receive(msg.Update(2, MONDAY_10, visits=(row(2), row(1, rev=4))), 20)
    assert actions == [eng.Close(), eng.ViewChanged()]
    assert engine.replica.visits == {row(1).visit_id: row(1, rev=5)}
    assert caplog.record_tuples == [
        ("sync_server.device.sync.engine", 40, "the server sent a wrong update; a new snapshot is needed")
    ]


def test_a_beat_ahead_of_the_replica_means_a_lost_update():
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


def test_it_pings_the_server_regularly():
    engine = running(now=0)
    assert engine.next_deadline() == eng.PING_MS
    assert sent(engine.tick(eng.PING_MS)) == [msg.Ping(eng.PING_MS)]
    assert engine.next_deadline() == 2 * eng.PING_MS
    assert engine.tick(eng.PING_MS + 1) == []


def test_a_server_that_does_not_know_the_device_gets_a_hello_over_the_same_link():
    engine = running(submit(1))
    actions = engine.receive(msg.WhoAreYou(), 500)
    assert sent(actions) == [msg.Hello(msg.PROTOCOL, DIGEST, lenient=True, coalesces=True)]
    assert not engine.live
    assert engine.receive(msg.WhoAreYou(), 505) == []  # sent before the server received the Hello
    assert submitted(engine.receive(snapshot(), 510)) == [submit(1).op_id]


def test_a_revocation_is_reported_once():
    engine = running(submit(1))
    assert engine.receive(msg.Dismissed(), 500)[:2] == [eng.Revoked(), eng.RowsCleared()]
    engine.opened(70_000)
    assert eng.Revoked() not in engine.receive(msg.Dismissed(), 70_001)
    engine.opened(140_000)
    engine.receive(snapshot(), 140_001)  # an older backup was restored
    assert eng.Revoked() in engine.receive(msg.Dismissed(), 150_000)


def test_ops_in_memory_lose_their_text_and_keep_their_order():
    first, second = submit(1, ops.AddNote("1" * 32, 3, "a word")), submit(2)
    engine = Engine([first, second], DIGEST)
    engine.redact(lambda s: replace(s, op=redact_op(s.op)))
    assert engine.pending == [replace(first, op=ops.AddNote("1" * 32, 3, EMPTY_NOTE)), second]
    engine.opened(0)
    assert submitted(engine.receive(snapshot(), 10)) == [first.op_id, second.op_id]


def test_the_times_of_taps_are_kept_as_long_as_their_ops():
    engine = running(submit(1), submit(2))
    engine.submit(submit(3), 10)
    engine.submit(submit(4), 20)
    engine.receive(msg.Answer(submit(3).op_id), 30)
    assert engine.tap_dates.steady == {submit(3).op_id: 10, submit(4).op_id: 20}, "its age still matters"
    engine.redact(lambda submit: submit)
    assert engine.tap_dates.steady == {submit(4).op_id: 20}


def test_another_protocol_is_the_problem_until_a_snapshot_arrives():
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


def test_the_next_deadline_is_the_earliest_of_all():
    engine = running(now=0)
    assert engine.next_deadline() == eng.PING_MS
    engine.tick(5_000)
    assert engine.next_deadline() == eng.SILENCE_MS, "the next ping is later"
    engine.submit(submit(1), 1_500)
    engine.submit(submit(2), 3_000)
    assert engine.next_deadline() == 1_500 + eng.ANSWER_MS
    engine.receive(msg.NotNow("the disk is full"), 3_100)
    assert engine.next_deadline() == 3_100 + eng.NOT_NOW_MS


# --- signing in -----------------------------------------------------------------------------------

SIGN_IN = msg.SignIn("5" * 32, "maya", "1234")


def test_a_pin_is_only_sent_over_a_live_link_and_never_repeated():
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
