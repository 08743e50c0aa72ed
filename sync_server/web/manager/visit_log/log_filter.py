"""Reads from the address of the log which visits it shows, and in which order."""

from collections.abc import Mapping

from starlette.requests import Request

from assets.i18n.texts import Texts
from sync_server.service.reports.arrival_hours import arrived_in_hour
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
WEEKDAY, HOUR = "weekday", "hour"  # parameters: 1 is Monday and 7 Sunday; 0 to 23, when the visit was opened
SORT, ORDER = "sort", "order"  # parameters: a column, and `asc` or `desc`
VISITS = (*PARAMETERS, WEEKDAY, HOUR, FIGURE, PART)  # the parameters that say which visits


def requested_filter(request: Request) -> LogFilter:
    """The filter in the address. Empty parameters filter nothing.

    Raises 400 for a wrong date, and InvalidAddress for a figure, a weekday or an hour that there is not.
    """
    given = {
        field: value.strip()[:MAX_FILTER_LENGTH]
        for parameter, field in PARAMETERS.items()
        if (value := request.query_params.get(parameter, "")).strip()
    }
    for field in ("from_day", "to_day"):
        if field in given:
            given[field] = parse_date(given[field]).isoformat()
    weekday = _requested_number(request, WEEKDAY, 1, 7)
    also = (_hour_condition(request), _figure_condition(request))
    return LogFilter(
        **given,
        weekday=None if weekday is None else weekday - 1,
        also=tuple(condition for condition in also if condition is not None),
    )


def _requested_number(request: Request, parameter: str, lowest: int, highest: int) -> int | None:
    """The weekday or hour in the address; None without one. Raises InvalidAddress for any other."""
    text = request.query_params.get(parameter, "").strip()
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 3 and lowest <= int(text) <= highest):
        raise InvalidAddress("manager.error.when", text)
    return int(text)


def _hour_condition(request: Request) -> Condition | None:
    """The visits that were opened in this hour of the shop's day."""
    hour, processor = _requested_number(request, HOUR, 0, 23), server_of(request).processor
    if hour is None:
        return None
    today = processor.catalogue.local(processor.clock())
    return arrived_in_hour(hour, processor.catalogue.zone, today.year)


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
