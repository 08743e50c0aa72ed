"""Plants bugs in the product's own parts: the simulation finds each of them and names its invariant."""

from collections.abc import Callable

import pytest

from sync_server.domain.queue import promises
from sync_server.service.sync.send_queues import SendQueues
from sync_server.simulation.days.plan import Plan
from sync_server.simulation.days.runner import run_plan
from sync_server.simulation.days.script import ITEMS_A_DAY

from . import planted, planted_webhooks

SEED = 28  # any would do; `test_days` takes a new one each time
SHOPS = 5  # a bug that shows seldom may not show in the first
Plant = Callable[[pytest.MonkeyPatch], None]


def day(number: int) -> frozenset[int]:
    """What happens on this day, and nothing of other days."""
    return frozenset(range(number * ITEMS_A_DAY, (number + 1) * ITEMS_A_DAY))


@pytest.mark.parametrize(
    ("plant", "invariant", "days", "keep"),
    [
        (planted.ack_before_commit, 1, 1, None),
        (planted.said_time_lost, 1, 1, None),
        (planted.quick_resolution_logged_as_a_wait, 1, 1, None),
        (planted.op_done_twice, 2, 1, None),
        (planted.sessions_that_are_alike_counted_once, 2, 1, None),
        (planted.answers_forgotten_at_the_start, 2, 6, None),
        (planted.repeated_op_answered_otherwise, 3, 1, None),
        (planted.removed_words_compared, 3, 3, None),
        (planted.taken_from_a_colleague, 4, 5, None),
        (planted.undone_visit_in_nobodys_hands, 4, 3, None),
        (planted.offer_given_twice, 5, 1, None),
        (planted.rev_skipped, 6, 1, None),
        (planted.another_event_written, 7, 1, None),
        (planted.stale_rev_written, 8, 1, None),
        (planted.correction_that_is_not_of_what_was_seen, 8, 1, None),
        (planted.last_line_of_the_log_not_read, 9, 1, None),
        (planted.row_of_a_visit_left_behind, 9, 1, None),
        (planted.corrected_row_left_behind, 9, 1, None),
        (planted.row_of_a_visit_looked_into_left_behind, 9, 1, None),
        (planted.kiosks_put_away_forgotten_at_the_start, 9, 1, None),
        (planted.closed_needs_forgotten_at_the_start, 9, 1, None),
        (planted.kiosks_not_told_of_closed_needs, 10, 1, None),
        (planted.devices_not_told_of_new_settings, 10, 1, None),
        (planted.update_not_applied, 10, 1, None),
        (planted.window_not_opened_again, 10, 1, None),
        (planted.answers_dropped_where_too_many_wait, 10, 1, None),
        (planted.tablets_concerned_less_never_served, 10, 1, None),
        (planted.what_is_gone_left_out_of_coalesced_updates, 10, 4, None),
        (planted.clock_that_runs_backwards, 11, 3, None),
        (planted.every_clock_believed, 11, 1, None),
        (planted.ticket_reused, 12, 1, None),
        (planted.outbox_row_dropped_early, 13, 1, None),
        (planted.revoked_device_let_in, 14, 3, day(2)),
        (planted.alarm_never_set, 15, 1, None),
        (planted.everybody_promised_and_not_asked, 15, 3, None),
        (planted.alias_kept_too_long, 16, 3, day(0)),
        (planted.taps_dated_by_the_devices_clock, 17, 1, None),
        (planted.end_of_a_late_visit_not_sent, 17, 5, None),
        (planted.promise_extended_twice, 18, 2, None),
        (planted.needs_in_use_removed, 19, 1, None),
        (planted.employees_in_use_forgotten_at_the_start, 19, 1, None),
        (planted.retired_employees_asked, 19, 1, None),
        (planted_webhooks.webhook_written_later, 20, 1, None),
        (planted.help_asked_for_after_the_end, 21, 1, None),
        (planted_webhooks.webhook_noted_before_it_was_sent, 20, 1, None),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_planted_fault_is_found_and_named(
    plant: Plant, invariant: int, days: int, keep: frozenset[int] | None, monkeypatch
):
    plant(monkeypatch)
    violations = (run_plan(Plan(SEED, shop, days, keep=keep)).violation for shop in range(SHOPS))
    found = next((violation for violation in violations if violation is not None), None)
    assert found is not None
    assert found.invariant == invariant, found.story


def test_a_device_that_sends_its_whole_outbox_at_once_breaks_nothing(monkeypatch):
    waiting = []
    real = SendQueues.is_full

    def is_full(self, peer):
        waiting.append(real(self, peer))
        return waiting[-1]

    planted.whole_outbox_at_once(monkeypatch)
    monkeypatch.setattr(SendQueues, "is_full", is_full)
    outcome = run_plan(Plan(SEED, 0, 1))
    assert outcome.violation is None, outcome.violation.story
    assert any(waiting)  # the server did let the device wait


def test_waits_that_are_made_longer_break_nothing(monkeypatch):
    planted.waits_told_at_the_stores_pace(monkeypatch)
    extended = []
    real = promises.extension
    monkeypatch.setattr(promises, "extension", lambda *args: extended.append(real(*args)) or extended[-1])
    outcome = run_plan(Plan(SEED, 0, 3))
    assert outcome.violation is None, outcome.violation.story
    assert len([longer for longer in extended if longer is not None]) > 10


def test_ops_that_are_repeated_without_their_words_break_nothing(monkeypatch):
    planted.words_removed_before_each_repeat(monkeypatch)
    for shop in range(2):
        outcome = run_plan(Plan(SEED, shop, 3))
        assert outcome.violation is None, outcome.violation.story
