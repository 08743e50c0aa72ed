"""What a tablet knows at one moment, and what follows from it. The time is one of its fields."""

from enum import StrEnum

from msgspec import Struct

from sync_server.device.sync.optimistic_view import OptimisticView
from sync_server.domain.catalogue.catalogue import Catalogue, Need
from sync_server.domain.events import Presence
from sync_server.domain.lateness import is_late
from sync_server.domain.queue.hindrance import Hindrance, Kind, hindrance
from sync_server.domain.refusal import Refusal
from sync_server.domain.resolution import Resolution
from sync_server.domain.visit.visit import IN_HAND, IN_LINE, State
from sync_server.protocol.messages import Submit
from sync_server.protocol.rows import PersonRow, VisitRow

OFFER_GRACE_MS = 1_500  # while connected, an offer is shown this much longer: the server ends it
RED_FACTOR = 1.5  # the timer is red from this many times the need's target service time


class TimerColour(StrEnum):
    """How the service time compares with the need's target."""

    CALM = "calm"
    AMBER = "amber"
    RED = "red"


class Activity(StrEnum):
    """What a person on the floor is doing."""

    FREE = "free"
    OFFERED = "offered"
    ON_THE_WAY = "on_the_way"
    SERVING = "serving"
    ON_BREAK = "on_break"
    NOT_RESPONDING = "not_responding"


class Colleague(Struct, frozen=True):
    """A person on the floor. `visit` is the one that is offered to them, or that they have in hand."""

    person: PersonRow
    activity: Activity
    visit: VisitRow | None = None


