"""One employee now: put them on a break, off the floor, or back."""

from typing import ClassVar

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from sync_server.domain import ops
from sync_server.domain.catalogue.catalogue import Employee
from sync_server.domain.events import Presence
from sync_server.web.http.app_state import server_of
from sync_server.web.http.templates import Context, texts_of
from sync_server.web.manager.forms import read_form
from sync_server.web.manager.layout import framed_page, manager_language

from .actions import act

NOW = "/manager/now"


class PersonPage(Context, frozen=True):
    """The page. `tickets` are those of the visits in hand, `on_hold` of those on hold.

    `seen` is the presence that the employee chose or was given, and `choices` are those that they can be
    given now. `problem` is why something was not done, empty otherwise.
    """

    template: ClassVar[str] = "manager/now/person.html"

    problem: str
    employee: Employee
    presence: Presence
    seen: Presence
    for_s: float
    tickets: str
    on_hold: str
    choices: tuple[Presence, ...]


async def page(request: Request) -> Response:
    """The page. Raises 404 for a name that the store does not have."""
    return _page(request)


async def change(request: Request) -> Response:
    """Gives the employee another presence. A refusal is said on the page, with what is the case now."""
    form = await read_form(request)
    employee = request.path_params["employee"]
    if {form.get("seen"), form.get("presence")} <= set(Presence):
        op = ops.SetPresenceOf(employee, Presence(form["seen"]), Presence(form["presence"]))
        problem = await act(request, op)
    else:
        problem = texts_of(manager_language(request)).say("manager.refused.nothing_said")
    return _page(request, problem) if problem else RedirectResponse(NOW, 303)


def _page(request: Request, problem: str = "") -> Response:
    processor = server_of(request).processor
    floor, name = processor.floor, request.path_params["employee"]
    employee, person = floor.catalogue.employee(name), floor.people.get(name)
    if employee is None or person is None:
        raise HTTPException(404)
    choices = [Presence.AVAILABLE, Presence.ON_BREAK, Presence.OFF_FLOOR]
    if person.active or person.holding:
        choices.remove(Presence.OFF_FLOOR)
    if person.active:
        choices.remove(Presence.ON_BREAK)
    if person.chosen in choices:
        choices.remove(person.chosen)
    context = PersonPage(
        problem=problem,
        employee=employee,
        presence=person.presence,
        seen=person.chosen,
        for_s=(processor.clock() - person.since) / 1000,
        tickets=", ".join(floor.visits[visit_id].ticket for visit_id in person.active),
        on_hold=", ".join(floor.visits[visit_id].ticket for visit_id in person.holding),
        choices=() if person.chosen is Presence.OFF_FLOOR else tuple(choices),
    )
    return framed_page(request, "now", context, 409 if problem else 200)
