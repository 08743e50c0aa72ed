"""The ledger: what was tapped, written and said, and whether it is what must always hold.

It looks on at the points where truth is made: an op committed on a device, a batch committed by
the server, a frame sent, a frame taken in, a row leaving an outbox. `blame` names an invariant of
docs/architecture.md by its number; 0 stands for a fault nobody expected.
"""

from collections.abc import Callable
from dataclasses import dataclass

import msgspec
from msgspec.structs import replace

from sync_server.domain import events as ev
from sync_server.domain.catalogue import Catalogue
from sync_server.domain.events import Record
from sync_server.domain.floor import Floor
from sync_server.domain.people import Person
from sync_server.domain.refusal import Code, Refusal
from sync_server.domain.visit import IN_HAND, IllegalTransition, State, Visit
from sync_server.protocol.messages import Submit
from sync_server.service.store import Batch
from sync_server.service.tables import record_of

TOLD = (b'{"type":"answer"', b'{"type":"snapshot"', b'{"type":"update"')
ALARM_MS = 50  # who has come free just now is asked when the alarm is heard
_UPDATE, _SNAPSHOT, _ANSWER = b'{"type":"update","n":', b'{"type":"snapshot","n":', b'{"type":"answer"'


class _Answer(msgspec.Struct):
    op_id: str
    refusal: Refusal | None = None


_answer = msgspec.json.Decoder(_Answer)


@dataclass(frozen=True)
class Violation:
    """An invariant that did not hold, and the story of it in a sentence or two."""

    invariant: int
    story: str
    at_ms: int
    day: int


@dataclass
class Tap:
    """An op that a person was told is taken, and what has come of it."""

    device: str
    submit: Submit
    batch: int = 0
    effects: set[tuple[str | None, str]] | None = None


