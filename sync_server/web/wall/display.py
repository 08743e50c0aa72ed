"""The wall display, `/wall/{token}`: it renews itself and outlives a lost network."""

import asyncio
from datetime import datetime
from typing import ClassVar

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from sync_server.service.auth.walls import Wall, find_wall
from sync_server.service.storage.connection import reading
from sync_server.version import own_version
from sync_server.web.http.app_state import server_of
from sync_server.web.http.shown_walls import ShownWalls
from sync_server.web.http.sse import Signal, StreamEnded, event_stream, html_events
from sync_server.web.http.templates import Context, html_page, render, texts_of

from .board import Board, board, shown_time

INTERVAL_S = 5.0  # how often waits are computed again, and how soon a removed wall display goes dark
MIN_INTERVAL_S = 1.0
WALL = "/wall"


class WallContext(Context, frozen=True):
    """What the wall display shows. `time` is the store's, None if it is in doubt.

    `version` changes if the page itself must be loaded again: another language, another look, an update of
    the server.
    """

    board: Board
    time: datetime | None
    version: str


class WallPage(WallContext, frozen=True):
    """The whole page of this wall display. `events` is the address of its events."""

    template: ClassVar[str] = "wall/display.html"

    wall: Wall
    events: str


class WallPiece(WallContext, frozen=True):
    """The piece of the page that its events renew."""

    template: ClassVar[str] = "wall/board.html"


async def display(request: Request) -> Response:
    """The page. A screen that was removed asks to be let in again."""
    wall = await asyncio.to_thread(_find, request)
    if wall is None:
        return RedirectResponse(WALL, 303)
    context = WallPage(*_shown(request, wall), wall, request.url.path + "/events")
    return html_page(request, _language(request, wall), 200, context)


async def events(request: Request) -> Response:
    """The board again after each change."""
    server = server_of(request)
    wall = await asyncio.to_thread(_find, request)
    if wall is None:
        return Response(status_code=404)  # live.js loads the page again

    async def render_board() -> tuple[str, bool]:
        found = await asyncio.to_thread(_find, request)
        if found is None:
            raise StreamEnded(Signal.GONE)
        context = WallPiece(*_shown(request, found))
        return await asyncio.to_thread(render, server, _language(request, found), context), False

    shown: ShownWalls = request.app.state.shown_walls
    listened = html_events(server, None, render_board, INTERVAL_S, MIN_INTERVAL_S)
    return event_stream(shown.counted(wall.n, listened))


def _find(request: Request) -> Wall | None:
    with reading(server_of(request).data_dir.store) as db:
        return find_wall(db, request.path_params["token"])


def _language(request: Request, wall: Wall) -> str:
    """The one chosen for this screen; the store's first if the store no longer has it."""
    languages = server_of(request).processor.catalogue.store.languages
    return wall.settings.language if wall.settings.language in languages else languages[0]


def _shown(request: Request, wall: Wall) -> tuple[Board, datetime | None, str]:
    server = server_of(request)
    language, now = _language(request, wall), server.processor.clock()
    floor = server.processor.floor
    settings = wall.settings
    version = f"{own_version()} {language} {settings.look} {settings.sound}"
    at = shown_time(floor, now, server.clock.doubt is not None)
    return board(floor, now, texts_of(language)), at, version
