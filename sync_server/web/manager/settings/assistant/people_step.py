"""The third step: the names of the people, each of whom gets a PIN on a slip."""

from typing import ClassVar

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from sync_server.service.config.model import Settings
from sync_server.service.config.trades import TRADES
from sync_server.service.settings import first_steps
from sync_server.service.settings.people_list import COLOURS
from sync_server.service.settings.settings_document import SettingsDocument
from sync_server.service.settings.trade_change import trade_settings
from sync_server.web.http.app_state import server_of
from sync_server.web.http.templates import Context
from sync_server.web.manager.forms import form_token, read_form_data
from sync_server.web.manager.settings.entry_code import code_from
from sync_server.web.manager.settings.people.pin_slip import PinSlipsPage, give_pins
from sync_server.web.manager.settings.saving import SaveResult, save

from .assistant_step import address_after, step_page

ROWS = 6


class PeopleStep(Context, frozen=True):
    """The form. `names` are those of who is there, with empty ones to fill in."""

    template: ClassVar[str] = "manager/settings/start_people.html"

    token: str
    names: list[str]
    problem: str
    sentences: list[str]


async def people_step(request: Request) -> Response:
    """Shows the names; then shows the PIN of everybody who is new, once."""
    server = server_of(request)
    live = server.live_settings
    settings = live.current.settings
    if request.method == "GET":
        return _page(
            request, [person.name for person in settings.employees if not is_example(settings, person.id)]
        )
    names = _names(await read_form_data(request))
    if not names:
        return _page(request, names, SaveResult(key="manager.settings.no_names"))
    there = {person.name: person.id for person in settings.employees if not is_example(settings, person.id)}

    def edit(document: SettingsDocument) -> None:
        for person in settings.employees:
            if person.name not in names or is_example(settings, person.id):
                document.remove("employees", person.id)
        taken = {person.id for person in settings.employees if person.name in names and person.name in there}
        for number, name in enumerate(name for name in names if name not in there):
            person_id = code_from(name, taken, "person")
            taken.add(person_id)
            skills = [skill.code for skill in settings.skills]
            colour = COLOURS[(len(there) + number) % len(COLOURS)]
            document.add("employees", {"id": person_id, "name": name, "skills": skills, "colour": colour})
        for need in settings.needs:
            gone = [one for one in need.asked_last if one not in taken]
            if gone:
                document.set(f"needs.{need.code}.overflow", [one for one in need.asked_last if one in taken])

    result = await save(request, edit, live.current.version)
    if result.saved is None:
        return _page(request, names, result)
    new = [person for person in live.current.settings.employees if person.name not in there]
    first_steps.finish(server.data_dir, "people")
    if not new:
        return RedirectResponse(address_after(request, "people"), 303)
    slips = await give_pins(server, new)
    return step_page(request, "people", PinSlipsPage(slips, address_after(request, "people")))


def is_example(settings: Settings, person_id: str) -> bool:
    """Whether this is a person of a trade's example, whom nobody has changed yet."""
    person = settings.catalogue().employee(person_id)
    examples = (trade_settings(trade).catalogue().employee(person_id) for trade in TRADES)
    return person is not None and any(
        one is not None and (one.name, one.colour) == (person.name, person.colour) for one in examples
    )


def _names(form: FormData) -> list[str]:
    typed = (" ".join(str(name).split()) for name in form.getlist("name"))
    return list(dict.fromkeys(name for name in typed if name))


def _page(request: Request, names: list[str], result: SaveResult | None = None) -> Response:
    rows = [*names, *[""] * max(2, ROWS - len(names))]
    context = PeopleStep(
        form_token(request),
        rows,
        (result.key or "manager.settings.refused") if result else "",
        result.sentences(request) if result else [],
    )
    return step_page(request, "people", context, 400 if result else 200)
