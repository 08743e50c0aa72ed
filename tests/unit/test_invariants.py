"""The floor and the replica check their own steps: a fault planted in the rules is found, with its number."""

import pytest
from msgspec.structs import replace

from sync_server.device.sync import engine as eng
from sync_server.device.sync.replica import Replica
from sync_server.domain import events as ev
from sync_server.domain import ops
from sync_server.domain.catalogue.times import Times
from sync_server.domain.floor import command_checks, commands
from sync_server.domain.floor import floor as floor_module
from sync_server.domain.floor.floor import Floor
from sync_server.domain.floor.invariants import check_new, check_not_left_waiting
from sync_server.domain.ops import SYSTEM
from sync_server.domain.people import Person
from sync_server.domain.people import apply as apply_to_person
from sync_server.domain.queue import routing
from sync_server.domain.resolution import Resolution
from sync_server.domain.violation import InvariantViolated
from sync_server.domain.visit import transitions
from sync_server.domain.visit.ticket import Tickets
from sync_server.domain.visit.visit import IN_LINE, State
from sync_server.protocol.messages import Update
from tests.floor_harness import KIOSK, FloorHarness, refused, staff, tablet
from tests.sample_store import MONDAY_10, catalogue

from .engine import row, running, snapshot


def with_a_visit(state: str) -> tuple[FloorHarness, str]:
    """Tom's visit in this state; lea and kim are there too."""
    play = FloorHarness()
    play.sign_on("tom", "lea", "kim")
    visit_id = play.open("repair")
    steps = {"offered": 0, "accepted": 1, "serving": 2, "on_hold": 3}[state]
    for op in (ops.Accept, ops.Start, ops.Hold)[:steps]:
        play.on("tom", op, visit_id)
    assert play.visit(visit_id).state == state
    return play, visit_id


def violation(play: FloorHarness, by, op) -> InvariantViolated:
    with pytest.raises(InvariantViolated) as found:
        play.handle(by, op)
    return found.value


def test_it_tells_its_number_and_what_it_is_about():
    error = InvariantViolated(6, "A-1", "rev 5 follows")
    assert (error.number, error.subject, error.what) == (6, "A-1", "rev 5 follows")
    assert str(error) == "A-1: rev 5 follows (invariant 6)"


@pytest.mark.parametrize("state", ["accepted", "serving"])
def test_4_a_visit_that_is_taken_from_a_colleague(state, monkeypatch):
    play, visit_id = with_a_visit(state)
    monkeypatch.setattr(commands, "IN_LINE", IN_LINE | {State(state)})
    monkeypatch.setitem(transitions.TRANSITIONS, (State(state), ev.Claimed), State.ACCEPTED)
    found = violation(play, "kim", ops.Claim(visit_id, play.visit(visit_id).rev))
    assert (found.number, found.subject) == (4, "A-1")
    assert "tom" in found.what
    assert "kim" in found.what


