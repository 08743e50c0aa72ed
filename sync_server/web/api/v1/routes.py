"""The table of routes of the API: what each takes, gives and needs. Everything else is made from it."""

from collections.abc import Awaitable, Callable
from typing import Any

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from sync_server.domain.catalogue.catalogue import Catalogue
from sync_server.service.auth.tokens import Scope
from sync_server.service.processing.processor import Unavailable
from sync_server.service.storage.errors import StoreError
from sync_server.service.visit_states import VisitState
from sync_server.web.http.json_answers import json_answer

from . import log_routes, shop_routes, visit_routes
from .calls import ApiCall, rate_headers, read_call
from .models import (
    ArrivalQuarters,
    ArrivalReport,
    ArrivalsCounted,
    DaysQuery,
    FloorStatus,
    FollowUpPage,
    LogLines,
    LogQuery,
    NoQuery,
    OpenedVisit,
    PageQuery,
    ReportFigures,
    VisitRequest,
)
from .problems import ApiProblem, ProblemCode

BASE = "/api/v1"
DOCUMENT = BASE + "/openapi.json"


class ApiRoute(Struct, frozen=True, kw_only=True):
    """One thing that a program can ask for.

    `name` is its operationId. `answer` is the type of the body with `status`, `body` that of the request.
    `repeatable`: an Idempotency-Key makes it safe to send again. `not_found`, `conflicts`: whether it may
    answer 404, and 409.
    """

    name: str
    method: str
    path: str
    scope: Scope
    summary: str
    run: Callable[[ApiCall], Awaitable[Any]]
    answer: type
    status: int = 200
    body: type | None = None
    query: type = NoQuery
    repeatable: bool = False
    not_found: bool = False
    conflicts: bool = False


ROUTES = (
    ApiRoute(
        name="open_visit",
        method="POST",
        path="/visits",
        scope=Scope.OPEN_VISITS,
        summary="Put a shopper in line",
        run=visit_routes.open_visit,
        body=VisitRequest,
        answer=OpenedVisit,
        status=201,
        repeatable=True,
        conflicts=True,
    ),
    ApiRoute(
        name="get_visit",
        method="GET",
        path="/visits/{visit_id}",
        scope=Scope.READ_VISITS,
        summary="Read one visit, open or ended",
        run=visit_routes.get_visit,
        answer=VisitState,
        not_found=True,
    ),
    ApiRoute(
        name="cancel_visit",
        method="POST",
        path="/visits/{visit_id}/cancel",
        scope=Scope.CANCEL_VISITS,
        summary="Cancel a visit that a program opened",
        run=visit_routes.cancel_visit,
        answer=VisitState,
        not_found=True,
        conflicts=True,
    ),
    ApiRoute(
        name="get_floor",
        method="GET",
        path="/floor",
        scope=Scope.READ_FLOOR,
        summary="Read who waits, who is here, and the waits that are told now",
        run=shop_routes.get_floor,
        answer=FloorStatus,
    ),
    ApiRoute(
        name="get_log",
        method="GET",
        path="/log",
        scope=Scope.READ_VISITS,
        summary="Read the visit log, the oldest first",
        run=log_routes.get_log,
        query=LogQuery,
        answer=LogLines,
    ),
    ApiRoute(
        name="get_follow_ups",
        method="GET",
        path="/follow-ups",
        scope=Scope.READ_VISITS,
        summary="Read the completed visits that leave something to do",
        run=log_routes.get_follow_ups,
        query=PageQuery,
        answer=FollowUpPage,
    ),
    ApiRoute(
        name="get_report",
        method="GET",
        path="/report",
        scope=Scope.READ_REPORT,
        summary="Read the figures of some days",
        run=shop_routes.get_report,
        query=DaysQuery,
        answer=ReportFigures,
    ),
    ApiRoute(
        name="get_catalogue",
        method="GET",
        path="/catalogue",
        scope=Scope.READ_CATALOGUE,
        summary="Read needs, skills, employees, places, tips and gifts",
        run=shop_routes.get_catalogue,
        answer=Catalogue,
    ),
    ApiRoute(
        name="report_arrivals",
        method="POST",
        path="/arrivals",
        scope=Scope.COUNT_ARRIVALS,
        summary="Count people who came through a door",
        run=shop_routes.report_arrivals,
        body=ArrivalReport,
        answer=ArrivalsCounted,
        repeatable=True,
    ),
    ApiRoute(
        name="get_arrivals",
        method="GET",
        path="/arrivals",
        scope=Scope.READ_REPORT,
        summary="Read how many people came, by door and quarter of an hour",
        run=shop_routes.get_arrivals,
        query=DaysQuery,
        answer=ArrivalQuarters,
    ),
)


def routes() -> list[BaseRoute]:
    """The routes of the application."""
    by_path: dict[str, dict[str, ApiRoute]] = {}
    for route in ROUTES:
        by_path.setdefault(route.path, {})[route.method] = route
    return [Route(BASE + path, _endpoint(found), methods=[*found]) for path, found in by_path.items()]


def _endpoint(by_method: dict[str, ApiRoute]) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        answer = await _answer(by_method["GET" if request.method == "HEAD" else request.method], request)
        answer.headers.update(rate_headers(request))
        return answer

    return endpoint


async def _answer(route: ApiRoute, request: Request) -> Response:
    try:
        call = await read_call(request, route.scope, route.body, route.query)
        answer = await route.run(call)
    except ApiProblem as error:
        return error.answer()
    except (Unavailable, StoreError) as error:
        text = f"nothing was done: {error}; try again"
        return ApiProblem(ProblemCode.UNAVAILABLE, text, retry_after_s=5).answer()
    headers = {"Location": f"{BASE}/visits/{answer.visit_id}"} if route.status == 201 else None
    return json_answer(answer, route.status, headers)
