"""What a tablet knows at one instant, and what follows from it. Pure: the time is one of its fields."""

from enum import StrEnum

from msgspec import Struct

from sync_server.device.project import View
from sync_server.domain.catalogue import Catalogue, Need
from sync_server.domain.events import Presence, Resolution
from sync_server.domain.refusal import Refusal
from sync_server.domain.visit import IN_HAND, IN_LINE, State
from sync_server.protocol.messages import Submit
from sync_server.protocol.rows import PersonRow, VisitRow

LAPSE_MS = 1_500  # while connected, the end of an offer is the server's to tell
RED = 1.5  # a visit this many times its need's target time is far over


class Pace(StrEnum):
    """How the time with a shopper compares with the need's target."""

    CALM = "calm"
    AMBER = "amber"
    RED = "red"


class Doing(StrEnum):
    """What a colleague is at."""

    FREE = "free"
    ASKED = "asked"
    WALKING = "walking"
    WITH = "with"
    BREAK = "break"
    SILENT = "silent"


class Colleague(Struct, frozen=True):
    """One person on the floor. `visit` is what they are asked for, walk to, or have in hand."""

    person: PersonRow
    doing: Doing
    visit: VisitRow | None = None


class Seen(Struct, frozen=True):
    """The device's view and state. `now` is the server's time, ms UTC; `refused` is oldest first.

    `heard_at` is when the server last spoke: while not `live`, the rows are as of then.
    """

    view: View
    catalogue: Catalogue | None
    device_id: str
    now: int
    live: bool = True
    problem: str | None = None
    refused: tuple[tuple[Submit, Refusal], ...] = ()
    heard_at: int | None = None

    # --- me --------------------------------------------------------------------------------------

    @property
    def me(self) -> PersonRow | None:
        """Who is signed in on this tablet."""
        return self.view.holder(self.device_id)

    @property
    def offer(self) -> VisitRow | None:
        """The visit I am being asked for."""
        if (me := self.me) is None:
            return None
        last = self.now - (LAPSE_MS if self.live else 0)
        for visit in self.view.visits.values():
            if visit.state == State.OFFERED and visit.offer_to == me.id and (visit.offer_until or 0) >= last:
                return visit
        return None

    @property
    def in_hand(self) -> VisitRow | None:
        """The visit I walk to or serve; the latest, where the store allows several."""
        mine = [visit for visit in self._mine() if visit.state in IN_HAND]
        return max(mine, key=lambda v: (v.stint_at or v.accepted_at or 0, v.visit_id), default=None)

    @property
    def holding(self) -> list[VisitRow]:
        """My visits on hold, the longest first."""
        held = [visit for visit in self._mine() if visit.state == State.ON_HOLD]
        return sorted(held, key=lambda v: (v.stint_at or 0, v.visit_id))

    def _mine(self) -> list[VisitRow]:
        me = self.me
        return [v for v in self.view.visits.values() if me is not None and v.employee == me.id]

    # --- the line --------------------------------------------------------------------------------

    @property
    def waiting(self) -> list[VisitRow]:
        """Everybody in line, who waits longest first."""
        line = [visit for visit in self.view.visits.values() if visit.state in IN_LINE]
        return sorted(line, key=lambda v: (v.created_at, v.visit_id))

    def waited_s(self, visit: VisitRow) -> int:
        return self._since(visit.created_at)

    def is_late(self, visit: VisitRow) -> bool:
        """Whether a visit in line has waited past its need's target, or the manager was told of it."""
        need = self.need(visit.need)
        return visit.alerted_at is not None or (
            need is not None and self.now - visit.created_at > need.target_wait_s * 1000
        )

    # --- time with a shopper ---------------------------------------------------------------------

    def spent_s(self, visit: VisitRow) -> int:
        """Seconds with the shopper, less the time on hold.

        After a handover the clock is the new colleague's own: it begins when they took the visit.
        """
        if visit.serving_at is None:
            return 0
        if visit.handovers and visit.stint_at is not None:
            return self._since(visit.stint_at)
        return max(0, self._since(visit.serving_at) - visit.held_ms // 1000)

    def held_s(self, visit: VisitRow) -> int:
        """Seconds on hold this time."""
        return self._since(visit.stint_at or self.now)

    def pace(self, visit: VisitRow) -> Pace:
        need = self.need(visit.need)
        if need is None or self.spent_s(visit) < need.target_service_s:
            return Pace.CALM
        return Pace.AMBER if self.spent_s(visit) < need.target_service_s * RED else Pace.RED

    def offer_left(self, visit: VisitRow) -> float:
        """Which share of the time to answer is left, 0 to 1."""
        whole = self.catalogue.times.offer_s if self.catalogue else 15
        return min(1.0, max(0.0, ((visit.offer_until or 0) - self.now) / (whole * 1000)))

    def offer_left_s(self, visit: VisitRow) -> int:
        """Whole seconds left to answer, the running one counted."""
        return max(0, -(-((visit.offer_until or 0) - self.now) // 1000))

    def recalled_s(self, visit: VisitRow) -> int | None:
        """Seconds since the shopper was last called again; None if they were not."""
        return None if visit.recalled_at is None else self._since(visit.recalled_at)

    # --- the others ------------------------------------------------------------------------------

    @property
    def on_floor(self) -> list[Colleague]:
        """Who is here and what they do: I first, then the order of the store's list."""
        me, order = self.me, [e.id for e in self.catalogue.employees] if self.catalogue else []
        here = [p for p in self.view.people.values() if p.presence != Presence.OFF_FLOOR]
        rank = {employee: place for place, employee in enumerate(order)}
        here.sort(key=lambda p: (me is None or p.id != me.id, rank.get(p.id, len(order)), p.id))
        return [self._colleague(person) for person in here]

    def _colleague(self, person: PersonRow) -> Colleague:
        for visit in self.view.visits.values():
            if visit.employee == person.id and visit.state == State.SERVING:
                return Colleague(person, Doing.WITH, visit)
            if visit.employee == person.id and visit.state == State.ACCEPTED:
                return Colleague(person, Doing.WALKING, visit)
        if person.presence == Presence.ON_BREAK:
            return Colleague(person, Doing.BREAK)
        if person.presence == Presence.NOT_RESPONDING:
            return Colleague(person, Doing.SILENT)
        for visit in self.view.visits.values():
            if visit.offer_to == person.id and visit.state == State.OFFERED:
                return Colleague(person, Doing.ASKED, visit)
        return Colleague(person, Doing.FREE)

    # --- the catalogue ---------------------------------------------------------------------------

    def need(self, code: str) -> Need | None:
        return self.catalogue.need(code) if self.catalogue else None

    @property
    def quick_needs(self) -> list[Need]:
        """Every need a visit can be for, in the store's order; those below another stand in its place."""
        return self._flat(None)

    def _flat(self, under: str | None) -> list[Need]:
        if self.catalogue is None:
            return []
        flat: list[Need] = []
        for need in self.catalogue.needs_under(under):
            flat += [need] if self.catalogue.need(need.code) else self._flat(need.code)
        return flat

    def _since(self, at: int) -> int:
        return max(0, self.now - at) // 1000


def endings(need: Need | None) -> tuple[list[Resolution], list[Resolution]]:
    """The likely endings of a need, the likeliest first, and all the others."""
    known = {resolution.value: resolution for resolution in Resolution}
    likely = [known[code] for code in (need.endings if need else ()) if code in known]
    return likely, [resolution for resolution in Resolution if resolution not in likely]