class Ledger:
    """Follows one shop. `shadow` is the floor as the disk's log alone gives it."""

    def __init__(self, catalogue: Catalogue, clock: Callable[[], int]) -> None:
        self.violations: list[Violation] = []
        self.on_violation: Callable[[], None] = lambda: None
        self.shadow = Floor(catalogue)
        self.taps: dict[str, Tap] = {}
        self.fates: dict[str, tuple[str | None, str | None]] = {}  # ops on the server's disk
        self.acknowledged: set[str] = set()
        self.forged: set[str] = set()
        self.revoked: set[str] = set()
        self.touched: set[str] = set()  # visits changed since `quiet` last looked
        self.day = 0
        self.lines: list[str] = []
        self.kills = 0
        self.cuts = 0
        self.visits = 0
        self._catalogue = catalogue
        self._clock = clock
        self._by_key: dict[tuple[str, int], Tap | None] = {}
        self._last_at = 0
        self._batches = 0
        self._tickets: set[tuple[str, str]] = set()
        self._asked: dict[str, str] = {}  # employee → the visit they are asked for
        self._in_hand: dict[str, str] = {}

    def blame(self, invariant: int, story: str) -> None:
        self.violations.append(Violation(invariant, story, self._clock(), self.day))
        self.on_violation()

    # --- on devices --------------------------------------------------------------------------------

    def tapped(self, device: str, submit: Submit) -> None:
        """The op is on the device's disk."""
        tap = self.taps[submit.op_id] = Tap(device, submit)
        key = (device, submit.at_device)
        self._by_key[key] = None if key in self._by_key else tap  # two taps in one ms are not told apart

    def left_outbox(self, device: str, op_id: str) -> None:
        """13: only on a durable answer."""
        if op_id not in self.fates:
            self.blame(13, f"{device} dropped {self._tell(op_id)} from its outbox; the server never had it")

    def refused(self, device: str, refusal: Refusal) -> None:
        if refusal.code is Code.TICKET_TAKEN:
            self.blame(12, f"{device} gave out {refusal.about} a second time on one day")

    def heard(self, device: str, frame: bytes, before: int | None, after: int) -> None:
        """10: a replica takes the next update, or a snapshot, and nothing else."""
        if frame.startswith(_SNAPSHOT):
            fits = after == _number(frame, len(_SNAPSHOT))
        elif before is None or after == before:
            fits = True
        else:
            number = _number(frame, len(_UPDATE)) if frame.startswith(_UPDATE) else None
            fits = after == number == before + 1
        if not fits:
            self.blame(10, f"{device}'s copy went from {before} to {after} with {frame[:40]!r}")

    # --- on the server's disk ----------------------------------------------------------------------

    def committed(self, batches: list[Batch]) -> None:
        """What the server's disk holds from now on."""
        for batch in batches:
            self._batches += 1
            for row in batch.events:
                self._event(record_of(row))
            for op_id, _, code, about, *_ in batch.ops:
                if op_id in self.fates:
                    self.blame(2, f"{self._tell(op_id)} was written down twice")
                self.fates[op_id] = (code, about)

    def _event(self, record: Record) -> None:
        what = _kind(record.event)
        if record.seq != self.shadow.seq + 1:
            self.blame(9, f"seq {record.seq} ({what}) follows {self.shadow.seq} in the log")
        if record.at < self._last_at:
            self.blame(
                11, f"seq {record.seq} ({what}) is {self._last_at - record.at} ms older than the one before"
            )
        self._last_at = record.at
        before = self.shadow.visits.get(record.visit_id or "")
        if record.visit_id is not None and record.rev != (before.rev if before else 0) + 1:
            self.blame(
                6, f"rev {record.rev} follows {before.rev if before else 0} ({what}, visit {record.visit_id})"
            )
        self._from_device(record, what)
        if isinstance(record.event, ev.Opened):
            self.visits += 1
            ticket = (record.event.day, record.event.ticket)
            if ticket in self._tickets:
                self.blame(12, f"ticket {ticket[1]} was given out twice on {ticket[0]}")
            self._tickets.add(ticket)
        try:
            self.shadow.apply(record)
        except IllegalTransition as error:
            self.blame(7, str(error))
        except ValueError as error:
            self.blame(9, str(error))
        after = self.shadow.visits.get(record.visit_id or "")
        self.lines.append(f"{record.seq} {record.at} {record.actor} {what} {after.ticket if after else ''}")
        if record.visit_id is not None and record.visit_id in self.shadow.visits:
            self.touched.add(record.visit_id)
            self._hands(before, self.shadow.visits[record.visit_id])

    def _from_device(self, record: Record, what: str) -> None:
        device = record.device_id
        if device is None or record.at_device is None:
            return
        if device in self.revoked:
            self.blame(14, f"{device} is revoked, and still {what} was written for it")
        tap = self._by_key.get((device, record.at_device))
        if tap is None:
            return
        op = tap.submit.op
        effect = (record.visit_id, what)
        if tap.effects is None:
            tap.effects, tap.batch = set(), self._batches
        elif tap.batch != self._batches or effect in tap.effects:
            self.blame(2, f"{self._tell(tap.submit.op_id)} had its effect ({what}) a second time")
        expected = getattr(op, "expected_rev", None)
        visit_id = getattr(op, "visit_id", None)
        first = visit_id is not None and all(vid != visit_id for vid, _ in tap.effects)
        tap.effects.add(effect)
        if expected is not None and first and record.visit_id == visit_id and record.rev != expected + 1:
            self.blame(8, f"{self._tell(tap.submit.op_id)} saw rev {expected}, and wrote rev {record.rev}")

    def _hands(self, before: Visit | None, after: Visit) -> None:
        """4 and 5: nobody shares a visit, has two in hand, or is asked for two at once."""
        for hands, was, now, said in (
            (self._asked, before.offer_to if before else None, after.offer_to, "is asked for"),
            (self._in_hand, _holder(before), _holder(after), "has in hand"),
        ):
            if was == now:
                continue
            if was is not None and hands.get(was) == after.visit_id:
                del hands[was]
            if now is not None:
                if was is not None:
                    self.blame(4, f"visit {after.ticket} went from {was} to {now} while {was} {said} it")
                if (other := hands.get(now)) is not None:
                    tickets = f"{self.shadow.visits[other].ticket} and {after.ticket}"
                    self.blame(5, f"{now} {said} two visits at once: {tickets}")
                hands[now] = after.visit_id

    # --- on the server -----------------------------------------------------------------------------

    def sends(self, device: str, frame: bytes) -> None:
        """1: nobody is told yes before the disk has it. 3: and always the same. 14: nor the revoked."""
        if device in self.revoked and frame.startswith(TOLD):
            self.blame(14, f"{device} is revoked, and was told {frame[:30]!r}")
        if not frame.startswith(_ANSWER):
            return
        answer = _answer.decode(frame)
        said = (answer.refusal.code.value, answer.refusal.about) if answer.refusal else (None, None)
        fate = self.fates.get(answer.op_id)
        if said[0] == Code.OP_ID_REUSED.value and answer.op_id in self.forged:
            return
        if fate is None:
            self.blame(1, f"{device} was answered for {self._tell(answer.op_id)} before it was on disk")
        elif (fate[0], str(fate[1])) != (said[0], str(said[1])):
            self.blame(
                3, f"{device} was answered {said} for {self._tell(answer.op_id)}; on disk it is {fate}"
            )
        self.acknowledged.add(answer.op_id)

    def acknowledge(self, op_id: str) -> None:
        """A phone was told that its op is done, or refused."""
        if op_id not in self.fates:
            self.blame(1, f"a phone was answered for op {op_id} before it was on disk")
        self.acknowledged.add(op_id)

    def check_line(self, floor: Floor, now: int) -> None:
        """15: nobody waits while a colleague who could come is free and was not asked."""
        if (waits := left_waiting(floor, self._catalogue, now)) is not None:
            self.blame(15, waits)

    def read_again(self, floor: Floor) -> None:
        """9: what a server reads from its disk is what the log gives."""
        for difference in floors_differ(self.shadow, floor, self._clock()):
            self.blame(9, f"read from the disk: {difference}")

    def _tell(self, op_id: str) -> str:
        tap = self.taps.get(op_id)
        if tap is None:
            return f"op {op_id}"
        op = tap.submit.op
        about = getattr(op, "ticket", None)
        visit = self.shadow.visits.get(getattr(op, "visit_id", ""))
        about = about or (visit.ticket if visit else "")
        return f"{tap.device}'s {type(op).__name__}{' of ' + about if about else ''}"


