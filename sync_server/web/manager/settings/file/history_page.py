"""The history of the settings: who changed what and when, each change line by line, and taking one back."""

import asyncio
import sqlite3
from collections.abc import Callable
from datetime import datetime
from typing import ClassVar, TypeVar

from msgspec import Struct
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from sync_server.service.config.load import SettingsError
from sync_server.service.settings import settings_history
from sync_server.service.settings.settings_file import NotSaved, SettingsChanged, difference
from sync_server.service.settings.settings_history import BuiltUpon, SavedSettings, changed_keys
from sync_server.service.storage.connection import reading
from sync_server.web.http.app_state import server_of
from sync_server.web.http.templates import Context, texts_of
from sync_server.web.manager.forms import form_token, read_form
from sync_server.web.manager.layout import framed_page, manager_language
from sync_server.web.manager.settings.saving import SETTINGS, SaveResult

from .difference_lines import MAX_KEYS, ChangedKey, DifferenceLine, difference_lines, named_keys

ROWS = 25
HISTORY = f"{SETTINGS}/history"

T = TypeVar("T")


class ChangeRow(Struct, frozen=True):
    """A row of the history. `by` is empty for a change in the file; `more` are keys that are not named."""

    n: int
    at: datetime
    by: str
    keys: list[ChangedKey]
    more: int
    is_start: bool = False


class HistoryPage(Context, frozen=True):
    """The page. `older` is the number to go on from, None where there are no older changes."""

    template: ClassVar[str] = "manager/settings/file/history.html"

    rows: list[ChangeRow]
    older: int | None
    undone: bool


class ChangePage(Context, frozen=True):
    """One change. `problem` says why it was not taken back, with sentences about what prevents it."""

    template: ClassVar[str] = "manager/settings/file/change.html"

    token: str
    row: ChangeRow
    lines: list[DifferenceLine]
    problem: str
    sentences: list[str]


async def page(request: Request) -> Response:
    """The latest changes, or those before the one in `?before=`."""
    asked = request.query_params.get("before", "")
    before = int(asked) if asked.isdigit() and len(asked) < 10 else None

    def read(db: sqlite3.Connection) -> list[tuple[SavedSettings, list[str] | None]]:
        found = settings_history.versions(db, ROWS + 1, before)
        pairs = zip(found, [*found[1:], None], strict=True)
        return [(new, changed_keys(old.text, new.text) if old else None) for new, old in pairs]

    found = await asyncio.to_thread(_read, request, read)
    older = found[ROWS][0].n + 1 if len(found) > ROWS else None
    rows = [_row(request, saved, keys, MAX_KEYS) for saved, keys in found[:ROWS]]
    return framed_page(request, "settings", HistoryPage(rows, older, "undone" in request.query_params))


async def change(request: Request) -> Response:
    """One change, line by line; a POST takes it back."""
    if request.method == "GET":
        return await _change_page(request)
    await read_form(request)
    try:
        await server_of(request).live_settings.undo(_number(request), request.state.account.name)
    except KeyError:
        raise HTTPException(404) from None
    except BuiltUpon as error:
        named = [": ".join(filter(None, (key.title, key.what))) for key in _named(request, error.keys)]
        return await _change_page(request, "manager.settings_history.built_upon", named)
    except SettingsError as error:
        sentences = SaveResult(error=error).sentences(request)
        return await _change_page(request, "manager.settings_history.needed", sentences)
    except SettingsChanged:
        return await _change_page(request, "manager.settings.changed")
    except NotSaved:
        return await _change_page(request, "manager.settings.not_saved")
    return RedirectResponse(f"{HISTORY}?undone", 303)


async def _change_page(request: Request, problem: str = "", sentences: list[str] | None = None) -> Response:
    n = _number(request)
    found = await asyncio.to_thread(_read, request, lambda db: settings_history.change(db, n))
    if found is None:
        raise HTTPException(404)
    before, after = found
    row = _row(request, after, changed_keys(before.text, after.text), 1000)
    lines = difference_lines(difference(before.text, after.text, around=2))
    context = ChangePage(form_token(request), row, lines, problem, sentences or [])
    return framed_page(request, "settings", context, 409 if problem else 200)


def _row(request: Request, saved: SavedSettings, keys: list[str] | None, most: int) -> ChangeRow:
    """`keys` is None for the oldest version that is kept: what it changed is not known."""
    at = server_of(request).processor.catalogue.local(saved.at)
    named = _named(request, (keys or [])[:most])
    return ChangeRow(saved.n, at, saved.by, named, max(0, len(keys or []) - most), keys is None)


def _named(request: Request, keys: list[str]) -> list[ChangedKey]:
    settings = server_of(request).live_settings.current.settings
    return named_keys(keys, settings, texts_of(manager_language(request)))


def _number(request: Request) -> int:
    n = request.path_params["n"]
    if not (n.isdigit() and len(n) < 10):
        raise HTTPException(404)
    return int(n)


def _read(request: Request, work: Callable[[sqlite3.Connection], T]) -> T:
    with reading(server_of(request).data_dir.store) as db:
        return work(db)
