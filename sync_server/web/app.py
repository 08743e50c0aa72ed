"""All web pages of a store, as one ASGI application in the server's process."""

from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from assets import paths
from assets.theme import css, load_theme
from sync_server.domain.roles import Deed
from sync_server.service.metrics import Metrics
from sync_server.service.server import Server
from sync_server.service.shop import Unwell
from sync_server.service.store import StoreError

from . import api, devices, first_run, log, manager, mishaps, now, phone, sign_in, today, watch
from .api import Pace
from .control import control
from .manager import FIRST_RUN, HOME, signed_in
from .private import Private
from .security import Bounded, Guarded
from .session import Sessions, session

STATIC = Path(__file__).parent / "static"
ASK_AGAIN = {"Cache-Control": "no-cache"}  # kept by browsers, but never used without asking


def make_app(server: Server) -> Starlette:
    """The pages of this running server. Raises FolderError where its folder cannot keep a secret."""
    theme_css = css(load_theme())

    async def theme(_request: Request) -> Response:
        return Response(theme_css, media_type="text/css", headers=ASK_AGAIN)

    app = Starlette(
        routes=[
            Route("/", _home),
            Route("/health", watch.health),
            Route("/healthz", watch.health),
            Route("/metrics", watch.metrics),
            Route("/robots.txt", _robots),
            Route("/control", control, methods=["POST"]),
            Route("/api/visits", api.open_visit, methods=["POST"]),
            Route("/v/{link}", phone.visit),
            Route("/v/{link}/events", phone.events),
            Route("/v/{link}/leave", phone.leave, methods=["GET", "POST"]),
            Route("/v/{link}/rate", phone.rate, methods=["POST"]),
            Route("/manager", _home),
            Route("/manager/sign-in", sign_in.sign_in, methods=["GET", "POST"]),
            Route("/manager/sign-out", sign_in.sign_out, methods=["POST"]),
            Route(FIRST_RUN, first_run.choose, methods=["GET", "POST"]),
            Route(FIRST_RUN + "/{code}", first_run.choose, methods=["GET", "POST"]),
            Route("/manager/notice", signed_in(manager.notice)),
            Route("/manager/now", signed_in(now.now)),
            Route("/manager/now/events", signed_in(now.events)),
            Route("/manager/today", signed_in(today.today)),
            Route("/manager/log", signed_in(log.log)),
            Route("/manager/log.csv", signed_in(log.log_csv)),
            Route("/manager/devices", signed_in(devices.page)),
            Route("/manager/devices/events", signed_in(devices.events)),
            Route(
                "/manager/devices/requests/{request}",
                signed_in(devices.decide, Deed.MANAGE),
                methods=["POST"],
            ),
            Route("/manager/devices/codes", signed_in(devices.make_code, Deed.MANAGE), methods=["POST"]),
            Route("/manager/devices/codes/{code}", signed_in(devices.show_code, Deed.MANAGE)),
            Route("/manager/devices/codes/{code}/now", signed_in(devices.code_now, Deed.MANAGE)),
            Route("/manager/device/{device}", signed_in(devices.one, Deed.MANAGE), methods=["GET"]),
            Route("/manager/device/{device}", signed_in(devices.change, Deed.MANAGE), methods=["POST"]),
            Route(
                "/manager/device/{device}/revoke",
                signed_in(devices.revoke, Deed.MANAGE),
                methods=["GET", "POST"],
            ),
            Route("/static/theme.css", theme),
            Route("/static/icons.ttf", _icons),
            Mount("/static", _Static(directory=STATIC)),
        ],
        middleware=[
            Middleware(Guarded),
            Middleware(Bounded),
            Middleware(Private, accepted=server.settings.server.accepts_reading, refuse=mishaps.not_private),
            session(server.folder),
        ],
        exception_handlers={
            HTTPException: mishaps.refused,
            ClientDisconnect: mishaps.gone,
            Unwell: mishaps.unwell,
            StoreError: mishaps.unwell,
            Exception: mishaps.fault,
        },
    )
    app.state.server = server
    app.state.sessions = Sessions()
    app.state.pace = Pace()
    app.state.metrics = Metrics(server)
    return app


class _Static(StaticFiles):
    """Our own files, which change with an update of the server."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().file_response(*args, **kwargs)
        response.headers.update(ASK_AGAIN)
        return response


async def _home(_request: Request) -> Response:
    return RedirectResponse(HOME, 303)


async def _robots(_request: Request) -> Response:
    return PlainTextResponse("User-agent: *\nDisallow: /\n")


async def _icons(_request: Request) -> Response:
    return FileResponse(paths.ICON_FONT, media_type="font/ttf", headers={"Cache-Control": "max-age=86400"})
