"""What an event changes in a visit, field by field, where no op alone shows it."""

import pytest
from msgspec.structs import replace

from sync_server.domain import events as ev
from sync_server.domain.events import ExtendedBecause
from sync_server.domain.resolution import Resolution
from sync_server.domain.visit.transitions import IllegalTransition, apply
from sync_server.domain.visit.visit import State, Visit
from tests.sample_store import MONDAY_10

WAITING = Visit("v", "A-1", "2026-03-02", "kiosk", "repair", "en", MONDAY_10, arrived_at=MONDAY_10)
SERVING = replace(WAITING, state=State.SERVING, employee="tom", serving_at=MONDAY_10, stint_at=MONDAY_10)
LATER = MONDAY_10 + 60_000


def test_an_offer_that_is_withdrawn_leaves_the_others_asked():
    offered = replace(WAITING, state=State.OFFERED, offer_to="maya", asked=("tom", "maya"))
    after = apply(offered, ev.Withdrawn("maya"), LATER)
    assert (after.asked, after.offer_to, after.offer_until) == (("tom",), None, None)


def test_once_a_colleague_has_taken_it_a_hand_over_is_not_taken_back():
    handed_over = apply(SERVING, ev.HandedOver("tom", "", "repair"), LATER)
    assert handed_over.undo == SERVING
    assert apply(handed_over, ev.Claimed("maya"), LATER).undo is None


def test_what_cannot_be_taken_back_is_an_illegal_transition():
    completed = replace(SERVING, state=State.COMPLETED, ended_at=LATER)
    with pytest.raises(IllegalTransition, match="there is nothing to take back") as error:
        apply(completed, ev.Undone("tom"), LATER)
    assert error.value.number == 7


def test_an_event_that_may_not_follow_is_named_with_the_ticket():
    with pytest.raises(IllegalTransition, match="A-1: Started cannot follow waiting") as error:
        apply(WAITING, ev.Started("tom"), LATER)
    assert error.value.number == 7


def test_a_longer_promise_has_both_ends_and_a_reason():
    after = apply(WAITING, ev.QuoteExtended(180.0, 720.0, ExtendedBecause.MORE_URGENT), LATER)
    assert (after.extended_low_s, after.extended_high_s) == (180.0, 720.0)
    assert after.extended_because is ExtendedBecause.MORE_URGENT
    assert (after.promised_from, after.promised_until) == (MONDAY_10 + 180_000, MONDAY_10 + 720_000)


def test_a_shopper_who_was_recalled_is_not_looked_for_once_they_are_served_or_in_line_again():
    recalled = replace(SERVING, state=State.ACCEPTED, serving_at=None, recalled_at=MONDAY_10)
    assert apply(recalled, ev.Started("tom"), LATER).recalled_at is None
    served = replace(SERVING, recalled_at=MONDAY_10)
    assert apply(served, ev.HandedOver("tom", "", "repair"), LATER).recalled_at is None


@pytest.mark.parametrize("event", [ev.Removed("tom"), ev.Completed("tom", Resolution.SOLVED)])
def test_the_end_of_a_visit_is_when_it_happened(event):
    after = apply(SERVING, event, LATER, LATER + 5_000)
    assert (after.ended_at, after.touched_at) == (LATER, LATER)


def test_an_event_from_before_closing_time_counts_by_when_the_server_received_it():
    """What came in late is applied to the visit as it was before it expired, and ends it again."""
    expired = apply(SERVING, ev.Expired(), LATER)
    after = apply(expired, ev.Completed("tom", Resolution.SOLVED), LATER - 1_000, LATER + 9_000)
    assert (after.state, after.ended_at, after.rev) == (State.COMPLETED, LATER - 1_000, expired.rev + 1)
    in_time = apply(SERVING, ev.Completed("tom", Resolution.SOLVED), LATER - 1_000, LATER + 9_000)
    assert after.undo_until == in_time.undo_until
    back_in_line = apply(expired, ev.HandedOver("tom", "", "repair"), LATER - 1_000, LATER + 9_000)
    assert (back_in_line.state, back_in_line.ended_at) == (State.EXPIRED, LATER)
    assert (back_in_line.asked_at, back_in_line.line_at) == (LATER + 9_000, LATER + 9_000)


def test_a_visit_that_nobody_served_waited_until_it_ended():
    cancelled = apply(WAITING, ev.Cancelled(), LATER)
    assert (cancelled.wait_ms, WAITING.wait_ms) == (60_000, None)
