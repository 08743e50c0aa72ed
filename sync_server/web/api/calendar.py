"""The calendar of follow-ups, for calendar programs: an address with a token, and no words about shoppers."""

import asyncio
from datetime import date, datetime, timedelta
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from assets.i18n.texts import Texts
from sync_server.domain.resolution import NOT_FIRST_CONTACT
from sync_server.service.auth.calendars import FollowUpCalendar, find_calendar
from sync_server.service.reports.visit_log import Condition, LogFilter, Sort, visit_log
from sync_server.service.server import Server
from sync_server.service.storage.connection import reading
from sync_server.web.http.app_state import server_of
from sync_server.web.http.templates import need_name

DAYS = 60  # that it goes back
MAX_ENTRIES = 1000
_FOLLOW_UPS = Condition(f"resolution IN ({', '.join(repr(str(r)) for r in NOT_FIRST_CONTACT)})", {})


async def calendar(request: Request) -> Response:
    """The calendar with this token. Raises 404 for one that was removed."""
    server = server_of(request)
    content = await asyncio.to_thread(_read, server, request.path_params["token"])
    if content is None:
        raise HTTPException(404)
    return Response(content, media_type="text/calendar; charset=utf-8")


def _read(server: Server, token: str) -> bytes | None:
    today = date.fromisoformat(server.processor.catalogue.day(server.processor.clock()))
    from_day = (today - timedelta(days=DAYS)).isoformat()
    with reading(server.data_dir.store) as db:
        found = find_calendar(db, token)
        if found is None:
            return None
        wanted = LogFilter(from_day=from_day, state="completed", also=(_FOLLOW_UPS,))
        lines = visit_log(db, wanted, MAX_ENTRIES, sort=Sort())
    return _written(server, found, lines)


def _written(server: Server, calendar: FollowUpCalendar, lines: list[dict[str, Any]]) -> bytes:
    from icalendar import Calendar, Event  # it takes a while, and few shops need it

    catalogue, texts = server.processor.catalogue, Texts(calendar.language)
    written = Calendar()
    written.add("prodid", "-//Welkom//follow-ups//")
    written.add("version", "2.0")
    written.add("x-wr-calname", f"{catalogue.store.name}: {texts.say('manager.programs.calendar.title')}")
    for line in lines:
        employee = catalogue.employee(line["employee"] or "")
        ending = texts.say(f"resolution.{line['resolution']}")
        day = date.fromisoformat(line["day"])
        event = Event()
        event.add("uid", f"{line['visit_id']}@welkom")
        event.add("dtstamp", datetime.fromisoformat(line["ended_at"]))
        event.add("dtstart", day)
        event.add("dtend", day + timedelta(days=1))
        event.add("transp", "TRANSPARENT")
        event.add("summary", f"{line['ticket']} · {need_name(catalogue, line['need'], texts)} · {ending}")
        if employee is not None:
            event.add("description", employee.name)
        written.add_component(event)
    return bytes(written.to_ical())
