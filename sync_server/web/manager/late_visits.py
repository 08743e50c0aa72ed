"""The visits that wait too long: what keeps each of them, and what the manager can do about it."""

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


def late_visits(floor: Floor, now: int) -> LateVisits:
    """The longest wait first. `now` in ms UTC. Only what is shown is looked at closely: hundreds may wait."""
    late = [v for v in floor.line() if v.alerted_at is not None]
    late.sort(key=lambda visit: visit.created_at)
    kept = next((visit for visit in late if visit.state is State.WAITING), None)
    return LateVisits(
        len(late),
        [late_visit(floor, visit, now) for visit in late[:SHOWN]],
        late_visit(floor, kept, now) if kept else None,
    )


def late_visit(floor: Floor, visit: Visit, now: int) -> LateVisit:
    """What keeps this visit, if it is in line. `now` in ms UTC."""
    people = floor.people.values()
    waits = visit.state is State.WAITING
    kept = hindrance(floor.catalogue, people, visit.need, visit.ring) if waits else None
    about = kept.employees if kept else (visit.offer_to,) if visit.state in IN_LINE else ()
    names = ", ".join(e.name for e in floor.catalogue.employees if e.id in about)
    need = floor.catalogue.need(visit.need)
    return LateVisit(visit, (now - visit.created_at) / 1000, kept, names, need.skills if need else ())
