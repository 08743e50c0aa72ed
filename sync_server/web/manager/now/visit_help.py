"""What can be done about one visit now: offer it to somebody, take it out, or see to help with it."""

import asyncio
from collections.abc import Mapping
from typing import ClassVar

from msgspec import Struct
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from assets.i18n.texts import Texts
from sync_server.domain import ops
from sync_server.domain.catalogue.catalogue import EVERYBODY, Employee
from sync_server.domain.events import Presence, RemovedBecause
from sync_server.domain.floor.floor import Floor
from sync_server.domain.visit.visit import ENDED, IN_LINE, Visit
from sync_server.service.storage import event_log
from sync_server.service.storage.connection import reading
from sync_server.web.http.app_state import server_of
from sync_server.web.http.templates import Context, texts_of
from sync_server.web.manager.forms import form_token, read_form
from sync_server.web.manager.late_visits import LateVisit, LateVisitReader
from sync_server.web.manager.layout import framed_page, manager_language

from .actions import act
from .alert_list import reason

NOW = "/manager/now"


class OfferCandidate(Struct, frozen=True):
    """Somebody on the floor who may be asked. `lacks` are the codes of the skills that they do not have.

    `may_be_asked` is false for who has a shopper, is on a break, or is asked for this visit already.
    """

    employee: Employee
    presence: Presence
    lacks: tuple[str, ...]
    may_be_asked: bool
    is_asked: bool


class VisitHelpPage(Context, frozen=True):
    """The page. `problem` is why something was not done, empty otherwise. `why` is what keeps the visit.

    `by` is the employee who has it in hand. `is_over`: nothing can be done any more.
    """

    template: ClassVar[str] = "manager/now/visit_help.html"

    problem: str
    visit: Visit
    waited_s: float
    by: str
    why: str
    asking: LateVisit
    colleagues: list[OfferCandidate]
    reasons: tuple[RemovedBecause, ...]
    is_in_line: bool
    is_over: bool


async def page(request: Request) -> Response:
    """The page. Raises 404 for a visit that was never there; one of long ago has its page in the log."""
    return await _page(request)


async def change(request: Request) -> Response:
    """Offers the visit, or takes it out. A refusal is said on the page, which shows what is the case now."""
    form = await read_form(request)
    op = _op(request.path_params["visit"], form)
    if op is None:
        problem = texts_of(manager_language(request)).say("manager.refused.nothing_said")
    elif not (problem := await act(request, op)):
        return RedirectResponse(NOW, 303)
    return await _page(request, problem)


def _op(visit_id: str, form: Mapping[str, str]) -> ops.OfferTo | ops.Remove | ops.AnswerHelp | None:
    """The op that the form asks for; None if something in it is missing."""
    rev = form.get("rev", "")
    if not rev.isascii() or not rev.isdigit() or len(rev) > 9:
        return None
    if form.get("do") == "offer" and form.get("employee"):
        return ops.OfferTo(visit_id, int(rev), form["employee"])
    if form.get("do") == "help":
        return ops.AnswerHelp(visit_id)
    if form.get("do") == "remove" and form.get("reason") in set(RemovedBecause):
        return ops.Remove(visit_id, int(rev), RemovedBecause(form["reason"]))
    return None


async def _page(request: Request, problem: str = "") -> Response:
    server, visit_id = server_of(request), request.path_params["visit"]
    processor, texts = server.processor, texts_of(manager_language(request))
    visit = processor.floor.visits.get(visit_id)
    if visit is None:
        if not await asyncio.to_thread(_is_in_the_log, request):
            raise HTTPException(404)
        return RedirectResponse(f"/manager/visits/{visit_id}", 303)
    context = _context(processor.floor, visit, texts, processor.clock(), problem)
    form_token(request)
    return framed_page(request, "now", context, 409 if problem else 200)


def _is_in_the_log(request: Request) -> bool:
    with reading(server_of(request).data_dir.store) as db:
        return event_log.visit_exists(db, request.path_params["visit"])


def _context(floor: Floor, visit: Visit, texts: Texts, now: int, problem: str) -> VisitHelpPage:
    late = LateVisitReader(floor, now).read(visit)
    by = floor.catalogue.employee(visit.employee) if visit.employee else None
    in_line = visit.state in IN_LINE
    return VisitHelpPage(
        problem=problem,
        visit=visit,
        waited_s=(now - visit.created_at) / 1000,
        by=by.name if by else "",
        why=reason(late, floor.catalogue, texts) if in_line else "",
        asking=late,
        colleagues=colleagues(floor, visit) if in_line else [],
        reasons=tuple(RemovedBecause),
        is_in_line=in_line,
        is_over=visit.state in ENDED,
    )


def colleagues(floor: Floor, visit: Visit) -> list[OfferCandidate]:
    """Everybody on the floor: first who may be asked and has the skills, then who may be asked without."""
    need = floor.catalogue.need(visit.need)
    required = frozenset(need.skills) if need and visit.ring != EVERYBODY else frozenset()
    found = []
    for employee in floor.catalogue.employees:
        person = floor.people[employee.id]
        if person.chosen is Presence.OFF_FLOOR:
            continue
        is_asked = visit.offer_to == employee.id
        reachable = person.chosen in (Presence.AVAILABLE, Presence.NOT_RESPONDING)
        has_time = len(person.active) < floor.catalogue.times.max_active
        lacks = tuple(sorted(required - employee.skills))
        may_be_asked = reachable and has_time and not is_asked
        found.append(OfferCandidate(employee, person.presence, lacks, may_be_asked, is_asked))
    return sorted(found, key=lambda one: (not one.may_be_asked, bool(one.lacks)))
