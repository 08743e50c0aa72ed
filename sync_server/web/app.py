"""Puts the web application together: routes, middleware and error pages, as one ASGI application."""

import threading
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
from assets.theme.css import css
from assets.theme.load import load_theme
from sync_server.domain.permissions import Permission
from sync_server.service.enrol.wall_requests import WallRequests
from sync_server.service.figures import metrics_of
from sync_server.service.processing.processor import Unavailable
from sync_server.service.reports.exports import process
from sync_server.service.server import Server
from sync_server.service.storage.errors import StoreError
from sync_server.web import errors
from sync_server.web.api import calendar, health, visits
from sync_server.web.api.opening import open_rates
from sync_server.web.api.v1 import openapi, routes
from sync_server.web.api.v1.calls import request_rates
from sync_server.web.http.proxies import behind_proxies
from sync_server.web.http.security import PLAN_FORM, BodyLimit, SecurityHeaders
from sync_server.web.http.shown_walls import ShownWalls
from sync_server.web.http.transport import PrivateTransport
from sync_server.web.http.warm_up import warm_up
from sync_server.web.manager import first_run, layout, sign_in, today
from sync_server.web.manager.access import FIRST_RUN, HOME, Endpoint, signed_in
from sync_server.web.manager.backups.backup_list import CheckedBackups
from sync_server.web.manager.connections.connection_routes import connection_routes
from sync_server.web.manager.devices import device, device_list, pairing_codes, walls
from sync_server.web.manager.learning import learning_page
from sync_server.web.manager.now import at_kiosks, now_page, person, visit_help
from sync_server.web.manager.people.sign_in_code import HalfSignIns
from sync_server.web.manager.phones.phone_try import PhoneTries
from sync_server.web.manager.report import report_page
from sync_server.web.manager.session import ManagerSessions, session_middleware
from sync_server.web.manager.settings.settings_routes import settings_routes
from sync_server.web.manager.slow_figures import SlowFigures
from sync_server.web.manager.staffing import staffing_page
from sync_server.web.manager.upkeep_routes import upkeep_routes
from sync_server.web.manager.visit_log import corrections, exports, log_choices, log_page, visit_page
from sync_server.web.shopper import pages
from sync_server.web.shopper.returning import return_rate
from sync_server.web.wall import asking, display

STATIC = Path(__file__).parent / "static"
WEB_FONTS = frozenset(paths.FONTS.glob("*.woff2"))
A_DAY = {"Cache-Control": "max-age=86400"}
REVALIDATE = {"Cache-Control": "no-cache"}  # browsers may store it, but ask before each use


