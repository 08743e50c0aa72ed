"""Bugs to plant in the product's own parts: each function patches one in."""

from msgspec.structs import replace

from sync_server.device.device import Device
from sync_server.device.storage.persistence import Persistence
from sync_server.device.sync import engine as eng
from sync_server.device.sync.engine import Engine
from sync_server.device.sync.replica import Replica
from sync_server.domain import events as ev
from sync_server.domain import ops, people
from sync_server.domain.catalogue import retiring
from sync_server.domain.catalogue.catalogue import Catalogue, Need
from sync_server.domain.events import Presence
from sync_server.domain.floor import command_checks, commands
from sync_server.domain.floor.floor import Floor
from sync_server.domain.floor.overrides import Overrides
from sync_server.domain.people import Person
from sync_server.domain.queue import promises, wait_estimate
from sync_server.domain.refusal import Code, Refusal
from sync_server.domain.visit import transitions
from sync_server.domain.visit.ticket import TicketCounter
from sync_server.domain.visit.visit import IN_LINE, State
from sync_server.protocol.messages import Submit
from sync_server.protocol.rows import OverridesRow
from sync_server.service import clock
from sync_server.service.clock import NonDecreasingClock
from sync_server.service.privacy import retention
from sync_server.service.processing import op_results
from sync_server.service.processing.op_results import OpResult, OpResults
from sync_server.service.processing.processor import OpProcessor
from sync_server.service.storage import device_rows, event_log, mapping, startup, writer
from sync_server.service.sync import fan_out, sessions
from sync_server.service.sync.fan_out import FanOut
from sync_server.service.sync.handler import DeviceHandler
from sync_server.service.sync.router import Delivery
from sync_server.service.sync.send_queues import SendQueues
from sync_server.simulation.machines import server_machine

OTHER_RESULT = Refusal(Code.NOT_ALLOWED, "")


def ack_before_commit(patch):
    def answer(self, _unit, session, make_message):
        self._publisher.send([session.peer], make_message())

    patch.setattr(DeviceHandler, "_answer", answer)


def said_time_lost(patch):
    original = command_checks.completion

    def completion(floor, op, me):
        return replace(original(floor, op, me), service_s=None)

    patch.setattr(command_checks, "completion", completion)


def quick_resolution_logged_as_a_wait(patch):
    original = commands.COMMANDS[ops.QuickResolution]

    def quick(floor, op, by, now):
        return [
            (visit_id, replace(event, source="kiosk") if isinstance(event, ev.Opened) else event)
            for visit_id, event in original(floor, op, by, now)
        ]

    patch.setitem(commands.COMMANDS, ops.QuickResolution, quick)


def op_done_twice(patch):
    patch.setattr(OpResults, "find", lambda *_: None)
    patch.setattr(mapping, "INSERT_OP", mapping.INSERT_OP.replace("INSERT", "INSERT OR REPLACE"))


def sessions_that_are_alike_counted_once(patch):
    patch.setattr(
        mapping,
        "COUNT_SESSION",
        mapping.COUNT_SESSION.replace("DO UPDATE SET sessions = sessions + 1", "DO NOTHING"),
    )


def answers_forgotten_at_the_start(patch):
    patch.setattr(startup, "ops_done", lambda _db: iter(()))
    patch.setattr(startup, "ops_refused", lambda _db: iter(()))
    patch.setattr(mapping, "INSERT_OP", mapping.INSERT_OP.replace("INSERT", "INSERT OR REPLACE"))


def offer_given_twice(patch):
    def is_free(self, now, max_active):
        return self.chosen is Presence.AVAILABLE and len(self.active) < max_active and self.free_at <= now

    patch.setattr(Person, "is_free", is_free)


def repeated_op_answered_otherwise(patch):
    original = OpResults.find

    def find(self, op_id, op):
        found = original(self, op_id, op)
        return None if found is None else OpResult(found.digest, None if found.refusal else OTHER_RESULT)

    patch.setattr(OpResults, "find", find)


def taken_from_a_colleague(patch):
    patch.setattr(commands, "IN_LINE", IN_LINE | {State.ACCEPTED})
    patch.setitem(transitions.TRANSITIONS, (State.ACCEPTED, ev.Claimed), State.ACCEPTED)


