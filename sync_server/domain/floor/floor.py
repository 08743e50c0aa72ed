"""The floor: the live state of one store, changed by ops and by time, rebuilt from its log.

floor = Floor(catalogue)
outcome = floor.handle(op, by, now)              # records, or a Refusal that changed nothing
records = floor.tick(now)                        # what time alone brings about
when = floor.next_deadline(now)                  # when tick has something to do again
"""

from collections.abc import Iterable, Iterator, Sequence
from heapq import heappop, heappush

from sync_server.domain import events as ev
from sync_server.domain.catalogue.catalogue import Catalogue
from sync_server.domain.events import Event, Presence, Record
from sync_server.domain.ops import Actor, ActorKind, AnyOp
from sync_server.domain.people import Person
from sync_server.domain.people import apply as apply_to_person
from sync_server.domain.queue import routing
from sync_server.domain.queue.line import Line
from sync_server.domain.queue.line_estimates import LineEstimates
from sync_server.domain.queue.wait_estimate import History, Quote, told_bracket
from sync_server.domain.refusal import Refusal, Refused
from sync_server.domain.violation import InvariantViolated
from sync_server.domain.visit import transitions
from sync_server.domain.visit.ticket import Tickets
from sync_server.domain.visit.visit import ENDED, IN_HAND, State, Visit

from . import commands, invariants, offline_ops
from .floor_view import FloorView
from .offline_ops import OpOrigin
from .overrides import Overrides
from .server_sign_offs import ServerSignOffs
from .time_events import Due, TimeEvents

KEEP_ENDED_MS = 3_600_000  # an ended visit can be rated this long, and its link works as long

_BY_THE_SERVER = OpOrigin()
_WAITING = State.WAITING  # a member of an enum is slow to look up

_OF_ENDED_VISITS = (ev.Rated, ev.Corrected, ev.FoundCompleted, ev.LookedInto)