class TabletSnapshot(Struct, frozen=True):
    """The state of the device. `now` is the server's time, ms UTC; `refused` is sorted, oldest first.

    `pace` is how many ms of the server's time pass in one ms of a person's: 1 except in a demo.

    `last_contact_at` is when the server last sent something. While the device is not `live`, the rows
    are as of that time. `undo_s` is how long an end may be taken back; 0: this server cannot.
    """

    view: OptimisticView
    catalogue: Catalogue | None
    device_id: str
    now: int
    live: bool = True
    problem: str | None = None
    refused: tuple[tuple[Submit, Refusal], ...] = ()
    last_contact_at: int | None = None
    pace: int = 1
    undo_s: int = 0

    # --- the signed-in employee ------------------------------------------------------------------

    @property
    def me(self) -> PersonRow | None:
        """The employee who is signed in on this tablet."""
        return self.view.holder(self.device_id)

    @property
    def offer(self) -> VisitRow | None:
        """The visit that is offered to me."""
        if (me := self.me) is None:
            return None
        earliest = self.now - (OFFER_GRACE_MS * self.pace if self.live else 0)
        for visit in self.view.visits.values():
            mine = visit.state == State.OFFERED and visit.offer_to == me.id
            if mine and (visit.offer_until or 0) >= earliest:
                return visit
        return None

    @property
    def in_hand(self) -> VisitRow | None:
        """The visit that I walk to or serve; the latest one, if the store allows several."""
        mine = [visit for visit in self._mine() if visit.state in IN_HAND]
        return max(mine, key=lambda v: (v.stint_at or v.accepted_at or 0, v.visit_id), default=None)

    @property
    def on_hold(self) -> list[VisitRow]:
        """My visits on hold, the longest first."""
        held = [visit for visit in self._mine() if visit.state == State.ON_HOLD]
        return sorted(held, key=lambda v: (v.stint_at or 0, v.visit_id))

    def _mine(self) -> list[VisitRow]:
        me = self.me
        return [v for v in self.view.visits.values() if me is not None and v.employee == me.id]

    # --- the line --------------------------------------------------------------------------------

    @property
    def waiting(self) -> list[VisitRow]:
        """The visits in line, the longest wait first."""
        line = [visit for visit in self.view.visits.values() if visit.state in IN_LINE]
        return sorted(line, key=lambda v: (v.created_at, v.visit_id))

    def waited_s(self, visit: VisitRow) -> int:
        """Seconds since the visit was opened."""
        return self._seconds_since(visit.created_at)

    def is_late(self, visit: VisitRow) -> bool:
        """Whether a visit in line waits longer than its need's target, or the manager was alerted."""
        need = self.need(visit.need)
        target_s = need.target_wait_s if need is not None else None
        return is_late(visit.created_at, visit.alerted_at, target_s, self.now)

    def hindrance(self, visit: VisitRow) -> Hindrance | None:
        """What keeps a visit that waits too long, while nobody is asked for it."""
        if self.catalogue is None or visit.state != State.WAITING or not self.is_late(visit):
            return None
        return hindrance(self.catalogue, self.view.people.values(), visit.need)

    @property
    def hindered(self) -> tuple[VisitRow, Hindrance] | None:
        """The longest wait of those that something keeps."""
        found = ((visit, self.hindrance(visit)) for visit in self.waiting)
        return next(((visit, kept) for visit, kept in found if kept is not None), None)

    def lacks_skills_for(self, visit: VisitRow) -> bool:
        """Whether I lack a skill that the visit's need requires: the manager lets everybody be asked."""
        need = self.need(visit.need)
        mine = self.catalogue.employee(self.me.id) if self.catalogue and self.me else None
        return need is not None and mine is not None and not set(need.skills) <= mine.skills

    @property
    def waits_for_me(self) -> VisitRow | None:
        """The longest wait that I could end, while I do not respond."""
        me = self.me
        kept = ((visit, self.hindrance(visit)) for visit in self.waiting)
        silent = (v for v, h in kept if h and h.kind is Kind.NOT_RESPONDING and me and me.id in h.employees)
        return next(silent, None)

    @property
    def asks_for_help(self) -> tuple[PersonRow, VisitRow] | None:
        """The colleague who waits longest for an answer, and the visit they are serving."""
        asking = [p for p in self.view.people.values() if p.asks_for_help and p is not self.me]
        for person in sorted(asking, key=lambda p: (p.help_since or 0, p.id)) if self.me else ():
            if (visit := self.view.visits.get(person.help_visit or "")) is not None:
                return person, visit
        return None

    @property
    def is_last_here(self) -> bool:
        """Whether nobody else is on the floor."""
        return all(colleague.person is self.me for colleague in self.on_floor)

    # --- times of a visit ------------------------------------------------------------------------

    def service_s(self, visit: VisitRow) -> int:
        """Seconds with the shopper without the time on hold.

        After a handover the time starts again when the new employee takes the visit.
        """
        if visit.serving_at is None:
            return 0
        if visit.handovers and visit.stint_at is not None:
            return self._seconds_since(visit.stint_at)
        return max(0, self._seconds_since(visit.serving_at) - visit.held_ms // 1000)

    def held_s(self, visit: VisitRow) -> int:
        """Seconds since the visit was last put on hold."""
        return self._seconds_since(visit.stint_at or self.now)

    def timer_colour(self, visit: VisitRow) -> TimerColour:
        need = self.need(visit.need)
        if need is None or self.service_s(visit) < need.target_service_s:
            return TimerColour.CALM
        is_red = self.service_s(visit) >= need.target_service_s * RED_FACTOR
        return TimerColour.RED if is_red else TimerColour.AMBER

    def offer_share_left(self, visit: VisitRow) -> float:
        """The share of the time to answer that is left, 0 to 1."""
        whole = self.catalogue.times.offer_s if self.catalogue else 15
        return min(1.0, max(0.0, ((visit.offer_until or 0) - self.now) / (whole * 1000)))

    def offer_seconds_left(self, visit: VisitRow) -> int:
        """Whole seconds that a person has left to answer, rounded up."""
        return max(0, -(-((visit.offer_until or 0) - self.now) // (1000 * self.pace)))

    def recalled_s(self, visit: VisitRow) -> int | None:
        """Seconds since the shopper was last called again; None if they were not."""
        return None if visit.recalled_at is None else self._seconds_since(visit.recalled_at)

    # --- everybody on the floor ------------------------------------------------------------------

    @property
    def on_floor(self) -> list[Colleague]:
        """Who is on the floor and what they do: I am first, then the order of the store's list."""
        me, order = self.me, [e.id for e in self.catalogue.employees] if self.catalogue else []
        here = [p for p in self.view.people.values() if p.presence != Presence.OFF_FLOOR]
        rank = {employee: place for place, employee in enumerate(order)}
        here.sort(key=lambda p: (me is None or p.id != me.id, rank.get(p.id, len(order)), p.id))
        return [self._colleague(person) for person in here]

    def _colleague(self, person: PersonRow) -> Colleague:
        for visit in self.view.visits.values():
            if visit.employee == person.id and visit.state == State.SERVING:
                return Colleague(person, Activity.SERVING, visit)
            if visit.employee == person.id and visit.state == State.ACCEPTED:
                return Colleague(person, Activity.ON_THE_WAY, visit)
        if person.presence == Presence.ON_BREAK:
            return Colleague(person, Activity.ON_BREAK)
        if person.presence == Presence.NOT_RESPONDING:
            return Colleague(person, Activity.NOT_RESPONDING)
        for visit in self.view.visits.values():
            if visit.offer_to == person.id and visit.state == State.OFFERED:
                return Colleague(person, Activity.OFFERED, visit)
        return Colleague(person, Activity.FREE)

    # --- the catalogue ---------------------------------------------------------------------------

    def need(self, code: str) -> Need | None:
        return self.catalogue.need(code) if self.catalogue else None

    @property
    def quick_needs(self) -> list[Need]:
        """All needs that a visit can be for, in the store's order; a group is replaced by its needs."""
        return self._needs_under(None)

    def _needs_under(self, group: str | None) -> list[Need]:
        if self.catalogue is None:
            return []
        needs: list[Need] = []
        for need in self.catalogue.needs_under(group):
            needs += [need] if self.catalogue.need(need.code) else self._needs_under(need.code)
        return needs

    def _seconds_since(self, at: int) -> int:
        return max(0, self.now - at) // 1000


def resolutions_for(need: Need | None) -> tuple[list[Resolution], list[Resolution]]:
    """The likely resolutions of a need, the likeliest first, and all the others."""
    known = {resolution.value: resolution for resolution in Resolution}
    likely = [known[code] for code in (need.endings if need else ()) if code in known]
    return likely, [resolution for resolution in Resolution if resolution not in likely]