def undone_visit_in_nobodys_hands(patch):
    original = people.apply

    def apply_to_person(person, visit_id, event, at, wrap_up_ms):
        undone = isinstance(event, ev.Undone)
        return person if undone else original(person, visit_id, event, at, wrap_up_ms)

    patch.setattr("sync_server.domain.floor.floor.apply_to_person", apply_to_person)


def help_asked_for_after_the_end(patch):
    original = people.apply

    def apply_to_person(person, visit_id, event, at, wrap_up_ms):
        after = original(person, visit_id, event, at, wrap_up_ms)
        return after if isinstance(event, ev.HelpWanted) else replace(after, help=person.help)

    patch.setattr("sync_server.domain.floor.floor.apply_to_person", apply_to_person)


def rev_skipped(patch):
    original = mapping.event_row

    def event_row(record):
        row = original(record)
        return (*row[:2], record.rev and record.rev + (record.seq == 100), *row[3:])

    patch.setattr(mapping, "event_row", event_row)


def another_event_written(patch):
    original = mapping.event_row

    def event_row(record):
        started = isinstance(record.event, ev.Started)
        return original(replace(record, event=ev.Resumed(record.event.employee)) if started else record)

    patch.setattr(mapping, "event_row", event_row)


def clock_that_runs_backwards(patch):
    patch.setattr(NonDecreasingClock, "__call__", lambda self: self._wall())
    patch.setattr(Floor, "_advance", lambda _self, now: now)


def stale_rev_written(patch):
    patch.setattr(command_checks, "check_rev", lambda _visit, _rev: None)


def last_line_of_the_log_not_read(patch):
    original = event_log.records
    patch.setattr(event_log, "records", lambda db, start=1: iter(list(original(db, start))[:-1]))


def row_of_a_visit_left_behind(patch):
    original = writer.insert
    rev = mapping.VISIT_COLUMNS.index("rev")

    def insert(db, batches):
        for batch in batches:
            batch.visits = {vid: row for vid, row in batch.visits.items() if row[rev] != 3}
        original(db, batches)

    patch.setattr(writer, "insert", insert)


def update_not_applied(patch):
    original = Replica.apply

    def apply(self, update):
        done = original(self, update)
        self.people = {who: replace(row, visit_id=None) for who, row in self.people.items()}
        return done

    patch.setattr(Replica, "apply", apply)


def tablets_concerned_less_never_served(patch):
    patch.setattr(FanOut, "_send_slice", lambda self: self._behind.clear())


def what_is_gone_left_out_of_coalesced_updates(patch):
    original = fan_out.coalesce
    patch.setattr(fan_out, "coalesce", lambda updates: replace(original(updates), gone=updates[-1].gone))


def ticket_reused(patch):
    patch.setattr(TicketCounter, "synced", lambda _self, day, last: TicketCounter(day, max(0, last - 1)))


def outbox_row_dropped_early(patch):
    original = Device._act

    def act(self, action):
        original(self, action)
        if isinstance(action, eng.Send) and isinstance(action.message, Submit):
            self.outbox.settle(action.message.op_id)

    patch.setattr(Device, "_act", act)


def revoked_device_let_in(patch):
    patch.setattr(device_rows, "active_devices", lambda db: [
        device_rows.DeviceRow(*row)
        for row in db.execute("SELECT device_id, kind, name, letter, public_key FROM devices")
    ])  # fmt: skip
    patch.setattr(DeviceHandler, "apply_devices", lambda _self, _devices: None)


def alarm_never_set(patch):
    patch.setattr(OpProcessor, "_schedule_tick", lambda _self, _wait=None: None)


def everybody_promised_and_not_asked(patch):
    original = Need.wanted_skills
    patch.setattr(Need, "wanted_skills", lambda self, ring: original(self, min(ring, self.rings - 1)))


def correction_that_is_not_of_what_was_seen(patch):
    original = commands.COMMANDS[ops.Correct]

    def correct(floor, op, by, now):
        return original(floor, replace(op, expected_rev=floor.visits[op.visit_id].rev), by, now)

    patch.setitem(commands.COMMANDS, ops.Correct, correct)


def corrected_row_left_behind(patch):
    original = writer.insert
    corrections = mapping.VISIT_COLUMNS.index("corrections")

    def insert(db, batches):
        for batch in batches:
            batch.visits = {vid: row for vid, row in batch.visits.items() if not row[corrections]}
        original(db, batches)

    patch.setattr(writer, "insert", insert)


