"""The floor: the live state of one store, changed by ops and by time, rebuilt by its log.

floor = Floor(catalogue)
outcome = floor.handle(op, by, now, at_device)   # records, or a Refusal that changed nothing
records = floor.tick(now)                        # what time alone brings about
when = floor.next_deadline(now)                  # when tick has something to do again
"""

from collections.abc import Iterable, Iterator

from . import commands, routing, visit
from . import events as ev
from .catalogue import Catalogue
from .events import Event, Presence, Record
from .ops import SYSTEM, Actor, ActorKind, AnyOp
from .people import Person
from .people import apply as apply_to_person
from .refusal import Refusal, Refused
from .visit import ENDED, IN_LINE, State, Visit
from .wait import History, Quote, quote

KEEP_ENDED_MS = 3_600_000  # how long an ended visit stays to be rated; its link dies with it


class Floor:
    """Open visits (and those ended within the hour), and who is on the floor.

    `history` feeds the wait estimate. It is not needed to replay a log: what shoppers were quoted
    stands in its records.
    """

    def __init__(self, catalogue: Catalogue, history: History | None = None, seq: int = 0) -> None:
        self.catalogue = catalogue
        self.history = history or History()
        self.seq = seq
        self.visits: dict[str, Visit] = {}
        self._open: dict[str, Visit] = {}
        self.people: dict[str, Person] = {e.id: Person(e.id) for e in catalogue.employees}
        self._tickets: dict[str, set[str]] = {}
        self._last_closing: int | None = None
        self._now = 0

    # --- what happens ----------------------------------------------------------------------------

    def handle(self, op: AnyOp, by: Actor, now: int, at_device: int | None = None) -> list[Record] | Refusal:
        """Does `op`: the records it brought about, offers to colleagues included, or why not."""
        now = self._advance(now)
        try:
            changes = commands.decide(self, op, by, now)
        except Refused as refused:
            return refused.refusal
        actor = self._name(by)
        records = [self._append(vid, event, now, actor, by.device_id, at_device) for vid, event in changes]
        touched = [vid for vid, _ in changes if vid in self._open]
        return records + self._settle(self._overdue(touched, now), now)

    def tick(self, now: int) -> list[Record]:
        """Everything that is due at `now`: offers that lapse, rings that widen, closing time, offers."""
        now = self._advance(now)
        self._forget(now)
        return self._settle(self._due(now), now)

    def apply(self, record: Record) -> None:
        """Takes one record into the state; the only place where the state changes.

        Raises IllegalTransition, or ValueError where `seq` does not follow.
        """
        if record.seq != self.seq + 1:
            raise ValueError(f"record {record.seq} cannot follow {self.seq}")
        before = self.visits.get(record.visit_id) if record.visit_id else None
        after = None
        match record.event:
            case ev.Opened() as event if record.visit_id is not None:
                if before is not None:
                    raise visit.IllegalTransition(f"visit {record.visit_id} is open already")
                after = visit.open_visit(record.visit_id, event, record.at, record.device_id)
                self._tickets.setdefault(event.day, set()).add(event.ticket)
            case ev.DayClosed():
                self._last_closing = record.at
            case ev.PresenceChanged():
                pass
            case ev.Rated() if before is None:
                pass  # of a visit that ended before the part of the log that is replayed
            case event:
                if before is None:
                    raise visit.IllegalTransition(
                        f"{type(event).__name__} for unknown visit {record.visit_id}"
                    )
                after = visit.apply(before, event, record.at)
        self.seq = record.seq
        self._advance(record.at)
        if after is not None:
            self.visits[after.visit_id] = after
            if after.state in ENDED:
                self._open.pop(after.visit_id, None)
            else:
                self._open[after.visit_id] = after
            self._learn(before, after)
        self._apply_to_people(before, record)

    @classmethod
    def replay(
        cls, catalogue: Catalogue, records: Iterable[Record], history: History | None = None
    ) -> "Floor":
        """The floor that this log leads to. The log may begin wherever nobody had a visit in hand."""
        floor: Floor | None = None
        for record in records:
            if floor is None:
                floor = cls(catalogue, history, seq=record.seq - 1)
            floor.apply(record)
        return floor or cls(catalogue, history)

    def tickets_of_day(self, day: str, tickets: Iterable[str]) -> None:
        """Makes known the tickets of a day that the replayed part of the log does not hold."""
        self._tickets.setdefault(day, set()).update(tickets)

    # --- what is asked of it ---------------------------------------------------------------------

    def next_deadline(self, now: int) -> int | None:
        """The next instant at which time alone may change something, ms UTC; None if nothing is pending.

        It is in the past for what is overdue: an op may come in just before the alarm is heard.
        """
        return min(self._deadlines(max(now, self._now)), default=None)

    def holder(self, device_id: str | None) -> Person | None:
        """Who is signed in on this tablet."""
        if device_id is None:
            return None
        return next((p for p in self.people.values() if p.device_id == device_id), None)

    def ticket_taken(self, day: str, ticket: str) -> bool:
        return ticket in self._tickets.get(day, ())

    def last_ticket(self, day: str, letter: str) -> int:
        """The highest number given out with this letter on this day; 0 if none."""
        numbers = (t.partition("-") for t in self._tickets.get(day, ()))
        return max((int(number) for of, _, number in numbers if of == letter), default=0)

    def open_visits(self) -> list[Visit]:
        return list(self._open.values())

    def line(self, now: int) -> list[Visit]:
        """Those waiting or being offered, in the order they will be served."""
        in_line = (v for v in self._open.values() if v.state in IN_LINE)
        return routing.line(in_line, now, self.catalogue.times.credit_s)

    def quote(self, need_code: str, now: int, before: list[Visit] | None = None) -> Quote | None:
        """What to tell a shopper with this need who joins now, or who stands behind those `before`."""
        need = self.catalogue.need(need_code)
        if need is None:
            return None
        line = self.line(now) if before is None else before
        ahead = routing.ahead(self.catalogue, self.people, need, line)
        return quote(
            [self._expected_service_s(v.need) for v in ahead],
            self._expected_service_s(need.code),
            routing.on_floor(self.catalogue, self.people, need),
            self.history.outcomes,
        )

    # --- inside ----------------------------------------------------------------------------------

    def _advance(self, now: int) -> int:
        # The server's clock may be set back; the floor's time never runs backwards.
        self._now = max(self._now, now)
        if self._last_closing is None:
            self._last_closing = self._now
        return self._now

    def _append(
        self,
        visit_id: str | None,
        event: Event,
        now: int,
        actor: str = "system",
        device_id: str | None = None,
        at_device: int | None = None,
    ) -> Record:
        before = self.visits.get(visit_id) if visit_id else None
        rev = None if visit_id is None else before.rev + 1 if before else 1
        record = Record(self.seq + 1, now, event, visit_id, rev, actor, device_id, at_device)
        self.apply(record)
        return record

    def _settle(self, due: Iterator[tuple[str | None, Event]], now: int) -> list[Record]:
        """What follows at once: whatever is due, then every offer that can be made."""
        records = [self._append(vid, event, now) for vid, event in due]
        while match := routing.next_match(self.catalogue, self.people, self._open.values(), now):
            until = now + int(self.catalogue.times.offer_s * 1000)
            offered = ev.Offered(match.employee, until, match.new_round)
            records.append(self._append(match.visit.visit_id, offered, now))
        return records

    def _due(self, now: int) -> Iterator[tuple[str | None, Event]]:
        """What time alone brings about at `now`, in order; each is applied before the next is asked for."""
        closing = self.catalogue.last_closing(now)
        if self._last_closing is not None and closing > self._last_closing:
            yield from self._close(closing)
        yield from self._overdue(list(self._open), now)

    def _overdue(self, visit_ids: Iterable[str | None], now: int) -> Iterator[tuple[str | None, Event]]:
        """The offers among these visits that lapsed, and the rings that widen."""
        for vid in dict.fromkeys(visit_ids):
            if vid is None:
                continue
            v = self.visits[vid]
            if v.state is State.OFFERED and v.offer_until is not None and v.offer_until <= now:
                yield vid, ev.TimedOut(v.offer_to or "")
                person = self.people[v.offer_to or ""]
                if person.chosen is Presence.AVAILABLE:
                    yield None, ev.PresenceChanged(person.id, Presence.NOT_RESPONDING, person.device_id)
            while due := self._target_passed(self.visits[vid], now):
                yield vid, due

    def _close(self, closing: int) -> Iterator[tuple[str | None, Event]]:
        """Closing time: whoever is still in line is let go, everybody not with a shopper is signed off."""
        on_floor = [p for p in self.people.values() if p.chosen is not Presence.OFF_FLOOR]
        for v in self.open_visits():
            if v.state is not State.SERVING and v.created_at < closing:
                yield v.visit_id, ev.Expired()
        for person in on_floor:
            if person.since < closing and not self.people[person.id].active:
                yield None, ev.PresenceChanged(person.id, Presence.OFF_FLOOR)
        staying = sum(p.chosen is not Presence.OFF_FLOOR for p in self.people.values())
        yield None, ev.DayClosed(len(self._open) + staying)

    def _target_passed(self, v: Visit, now: int) -> ev.Widened | ev.Alerted | None:
        if v.state is not State.WAITING:
            return None
        at = self._next_target(v)
        if at is None or at > now:
            return None
        need = self.catalogue.need(v.need)
        return ev.Widened(v.ring + 1) if need and v.ring + 1 < need.rings else ev.Alerted()

    def _next_target(self, v: Visit) -> int | None:
        """When a waiting visit's search widens, or the manager hears of it; None once both are done."""
        need = self.catalogue.need(v.need)
        if need is None or v.alerted_at is not None:
            return None
        return v.line_at + int((v.ring + 1) * need.target_wait_s * 1000)

    def _deadlines(self, now: int) -> Iterator[int]:
        anybody = bool(self._open)
        for v in self._open.values():
            if v.state is State.OFFERED and v.offer_until is not None:
                yield v.offer_until
            elif v.state is State.WAITING:
                if (target := self._next_target(v)) is not None:
                    yield target
                # From these two moments on an offer may be made; once they are past it has been.
                again = routing.ask_again_at(v, self.catalogue.times.ask_again_s)
                if v.asked and again > now:
                    yield again
        for person in self.people.values():
            if person.free_at > now:
                yield person.free_at
            anybody = anybody or person.chosen is not Presence.OFF_FLOOR
        if anybody:
            closing = self.catalogue.last_closing(now)
            overdue = self._last_closing is not None and closing > self._last_closing
            yield closing if overdue else self.catalogue.next_closing(now)

    def _apply_to_people(self, before: Visit | None, record: Record) -> None:
        event = record.event
        # A shopper who leaves frees whoever was asked, was coming, or held the visit.
        names = {getattr(event, "employee", None)}
        if before is not None and isinstance(event, ev.Cancelled | ev.Expired | ev.Removed | ev.NoShow):
            names |= {before.offer_to, before.employee}
        wrap_up = int(self.catalogue.times.wrap_up_s * 1000)
        for name in names - {None}:
            assert name is not None
            person = self.people.get(name, Person(name))
            self.people[name] = apply_to_person(person, record.visit_id, event, record.at, wrap_up)

    def _learn(self, before: Visit | None, after: Visit) -> None:
        if before is None:
            return
        served_now = before.serving_at is None and after.serving_at is not None
        if served_now and after.expected_s is not None and after.wait_ms is not None:
            self.history.waited(after.expected_s, after.wait_ms / 1000)
        if after.state is State.COMPLETED and before.state is State.SERVING and after.wait_ms:
            self.history.served(after.need, (after.service_ms or 0) / 1000)

    def _forget(self, now: int) -> None:
        for v in [v for v in self.visits.values() if v.ended_at is not None]:
            if v.ended_at is not None and now - v.ended_at > KEEP_ENDED_MS:
                del self.visits[v.visit_id]
        today = self.catalogue.day(now)
        for day in [day for day in self._tickets if day < today]:
            del self._tickets[day]

    def _expected_service_s(self, need_code: str) -> float:
        need = self.catalogue.need(need_code)
        return self.history.service_s(need_code, need.target_service_s if need else 240)

    def _name(self, by: Actor) -> str:
        """Who acted, for the log: `shopper`, `employee:maya`, `manager` or `system`."""
        if by.kind is ActorKind.STAFF:
            person = self.holder(by.device_id)
            return f"employee:{person.id}" if person else "employee"
        if by.kind in (ActorKind.KIOSK, ActorKind.PHONE):
            return "shopper"
        return by.kind.value


__all__ = ["KEEP_ENDED_MS", "SYSTEM", "Floor"]