def left_waiting(floor: Floor, catalogue: Catalogue, now: int) -> str | None:
    """Who waits although somebody could have been asked; None if nobody does."""
    now -= ALARM_MS
    free: list[Person] | None = None
    for visit in floor.open_visits():
        if visit.state is not State.WAITING:
            continue
        if free is None:
            free = [p for p in floor.people.values() if _free(p, catalogue, now)]
        if catalogue.need(visit.need) is None:
            continue
        skills = catalogue.wanted(visit.need, visit.ring)
        for person in free:
            employee = catalogue.employee(person.id)
            if employee and skills <= employee.skills and person.id not in visit.asked:
                return f"{visit.ticket} waits while {person.id} is free and was never asked"
    return None


def _free(person: Person, catalogue: Catalogue, now: int) -> bool:
    available = person.chosen is ev.Presence.AVAILABLE and person.free_at <= now
    return available and person.offer is None and len(person.active) < catalogue.times.max_active


def floors_differ(ours: Floor, theirs: Floor, now: int) -> list[str]:
    """How two floors differ in what is open and who is where; empty if they do not."""

    def who_is(person: Person | None) -> Person | None:
        # A breath after a visit means nothing once it is over; nor does since when somebody is away.
        if person is not None and person.free_at <= now:
            person = replace(person, free_at=0)
        if person is not None and person.chosen is ev.Presence.OFF_FLOOR:
            person = replace(person, since=0, idle_since=0)
        return person

    mine = {v.visit_id: v for v in ours.open_visits()}
    other = {v.visit_id: v for v in theirs.open_visits()}
    visits = [(mine.get(vid), other.get(vid)) for vid in sorted(mine.keys() | other.keys())]
    everybody = sorted(ours.people.keys() | theirs.people.keys())
    people = [(who_is(ours.people.get(who)), who_is(theirs.people.get(who))) for who in everybody]
    return [
        f"there is {found}; the log gives {by_log}" for by_log, found in (*visits, *people) if by_log != found
    ]


def _holder(visit: Visit | None) -> str | None:
    return visit.employee if visit is not None and visit.state in IN_HAND else None


def _kind(event: ev.Event) -> str:
    return str(type(event).__struct_config__.tag)


def _number(frame: bytes, start: int) -> int:
    return int(frame[start : frame.index(b",", start)])
