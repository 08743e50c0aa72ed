"""The visits that wait too long: what keeps each of them, and what the manager can do about it."""

import secrets

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from sync_server.domain import ops
from sync_server.domain.floor.floor import Floor
from sync_server.domain.ops import Actor, ActorKind
from sync_server.domain.queue.hindrance import Hindrance, Kind, hindrance
from sync_server.domain.visit.visit import IN_LINE, State, Visit
from sync_server.web.http.app_state import server_of

from .forms import read_form

MANAGER = Actor(ActorKind.MANAGER)
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


def late_visits(floor: Floor, now: int) -> list[LateVisit]:
    """The longest wait first. `now` in ms UTC."""
    late = [v for v in floor.open_visits() if v.alerted_at is not None and v.state in IN_LINE]
    return [_late_visit(floor, visit, now) for visit in sorted(late, key=lambda v: v.created_at)]


def _late_visit(floor: Floor, visit: Visit, now: int) -> LateVisit:
    people = floor.people.values()
    waits = visit.state is State.WAITING
    kept = hindrance(floor.catalogue, people, visit.need, visit.ring) if waits else None
    about = kept.employees if kept else (visit.offer_to,)
    names = ", ".join(e.name for e in floor.catalogue.employees if e.id in about)
    need = floor.catalogue.need(visit.need)
    return LateVisit(visit, (now - visit.created_at) / 1000, kept, names, need.skills if need else ())


async def ask_again(request: Request) -> Response:
    """Starts the asking again, on demand without skills; the page then shows who is asked.

    A refusal means that the visit has moved on, which the page shows as well.
    """
    form = await read_form(request)
    op = ops.AskAgain(request.path_params["visit"], form.get("whom") == EVERYBODY)
    await server_of(request).processor.submit(secrets.token_hex(16), op, MANAGER)
    return RedirectResponse("/manager/now", 303)