def row_of_a_visit_looked_into_left_behind(patch):
    original = writer.insert
    cause = mapping.VISIT_COLUMNS.index("root_cause")

    def insert(db, batches):
        for batch in batches:
            batch.visits = {vid: row for vid, row in batch.visits.items() if not row[cause]}
        original(db, batches)

    patch.setattr(writer, "insert", insert)


def alias_kept_too_long(patch):
    patch.setattr(retention, "forget", lambda *_: 0)


def taps_dated_by_the_devices_clock(patch):
    patch.setattr(Engine, "_date_taps", lambda _self: [])
    original = Persistence.ahead_ms

    def ahead_ms(self):
        return original(self) if self._engine.last_contact_at or not self._saved else self._saved.ahead_ms

    patch.setattr(Persistence, "ahead_ms", ahead_ms)


def end_of_a_late_visit_not_sent(patch):
    patch.setattr(sessions, "_ended_long_ago", lambda visit, _now: visit.ended_at is not None)


def waits_told_at_the_stores_pace(patch):
    """Waits are told in seconds and compared every second: in the simulated store all is over in seconds."""
    patch.setattr(wait_estimate, "MINUTE_S", 1.0)
    patch.setattr(promises, "MINUTE_S", 1.0)
    patch.setattr(promises, "CHECK_MS", 1_000)


def promise_extended_twice(patch):
    waits_told_at_the_stores_pace(patch)
    may_be = promises.can_be_extended
    patch.setattr(promises, "can_be_extended", lambda v: may_be(replace(v, extended_high_s=None)))


def words_removed_before_each_repeat(patch):
    """As if a device's clock were set days ahead at each cut: often enough to meet every fault."""
    original = Device._open_link

    def open_link(self):
        self._persistence._redact_ops(0)
        original(self)

    patch.setattr(Device, "_open_link", open_link)


def removed_words_compared(patch):
    words_removed_before_each_repeat(patch)
    patch.setattr(op_results, "redact_op", lambda op: op)


def every_clock_believed(patch):
    patch.setattr(clock, "MAX_GAP_MS", 1 << 62)


def window_not_opened_again(patch):
    """As many ops as the window holds are sent, and the others only with the next tap."""
    patch.setattr(Engine, "_settle", _without_sending(Engine._settle))


def _without_sending(settle):
    def settle_only(self, op_id, refusal, now):
        return [action for action in settle(self, op_id, refusal, now) if not isinstance(action, eng.Send)]

    return settle_only


def whole_outbox_at_once(patch):
    """As a device of 0.1.0 does. The server must bear it."""
    patch.setattr(eng, "WINDOW", 10_000)


def answers_dropped_where_too_many_wait(patch):
    whole_outbox_at_once(patch)
    patch.setattr(SendQueues, "is_full", lambda _self, _peer: False)
    patch.setattr(
        SendQueues, "send", lambda self, peer, frame: self._socket.send(peer, frame) is not Delivery.GONE
    )


def closed_needs_forgotten_at_the_start(patch):
    original = OpProcessor._load

    def load(self):
        original(self)
        self.floor.overrides = Overrides()

    patch.setattr(OpProcessor, "_load", load)


def kiosks_put_away_forgotten_at_the_start(patch):
    original = OpProcessor._load

    def load(self):
        original(self)
        self.floor.overrides._put_away.clear()

    patch.setattr(OpProcessor, "_load", load)


def kiosks_not_told_of_closed_needs(patch):
    patch.setattr(sessions, "overrides_row", lambda *_: OverridesRow())


def needs_in_use_removed(patch):
    patch.setattr(retiring, "_gone", lambda _entries, _still: ())


def employees_in_use_forgotten_at_the_start(patch):
    patch.setattr(server_machine, "with_earlier", lambda catalogue, _used, _earlier: catalogue)


def devices_not_told_of_new_settings(patch):
    def use_catalogue(processor, catalogue):
        processor.catalogue = catalogue
        processor.floor.use_catalogue(catalogue)
        processor.tick()

    patch.setattr(server_machine, "use_catalogue", use_catalogue)


def retired_employees_asked(patch):
    patch.setattr(Catalogue, "employed", Catalogue.employee)
