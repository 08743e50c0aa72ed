"""What time alone brings about: offers lapse, searches widen, told waits are made longer, the store closes,
leftovers expire."""

from collections.abc import Iterable, Iterator, Mapping

from sync_server.domain import events as ev
from sync_server.domain.catalogue.catalogue import Catalogue
from sync_server.domain.events import Event, Presence
from sync_server.domain.people import Person
from sync_server.domain.queue import promises, routing
from sync_server.domain.queue.line import Line
from sync_server.domain.queue.line_estimates import LineEstimates
from sync_server.domain.visit.visit import State, Visit

# A member of an enum is slow to look up, and these are asked for all the time.
_WAITING, _OFFERED, _OFF_FLOOR = State.WAITING, State.OFFERED, Presence.OFF_FLOOR

Due = tuple[str | None, Event, int | None]  # the visit, the event, and when it happened if not now


class TimeEvents:
    """Reads the open visits and the people of a floor, which applies each event before it takes the next.

    `last_closing` is when the store was last closed, ms UTC; None before the floor's first moment.
    `still_here` is how many visits and employees were there then.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        open_visits: Mapping[str, Visit],
        people: Mapping[str, Person],
        line: Line,
        estimates: LineEstimates,
    ) -> None:
        self._catalogue = catalogue
        self._hours = catalogue.hours
        self._open = open_visits
        self._people = people
        self._line = line
        self._estimates = estimates
        self._leftovers_ms = catalogue.store.leftovers_min * 60_000
        self._ask_again_s = catalogue.times.ask_again_s
        self._promises_checked_at = 0
        self.last_closing: int | None = None
        self.still_here = 0

    def due(self, now: int) -> Iterator[Due]:
        """Everything that is due at `now`, in order."""
        closing, sweep = self._closings_due(now)
        if sweep is not None:
            yield from self._expire_leftovers(sweep)
        if closing is not None and (sweep is None or closing > sweep):
            yield from self._close(closing)
        yield from self._sign_off_departed()
        yield from self.overdue(list(self._open), now)
        yield from self._broken_promises(now)

    def overdue(self, visit_ids: Iterable[str], now: int) -> Iterator[Due]:
        """The offers among these open visits that have lapsed, and the searches that widen."""
        for visit_id in dict.fromkeys(visit_ids):
            visit = self._open[visit_id]
            if visit.state is _OFFERED and visit.offer_until is not None and visit.offer_until <= now:
                yield visit_id, ev.TimedOut(visit.offer_to or ""), None
                person = self._people[visit.offer_to or ""]
                if person.chosen is Presence.AVAILABLE:
                    yield None, ev.PresenceChanged(person.id, Presence.NOT_RESPONDING, person.device_id), None
            while passed := self._target_passed(self._open[visit_id], now):
                yield visit_id, passed, None

    def use_catalogue(self, catalogue: Catalogue) -> None:
        """Goes by another catalogue from now on."""
        self._catalogue, self._hours = catalogue, catalogue.hours
        self._leftovers_ms = catalogue.store.leftovers_min * 60_000
        self._ask_again_s = catalogue.times.ask_again_s

    def _sign_off_departed(self) -> Iterator[Due]:
        """Employees whom the store has no more leave the floor, once they have finished their visits.

        The visits of one whose name is found nowhere go back in line: their shoppers would be told that
        nobody, or an id, is coming.
        """
        for name in self._departed():
            person = self._people[name]
            if person.offer is not None:
                yield person.offer, ev.Withdrawn(name), None
            if self._catalogue.employee(name) is None:
                for visit_id in (*person.active, *person.holding):
                    yield visit_id, ev.HandedOver(name, "", self._open[visit_id].need), None
            person = self._people[name]
            if not (person.chosen is _OFF_FLOOR or person.active or person.holding):
                yield None, ev.PresenceChanged(name, Presence.OFF_FLOOR), None

    def _is_due_to_go(self, person: Person) -> bool:
        finished = not (person.active or person.holding) or self._catalogue.employee(person.id) is None
        return person.offer is not None or (finished and person.chosen is not _OFF_FLOOR)

    def _departed(self) -> list[str]:
        """Who works here no more."""
        if len(self._people) == len(self._catalogue.employees):
            return []  # all employees have an entry, so there is nobody else
        return [name for name in self._people if self._catalogue.employed(name) is None]

    def deadlines(self, now: int) -> list[int]:
        """The instants at which something may become due, ms UTC. One in the past is overdue."""
        found: list[int] = []
        any_promise = False
        for visit in self._open.values():
            if visit.state is _OFFERED and visit.offer_until is not None:
                found.append(visit.offer_until)
            elif visit.state is _WAITING:
                any_promise = any_promise or promises.can_be_extended(visit)
                if (target := self._next_target(visit)) is not None:
                    found.append(target)
                # From these two moments on an offer may be made. Once they are past, it has been made.
                if visit.asked and (again := routing.ask_again_at(visit, self._ask_again_s)) > now:
                    found.append(again)
        found += [person.free_at for person in self._people.values() if person.free_at > now]
        if any(self._is_due_to_go(self._people[name]) for name in self._departed()):
            found.append(now)
        if any_promise:
            found.append(self._promises_checked_at + promises.CHECK_MS)
        if self._anything_to_close or self.still_here:
            if self._closings_due(now) != (None, None):
                found.append(now)
            found.append(self._hours.next_closing(now))
            found.append(self._hours.next_closing(now - self._leftovers_ms) + self._leftovers_ms)
        return found

    def _broken_promises(self, now: int) -> Iterator[Due]:
        """The visits in line that will probably wait longer than their shoppers were told."""
        if now < self._promises_checked_at + promises.CHECK_MS:
            return
        self._promises_checked_at = now
        for visit in [v for v in self._open.values() if promises.can_be_extended(v)]:
            if (need := self._catalogue.need(visit.need)) is None:
                continue
            ahead = self._line.ahead_of(visit.visit_id)
            median_s = self._estimates.median_s(need, now, ahead)
            if median_s is None or not promises.may_be_too_short(visit, median_s, now):
                continue  # as nearly always, and a whole quote is three times the work
            quote = self._estimates.quote(need, now, ahead)
            if quote is None or not promises.is_too_short(visit, quote, now):
                continue
            overtaken = any(v.arrived_at > visit.arrived_at for v in self._line.visits[:ahead])
            if longer := promises.extension(visit, quote, overtaken, now):
                yield visit.visit_id, longer, None

    # --- closing time ------------------------------------------------------------------------------------

    def _close(self, closing: int) -> Iterator[Due]:
        """Closing time: visits that nobody is serving expire, employees without a visit are signed off."""
        on_floor = self._on_floor(closing)
        for visit in list(self._open.values()):
            if visit.state is not State.SERVING and visit.arrived_at < closing:
                yield visit.visit_id, ev.Expired(), closing
        yield from self._sign_off(on_floor)

    def _expire_leftovers(self, sweep: int) -> Iterator[Due]:
        """Some time after closing time: what is still open expires as of closing time, everybody goes."""
        on_floor = self._on_floor(sweep)
        closing = self._hours.last_closing(sweep)
        for visit in list(self._open.values()):
            if visit.arrived_at < sweep:
                yield visit.visit_id, ev.Expired(), closing
        yield from self._sign_off(on_floor)

    def _on_floor(self, before: int) -> list[str]:
        """The employees on the floor whose presence and work have not changed since before an instant."""
        people = self._people.values()
        return [p.id for p in people if p.since < before and p.chosen is not _OFF_FLOOR]

    def _sign_off(self, names: list[str]) -> Iterator[Due]:
        for name in names:
            if not self._people[name].active:
                yield None, ev.PresenceChanged(name, Presence.OFF_FLOOR), None
        staying = sum(p.chosen is not Presence.OFF_FLOOR for p in self._people.values())
        yield None, ev.DayClosed(len(self._open) + staying), None

    @property
    def _anything_to_close(self) -> bool:
        return bool(self._open) or any(p.chosen is not _OFF_FLOOR for p in self._people.values())

    def _closings_due(self, now: int) -> tuple[int | None, int | None]:
        """The closing time that has come, and the time to expire its leftovers; None for what is done."""
        closing = self._hours.last_closing(now)
        swept = self._hours.last_closing(now - self._leftovers_ms)
        sweep = swept + self._leftovers_ms
        last = self.last_closing
        if last is None:
            return None, None
        # `last < swept`: the server was down over that closing time. Where somebody was still there, the log
        # gets another line once all are gone: a start would else replay it from the first day on.
        gone = self.still_here > 0 and not self._anything_to_close
        due = sweep > last and (last < swept or gone or self._has_leftovers(sweep))
        return closing if closing > last else None, sweep if due else None

    def _has_leftovers(self, sweep: int) -> bool:
        # Written as loops because this is asked after every change of the floor.
        for person in self._people.values():
            if person.since < sweep and person.chosen is not _OFF_FLOOR:
                return True
        for visit in self._open.values():  # noqa: SIM110
            if visit.arrived_at < sweep:
                return True
        return False

    # --- wait targets ------------------------------------------------------------------------------------

    def _target_passed(self, visit: Visit, now: int) -> ev.Widened | ev.Alerted | None:
        if visit.state is not _WAITING:
            return None
        at = self._next_target(visit)
        if at is None or at > now:
            return None
        need = self._catalogue.need(visit.need)
        return ev.Widened(visit.ring + 1) if need and visit.ring + 1 < need.rings else ev.Alerted()

    def _next_target(self, visit: Visit) -> int | None:
        """When a waiting visit's search widens or the manager is alerted; None once both are done."""
        need = self._catalogue.need(visit.need)
        if need is None or visit.alerted_at is not None:
            return None
        return visit.line_at + int((visit.ring + 1) * need.target_wait_s * 1000)