class Floor:
    """Open visits (and those that ended within the last hour), and who is on the floor.

    Until `paused_until` (ms UTC) the floor makes no offers and time alone changes nothing. After a start
    the devices first send what was done meanwhile, and must find the floor as they left it.

    `history` feeds the wait estimate. Replaying a log does not need it: the records hold what each
    shopper was quoted.
    """

    def __init__(self, catalogue: Catalogue, history: History | None = None, seq: int = 0) -> None:
        self.catalogue = catalogue
        self.history = history or History()
        self.seq = seq
        self.visits: dict[str, Visit] = {}
        self._open: dict[str, Visit] = {}
        self._holders: dict[str, str] = {}  # by tablet: the employee who is signed in on it
        self.people: dict[str, Person] = {e.id: Person(e.id) for e in catalogue.employees}
        self._line = Line(self._open, catalogue.times.credit_s)
        self._estimates = LineEstimates(catalogue, self.history, self._line, self.people)
        self._time = TimeEvents(catalogue, self._open, self.people, self._line, self._estimates)
        self._max_active = catalogue.times.max_active
        self._wrap_up_ms = int(catalogue.times.wrap_up_s * 1000)
        self.tickets = Tickets()
        self.with_phone: set[str] = set()  # visits whose page a phone has opened since the start; not logged
        self.server_sign_offs = ServerSignOffs()
        self.overrides = Overrides()
        self._restored_at: dict[str, int] = {}  # visits that `restore_visit` brought back, and when
        self._to_forget: list[tuple[int, str]] = []  # a heap: ended visits, and since when
        self._now = 0
        self.paused_until = 0

    # --- changes -----------------------------------------------------------------------------------------

    def handle(
        self,
        op: AnyOp,
        by: Actor,
        now: int,
        at_device: int | None = None,
        ahead_ms: int | None = None,
    ) -> list[Record] | Refusal:
        """Does `op`. Returns its records, followed by those of the offers it made possible, or a Refusal.

        `at_device` is the device's clock at the tap, ms UTC; `ahead_ms` is how far the server's clock was
        ahead of it.
        """
        now = self._advance(now)
        tapped = offline_ops.tapped_at(at_device, ahead_ms, now)
        view: FloorView = self
        if tapped is not None:
            by = offline_ops.resolve_actor(self.server_sign_offs, op, by, tapped)
            view = offline_ops.rewind_before_closing(self, self.server_sign_offs, op, by, tapped) or self
        try:
            changes = commands.decide(view, op, by, now)
        except Refused as refused:
            return refused.refusal
        if tapped is not None:
            changes = offline_ops.mark_late(changes, tapped, self.catalogue.last_closing(now))
        origin = OpOrigin(_actor_name(view, by), by.device_id, at_device, ahead_ms)
        records = [self._append(visit_id, event, now, origin, tapped) for visit_id, event in changes]
        expected_rev = getattr(op, "expected_rev", None)
        if expected_rev is not None and (len(records) > 1 or records[0].rev != expected_rev + 1):
            invariants.check_expected_rev(expected_rev, records, view)
        touched = [visit_id for visit_id, _ in changes if visit_id in self._open]
        return records + self._follow_up(self._time.overdue(touched, now), now, touched)

    def tick(self, now: int) -> list[Record]:
        """Does everything that is due at `now`: offers lapse, searches widen, the store closes, offers."""
        now = self._advance(now)
        self.forget(now)
        return self._follow_up(self._time.due(now), now)

    def apply(self, record: Record) -> None:
        """Applies one record to the state. Nothing else changes the state.

        Raises InvariantViolated if `seq` does not follow or the table has no such transition.
        """
        if record.seq != self.seq + 1:
            raise InvariantViolated(9, f"record {record.seq}", f"it cannot follow {self.seq}")
        event = record.event
        before = after = None
        if isinstance(event, ev.VisitEvent):
            before = self.visits.get(record.visit_id or "")
            after = self._after(before, event, record)
        elif isinstance(event, ev.DayClosed):
            self._time.last_closing, self._time.still_here = record.at, event.still_here
        elif isinstance(event, ev.PresenceChanged):
            self.server_sign_offs.apply(record)
        else:
            self.overrides.apply(record)
        self.seq = record.seq
        self._advance(record.at)
        if after is not None:
            self.visits[after.visit_id] = after
            if after.state in ENDED:
                self._open.pop(after.visit_id, None)
                heappush(self._to_forget, (after.ended_at or record.at, after.visit_id))
            else:
                self._open[after.visit_id] = after
            self._line.update(before, after)
            self._learn(before, after)
        # Nobody has an ended visit in hand, unless its employee has just taken its end back.
        if before is None or before.state not in ENDED or (after is not None and after.state not in ENDED):
            self._apply_to_people(before, after, record)
        self._estimates.invalidate(people_changed=record.visit_id is None)

    @classmethod
    def replay(
        cls, catalogue: Catalogue, records: Iterable[Record], history: History | None = None
    ) -> "Floor":
        """The floor that a log leads to. The log may begin wherever nobody had a visit in hand."""
        floor: Floor | None = None
        for record in records:
            if floor is None:
                floor = cls(catalogue, history, seq=record.seq - 1)
            floor.apply(record)
        return floor or cls(catalogue, history)

    def use_catalogue(self, catalogue: Catalogue) -> None:
        """Goes by another catalogue from now on; `tick` then does what follows from it.

        Everything that open visits and people on the floor name must be in it, at least as retired (19).
        """
        self.catalogue = catalogue
        for employee in catalogue.employees:
            self.people.setdefault(employee.id, Person(employee.id))
        for person in list(self.people.values()):
            away = person.presence is Presence.OFF_FLOOR and not person.holding
            if away and catalogue.employee(person.id) is None:
                del self.people[person.id]
        self._line.use_credit(catalogue.times.credit_s)
        self._estimates.use_catalogue(catalogue)
        self._time.use_catalogue(catalogue)
        self._max_active = catalogue.times.max_active
        self._wrap_up_ms = int(catalogue.times.wrap_up_s * 1000)

    def restore_visit(self, records: Iterable[Record], now: int) -> None:
        """Brings back, from its own records, an ended visit that the floor has forgotten.

        A late op is about it. It stays for KEEP_ENDED_MS again.
        """
        visit = offline_ops.rebuild_visit(records)
        if visit is not None and visit.state in ENDED and visit.visit_id not in self.visits:
            self.visits[visit.visit_id] = visit
            self._restored_at[visit.visit_id] = now
            heappush(self._to_forget, (now, visit.visit_id))

    def remove_words(self, visit: Visit) -> None:
        """Replaces an ended visit by the same one without words about its shopper. No rule reads them."""
        self.visits[visit.visit_id] = visit

    def forget(self, now: int) -> list[Visit]:
        """Drops visits that ended more than KEEP_ENDED_MS before `now`, and the tickets of earlier days.

        Returns these visits.
        """
        dropped = []
        while self._to_forget and now - self._to_forget[0][0] > KEEP_ENDED_MS:
            _, visit_id = heappop(self._to_forget)
            visit = self.visits.get(visit_id)
            since = self._restored_at.get(visit_id, visit.ended_at if visit else None)
            if visit is not None and since is not None and now - since > KEEP_ENDED_MS:
                dropped.append(self.visits.pop(visit_id))
                self.with_phone.discard(visit_id)
                self._restored_at.pop(visit_id, None)
        self.tickets.forget_before(self.catalogue.day(now))
        return dropped

    # --- questions ---------------------------------------------------------------------------------------

    def next_deadline(self, now: int) -> int | None:
        """The next instant at which time alone may change something, ms UTC; None if nothing is pending.

        It is in the past for what is overdue: an op may arrive just before the timer fires.
        """
        now = max(now, self._now)
        return self.paused_until if now < self.paused_until else min(self._time.deadlines(now), default=None)

    def holder(self, device_id: str | None) -> Person | None:
        """The employee who is signed in on this tablet."""
        return self.people.get(self._holders.get(device_id or "", ""))

    def employee_of(self, by: Actor) -> Person | None:
        """The employee who acts."""
        return self.holder(by.device_id) or self.people.get(by.employee or "")

    @property
    def now(self) -> int:
        """The floor's time, ms UTC: that of the latest op or tick."""
        return self._now

    def open_visits(self) -> list[Visit]:
        return list(self._open.values())

    def line(self) -> Sequence[Visit]:
        """The visits that are waiting or offered, in the order in which they will be served."""
        return self._line.visits

    def ahead_of(self, visit_id: str) -> int:
        """How many in line come before this visit. Raises KeyError for one that is not in line."""
        return self._line.ahead_of(visit_id)

    def competing_ahead(self, visit: Visit) -> int:
        """How many in line before this visit wait for the employees who could serve it.

        Others may be before it as well, and do not delay it. Raises KeyError for one that is not in line.
        """
        ahead = self.ahead_of(visit.visit_id)
        need = self.catalogue.need(visit.need)
        return ahead if need is None else self._estimates.competing_ahead(need, ahead)

    def quote(self, need_code: str, ahead: int | None = None) -> Quote | None:
        """The wait to expect with this need behind `ahead` visits, None: for one who joins now.

        None if the need is not known or nobody on the floor can help.
        """
        need = self.catalogue.need(need_code)
        return None if need is None else self._estimates.quote(need, self._now, ahead)

    # --- private -----------------------------------------------------------------------------------------

    def _advance(self, now: int) -> int:
        # The server's clock may be set back. The floor's time never runs backwards.
        if now > self._now:
            self._now = now
        if self._time.last_closing is None:
            self._time.last_closing = self._now
        return self._now

    def _append(
        self,
        visit_id: str | None,
        event: Event,
        now: int,
        origin: OpOrigin = _BY_THE_SERVER,
        happened_at: int | None = None,
    ) -> Record:
        before = self.visits.get(visit_id) if visit_id else None
        rev = None if visit_id is None else before.rev + 1 if before else 1
        if visit_id is None:
            happened_at = None  # about a person: their presence changes now
        elif happened_at is not None:
            # A visit's times never run backwards, whatever a device's clock says.
            if before is not None:
                happened_at = max(happened_at, (before.before_expiry or before).touched_at)
            happened_at = min(happened_at, now)
            happened_at = None if happened_at == now else happened_at
        record = Record(
            self.seq + 1, now, event, visit_id, rev,
            origin.actor, origin.device_id, origin.at_device, origin.ahead_ms, happened_at,
        )  # fmt: skip
        if before is None:
            invariants.check_new(record, self.tickets, self._now)
            self.apply(record)
            return record
        self.apply(record)
        after = self.visits[before.visit_id]
        employee, asked = after.employee, after.offer_to
        # Most steps need no closer look. This is written out because a call would cost more than it does.
        if (
            after.rev != rev
            or before.state in ENDED
            or employee is not before.employee
            or (asked is not None and self.people[asked].offer != visit_id)
            or (asked is None and employee is None)
            or (employee and (visit_id in self.people[employee].active) is not (after.state in IN_HAND))
        ):
            invariants.check_step(before, after, rev, self.people, self._max_active)
        return record

    def _follow_up(self, due: Iterator[Due], now: int, touched: Sequence[str] = ()) -> list[Record]:
        """Applies what is due, then makes every offer that can be made.

        `touched` are the open visits that an op has changed before this.
        """
        if now < self.paused_until:
            return []
        records = [
            self._append(visit_id, event, now, happened_at=happened_at)
            for visit_id, event, happened_at in due
        ]
        free: list[Person] = []
        while len(self._line) and (free := routing.free_people(self.people.values(), now, self._max_active)):
            waiting = [visit for visit in self._line.visits if visit.state is _WAITING]
            present = self._estimates.present_skills
            match = routing.next_match(self.catalogue, free, waiting, present, now) if waiting else None
            if match is None:
                break
            until = now + int(self.catalogue.times.offer_s * 1000)
            if self.people[match.employee].offer is not None:
                raise InvariantViolated(5, match.visit.ticket, f"{match.employee} is asked for another visit")
            offered = ev.Offered(match.employee, until, match.new_round)
            records.append(self._append(match.visit.visit_id, offered, now))
        if free and touched and (visit := self._open[touched[-1]]).state is _WAITING:
            invariants.check_not_left_waiting(self.catalogue, visit, free, self._estimates.present_skills)
        return records

    def _after(self, before: Visit | None, event: ev.VisitEvent, record: Record) -> Visit | None:
        """The record's visit after it; None if the visit is not part of the log that is replayed."""
        if isinstance(event, ev.Opened):
            if before is not None or record.visit_id is None:
                raise transitions.IllegalTransition(f"visit {record.visit_id}", "it is open already")
            self.tickets.add(event.day, [event.ticket])
            return transitions.open_visit(
                record.visit_id, event, record.occurred_at, record.device_id, record.at
            )
        if before is not None:
            return transitions.apply(before, event, record.occurred_at, record.at)
        if isinstance(event, _OF_ENDED_VISITS) or record.happened_at is not None:
            return None  # the visit ended before the first record that is replayed
        raise transitions.IllegalTransition(
            f"visit {record.visit_id}", f"{type(event).__name__} for an unknown visit"
        )

    def _apply_to_people(self, before: Visit | None, after: Visit | None, record: Record) -> None:
        named = getattr(record.event, "employee", None)
        names: tuple[str | None, ...] = (named,)
        if before is not None and after is not None and after.state in ENDED:
            # The employee who was asked, and the one who had the visit, are free again.
            names = (before.offer_to, before.employee)
        for name in names:
            if name is not None:
                person = self.people.get(name) or Person(name)
                self.people[name] = apply_to_person(
                    person, record.visit_id, record.event, record.at, self._wrap_up_ms
                )
        if record.visit_id is None:
            people = reversed(self.people.values())
            self._holders = {p.device_id: p.id for p in people if p.device_id is not None}

    def _learn(self, before: Visit | None, after: Visit) -> None:
        """Feeds the wait estimate with waits that ended and services that were completed."""
        if before is None or before.state in ENDED:
            return
        served_now = before.serving_at is None and after.serving_at is not None
        # A visit that arrived late was quoted no wait.
        if served_now and after.situation is not None and after.wait_ms is not None:
            told = told_bracket(after.quoted_low_s, after.quoted_high_s)
            self.history.add_wait(after.need, after.day, after.situation, after.wait_ms / 1000, told)
        if after.state is State.COMPLETED and before.state is State.SERVING and after.wait_ms:
            self.history.add_service(after.need, (after.service_ms or 0) / 1000)


def _actor_name(floor: FloorView, by: Actor) -> str:
    """Who acted, for the log: `shopper`, `employee:maya`, `manager:anna` or `system`."""
    if by.kind is ActorKind.STAFF:
        person = floor.employee_of(by)
        return f"employee:{person.id}" if person else "employee"
    if by.kind in (ActorKind.KIOSK, ActorKind.PHONE):
        return "shopper"
    return by.kind.value if by.account is None else f"{by.kind.value}:{by.account}"
