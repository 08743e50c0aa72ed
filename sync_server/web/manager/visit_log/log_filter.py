"""Reads from the address of the log which visits it shows, and in which order."""

from collections.abc import Mapping

from starlette.requests import Request

from assets.i18n.texts import Texts
from sync_server.service.reports.figure_rows import FIGURES, FigurePart, figure_condition
from sync_server.service.reports.visit_log import ARRIVAL, SORTS, Condition, LogFilter, Sort
from sync_server.web.http.app_state import server_of
from sync_server.web.manager.day_span import InvalidAddress, parse_date

MAX_FILTER_LENGTH = 100  # characters; the rest is cut off

PARAMETERS = {  # of the address, and the fields of LogFilter
    "from": "from_day",
    "to": "to_day",
    "need": "need",
    "employee": "employee",
    "state": "state",
    "resolution": "resolution",
    "search": "search",
}
FIGURE, PART = "figure", "part"  # parameters: a figure of the report, and which of its visits
SORT, ORDER = "sort", "order"  # parameters: a column, and `asc` or `desc`
VISITS = (*PARAMETERS, FIGURE, PART)  # the parameters that say which visits


def requested_filter(request: Request) -> LogFilter:
    """The filter in the address. Empty parameters filter nothing.

    Raises 400 for a wrong date, and InvalidAddress for a figure that the log does not know.
    """
    given = {
        field: value.strip()[:MAX_FILTER_LENGTH]
        for parameter, field in PARAMETERS.items()
        if (value := request.query_params.get(parameter, "")).strip()
    }
    for field in ("from_day", "to_day"):
        if field in given:
            given[field] = parse_date(given[field]).isoformat()
    return LogFilter(**given, also=_figure_condition(request))


def _figure_condition(request: Request) -> Condition | None:
    """The visits behind `?figure=service_level&part=no`; without a part all that the figure counts."""
    figure, part = request.query_params.get(FIGURE), request.query_params.get(PART) or FigurePart.ALL
    if not figure:
        return None
    if figure not in FIGURES:
        raise InvalidAddress("manager.error.figure", figure)
    if part not in set(FigurePart):
        raise InvalidAddress("manager.error.part", part)
    processor = server_of(request).processor
    target_s = processor.catalogue.times.service_level_s
    return figure_condition(figure, FigurePart(part), target_s, processor.clock())


def figure_in_words(given: Mapping[str, str], texts: Texts) -> str:
    """`Greeted in time: no`."""
    if FIGURE not in given:
        return ""
    name = texts.say(f"figure.{given[FIGURE]}")
    part = given.get(PART, FigurePart.ALL)
    return name if part == FigurePart.ALL else texts.say(f"manager.log.figure.{part}", figure=name)


def given_parameters(request: Request) -> dict[str, str]:
    """The parameters of the address that say which visits are shown, and in which order."""
    names = (*VISITS, SORT, ORDER)
    return {name: value for name in names if (value := request.query_params.get(name, "").strip())}


def requested_sort(request: Request) -> Sort:
    """The order in the address; by arrival, the newest first, without one that the log knows."""
    column, order = request.query_params.get(SORT, ""), request.query_params.get(ORDER, "")
    if column not in SORTS:
        column = ARRIVAL
    return Sort(column, order != "asc")
