"""Faults planted in the product's own parts: the simulation finds each of them, and names it."""

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from sync_server.device import engine as eng
from sync_server.device.device import Device
from sync_server.device.replica import Replica
from sync_server.domain import commands, visit
from sync_server.domain import events as ev
from sync_server.domain.events import Presence
from sync_server.domain.floor import Floor
from sync_server.domain.people import Person
from sync_server.domain.refusal import Code, Refusal
from sync_server.domain.ticket import Counter
from sync_server.domain.visit import State
from sync_server.protocol.messages import Submit
from sync_server.service import queries, retention, store, tables
from sync_server.service.answers import Answered, Answers
from sync_server.service.clock import OnwardClock
from sync_server.service.desk import Desk
from sync_server.service.shop import Shop
from sync_server.simulation.days.run import live
from sync_server.simulation.days.script import ITEMS_A_DAY
from sync_server.simulation.days.shop_life import Plan

SEED = 28  # any will do; the CI's own run takes a fresh one each time
DRAFT = Refusal(Code.NOT_ALLOWED, "")
SHOPS = 5  # a fault that shows seldom may spare the first
Plant = Callable[[pytest.MonkeyPatch], None]


def ack_before_commit(patch):
    patch.setattr(Desk, "_answer", lambda self, _turn, peer, message: self._send([peer], message))


def op_done_twice(patch):
    patch.setattr(Answers, "find", lambda *_: None)
    patch.setattr(tables, "INSERT_OP", tables.INSERT_OP.replace("INSERT", "INSERT OR REPLACE"))


def answers_forgotten_at_the_start(patch):
    patch.setattr(queries, "ops_done", lambda _db: iter(()))
    patch.setattr(queries, "ops_refused", lambda _db: iter(()))
    patch.setattr(tables, "INSERT_OP", tables.INSERT_OP.replace("INSERT", "INSERT OR REPLACE"))


def offer_given_twice(patch):
    def is_free(self, now, max_active):
        return self.chosen is Presence.AVAILABLE and len(self.active) < max_active and self.free_at <= now

    patch.setattr(Person, "is_free", is_free)


def repeated_op_answered_otherwise(patch):
    original = Answers.find

    def find(self, op_id, digest):
        found = original(self, op_id, digest)
        return None if found is None else Answered(found.digest, None if found.refusal else DRAFT)

    patch.setattr(Answers, "find", find)


def taken_from_a_colleague(patch):
    patch.setattr(commands, "IN_LINE", commands.IN_LINE | {State.ACCEPTED})
    patch.setitem(visit.TRANSITIONS, (State.ACCEPTED, ev.Claimed), State.ACCEPTED)


def rev_skipped(patch):
    original = tables.event_row

    def event_row(record):
        row = original(record)
        return (*row[:2], record.rev and record.rev + (record.seq == 100), *row[3:])

    patch.setattr(tables, "event_row", event_row)


def another_event_written(patch):
    original = tables.event_row

    def event_row(record):
        started = isinstance(record.event, ev.Started)
        return original(replace(record, event=ev.Resumed(record.event.employee)) if started else record)

    patch.setattr(tables, "event_row", event_row)


def clock_that_runs_backwards(patch):
    patch.setattr(OnwardClock, "__call__", lambda self: self._wall())
    patch.setattr(Floor, "_advance", lambda _self, now: now)


def stale_rev_written(patch):
    patch.setattr(commands, "_fresh", lambda _visit, _rev: None)


def last_line_of_the_log_not_read(patch):
    original = queries.records
    patch.setattr(queries, "records", lambda db, start=1: iter(list(original(db, start))[:-1]))


def row_of_a_visit_left_behind(patch):
    original = store._insert
    rev = tables.VISIT_COLUMNS.index("rev")

    def insert(db, batches):
        for batch in batches:
            batch.visits = {vid: row for vid, row in batch.visits.items() if row[rev] != 3}
        original(db, batches)

    patch.setattr(store, "_insert", insert)


def update_not_applied(patch):
    original = Replica.apply

    def apply(self, update):
        done = original(self, update)
        self.people = {who: replace(row, visit_id=None) for who, row in self.people.items()}
        return done

    patch.setattr(Replica, "apply", apply)


def ticket_reused(patch):
    patch.setattr(Counter, "seen", lambda _self, day, last: Counter(day, max(0, last - 1)))


def outbox_row_dropped_early(patch):
    original = Device._act

    def act(self, action):
        original(self, action)
        if isinstance(action, eng.Send) and isinstance(action.message, Submit):
            self.outbox.settle(action.message.op_id)

    patch.setattr(Device, "_act", act)


def revoked_device_let_in(patch):
    patch.setattr(queries, "devices", lambda db: [
        queries.DeviceRow(*row)
        for row in db.execute("SELECT device_id, kind, name, letter, public_key FROM devices")
    ])  # fmt: skip
    patch.setattr(Desk, "drop_all_but", lambda _self, _devices: None)


def alarm_never_set(patch):
    patch.setattr(Shop, "_set_alarm", lambda _self, _wait=None: None)


def alias_kept_too_long(patch):
    patch.setattr(retention, "forget", lambda *_: 0)


def day(number: int) -> frozenset[int]:
    """What happens on this day, and nothing of other days."""
    return frozenset(range(number * ITEMS_A_DAY, (number + 1) * ITEMS_A_DAY))


@pytest.mark.parametrize(
    ("plant", "invariant", "days", "keep"),
    [
        (ack_before_commit, 1, 1, None),
        (op_done_twice, 2, 1, None),
        (answers_forgotten_at_the_start, 2, 6, None),
        (repeated_op_answered_otherwise, 3, 1, None),
        (taken_from_a_colleague, 4, 5, None),
        (offer_given_twice, 5, 1, None),
        (rev_skipped, 6, 1, None),
        (another_event_written, 7, 1, None),
        (stale_rev_written, 8, 1, None),
        (last_line_of_the_log_not_read, 9, 1, None),
        (row_of_a_visit_left_behind, 9, 1, None),
        (update_not_applied, 10, 1, None),
        (clock_that_runs_backwards, 11, 3, None),
        (ticket_reused, 12, 1, None),
        (outbox_row_dropped_early, 13, 1, None),
        (revoked_device_let_in, 14, 3, day(2)),
        (alarm_never_set, 15, 1, None),
        (alias_kept_too_long, 16, 3, day(0)),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_planted_fault_is_found_and_named(
    plant: Plant, invariant: int, days: int, keep: frozenset[int] | None, monkeypatch
):
    plant(monkeypatch)
    lives = (live(Plan(SEED, shop, days, keep=keep)).violation for shop in range(SHOPS))
    found = next((violation for violation in lives if violation is not None), None)
    assert found is not None
    assert found.invariant == invariant, found.story
