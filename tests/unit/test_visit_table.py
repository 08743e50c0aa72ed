"""The table of transitions: each pair of state and event is in this list, or refused without effect."""

import pytest
from msgspec.structs import replace

from sync_server.domain import events as ev
from sync_server.domain.events import Record
from sync_server.domain.resolution import Resolution
from sync_server.domain.visit import transitions, visit
from sync_server.domain.visit.transitions import IllegalTransition
from sync_server.domain.visit.visit import State, Visit
from tests.floor_harness import floor
from tests.sample_store import MONDAY_10

# Written by hand, not from the table: state, event, state after.
ALLOWED = """
nothing    opened      waiting
waiting    offered     offered
waiting    claimed     accepted
waiting    widened     waiting
waiting    alerted     waiting
waiting    asked_again waiting
waiting    quote_extended waiting
waiting    cancelled   cancelled
waiting    removed     removed
waiting    undone      serving
waiting    expired     expired
offered    accepted    accepted
offered    declined    waiting
offered    timed_out   waiting
offered    withdrawn   waiting
offered    recalled    offered
offered    no_show     no_show
offered    cancelled   cancelled
offered    removed     removed
offered    expired     expired
accepted   started     serving
accepted   recalled    accepted
accepted   noted       accepted
accepted   handed_over waiting
accepted   no_show     no_show
accepted   cancelled   cancelled
accepted   removed     removed
accepted   expired     expired
serving    noted       serving
serving    help_wanted serving
serving    held        on_hold
serving    handed_over waiting
serving    completed   completed
serving    removed     removed
serving    expired     expired
on_hold    noted       on_hold
on_hold    resumed     serving
on_hold    handed_over waiting
on_hold    cancelled   cancelled
on_hold    removed     removed
on_hold    expired     expired
completed  undone      serving
completed  rated       completed
cancelled  rated       cancelled
completed  corrected   completed
cancelled  corrected   cancelled
removed    corrected   removed
expired    corrected   expired
no_show    corrected   no_show
expired    found_completed completed
completed  looked_into completed
cancelled  looked_into cancelled
removed    looked_into removed
expired    looked_into expired
no_show    looked_into no_show
"""
EXPECTED = {
    (before, event): after for before, event, after in (line.split() for line in ALLOWED.strip().splitlines())
}

OPEN = ["waiting", "offered", "accepted", "serving", "on_hold"]
ENDED = ["completed", "cancelled", "removed", "expired", "no_show"]
STATES = ["nothing", *OPEN, *ENDED]
EVENTS: dict[str, ev.AnyVisitEvent] = {
    "opened": ev.Opened(ticket="A-1", day="2026-03-02", source="kiosk", need="ask", language="en"),
    "offered": ev.Offered("maya", MONDAY_10 + 15_000),
    "declined": ev.Declined("maya"),
    "timed_out": ev.TimedOut("maya"),
    "withdrawn": ev.Withdrawn("maya"),
    "accepted": ev.Accepted("maya"),
    "claimed": ev.Claimed("maya"),
    "recalled": ev.Recalled("maya"),
    "started": ev.Started("maya"),
    "held": ev.Held("maya"),
    "help_wanted": ev.HelpWanted("maya"),
    "resumed": ev.Resumed("maya"),
    "handed_over": ev.HandedOver("maya", "the story", "buy"),
    "noted": ev.Noted("maya", "a note"),
    "completed": ev.Completed("maya", Resolution.SOLVED),
    "undone": ev.Undone("maya"),
    "no_show": ev.NoShow("maya"),
    "cancelled": ev.Cancelled(),
    "removed": ev.Removed("maya"),
    "expired": ev.Expired(),
    "widened": ev.Widened(1),
    "asked_again": ev.AskedAgain(everybody=True),
    "alerted": ev.Alerted(),
    "quote_extended": ev.QuoteExtended(60.0, 300.0, ev.ExtendedBecause.LONGER_VISITS),
    "rated": ev.Rated(ces=5),
    "corrected": ev.Corrected(ev.CorrectedBecause.OTHER_NEED, need="buy"),
    "found_completed": ev.FoundCompleted(ev.CorrectedBecause.TAPPED_WRONG, Resolution.SOLVED),
    "looked_into": ev.LookedInto(ev.RootCause.STOCK, done=True),
}
PAIRS = [(state, event) for state in STATES for event in EVENTS]


def a_visit(state: str) -> Visit:
    served = _visit("serving")
    return replace(_visit(state), undo=served if state in ("waiting", "completed") else None)


def _visit(state: str) -> Visit:
    return Visit(
        visit_id="1" * 32,
        ticket="A-1",
        day="2026-03-02",
        source="kiosk",
        need="ask",
        language="en",
        created_at=MONDAY_10,
        state=State(state),
        rev=7,
    )


def test_the_list_above_names_every_state_and_every_event_there_is():
    assert set(EVENTS) == {kind.__struct_config__.tag for kind in ev.VisitEvent.__subclasses__()}
    assert {state.value for state in visit.OPEN} == set(OPEN)
    assert {state.value for state in visit.ENDED} == set(ENDED)
    assert {state.value for state in State} == {*OPEN, *ENDED}


@pytest.mark.parametrize(("state", "event"), [pair for pair in PAIRS if pair[0] != "nothing"])
def test_an_event_leads_where_the_list_says_or_is_refused_and_changes_nothing(state, event):
    before = a_visit(state)
    copy = a_visit(state)
    if (state, event) in EXPECTED:
        after = transitions.apply(before, EVENTS[event], MONDAY_10 + 1000)
        assert after.state.value == EXPECTED[state, event]
        assert after.rev == before.rev + 1
    else:
        with pytest.raises(IllegalTransition, match="A-1"):
            transitions.apply(before, EVENTS[event], MONDAY_10 + 1000)
    assert before == copy


@pytest.mark.parametrize("event", EVENTS)
def test_a_visit_that_does_not_exist_can_only_be_opened(event):
    empty = floor()
    record = Record(1, MONDAY_10, EVENTS[event], "1" * 32, 1)
    if ("nothing", event) in EXPECTED:
        empty.apply(record)
        assert empty.visits["1" * 32].state.value == EXPECTED["nothing", event]
        assert empty.visits["1" * 32].rev == 1
    elif event in ("rated", "corrected", "found_completed", "looked_into"):
        empty.apply(record)  # about a visit that ended before this part of the log
        assert empty.visits == {}
    else:
        with pytest.raises(IllegalTransition):
            empty.apply(record)
        assert empty.visits == {}
        assert empty.seq == 0


def test_a_visit_is_opened_once():
    twice = floor()
    twice.apply(Record(1, MONDAY_10, EVENTS["opened"], "1" * 32, 1))
    with pytest.raises(IllegalTransition):
        twice.apply(Record(2, MONDAY_10, EVENTS["opened"], "1" * 32, 1))
    assert twice.seq == 1


def test_the_table_is_the_list():
    lines = {
        (state.value if state else "nothing", event.__struct_config__.tag): after.value
        for (state, event), after in transitions.TRANSITIONS.items()
    }
    assert lines == EXPECTED


@pytest.mark.parametrize("state", ENDED)
def test_an_ended_visit_stays_in_its_state_unless_the_end_is_taken_back_or_found_wrong(state):
    after = {
        to
        for (before, event), to in EXPECTED.items()
        if before == state and event not in ("undone", "found_completed")
    }
    assert after <= {state}
    assert (state, "undone") not in EXPECTED or state == "completed"
