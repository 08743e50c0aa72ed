"""Simulated people act directly on the product's floor, hour by hour, without devices or a network.

Everything that the floor does is real: routing, offers that lapse, what shoppers are told, closing time.
The same seed and times give the same records.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from heapq import heappop, heappush
from itertools import count
from random import Random
from typing import Any

from sync_server.domain import events as ev
from sync_server.domain import ops
from sync_server.domain.catalogue.catalogue import Catalogue, Need
from sync_server.domain.events import Presence, Record
from sync_server.domain.floor.floor import Floor
from sync_server.domain.kiosk_step import KioskStep
from sync_server.domain.ops import SYSTEM, Actor, ActorKind, AnyOp
from sync_server.domain.refusal import Refusal
from sync_server.domain.visit import ticket
from sync_server.domain.visit.visit import IN_LINE, State, Visit
from sync_server.simulation.behaviour import (
    Behaviour,
    chosen_ces,
    chosen_need,
    chosen_resolution,
    needs_met_by,
)

from .kiosk_sessions import OPENS_PAGE, kiosk_session, others_at_the_kiosk
from .seasons import DayShape, at_hour, shopping_hours

HOUR_MS = 3_600_000
MINUTE_MS = 60_000
LAST_SHOPPER_S = 1200  # before closing: nobody comes later
BREAK_S = 1800
BACK_S = 90.0  # until an employee who did not answer touches the tablet
RECALL_S = 45.0
# Shares of 1.
NO_ANSWER, NO_SHOW, HANDED_OVER, QUICK, ON_HOLD = 0.01, 0.015, 0.03, 0.05, 0.02
SAYS_HOW_LONG = 0.5  # of those who log a quick resolution

Sink = Callable[[Floor, list[Record]], None]


class ShopDays:
    """Lives through days of a store.

    `kiosks` are ids and ticket letters of devices, `tablets` the tablet's id and letter of each employee
    who works there. `shapes` says how a day differs from an ordinary one. Times are ms UTC.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        kiosks: Sequence[tuple[str, str]],
        tablets: Mapping[str, tuple[str, str]],
        behaviour: Behaviour,
        seed: int,
        shapes: Mapping[date, DayShape] | None = None,
    ) -> None:
        self.floor = Floor(catalogue)
        self._catalogue = catalogue
        self._kiosks = kiosks
        self._tablets = tablets
        self._behaviour = behaviour
        self._needs = needs_met_by(catalogue, tablets)
        self._chance = Random(seed)
        self._sink: Sink = lambda _floor, _records: None
        self._shapes = shapes or {}
        self._now = 0
        self._changed = True  # the floor has changed since its deadline was asked for
        self._deadline: int | None = None
        self._numbers: dict[str, int] = {}  # the last ticket number of today, by letter
        self._order = count()
        # What shoppers tapped at the kiosks, by day. It changes nothing else, so it has a chance of its own.
        self.sessions: list[tuple[str, ops.CountSession]] = []
        self.opened_pages: list[tuple[str, str]] = []
        self._taps = Random(f"taps {seed}")
        self._agenda: list[tuple[int, int, Callable[..., None], tuple[Any, ...]]] = []

    def live(self, begin: int, end: int, quiet_from: int, sink: Sink) -> None:
        """Lives from `begin` to `end`, and calls `sink(floor, records)` after each step.

        From `quiet_from` on nobody comes, so that the line gets empty.
        """
        self._now, self._sink = begin, sink
        day = self._catalogue.local(begin).date()
        while at_hour(self._catalogue, day, 0) < end:
            hours = shopping_hours(self._catalogue, day)
            if hours is not None and begin <= hours[0] < end:
                self._live_day(*hours, min(end, quiet_from), self._shapes.get(day, DayShape()))
            day += timedelta(days=1)  # by the calendar: a day on which the clocks change has 23 or 25 hours
            self._run_until(min(end, at_hour(self._catalogue, day, 0)))

    def _live_day(self, opens: int, closes: int, quiet_from: int, shape: DayShape) -> None:
        """Puts the openings, arrivals and breaks of one day on the agenda."""
        self._numbers.clear()
        working = [employee for employee in self._tablets if employee not in shape.away]
        for employee in working:
            self._at(opens, self._sign_on, employee)
            self._at(closes, self._go_home, employee)
        # A server looks at the time once a minute, so it notices the closing time of a shop that is empty.
        self._at(self._catalogue.hours.next_closing(opens) + MINUTE_MS, self._tick)
        lunch = opens + 3 * HOUR_MS
        for employee in working:
            self._at(lunch, self._go_on_break, employee)
            lunch += BREAK_S * 1000
        last = min(quiet_from, closes - LAST_SHOPPER_S * 1000)
        at = opens
        while at < last:
            wait_s = self._behaviour.next_arrival_s(self._chance, self._catalogue.local(at).hour, shape.rush)
            if wait_s is None:
                at += HOUR_MS - at % HOUR_MS
                continue
            at += int(wait_s * 1000)
            if at < last:
                self._at(at, self._arrive)

    # --- time --------------------------------------------------------------------------------------

    def _at(self, when: int, action: Callable[..., None], *args: Any) -> None:
        heappush(self._agenda, (when, next(self._order), action, args))

    def _after(self, seconds: float, action: Callable[..., None], *args: Any) -> None:
        self._at(self._now + int(seconds * 1000), action, *args)

    def _soon(self, mean_s: float, action: Callable[..., None], *args: Any) -> None:
        self._after(self._behaviour.about(self._chance, mean_s), action, *args)

    def _run_until(self, end: int) -> None:
        """Does what is on the agenda, and what time alone brings about, in order."""
        while True:
            action_at = self._agenda[0][0] if self._agenda else end
            if self._changed:
                self._changed, self._deadline = False, self.floor.next_deadline(self._now)
            deadline = self._deadline
            if deadline is not None and deadline <= action_at and deadline < end:
                self._now = max(self._now, deadline)
                records = self.floor.tick(self._now)
                self._changed = True
                if records:
                    self._happened(records)
                else:
                    self._now += 1
                continue
            if action_at >= end:
                return
            self._now = max(self._now, action_at)
            _, _, action, args = heappop(self._agenda)
            action(*args)

    def _tick(self) -> None:
        self._happened(self.floor.tick(self._now))

    # --- what people do ----------------------------------------------------------------------------

    def _do(self, op: AnyOp, by: Actor) -> None:
        records = self.floor.handle(op, by, self._now)
        if not isinstance(records, Refusal):
            self._happened(records)

    def _do_with(self, op: AnyOp, employee: str) -> None:
        self._do(op, Actor(ActorKind.STAFF, self._tablets[employee][0]))

    def _sign_on(self, employee: str) -> None:
        self._do(ops.SignOn(employee, self._tablets[employee][0]), SYSTEM)

    def _go_home(self, employee: str) -> None:
        """Signs off when nobody waits any more, unless closing time has done it."""
        person = self.floor.people[employee]
        if person.presence is not Presence.OFF_FLOOR:
            if self.floor.open_visits():
                self._after(60, self._go_home, employee)
            else:
                self._do_with(ops.SetPresence(Presence.OFF_FLOOR), employee)

    def _go_on_break(self, employee: str) -> None:
        person = self.floor.people[employee]
        if person.active or person.offer:
            self._after(60, self._go_on_break, employee)
        elif person.presence is Presence.AVAILABLE:
            self._do_with(ops.SetPresence(Presence.ON_BREAK), employee)
            self._after(BREAK_S, self._come_back, employee)

    def _come_back(self, employee: str) -> None:
        if self.floor.people[employee].presence in (Presence.ON_BREAK, Presence.NOT_RESPONDING):
            self._do_with(ops.SetPresence(Presence.AVAILABLE), employee)

    def _arrive(self) -> None:
        chance, need = self._chance, chosen_need(self._needs, self._chance)
        visit_id = ticket.uuid7(self._now, chance.randbytes(10))
        language = chance.choice(self._catalogue.store.languages)
        if chance.random() < QUICK and (free := self._free_employee(need)) is not None:
            resolution = chosen_resolution(need, chance)
            code = self._next_ticket(self._tablets[free][1])
            took_s = (
                round(self._behaviour.service_s(chance, need)) if chance.random() < SAYS_HOW_LONG else None
            )
            quick = ops.QuickResolution(visit_id, code, need.code, language, resolution, service_s=took_s)
            self._do_with(quick, free)
            return
        device, letter = chance.choice(self._kiosks)
        code = self._next_ticket(letter)
        joined = kiosk_session(KioskStep.LINE, self._taps)
        opened = ops.OpenVisit(visit_id, code, need.code, language, taps=joined.taps)
        self._do(opened, Actor(ActorKind.KIOSK, device))
        day = self._catalogue.day(self._now)
        self.sessions += [(day, joined), *((day, other) for other in others_at_the_kiosk(self._taps))]
        if self._taps.random() < OPENS_PAGE:
            self.opened_pages.append((visit_id, day))
        self._soon(self._behaviour.patience_s, self._give_up, visit_id)

    def _free_employee(self, need: Need) -> str | None:
        for employee in self._catalogue.employees:
            able = employee.id in self._tablets and set(need.skills) <= employee.skills
            if able and self._is_free(employee.id):
                return employee.id
        return None

    def _is_free(self, employee: str) -> bool:
        person = self.floor.people[employee]
        return person.presence is Presence.AVAILABLE and not person.active and not person.offer

    def _next_ticket(self, letter: str) -> str:
        number = self._numbers[letter] = self._numbers.get(letter, 0) + 1
        return ticket.code(letter, number)

    def _visit(self, visit_id: str, *states: State) -> Visit | None:
        """The visit, if it is in one of these states."""
        visit = self.floor.visits.get(visit_id)
        return visit if visit is not None and visit.state in states else None

    def _give_up(self, visit_id: str) -> None:
        if visit := self._visit(visit_id, *IN_LINE):
            self._do(ops.Cancel(visit_id), Actor(ActorKind.KIOSK, visit.device_id))

    def _answer(self, visit_id: str, employee: str) -> None:
        visit = self._visit(visit_id, State.OFFERED)
        if visit is None or visit.offer_to != employee or self._chance.random() < NO_ANSWER:
            return
        answer = ops.Decline if self._chance.random() < self._behaviour.declines else ops.Accept
        self._do_with(answer(visit_id, visit.rev), employee)

    def _meet(self, visit_id: str, employee: str) -> None:
        visit = self._visit(visit_id, State.ACCEPTED)
        if visit is None or visit.employee != employee:
            return
        if visit.recalled_at is None and self._chance.random() < NO_SHOW:
            self._do_with(ops.Recall(visit_id, visit.rev), employee)
            self._after(RECALL_S, self._miss, visit_id, employee)
        else:
            self._do_with(ops.Start(visit_id, visit.rev), employee)

    def _miss(self, visit_id: str, employee: str) -> None:
        if visit := self._visit(visit_id, State.ACCEPTED):
            self._do_with(ops.MarkNoShow(visit_id, visit.rev), employee)

    def _end(self, visit_id: str, employee: str) -> None:
        """The employee has served: completes the visit, hands it over, or puts it on hold first."""
        visit = self._visit(visit_id, State.SERVING)
        if visit is None or visit.employee != employee:
            return
        chance, roll = self._chance, self._chance.random()
        if roll < HANDED_OVER and not visit.handovers:
            self._do_with(ops.HandOver(visit_id, visit.rev), employee)
            return
        if roll < HANDED_OVER + ON_HOLD and not visit.held_ms:
            self._do_with(ops.Hold(visit_id, visit.rev), employee)
            self._soon(self._behaviour.service_s(chance, None) / 2, self._resume, visit_id, employee)
            return
        need = self._catalogue.need(visit.need)
        resolution = chosen_resolution(need, chance)
        tips, gifts = self._catalogue.tips_for(visit.need), self._catalogue.gifts_for(visit.need)
        tip = chance.choice(tips).code if tips and chance.random() < 0.4 else None
        gift = gifts[0].code if gifts and resolution is resolution.REPLACED_FREE else None
        self._do_with(ops.Complete(visit_id, visit.rev, resolution, tip=tip, gift=gift), employee)

    def _resume(self, visit_id: str, employee: str) -> None:
        visit = self._visit(visit_id, State.ON_HOLD)
        if visit is None:
            return
        if self.floor.people[employee].active or self.floor.people[employee].offer:
            self._after(60, self._resume, visit_id, employee)
        else:
            self._do_with(ops.Resume(visit_id, visit.rev), employee)

    def _rate(self, visit_id: str) -> None:
        if visit := self._visit(visit_id, State.COMPLETED, State.CANCELLED):
            day = self._catalogue.day(self._now)
            self.sessions.append((day, kiosk_session(KioskStep.TICKET, self._taps)))
            waited_s = (visit.wait_ms or 0) / 1000
            ces = chosen_ces(visit.state is State.COMPLETED, self._chance, waited_s)
            self._do(ops.Rate(visit_id, ces=ces), Actor(ActorKind.KIOSK, visit.device_id))

    # --- what follows ------------------------------------------------------------------------------

    def _happened(self, records: list[Record]) -> None:
        """Hands the records over, and puts on the agenda what people do next."""
        self._sink(self.floor, records)
        self._changed = True
        behaviour, chance = self._behaviour, self._chance
        for record in records:
            visit_id = record.visit_id
            if visit_id is None:
                continue
            match record.event:
                case ev.Offered(employee):
                    self._soon(behaviour.reaction_s, self._answer, visit_id, employee)
                case ev.Accepted(employee) | ev.Claimed(employee):
                    self._soon(behaviour.walk_s, self._meet, visit_id, employee)
                case ev.TimedOut(employee):
                    self._soon(BACK_S, self._come_back, employee)
                case ev.Started() | ev.Resumed():
                    visit = self.floor.visits[visit_id]
                    service_s = behaviour.service_s(chance, self._catalogue.need(visit.need))
                    self._after(service_s, self._end, visit_id, visit.employee)
                case ev.Completed() | ev.Cancelled():
                    if chance.random() < behaviour.rates:
                        self._soon(60, self._rate, visit_id)
