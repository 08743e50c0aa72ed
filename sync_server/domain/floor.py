"""The floor: the live state of one store, changed by ops and by time, rebuilt by its log.

floor = Floor(catalogue)
outcome = floor.handle(op, by, now)              # records, or a Refusal that changed nothing
records = floor.tick(now)                        # what time alone brings about
when = floor.next_deadline(now)                  # when tick has something to do again
"""

from collections.abc import Iterable, Iterator, Sequence
from heapq import heappop, heappush

from . import commands, late, routing, visit
from . import events as ev
from .catalogue import Catalogue
from .events import Event, Presence, Record
from .ops import SYSTEM, Actor, ActorKind, AnyOp
from .outlook import Outlook
from .people import Person
from .people import apply as apply_to_person
from .refusal import Refusal, Refused
from .ticket import Tickets
from .visit import ENDED, State, Visit
from .wait import History, Quote

Due = tuple[str | None, Event, int | None]  # the visit, what is due, and when it happened if not now

KEEP_ENDED_MS = 3_600_000  # how long an ended visit stays to be rated; its link dies with it


class Floor:
    """Open visits (and those ended within the hour), and who is on the floor.

    Until `still_until`, ms UTC, nobody is asked and nothing comes about by time alone: after a start the
    devices first say what was done meanwhile, and the floor must be as they left it.

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
        self._outlook = Outlook(catalogue, self.history, self._open, self.people)
        self._wrap_up_ms = int(catalogue.times.wrap_up_s * 1000)
        self.tickets = Tickets()
        self._last_closing: int | None = None
        self.signed_off = late.SignedOff()
        self._recalled: dict[str, int] = {}  # visits that ended long ago and were heard of again, and when
        self._to_forget: list[tuple[int, str]] = []  # a heap: visits that ended, and when to look at each
        self._now = 0
        self.still_until = 0

    # --- what happens ----------------------------------------------------------------------------

    def handle(
        self,
        op: AnyOp,
        by: Actor,
        now: int,
        at_device: int | None = None,
        ahead_ms: int | None = None,
    ) -> list[Record] | Refusal:
        """Does `op`: the records it brought about, offers to colleagues included, or why not.

        `at_device` is the device's clock at the tap, `ahead_ms` how far ours was ahead of it.
        """
        now = self._advance(now)
        tapped = late.tapped_at(at_device, ahead_ms, now)
        then = self
        if tapped is not None:
            by = late.by_whom(self, op, by, tapped)
            then = late.before_closing(self, op, by, tapped) or self
        try:
            changes = commands.decide(then, op, by, now)
        except Refused as refused:
            return refused.refusal
        if tapped is not None:
            changes = late.as_late(changes, tapped, self.catalogue.last_closing(now))
        said = late.Said(then._name(by), by.device_id, at_device, ahead_ms)
        records = [self._append(vid, event, now, said, tapped) for vid, event in changes]
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
        event = record.event
        before = after = None
        if isinstance(event, ev.VisitEvent):
            before = self.visits.get(record.visit_id or "")
            after = self._after(before, event, record)
        elif isinstance(event, ev.DayClosed):
            self._last_closing = record.at
        else:
            self.signed_off.heard(record)
        self.seq = record.seq
        self._advance(record.at)
        if after is not None:
            self.visits[after.visit_id] = after
            if after.state in ENDED:
                self._open.pop(after.visit_id, None)
                heappush(self._to_forget, (after.ended_at or record.at, after.visit_id))
            else:
                self._open[after.visit_id] = after
            self._learn(before, after)
        if before is None or before.state not in ENDED:  # else it is in nobody's hands any more
            self._apply_to_people(before, after, record)
        self._outlook.changed(came_or_went=record.visit_id is None)

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

    def recall(self, records: Iterable[Record], now: int) -> None:
        """Makes known again, by its own records, a visit that ended long ago and is heard of once more."""
        v = late.told_again(records)
        if v is not None and v.state in ENDED and v.visit_id not in self.visits:
            self.visits[v.visit_id] = v
            self._recalled[v.visit_id] = now
            heappush(self._to_forget, (now, v.visit_id))

    # --- what is asked of it ---------------------------------------------------------------------

    def next_deadline(self, now: int) -> int | None:
        """The next instant at which time alone may change something, ms UTC; None if nothing is pending.

        It is in the past for what is overdue: an op may come in just before the alarm is heard.
        """
        now = max(now, self._now)
        return self.still_until if now < self.still_until else min(self._deadlines(now), default=None)

    def holder(self, device_id: str | None) -> Person | None:
        """Who is signed in on this tablet."""
        if device_id is not None:
            for person in self.people.values():
                if person.device_id == device_id:
                    return person
        return None

    def who(self, by: Actor) -> Person | None:
        """The employee who acts."""
        return self.holder(by.device_id) or self.people.get(by.employee or "")

    def open_visits(self) -> list[Visit]:
        return list(self._open.values())

    def line(self) -> Sequence[Visit]:
        """Those waiting or being offered, in the order they will be served."""
        return self._outlook.line()

    def ahead_of(self, visit_id: str) -> int:
        """How many in line come before this visit. Raises KeyError for one that is not in line."""
        return self._outlook.ahead_of(visit_id)

    def quote(self, need_code: str, ahead: int | None = None) -> Quote | None:
        """What to tell a shopper with this need who joins now, or who has so many `ahead` in line."""
        need = self.catalogue.need(need_code)
        return None if need is None else self._outlook.quote(need, ahead)

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
        said: late.Said | None = None,
        happened_at: int | None = None,
    ) -> Record:
        before = self.visits.get(visit_id) if visit_id else None
        rev = None if visit_id is None else before.rev + 1 if before else 1
        said = said or late.Said()
        if visit_id is None:
            happened_at = None  # about a person, who is where they are now
        elif happened_at is not None:
            # Whatever a device's clock says, a visit's times never run backwards.
            if before is not None:
                happened_at = max(happened_at, (before.under or before).touched_at)
            happened_at = min(happened_at, now)
            happened_at = None if happened_at == now else happened_at
        record = Record(
            self.seq + 1, now, event, visit_id, rev,
            said.actor, said.device_id, said.at_device, said.ahead_ms, happened_at,
        )  # fmt: skip
        self.apply(record)
        return record

    def _settle(self, due: Iterator[Due], now: int) -> list[Record]:
        """What follows at once: whatever is due, then every offer that can be made."""
        if now < self.still_until:
            return []
        records = [self._append(vid, event, now, None, happened_at) for vid, event, happened_at in due]
        while (free := routing.free(self.catalogue, self.people.values(), now)) and (
            match := routing.next_match(self.catalogue, free, self.line(), now)
        ):
            until = now + int(self.catalogue.times.offer_s * 1000)
            offered = ev.Offered(match.employee, until, match.new_round)
            records.append(self._append(match.visit.visit_id, offered, now))
        return records

    def _due(self, now: int) -> Iterator[Due]:
        """What time alone brings about at `now`, in order; each is applied before the next is asked for."""
        closing, sweep = self._closings_due(now)
        if sweep is not None:
            yield from self._sweep(sweep)
        if closing is not None and (sweep is None or closing > sweep):
            yield from self._close(closing)
        yield from self._overdue(list(self._open), now)

    def _overdue(self, visit_ids: Iterable[str | None], now: int) -> Iterator[Due]:
        """The offers among these visits that lapsed, and the rings that widen."""
        for vid in dict.fromkeys(visit_ids):
            if vid is None:
                continue
            v = self.visits[vid]
            if v.state is State.OFFERED and v.offer_until is not None and v.offer_until <= now:
                yield vid, ev.TimedOut(v.offer_to or ""), None
                person = self.people[v.offer_to or ""]
                if person.chosen is Presence.AVAILABLE:
                    yield None, ev.PresenceChanged(person.id, Presence.NOT_RESPONDING, person.device_id), None
            while due := self._target_passed(self.visits[vid], now):
                yield vid, due, None

    def _close(self, closing: int) -> Iterator[Due]:
        """Closing time: whoever is still in line is let go, everybody not with a shopper is signed off."""
        on_floor = self._on_floor(closing)
        for v in self.open_visits():
            if v.state is not State.SERVING and v.arrived_at < closing:
                yield v.visit_id, ev.Expired(), closing
        yield from self._sign_off(on_floor)

    def _sweep(self, sweep: int) -> Iterator[Due]:
        """Long after closing time: what was left open ends as of then, and everybody is signed off."""
        on_floor = self._on_floor(sweep)
        closing = self.catalogue.last_closing(sweep)
        for v in self.open_visits():
            if v.arrived_at < sweep:
                yield v.visit_id, ev.Expired(), closing
        yield from self._sign_off(on_floor)

    def _on_floor(self, before: int) -> list[str]:
        """Who is on the floor and has been at it since before an instant."""
        people = self.people.values()
        return [p.id for p in people if p.chosen is not Presence.OFF_FLOOR and p.since < before]

    def _sign_off(self, names: list[str]) -> Iterator[Due]:
        for name in names:
            if not self.people[name].active:
                yield None, ev.PresenceChanged(name, Presence.OFF_FLOOR), None
        staying = sum(p.chosen is not Presence.OFF_FLOOR for p in self.people.values())
        yield None, ev.DayClosed(len(self._open) + staying), None

    @property
    def _anybody(self) -> bool:
        """Whether there is anything for a closing time to end."""
        return bool(self._open) or any(p.chosen is not Presence.OFF_FLOOR for p in self.people.values())

    def _closings_due(self, now: int) -> tuple[int | None, int | None]:
        """The closing time that has come, and the time after it for what is left over; None where done."""
        after = self.catalogue.store.leftovers_min * 60_000
        closing = self.catalogue.last_closing(now)
        swept = self.catalogue.last_closing(now - after)
        sweep = swept + after
        last = self._last_closing
        if last is None:
            return None, None
        due = sweep > last and (last < swept or self._left_over(sweep))  # the former: it slept meanwhile
        return closing if closing > last else None, sweep if due else None

    def _left_over(self, sweep: int) -> bool:
        return bool(self._on_floor(sweep)) or any(v.arrived_at < sweep for v in self._open.values())

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
        for v in self._open.values():
            if v.state is State.OFFERED and v.offer_until is not None:
                yield v.offer_until
            elif v.state is State.WAITING:
                if (target := self._next_target(v)) is not None:
                    yield target
                # From these two moments on an offer may be made; once they are past it has been.
                if v.asked and (again := routing.ask_again_at(v, self.catalogue.times.ask_again_s)) > now:
                    yield again
        for person in self.people.values():
            if person.free_at > now:
                yield person.free_at
        if self._anybody:
            if self._closings_due(now) != (None, None):
                yield now
            after = self.catalogue.store.leftovers_min * 60_000
            yield self.catalogue.next_closing(now)
            yield self.catalogue.next_closing(now - after) + after

    def _after(self, before: Visit | None, event: ev.VisitEvent, record: Record) -> Visit | None:
        """The record's visit as it is from then on; None for one that is not known any more."""
        if isinstance(event, ev.Opened):
            if before is not None or record.visit_id is None:
                raise visit.IllegalTransition(f"visit {record.visit_id} is open already")
            self.tickets.add(event.day, [event.ticket])
            return visit.open_visit(record.visit_id, event, record.when, record.device_id, record.at)
        if before is not None:
            return visit.apply(before, event, record.when, record.at)
        if isinstance(event, ev.Rated) or record.happened_at is not None:
            return None  # it ended before the part of the log that is replayed
        raise visit.IllegalTransition(f"{type(event).__name__} for unknown visit {record.visit_id}")

    def _apply_to_people(self, before: Visit | None, after: Visit | None, record: Record) -> None:
        named = getattr(record.event, "employee", None)
        names: tuple[str | None, ...] = (named,)
        if before is not None and after is not None and after.state in ENDED:
            # Whoever was asked, was coming, or held the visit is free again.
            names = tuple({named, before.offer_to, before.employee})
        for name in names:
            if name is not None:
                person = self.people.get(name) or Person(name)
                self.people[name] = apply_to_person(
                    person, record.visit_id, record.event, record.at, self._wrap_up_ms
                )

    def _learn(self, before: Visit | None, after: Visit) -> None:
        if before is None or before.state in ENDED:
            return
        served_now = before.serving_at is None and after.serving_at is not None
        if served_now and after.expected_s is not None and after.wait_ms is not None:  # late ones have none
            self.history.waited(after.expected_s, after.wait_ms / 1000)
        if after.state is State.COMPLETED and before.state is State.SERVING and after.wait_ms:
            self.history.served(after.need, (after.service_ms or 0) / 1000)

    def _forget(self, now: int) -> None:
        while self._to_forget and now - self._to_forget[0][0] > KEEP_ENDED_MS:
            _, visit_id = heappop(self._to_forget)
            v = self.visits.get(visit_id)
            since = self._recalled.get(visit_id, v.ended_at if v else None)
            if since is not None and now - since > KEEP_ENDED_MS:
                del self.visits[visit_id]
                self._recalled.pop(visit_id, None)
        self.tickets.forget_before(self.catalogue.day(now))

    def _name(self, by: Actor) -> str:
        """Who acted, for the log: `shopper`, `employee:maya`, `manager` or `system`."""
        if by.kind is ActorKind.STAFF:
            person = self.who(by)
            return f"employee:{person.id}" if person else "employee"
        if by.kind in (ActorKind.KIOSK, ActorKind.PHONE):
            return "shopper"
        return by.kind.value


__all__ = ["KEEP_ENDED_MS", "SYSTEM", "Floor"]