def make_app(server: Server) -> Starlette:
    """The application of this running server. Raises DataDirError if the sessions' secret cannot be used.

    What the first page needs is read meanwhile, in a thread.
    """
    threading.Thread(target=warm_up, name="warm-up", daemon=True).start()
    theme_css = css(load_theme())

    async def theme(_request: Request) -> Response:
        return Response(theme_css, media_type="text/css", headers=REVALIDATE)

    app = Starlette(
        routes=[
            Route("/", _home),
            Route("/health", health.health),
            Route("/healthz", health.health),
            Route("/metrics", health.metrics),
            Route("/robots.txt", _robots),
            Route("/api/visits", visits.open_visit, methods=["POST"]),
            Route(routes.DOCUMENT, openapi.document),
            *routes.routes(),
            Route("/calendar/{token}.ics", calendar.calendar),
            Route("/v/{link}", pages.visit),
            Route("/v/{link}/events", pages.events),
            Route("/v/{link}/leave", pages.leave, methods=["GET", "POST"]),
            Route("/v/{link}/back", pages.back, methods=["POST"]),
            Route("/v/{link}/rate", pages.rate, methods=["POST"]),
            Route("/wall", asking.begin),
            Route("/wall/asking/{request}", asking.asking),
            Route("/wall/asking/{request}/now", asking.asking_now),
            Route("/wall/{token}", display.display),
            Route("/wall/{token}/events", display.events),
            Route("/manager", _home),
            Route("/manager/sign-in", sign_in.sign_in, methods=["GET", "POST"]),
            Route("/manager/sign-out", sign_in.sign_out, methods=["POST"]),
            Route(FIRST_RUN, first_run.choose_password, methods=["GET", "POST"]),
            Route(FIRST_RUN + "/{code}", first_run.choose_password, methods=["GET", "POST"]),
            Route("/manager/notice", signed_in(layout.notices_now)),
            Route("/manager/now", signed_in(now_page.page)),
            Route("/manager/now/events", signed_in(now_page.events)),
            Route("/manager/now/ask-all", _managed(now_page.ask_all), methods=["POST"]),
            Route("/manager/now/put-away", _managed(now_page.put_away), methods=["POST"]),
            Route("/manager/now/backups", _managed(now_page.free_backups), methods=["POST"]),
            Route("/manager/now/kiosks", _managed(at_kiosks.page)),
            Route("/manager/now/announcement", _managed(at_kiosks.announce), methods=["POST"]),
            Route("/manager/now/skills/{skills}", _managed(at_kiosks.close_lacking), methods=["POST"]),
            Route("/manager/now/needs", _managed(at_kiosks.change_need), methods=["POST"]),
            Route("/manager/now/needs/{need}", _managed(at_kiosks.change_need), methods=["POST"]),
            Route("/manager/now/people/{employee}", _managed(person.page), methods=["GET"]),
            Route("/manager/now/people/{employee}", _managed(person.change), methods=["POST"]),
            Route("/manager/now/visits/{visit}", _managed(visit_help.page), methods=["GET"]),
            Route("/manager/now/visits/{visit}", _managed(visit_help.change), methods=["POST"]),
            Route("/manager/today", signed_in(today.today)),
            Route("/manager/report", signed_in(report_page.page)),
            Route("/manager/visits/{visit}/follow-up", _managed(learning_page.change), methods=["POST"]),
            Route("/manager/learning", signed_in(learning_page.page)),
            Route("/manager/staffing", signed_in(staffing_page.page)),
            Route(PLAN_FORM, _managed(staffing_page.import_plan), methods=["GET", "POST"]),
            Route("/manager/log", signed_in(log_page.log)),
            Route("/manager/visits/{visit}", signed_in(visit_page.page)),
            Route("/manager/visits/{visit}/correct", _managed(corrections.correct), methods=["GET", "POST"]),
            Route("/manager/visits/{visit}/ask", _managed(now_page.ask_again), methods=["POST"]),
            Route("/manager/log.{kind}", signed_in(exports.export)),
            Route("/manager/log/views", signed_in(log_choices.save_view), methods=["POST"]),
            Route("/manager/log/views/remove", signed_in(log_choices.remove_view), methods=["POST"]),
            Route("/manager/log/columns", signed_in(log_choices.keep_columns), methods=["POST"]),
            Route("/manager/devices", signed_in(device_list.page)),
            Route("/manager/devices/events", signed_in(device_list.events)),
            Route("/manager/devices/requests/{request}", _managed(device_list.decide), methods=["POST"]),
            Route("/manager/devices/codes", _managed(pairing_codes.make_code), methods=["POST"]),
            Route("/manager/devices/codes/{code}", _managed(pairing_codes.show_code)),
            Route("/manager/devices/codes/{code}/now", _managed(pairing_codes.code_now)),
            Route("/manager/device/{device}", _managed(device.page), methods=["GET"]),
            Route("/manager/device/{device}", _managed(device.change), methods=["POST"]),
            Route("/manager/device/{device}/revoke", _managed(device.revoke), methods=["GET", "POST"]),
            Route("/manager/walls", _managed(walls.let_in), methods=["POST"]),
            Route("/manager/walls/{n}", _managed(walls.page), methods=["GET"]),
            Route("/manager/walls/{n}", _managed(walls.change), methods=["POST"]),
            Route("/manager/walls/{n}/remove", _managed(walls.remove), methods=["POST"]),
            *upkeep_routes(),
            *connection_routes(_managed),
            *settings_routes(_managed),
            Route("/static/theme.css", theme),
            Route("/static/called.wav", _called_sound),
            Route("/static/icons.ttf", _icons),
            Route("/static/fonts/{name}.woff2", _font),
            Mount("/static", _Static(directory=STATIC)),
        ],
        middleware=[
            behind_proxies(server.settings.server.proxies),
            Middleware(SecurityHeaders),
            Middleware(BodyLimit),
            Middleware(
                PrivateTransport,
                accepts_reading=server.settings.server.accepts_reading,
                refuse=errors.refuse_insecure,
            ),
            session_middleware(server.data_dir),
        ],
        exception_handlers={
            HTTPException: errors.on_http_error,
            ClientDisconnect: errors.on_disconnect,
            Unavailable: errors.on_store_unavailable,
            StoreError: errors.on_store_unavailable,
            Exception: errors.on_exception,
        },
    )
    app.state.server = server
    app.state.sessions = ManagerSessions(server.processor.pace)
    app.state.half_sign_ins = HalfSignIns()
    app.state.checked_backups = CheckedBackups()
    app.state.offered_secrets = {}
    app.state.phone_tries = PhoneTries()
    app.state.exports = set()
    process.remove_leftovers(server.data_dir)
    app.state.slow_figures = SlowFigures()
    app.state.slow_reports = SlowFigures()
    app.state.forecasts = staffing_page.DailyForecasts()
    app.state.open_rates = open_rates()
    app.state.request_rates = request_rates()
    app.state.return_rate = return_rate()
    app.state.learning_figures = SlowFigures()
    app.state.wall_requests = WallRequests()
    app.state.shown_walls = ShownWalls()
    app.state.metrics = metrics_of(server)
    return app


def _managed(endpoint: Endpoint) -> Endpoint:
    """A page for people who may change things."""
    return signed_in(endpoint, Permission.MANAGE)


class _Static(StaticFiles):
    """The product's own files, which change with an update of the server."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().file_response(*args, **kwargs)
        response.headers.update(REVALIDATE)
        return response


async def _home(_request: Request) -> Response:
    return RedirectResponse(HOME, 303)


async def _robots(_request: Request) -> Response:
    return PlainTextResponse("User-agent: *\nDisallow: /\n")


async def _icons(_request: Request) -> Response:
    return FileResponse(paths.ICON_FONT, media_type="font/ttf", headers=A_DAY)


async def _called_sound(_request: Request) -> Response:
    return FileResponse(paths.sound("called"), media_type="audio/wav", headers=A_DAY)


async def _font(request: Request) -> Response:
    """A weight of Inter, so that the pages look as the screens do, without the internet."""
    path = paths.font(f"{request.path_params['name']}.woff2")
    if path not in WEB_FONTS:
        raise HTTPException(404)
    return FileResponse(path, media_type="font/woff2", headers=A_DAY)