@pytest.mark.parametrize(
    ("state", "op", "ignored"),
    [
        ("offered", ops.Accept, ev.Accepted),
        ("offered", ops.Decline, ev.Declined),
        ("offered", ops.Remove, ev.Removed),
        ("accepted", ops.HandOver, ev.HandedOver),
        ("serving", ops.HandOver, ev.HandedOver),
        ("serving", ops.Hold, ev.Held),
        ("serving", ops.Complete, ev.Completed),
        ("accepted", ops.Remove, ev.Removed),
        ("on_hold", ops.Resume, ev.Resumed),
    ],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_4_an_employee_who_does_not_have_what_the_visit_says(state, op, ignored, monkeypatch):
    play, visit_id = with_a_visit(state)
    original = apply_to_person

    def apply(person, about, event, at, wrap_up_ms):
        return person if isinstance(event, ignored) else original(person, about, event, at, wrap_up_ms)

    monkeypatch.setattr(floor_module, "apply_to_person", apply)
    more = {"resolution": Resolution.SOLVED} if op is ops.Complete else {}
    found = violation(play, "tom", op(visit_id=visit_id, expected_rev=play.visit(visit_id).rev, **more))
    assert (found.number, found.subject) == (4, "A-1")


def test_4_an_offer_that_its_employee_does_not_have(monkeypatch):
    play = FloorHarness()
    play.sign_on("tom")
    original = apply_to_person
    monkeypatch.setattr(
        floor_module,
        "apply_to_person",
        lambda person, about, event, *more: (
            person if isinstance(event, ev.Offered) else original(person, about, event, *more)
        ),
    )
    assert violation(play, KIOSK, ops.OpenVisit("a" * 32, "A-1", "repair", "en")).number == 4


def test_5_an_employee_who_is_asked_for_two_visits(monkeypatch):
    play = FloorHarness()
    play.sign_on("tom")
    play.open("repair")
    monkeypatch.setattr(Person, "is_free", lambda person, *_: person.device_id is not None)
    found = violation(play, KIOSK, ops.OpenVisit("a" * 32, "A-2", "repair", "en"))
    assert (found.number, found.subject) == (5, "A-2")


def test_5_an_employee_who_takes_more_visits_than_the_store_allows(monkeypatch):
    play, _ = with_a_visit("serving")
    second = play.open("repair")
    monkeypatch.setattr(command_checks, "check_can_take", lambda *_: None)
    found = violation(play, "tom", ops.Claim(second, play.visit(second).rev))
    assert (found.number, found.subject) == (5, "A-2")


def test_5_as_many_as_the_store_allows_are_fine():
    play = FloorHarness(catalogue(times=Times(max_active=2)))
    play.sign_on("tom")
    first, second = play.open("repair"), play.open("repair")
    play.accept("tom", first)
    play.on("tom", ops.Claim, second)
    play.start("tom", first)
    assert play.person("tom").active == (first, second)


def test_6_a_rev_that_is_skipped(monkeypatch):
    play, visit_id = with_a_visit("accepted")
    original = transitions.apply
    monkeypatch.setattr(
        transitions, "apply", lambda *what: replace(original(*what), rev=original(*what).rev + 1)
    )
    found = violation(play, "tom", ops.Start(visit_id, play.visit(visit_id).rev))
    assert (found.number, found.subject) == (6, "A-1")


def test_7_an_ended_visit_that_goes_on(monkeypatch):
    play, visit_id = with_a_visit("serving")
    play.complete("tom", visit_id)
    monkeypatch.setitem(transitions.TRANSITIONS, (State.COMPLETED, ev.Noted), State.SERVING)
    found = violation(play, "tom", ops.AddNote(visit_id, play.visit(visit_id).rev, "n"))
    assert (found.number, found.subject) == (7, "A-1")


def test_7_an_event_that_the_table_does_not_have():
    play, visit_id = with_a_visit("accepted")
    with pytest.raises(InvariantViolated) as found:
        play.floor.apply(ev.Record(play.floor.seq + 1, MONDAY_10, ev.Resumed("tom"), visit_id, 4))
    assert (found.value.number, found.value.subject) == (7, "A-1")


@pytest.mark.parametrize("off", [-1, 1])
def test_8_a_stale_rev_that_writes(off, monkeypatch):
    play, visit_id = with_a_visit("accepted")
    monkeypatch.setattr(command_checks, "check_rev", lambda *_: None)
    found = violation(play, "tom", ops.Start(visit_id, play.visit(visit_id).rev + off))
    assert (found.number, found.subject) == (8, "A-1")


def test_8_an_op_that_takes_an_offer_back_first_saw_the_rev_before_that(monkeypatch):
    play, visit_id = with_a_visit("offered")
    rev = play.visit(visit_id).rev
    monkeypatch.setattr(command_checks, "check_rev", lambda *_: None)
    assert violation(play, "kim", ops.Claim(visit_id, rev + 1)).number == 8
    play, visit_id = with_a_visit("offered")
    assert [r.rev for r in play.yes("kim", ops.Claim(visit_id, rev))] == [rev + 1, rev + 2]


def test_9_a_record_that_does_not_follow():
    play, visit_id = with_a_visit("accepted")
    with pytest.raises(InvariantViolated) as found:
        play.floor.apply(ev.Record(play.floor.seq + 2, MONDAY_10, ev.Started("tom"), visit_id, 4))
    assert found.value.number == 9


def test_10_an_update_that_takes_a_visit_back(caplog):
    engine = running()
    engine.receive(Update(1, MONDAY_10, visits=(row(1, rev=3),)), 10)
    with pytest.raises(InvariantViolated) as found:
        engine.replica.apply(Update(2, MONDAY_10, visits=(row(2), row(1, rev=2))))
    assert (found.value.number, found.value.subject) == (10, "A-1")
    assert (engine.replica.n, list(engine.replica.visits)) == (1, [row(1).visit_id])  # nothing was applied
    assert engine.receive(Update(2, MONDAY_10, visits=(row(1, rev=2),)), 20) == [
        eng.Close(),
        eng.ViewChanged(),
    ]
    assert "invariant 10" in caplog.text


def test_10_a_snapshot_may_have_an_earlier_rev_for_the_store_may_have_been_restored():
    replica = Replica()
    replica.load_snapshot(snapshot(1, visits=(row(1, rev=3),)))
    replica.load_snapshot(snapshot(7, visits=(row(1, rev=2),)))
    assert replica.visits[row(1).visit_id].rev == 2
    assert replica.apply(Update(8, MONDAY_10, visits=(row(1, rev=2),)))


def test_11_a_visit_that_comes_before_those_already_there(monkeypatch):
    play, _ = with_a_visit("accepted")
    monkeypatch.setattr(Floor, "_advance", lambda _self, now: now)
    play.clock.now -= 1
    assert violation(play, KIOSK, ops.OpenVisit("a" * 32, "A-2", "repair", "en")).number == 11


def test_12_a_ticket_that_is_given_out_twice(monkeypatch):
    play, _ = with_a_visit("accepted")
    monkeypatch.setattr(command_checks, "check_new_visit", lambda *_: None)
    found = violation(play, KIOSK, ops.OpenVisit("a" * 32, "A-1", "repair", "en"))
    assert (found.number, found.subject) == (12, "A-1")
    nobodys = ev.Record(1, MONDAY_10, ev.PresenceChanged("tom", ev.Presence.ON_BREAK))
    check_new(nobodys, Tickets(), MONDAY_10)


def test_15_a_visit_that_waits_while_somebody_could_come(monkeypatch):
    play = FloorHarness()
    play.sign_on("tom", "kim")
    monkeypatch.setattr(routing, "next_match", lambda *_: None)
    found = violation(play, KIOSK, ops.OpenVisit("a" * 32, "A-1", "repair", "en"))
    assert (found.number, found.subject) == (15, "A-1")
    assert "tom" in found.what


def test_15_who_lacks_the_skill_was_asked_or_left_the_catalogue_leaves_nobody_waiting():
    play = FloorHarness()
    visit = play.visit(play.open("repair"))
    asked, left = replace(visit, asked=("tom",)), Person("nobody of the catalogue")
    check_not_left_waiting(play.catalogue, asked, [Person("tom"), Person("kim"), left], [])


def test_a_log_that_a_faulty_server_wrote_is_replayed_all_the_same():
    """Else a server with a wrong log could never start again. `welkom doctor` tells what is wrong."""
    play = FloorHarness()
    play.sign_on("tom")
    opened = play.records[-1]
    twice = [
        ev.Record(opened.seq + n, MONDAY_10, ev.Opened("A-1", "2026-03-02", "kiosk", "ask", "en"), vid, 1)
        for n, vid in ((1, "a" * 32), (2, "b" * 32))
    ]
    assert len(Floor.replay(play.catalogue, [*play.records, *twice]).visits) == 2


def test_accepting_beyond_what_the_store_allows_by_now_is_refused():
    """`max_active` was lowered while an offer was open: the op is refused, and no invariant is broken."""
    play = FloorHarness(catalogue(times=Times(max_active=2)))
    play.sign_on("tom")
    first, second = play.open("repair"), play.open("repair")
    play.accept("tom", first)
    lower = Floor.replay(catalogue(times=Times(max_active=1)), play.records)
    accept = ops.Accept(second, lower.visits[second].rev)
    assert lower.visits[second].offer_to == "tom"
    assert refused(lower.handle(accept, staff("tom"), play.clock.now)).code == "finish_first"
    assert lower.handle(ops.SignOn("lea", tablet("lea")), SYSTEM, play.clock.now)


def test_8_the_first_record_of_the_op_counts_though_it_is_about_another_visit(monkeypatch):
    """Tom claims a visit while he is asked for another one: its offer is withdrawn first."""
    play = FloorHarness()
    play.sign_on("tom")
    asked, other = play.open("repair"), play.open("repair")
    assert (play.visit(asked).offer_to, play.visit(asked).rev, play.visit(other).rev) == ("tom", 2, 1)
    monkeypatch.setattr(command_checks, "check_rev", lambda *_: None)
    assert violation(play, "tom", ops.Claim(other, 2)).number == 8
