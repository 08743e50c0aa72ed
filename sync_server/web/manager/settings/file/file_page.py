"""The settings as a file, for those who like files: read, checked and saved as text."""

import asyncio
from typing import ClassVar

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from sync_server.service.config.load import SettingsError
from sync_server.service.settings.settings_file import NotSaved, SettingsChanged
from sync_server.web.http.app_state import server_of
from sync_server.web.http.templates import Context
from sync_server.web.manager.forms import form_token, read_form
from sync_server.web.manager.layout import framed_page
from sync_server.web.manager.settings.saving import SETTINGS, SaveResult

from .difference_lines import DifferenceLine, difference_lines

FILE = f"{SETTINGS}/file"


class FilePage(Context, frozen=True):
    """The page. `base` is the version that the text was made from.

    `good_news` is the key of a sentence that nothing is wrong, `problem` of one that something is, with its
    `sentences`. `theirs` is what somebody else saved meanwhile, and `by` who: empty for by hand.
    `unreadable`: the file on the disk cannot be used, and the settings of before go on.
    """

    template: ClassVar[str] = "manager/settings/file/file.html"

    token: str
    text: str
    base: str
    path: str
    good_news: str = ""
    problem: str = ""
    sentences: tuple[str, ...] = ()
    theirs: tuple[DifferenceLine, ...] = ()
    by: str = ""
    unreadable: bool = False
    at_next_start: tuple[str, ...] = ()


async def page(request: Request) -> Response:
    """The file; a POST checks it, saves it, or puts the last settings that were right back."""
    live = server_of(request).live_settings
    if request.method == "GET":
        saved = "saved" in request.query_params
        if live.problem is None:
            return shown_file(request, good_news="manager.settings.saved" if saved else "")
        text = await asyncio.to_thread(live.file.text_now)
        problems = _sentences(request, live.problem)
        version, key = live.current.version, "manager.settings.unreadable"
        return _page(request, text, version, problem=key, sentences=problems)
    form = await read_form(request)
    base = form.get("base", "")
    text = live.current.text if "restore" in form else _with_one_end(form.get("text", ""))
    try:
        if "check" in form:
            await asyncio.to_thread(live.file.check, text)
            return _page(request, text, base, good_news="manager.settings_file.right")
        await live.replace(text, base, request.state.account.name)
    except SettingsError as error:
        return _page(
            request,
            text,
            base,
            problem="manager.settings.refused",
            sentences=_sentences(request, error),
            status=400,
        )
    except SettingsChanged as error:
        lines = tuple(difference_lines(error.difference))
        problem = "manager.settings_file.changed" if error.now.by else "manager.settings_file.changed_by_hand"
        return _page(
            request, text, error.now.version, problem=problem, theirs=lines, by=error.now.by, status=409
        )
    except NotSaved:
        return _page(request, text, base, problem="manager.settings.not_saved", status=503)
    return RedirectResponse(f"{FILE}?saved", 303)


def shown_file(
    request: Request, good_news: str = "", problem: str = "", sentences: tuple[str, ...] = ()
) -> Response:
    """The page with the settings as they are. With a `problem` something was not done."""
    now = server_of(request).live_settings.current
    return _page(
        request, now.text, now.version, good_news, problem, sentences, status=409 if problem else 200
    )


def _page(
    request: Request,
    text: str,
    base: str,
    good_news: str = "",
    problem: str = "",
    sentences: tuple[str, ...] = (),
    theirs: tuple[DifferenceLine, ...] = (),
    by: str = "",
    status: int = 200,
) -> Response:
    server = server_of(request)
    live = server.live_settings
    context = FilePage(
        token=form_token(request),
        text=text,
        base=base,
        path=str(server.data_dir.settings),
        good_news=good_news,
        problem=problem,
        sentences=sentences,
        theirs=theirs,
        by=by,
        unreadable=live.problem is not None,
        at_next_start=live.at_next_start,
    )
    return framed_page(request, "settings", context, status)


def _sentences(request: Request, error: SettingsError) -> tuple[str, ...]:
    return tuple(SaveResult(error=error).sentences(request))


def _with_one_end(text: str) -> str:
    """What a browser sends has \\r\\n, and perhaps no end of the last line."""
    return text.replace("\r\n", "\n").rstrip("\n") + "\n"
