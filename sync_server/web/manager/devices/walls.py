"""Wall displays on the page Devices: letting one in by the code on it, its settings, removing it."""

import asyncio
import sqlite3
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, ClassVar

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from sync_server.service.auth.errors import AccountError
from sync_server.service.auth.walls import (
    Look,
    Wall,
    WallSettings,
    add_wall,
    change_wall,
    list_walls,
    remove_wall,
)
from sync_server.service.enrol.wall_requests import TooManyWrong, WallRequests
from sync_server.service.storage.connection import reading
from sync_server.web.http.app_state import server_of
from sync_server.web.http.shown_walls import ShownWalls
from sync_server.web.http.templates import Context
from sync_server.web.manager.forms import form_token, read_form
from sync_server.web.manager.layout import framed_page

from .device_list import DEVICES, MAX_TYPED_DIGITS, devices_page, not_saved


class WallSettingsPage(Context, frozen=True):
    """The page of one wall display. `problem` is the key of what went wrong, empty if nothing did."""

    template: ClassVar[str] = "manager/devices/wall.html"

    token: str
    wall: Wall
    since: datetime
    is_shown: bool
    problem: str


async def let_in(request: Request) -> Response:
    """Lets in the screen that shows the typed code. Twice the same code: the second is told so."""
    form = await read_form(request)
    requests: WallRequests = request.app.state.wall_requests
    now, code = server_of(request).processor.clock(), form.get("code", "")[:MAX_TYPED_DIGITS]
    try:
        asked = requests.take(code, now)
    except TooManyWrong:
        return await devices_page(request, "manager.walls.too_many", wall_code=code)
    if asked is None:
        return await devices_page(request, "manager.walls.wrong_code", wall_code=code)
    settings = _settings(request, form)
    try:
        asked.token = await _write(request, lambda db: add_wall(db, settings, now))
    except (AccountError, HTTPException) as error:
        asked.taken = False
        if isinstance(error, HTTPException):
            raise
        return await devices_page(request, "manager.walls.bad_name", wall_code=code)
    return RedirectResponse(DEVICES, 303)


async def page(request: Request) -> Response:
    """The page of one wall display."""
    return await _settings_page(request)


async def change(request: Request) -> Response:
    """Gives it other settings; it shows them at once."""
    form = await read_form(request)
    wall, settings = await _find(request), _settings(request, form)
    try:
        await _write(request, lambda db: change_wall(db, wall.n, settings))
    except AccountError:
        return await _settings_page(request, "manager.devices.bad_name")
    return RedirectResponse(DEVICES, 303)


async def remove(request: Request) -> Response:
    """Removes it: its address shows nothing any more."""
    await read_form(request)
    wall = await _find(request)
    await _write(request, lambda db: remove_wall(db, wall.n))
    return RedirectResponse(DEVICES, 303)


async def _settings_page(request: Request, problem: str = "") -> Response:
    wall, server = await _find(request), server_of(request)
    shown: ShownWalls = request.app.state.shown_walls
    since = server.processor.catalogue.local(wall.made_at)
    context = WallSettingsPage(form_token(request), wall, since, wall.n in shown, problem)
    return framed_page(request, "devices", context, 400 if problem else 200)


async def _find(request: Request) -> Wall:
    """The wall display in the address. Raises 404 for one that was removed."""
    for wall in await asyncio.to_thread(_read, request):
        if str(wall.n) == request.path_params["n"]:
            return wall
    raise HTTPException(404)


def _read(request: Request) -> list[Wall]:
    with reading(server_of(request).data_dir.store) as db:
        return list_walls(db)


def _settings(request: Request, form: Mapping[str, str]) -> WallSettings:
    """The settings in a form; what it does not say is as the store has it."""
    languages = server_of(request).processor.catalogue.store.languages
    language = form.get("language", "")
    look = form.get("look", "")
    return WallSettings(
        name=form.get("name", ""),
        language=language if language in languages else languages[0],
        look=Look(look) if look in list(Look) else Look.SCREEN,
        sound="sound" in form,
    )


async def _write(request: Request, work: Callable[[sqlite3.Connection], Any]) -> Any:
    """Raises AccountError for what is not possible, and 503 if the database cannot be written."""
    try:
        return await server_of(request).processor.writer.call(work)
    except sqlite3.Error as error:
        raise not_saved(error) from error
