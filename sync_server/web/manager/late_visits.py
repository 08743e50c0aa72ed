"""The visits that wait too long: what keeps each of them, and what the manager can do about it."""

from collections.abc import Sequence

from msgspec import Struct

from sync_server.domain.floor.floor import Floor
from sync_server.domain.queue.hindrance import Hindrance, Kind, hindrance
from sync_server.domain.visit.visit import IN_LINE, State, Visit

EVERYBODY = "everybody"  # the value of the button that gives up the skills


class LateVisit(Struct, frozen=True):
    """A visit in line that the manager was alerted about.

    `hindrance` is what keeps it, None while somebody is asked; `names` are those whom it is about, or who is
    asked. `skills` are the codes of the skills that it requires.
    """

    visit: Visit
    waited_s: float
    hindrance: Hindrance | None
    names: str
    skills: tuple[str, ...]

    @property
    def reason(self) -> str:
        """The last part of the key of the reason's text; empty while somebody is asked."""
        return self.hindrance.reason if self.hindrance else ""

    @property
    def may_ask_again(self) -> bool:
        """Whether those who can help could be asked once more."""
        return self.hindrance is not None and self.hindrance.kind in (Kind.NOT_RESPONDING, Kind.ASKED)

    @property
    def may_ask_everybody(self) -> bool:
        """Whether there is somebody on the floor who is not asked because they lack a skill."""
        return self.hindrance is not None and bool(self.hindrance.others)


class LateVisits(Struct, frozen=True):
    """How many wait too long, the first of them (the longest wait first), and the first that nobody is
    asked for."""

    count: int
    first: list[LateVisit]
    kept: LateVisit | None


SHOWN = 3  # of those that wait too long
MAX_NAMES = 6  # in a sentence


class LateVisitReader:
    """Looks closely at visits of a floor at `now`, ms UTC: at those of one need and skill ring only once.

    Hundreds may wait for a thousand employees, and no op is done meanwhile.
    """

    def __init__(self, floor: Floor, now: int) -> None:
        self._floor, self._now = floor, now
        self._kept: dict[tuple[str, int], tuple[Hindrance, str]] = {}

    def read(self, visit: Visit) -> LateVisit:
        """What keeps this visit, if it is in line."""
        kept, names = None, ""
        if visit.state is State.WAITING:
            kept, names = self._hindrance(visit.need, visit.ring)
        elif visit.state in IN_LINE:
            names = self._names((visit.offer_to or "",))
        need = self._floor.catalogue.need(visit.need)
        waited_s = (self._now - visit.created_at) / 1000
        return LateVisit(visit, waited_s, kept, names, need.skills if need else ())

    def _hindrance(self, need: str, ring: int) -> tuple[Hindrance, str]:
        if (known := self._kept.get((need, ring))) is None:
            found = hindrance(self._floor.catalogue, self._floor.people.values(), need, ring)
            known = self._kept[need, ring] = found, self._names(found.employees)
        return known

    def _names(self, employees: Sequence[str]) -> str:
        found = [employee for name in employees if (employee := self._floor.catalogue.employee(name))]
        more = ["…"] if len(found) > MAX_NAMES else []
        return ", ".join([*(employee.name for employee in found[:MAX_NAMES]), *more])


def late_visits(floor: Floor, now: int) -> LateVisits:
    """The longest wait first. `now` in ms UTC. Only what is shown is looked at closely."""
    late = sorted((v for v in floor.line() if v.alerted_at is not None), key=lambda v: v.created_at)
    kept = next((visit for visit in late if visit.state is State.WAITING), None)
    reader = LateVisitReader(floor, now)
    first = [reader.read(visit) for visit in late[:SHOWN]]
    return LateVisits(len(late), first, reader.read(kept) if kept else None)
