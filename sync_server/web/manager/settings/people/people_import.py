"""The page that takes a list of people: all of it is done, or nothing, with the wrong lines named."""

from typing import ClassVar

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from assets.i18n.texts import Texts
from sync_server.service.settings.people_list import WrongLine, read_people, write_people
from sync_server.text_files import decode_table
from sync_server.web.http.app_state import server_of
from sync_server.web.http.templates import Context, texts_of
from sync_server.web.manager.forms import form_token, read_file
from sync_server.web.manager.layout import framed_page, manager_language
from sync_server.web.manager.settings.entry_code import code_from
from sync_server.web.manager.settings.saving import SETTINGS, save

MAX_LIST = 200_000  # characters


class PeopleListPage(Context, frozen=True):
    """The form. `typed` is the list as it was given, `sentences` what is wrong with it."""

    template: ClassVar[str] = "manager/settings/people_list.html"

    token: str
    typed: str
    skills: list[str]
    problem: str
    sentences: list[str]


async def people_list_page(request: Request) -> Response:
    """Shows the form, and does what the list says."""
    texts = texts_of(manager_language(request))
    live = server_of(request).live_settings
    settings = live.current.settings
    skills = [texts.text(skill.text, skill.code) for skill in settings.skills]
    if request.method == "GET":
        context = PeopleListPage(form_token(request), "", skills, "", [])
        return framed_page(request, "settings", context)
    _, content, form = await read_file(request, "file")
    text = (decode_table(content) or form.get("list", "")).replace("\r\n", "\n")[:MAX_LIST]
    found = read_people(text, settings, lambda name, taken: code_from(name, taken, "person"))

    def refused(problem: str, sentences: list[str]) -> Response:
        context = PeopleListPage(form_token(request), text, skills, problem, sentences)
        return framed_page(request, "settings", context, 400)

    if found.wrong:
        return refused("manager.settings.list_wrong", [_sentence(wrong, texts) for wrong in found.wrong])
    if not found.people:
        return refused("manager.settings.list_empty", [])
    result = await save(request, lambda document: write_people(document, found), live.current.version)
    if result.saved is None:
        return refused(result.key or "manager.settings.refused", result.sentences(request))
    return RedirectResponse(f"{SETTINGS}/employees?saved", 303)


def _sentence(wrong: WrongLine, texts: Texts) -> str:
    return texts.say(f"manager.settings.line.{wrong.because}", line=wrong.line, words=wrong.words)
