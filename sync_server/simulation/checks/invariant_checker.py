"""Checks the invariants of docs/develop/architecture.md while a simulated store runs.

The simulation calls it when an op is committed on a device or leaves its outbox, when the server commits,
when a frame is sent, and when a device has received one. A violation names the invariant by its number;
0 stands for an unexpected exception.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import msgspec

from sync_server.domain import events as ev
from sync_server.domain.catalogue.catalogue import Catalogue
from sync_server.domain.events import Record
from sync_server.domain.floor.floor import Floor
from sync_server.domain.ops import OpenVisit, QuickResolution
from sync_server.domain.refusal import Code, Refusal
from sync_server.domain.visit.transitions import IllegalTransition
from sync_server.domain.visit.visit import IN_HAND, Visit
from sync_server.protocol.messages import Submit
from sync_server.protocol.rows import VisitRow
from sync_server.service.storage.batch import Batch
from sync_server.service.storage.mapping import record_of

from .floor_checks import asked_in_vain, floors_differ, helped_in_vain, left_waiting, missing_entry
from .webhook_checks import WebhookChecks

FOR_ACTIVE_DEVICES = (b'{"type":"answer"', b'{"type":"snapshot"', b'{"type":"update"')
TICKET_SHOWN_MS = 60_000  # a kiosk shows a ticket for less than this
CLOCKS_DIFFER_MS = 10_000  # steps of the server's clock, and the time that a snapshot is on its way
_UPDATE, _SNAPSHOT, _ANSWER = b'{"type":"update","n":', b'{"type":"snapshot","n":', b'{"type":"answer"'
_FIRST = b'"first":'


class _Answer(msgspec.Struct):
    op_id: str
    refusal: Refusal | None = None


_answer = msgspec.json.Decoder(_Answer)


@dataclass(frozen=True)
class Violation:
    """An invariant that did not hold, and what happened in a sentence or two."""

    invariant: int
    story: str
    at_ms: int
    day: int


@dataclass
class SavedOp:
    """An op that is in a device's outbox, and its effects in the server's log."""

    device: str
    submit: Submit
    at: int = 0  # the true time of the tap, ms UTC
    start: int = 0  # which start of the device's computer it was made in
    heard_at: int | None = None  # when the device had last heard the server, by the server's clock
    batch: int = 0
    effects: set[tuple[str | None, str]] | None = None


class InvariantChecker:
    """Checks one store. `replayed` is the floor that follows from the log on disk alone."""

    def __init__(self, catalogue: Catalogue, clock: Callable[[], int]) -> None:
        self.violations: list[Violation] = []
        self.on_violation: Callable[[], None] = lambda: None
        self.replayed = Floor(catalogue)
        self.ops: dict[str, SavedOp] = {}
        self.results: dict[str, tuple[str | None, str | None]] = {}  # of the ops on the server's disk
        self.acknowledged: set[str] = set()
        self.revoked: set[str] = set()
        self.starts: dict[str, int] = {}  # how often each device's computer was switched on
        self.changed_visits: set[str] = set()  # since the disk was last checked
        self.day = 0
        self.log_lines: list[str] = []
        self.kills = 0
        self.cuts = 0
        self.visits = 0
        self.webhooks = WebhookChecks(self.violated)
        self._catalogue = catalogue
        self._clock = clock
        self._by_key: dict[tuple[str, int], SavedOp | None] = {}  # by device and its clock at the tap
        self._last_at = 0
        self._batches = 0
        self._tickets: set[tuple[str, str]] = set()
        self._asked: dict[str, str] = {}  # by employee, the visit that is offered to them
        self._in_hand: dict[str, str] = {}
        self._sent_n: dict[str, int] = {}  # by device, the last update it was sent

    def violated(self, invariant: int, story: str) -> None:
        self.violations.append(Violation(invariant, story, self._clock(), self.day))
        self.on_violation()

    # --- on devices --------------------------------------------------------------------------------

    def on_op_saved(self, device: str, submit: Submit, start: int = 0, heard_at: int | None = None) -> None:
        """The op is committed on the device's disk."""
        saved = self.ops[submit.op_id] = SavedOp(device, submit, self._clock(), start, heard_at)
        key = (device, submit.at_device)
        self._by_key[key] = None if key in self._by_key else saved  # two taps in one ms look the same

    def on_op_deleted(self, device: str, op_id: str) -> None:
        """Invariant 13: an op leaves the outbox only after the server has it on disk."""
        if op_id not in self.results:
            self.violated(
                13, f"{device} deleted {self._name(op_id)} from its outbox; the server never had it"
            )

    def on_kiosk_frame(self, device: str, frame: bytes, visits: Mapping[str, VisitRow]) -> None:
        """Invariant 17: a kiosk knows what has become of a visit whose ticket it may still show."""
        if not frame.startswith(_ANSWER):
            return
        answer = _answer.decode(frame)
        saved = self.ops.get(answer.op_id)
        if saved is None or answer.refusal is not None or not isinstance(saved.submit.op, OpenVisit):
            return
        if self._clock() - saved.at < TICKET_SHOWN_MS and saved.submit.op.visit_id not in visits:
            self.violated(17, f"{device} does not know what has become of {saved.submit.op.ticket}")

    def on_refusal(self, device: str, refusal: Refusal) -> None:
        if refusal.code is Code.TICKET_TAKEN:
            self.violated(12, f"{device} gave out {refusal.about} a second time on one day")

    def on_frame_received(self, device: str, frame: bytes, before: int | None, after: int) -> None:
        """Invariant 10: a replica applies a snapshot or the next update, and nothing else."""
        if frame.startswith(_SNAPSHOT):
            fits = after == _number(frame, len(_SNAPSHOT))
        elif before is None or after == before:
            fits = True
        else:
            last = _number(frame, len(_UPDATE)) if frame.startswith(_UPDATE) else 0
            fits = after == last and _first_number(frame, last) == before + 1
        if not fits:
            self.violated(10, f"{device}'s copy went from {before} to {after} with {frame[:40]!r}")

    # --- on the server's disk ----------------------------------------------------------------------

    def on_commit(self, batches: list[Batch]) -> None:
        """Invariants 2, 4 to 9, 11, 12 and 14, in what the server has committed."""
        for batch in batches:
            self._batches += 1
            for row in batch.events:
                record = record_of(row)
                self.webhooks.on_record(record)
                self._check_record(record)
            for op_id, _, code, about, *_ in batch.ops:
                if op_id in self.results:
                    self.violated(2, f"{self._name(op_id)} was saved twice")
                self.results[op_id] = (code, about)

    def _check_record(self, record: Record) -> None:
        what = _kind(record.event)
        if record.seq != self.replayed.seq + 1:
            self.violated(9, f"seq {record.seq} ({what}) follows {self.replayed.seq} in the log")
        if record.at < self._last_at:
            self.violated(
                11, f"seq {record.seq} ({what}) is {self._last_at - record.at} ms older than the one before"
            )
        self._last_at = record.at
        before = self.replayed.visits.get(record.visit_id or "")
        if record.visit_id is not None and record.rev != (before.rev if before else 0) + 1:
            self.violated(
                6, f"rev {record.rev} follows {before.rev if before else 0} ({what}, visit {record.visit_id})"
            )
        self._check_origin(record, what)
        if isinstance(record.event, ev.Opened):
            self.visits += 1
            ticket = (record.event.day, record.event.ticket)
            if ticket in self._tickets:
                self.violated(12, f"ticket {ticket[1]} was given out twice on {ticket[0]}")
            self._tickets.add(ticket)
        try:
            self.replayed.apply(record)
        except IllegalTransition as error:
            self.violated(7, str(error))
        except ValueError as error:
            self.violated(9, str(error))
        after = self.replayed.visits.get(record.visit_id or "")
        self.log_lines.append(
            f"{record.seq} {record.at} {record.actor} {what} {after.ticket if after else ''}"
        )
        if record.visit_id is not None and record.visit_id in self.replayed.visits:
            self.changed_visits.add(record.visit_id)
            self._check_quick(record, self.replayed.visits[record.visit_id])
            self._check_assignment(before, self.replayed.visits[record.visit_id])

    def _check_origin(self, record: Record, what: str) -> None:
        device = record.device_id
        if device is None or record.at_device is None:
            return
        if device in self.revoked:
            self.violated(14, f"{device} is revoked, and {what} was saved for it all the same")
        saved = self._by_key.get((device, record.at_device))
        if saved is None:
            return
        op = saved.submit.op
        effect = (record.visit_id, what)
        if saved.effects is None:
            saved.effects, saved.batch = set(), self._batches
        elif saved.batch != self._batches or effect in saved.effects:
            self.violated(2, f"{self._name(saved.submit.op_id)} had its effect ({what}) a second time")
        expected = getattr(op, "expected_rev", None)
        visit_id = getattr(op, "visit_id", None)
        first = visit_id is not None and all(vid != visit_id for vid, _ in saved.effects)
        saved.effects.add(effect)
        if isinstance(op, OpenVisit):
            self._check_date(saved, record, what)
        if expected is not None and first and record.visit_id == visit_id and record.rev != expected + 1:
            self.violated(
                8, f"{self._name(saved.submit.op_id)} saw rev {expected}, and wrote rev {record.rev}"
            )

    def _check_quick(self, record: Record, visit: Visit) -> None:
        """Invariant 1: a quick resolution is logged as it was tapped: no wait, and the time that was said."""
        saved = self._by_key.get((record.device_id or "", record.at_device or 0))
        op = saved.submit.op if saved is not None else None
        if not isinstance(op, QuickResolution) or not isinstance(record.event, ev.Completed):
            return
        if not visit.is_quick or visit.said_service_s != op.service_s:
            self.violated(
                1,
                f"{self._name(saved.submit.op_id if saved else '')} took {op.service_s} s, as its employee"
                f" says; the log has a wait of {visit.wait_ms} ms and a service of {visit.service_ms} ms",
            )

    def _check_date(self, saved: SavedOp, record: Record, what: str) -> None:
        """Invariant 17: nobody is logged, and so perhaps expired, long before they came.

        A device that was not switched off since knows when it was. Another one knows at least that it was
        after it had last heard the server.
        """
        if saved.start == self.starts.get(saved.device):
            not_before = saved.at
        elif saved.heard_at is not None:
            not_before = saved.heard_at
        else:
            return
        if record.occurred_at < not_before - CLOCKS_DIFFER_MS:
            early_s = (not_before - record.occurred_at) // 1000
            self.violated(17, f"{self._name(saved.submit.op_id)} ({what}) is dated {early_s} s too early")

    def _check_assignment(self, before: Visit | None, after: Visit) -> None:
        """Invariants 4 and 5: one employee for a visit; one visit in hand and one offer for an employee."""
        for holders, was, now, verb in (
            (self._asked, before.offer_to if before else None, after.offer_to, "is asked for"),
            (self._in_hand, _holder(before), _holder(after), "has in hand"),
        ):
            if was == now:
                continue
            if was is not None and holders.get(was) == after.visit_id:
                del holders[was]
            if now is not None:
                if was is not None:
                    self.violated(4, f"visit {after.ticket} went from {was} to {now} while {was} {verb} it")
                if (other := holders.get(now)) is not None:
                    tickets = f"{self.replayed.visits[other].ticket} and {after.ticket}"
                    self.violated(5, f"{now} {verb} two visits at once: {tickets}")
                holders[now] = after.visit_id

    # --- on the server -----------------------------------------------------------------------------

    def on_send(self, device: str, frame: bytes) -> None:
        """Checks invariants 1 and 3 of an answer, 10 of an update, and 14: a revoked device gets neither."""
        if device in self.revoked and frame.startswith(FOR_ACTIVE_DEVICES):
            self.violated(14, f"{device} is revoked, and was sent {frame[:30]!r}")
        if frame.startswith((_SNAPSHOT, _UPDATE)):
            self._check_numbers(device, frame)
        if not frame.startswith(_ANSWER):
            return
        answer = _answer.decode(frame)
        sent = (answer.refusal.code.value, answer.refusal.about) if answer.refusal else (None, None)
        on_disk = self.results.get(answer.op_id)
        if on_disk is None:
            self.violated(1, f"{device} was answered for {self._name(answer.op_id)} before it was on disk")
        elif (on_disk[0], str(on_disk[1])) != (sent[0], str(sent[1])):
            self.violated(
                3, f"{device} was answered {sent} for {self._name(answer.op_id)}; on disk it is {on_disk}"
            )
        self.acknowledged.add(answer.op_id)

    def _check_numbers(self, device: str, frame: bytes) -> None:
        """Invariant 10: after a snapshot a device is sent every update once, in order."""
        before = self._sent_n.get(device, 0)
        if frame.startswith(_SNAPSHOT):
            self._sent_n[device] = _number(frame, len(_SNAPSHOT))
            return
        last = self._sent_n[device] = _number(frame, len(_UPDATE))
        first = _first_number(frame, last)
        # One that its connection did not take is tried again.
        if last != before and first != before + 1:
            self.violated(10, f"{device} was sent update {first} to {last} after {before}")

    def on_page_answer(self, op_id: str) -> None:
        """Invariant 1: the op of a phone or of the manager is done or refused, and on disk."""
        if op_id not in self.results:
            self.violated(1, f"a page was answered for op {op_id} before it was on disk")
        self.acknowledged.add(op_id)

    def check_line(self, floor: Floor, now: int) -> None:
        """Invariants 15, 19 and 21: whether a visit waits in vain, is offered to somebody who is gone, or
        somebody asks for help with it who is not with its shopper."""
        if (asked := asked_in_vain(floor)) is not None:
            self.violated(19, asked)
        if (waits := left_waiting(floor, floor.catalogue, now)) is not None:
            self.violated(15, waits)
        if (alone := helped_in_vain(floor)) is not None:
            self.violated(21, alone)

    def on_reload(self, floor: Floor) -> None:
        """Invariant 9: the floor that a server reads from its disk is the one that follows from the log."""
        self.replayed.use_catalogue(floor.catalogue)
        for difference in floors_differ(self.replayed, floor, self._clock()):
            self.violated(9, f"read from the disk: {difference}")

    def on_catalogue(self, floor: Floor) -> None:
        """Invariant 19: whatever an open visit names, and whoever is here, is in the catalogue."""
        self.replayed.use_catalogue(floor.catalogue)
        if (lost := missing_entry(floor)) is not None:
            self.violated(19, lost)

    def _name(self, op_id: str) -> str:
        saved = self.ops.get(op_id)
        if saved is None:
            return f"op {op_id}"
        op = saved.submit.op
        about = getattr(op, "ticket", None)
        visit = self.replayed.visits.get(getattr(op, "visit_id", ""))
        about = about or (visit.ticket if visit else "")
        return f"{saved.device}'s {type(op).__name__}{' of ' + about if about else ''}"


def _holder(visit: Visit | None) -> str | None:
    return visit.employee if visit is not None and visit.state in IN_HAND else None


def _kind(event: ev.Event) -> str:
    return str(type(event).__struct_config__.tag)


def _number(frame: bytes, start: int) -> int:
    return int(frame[start : frame.index(b",", start)])


def _first_number(frame: bytes, last: int) -> int:
    """The first update that this one, whose number is `last`, stands for. `first` is its last field."""
    number = frame.rpartition(_FIRST)[2][:-1]
    return int(number) if number.isdigit() else last
