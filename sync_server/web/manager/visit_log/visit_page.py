"""One visit: what happened and when, the notes and the comment while they are stored, and the figures."""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

from msgspec import Struct
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from assets.i18n.texts import Texts
from sync_server.domain import events as ev
from sync_server.domain.catalogue.catalogue import Catalogue
from sync_server.domain.events import Record
from sync_server.domain.floor import offline_ops
from sync_server.domain.permissions import Permission
from sync_server.domain.visit.misses import PresenceAt, explain
from sync_server.service.auth.devices import list_devices
from sync_server.service.reports import presence_log, visit_log
from sync_server.service.server import Server
from sync_server.service.storage import catalogue_mirror, event_log
from sync_server.service.storage.connection import reading
from sync_server.web.http import formatting
from sync_server.web.http.app_state import server_of
from sync_server.web.http.templates import Context, need_name, texts_of
from sync_server.web.manager.access import has_permission
from sync_server.web.manager.layout import framed_page, manager_language
from sync_server.web.manager.now.actions import account_name

from .corrections import changes_of
from .log_rows import LogRow, log_row
from .miss_texts import MissText, miss_text

CLOCK_OFF_MS = 60_000  # a device's clock that is off by less is not worth a word


class TimelineEntry(Struct, frozen=True):
    """One thing that happened. `words` are a note or a comment; empty without one, and once it is deleted.

    `where` says on which device, and `doubt` how sure its time is; both may be empty.
    """

    at: datetime
    sentence: str
    where: str
    doubt: str
    words: str


class VisitDetailPage(Context, frozen=True):
    """The page. `day` is the visit's date, `tip` and `gift` are texts of the catalogue, empty without one.

    `goodwill` is an amount, `keep_h` for how many hours after the end words about the shopper are stored.
    `misses` say what went wrong and why. `taps` is how many it took at the kiosk, and `cause` what a manager
    found out about why it was not solved or not easy; both are empty if that is not known. `may_correct`: the
    visit has ended and this person may correct it; `may_erase`: they may remove what was said about the
    shopper.
    """

    template: ClassVar[str] = "manager/visit_log/visit.html"

    row: LogRow
    ticket_name: str
    steps: list[TimelineEntry]
    tip: str
    gift: str
    goodwill: str
    keep_h: int
    misses: list[MissText]
    taps: str
    cause: str
    may_correct: bool
    may_erase: bool


class _Found(Struct, frozen=True):
    """What the database has about the visit, and the names of people and devices."""

    line: Mapping[str, Any]
    records: list[Record]
    presences: list[PresenceAt]
    employees: Mapping[str, str]
    devices: Mapping[str, str]


async def page(request: Request) -> Response:
    """The page. Raises 404 for a visit that there never was."""
    server = server_of(request)
    found = await asyncio.to_thread(_read, server, request.path_params["visit"])
    if found is None:
        raise HTTPException(404)
    catalogue = server.processor.catalogue
    texts = texts_of(manager_language(request))
    misses = explain(found.records, found.presences, catalogue, server.processor.clock())
    completed = next((r.event for r in reversed(found.records) if isinstance(r.event, ev.Completed)), None)
    cents = found.line["goodwill_cents"]
    context = VisitDetailPage(
        row=log_row(found.line, catalogue, found.employees, server.processor.clock()),
        ticket_name=texts.ticket_name(found.line["ticket"]),
        steps=[_step(at, found, catalogue, texts) for at in range(len(found.records))],
        tip=_text(catalogue.tips, completed.tip if completed else None, texts),
        gift=_text(catalogue.gifts, completed.gift if completed else None, texts),
        goodwill=texts.money(cents, catalogue.store.currency) if cents else "",
        keep_h=server.settings.privacy.keep_descriptions_h,
        misses=[miss_text(miss, found.employees, texts) for miss in misses],
        taps=str(found.line["taps"] or ""),
        cause=_cause(found.line, texts),
        may_correct=found.line["ended_at"] is not None and has_permission(request, Permission.MANAGE),
        may_erase=has_permission(request, Permission.MANAGE),
    )
    return framed_page(request, "log", context)


def _cause(line: Mapping[str, Any], texts: Texts) -> str:
    if not line["root_cause"]:
        return ""
    done = f" · {texts.say('manager.learning.is_done')}" if line["followed_up"] else ""
    return texts.say(f"manager.cause.{line['root_cause']}") + done


def _read(server: Server, visit_id: str) -> _Found | None:
    with reading(server.data_dir.store) as db:
        line = visit_log.visit(db, visit_id)
        if line is None:
            return None
        return _Found(
            line=line,
            records=(records := list(event_log.records_of(db, visit_id))),
            presences=presence_log.presences(db, records[0].occurred_at, records[-1].at) if records else [],
            employees=dict(catalogue_mirror.employee_names(db)),
            devices={entry.device_id: entry.name for entry in list_devices(db)},
        )


def _step(at: int, found: _Found, catalogue: Catalogue, texts: Texts) -> TimelineEntry:
    record = found.records[at]
    if isinstance(record.event, ev.Corrected | ev.FoundCompleted):
        sentence = _correction(at, record.event, found, catalogue, texts)
    else:
        sentence = _sentence(record, found, catalogue, texts)
    on_device = record.device_id if not isinstance(record.event, ev.Opened) else None
    return TimelineEntry(
        at=catalogue.local(record.occurred_at),
        sentence=sentence,
        where=found.devices.get(on_device or "", on_device or ""),
        doubt=_doubt(record, catalogue, texts),
        words=getattr(record.event, "note", None) or getattr(record.event, "comment", None) or "",
    )


def _doubt(record: Record, catalogue: Catalogue, texts: Texts) -> str:
    """What to know about the time of a step: a tap that reached the server later, a clock that was off."""
    if record.device_id is None:
        return ""
    if record.happened_at is not None:
        arrived = catalogue.local(record.at)
        same_day = arrived.date() == catalogue.local(record.happened_at).date()
        time = texts.time(arrived) if same_day else texts.moment(arrived)
        return texts.say("manager.visit.late", time=time)
    if record.at_device is not None and record.ahead_ms is None:
        return texts.say("manager.visit.clock_unknown")
    if record.ahead_ms is not None and abs(record.ahead_ms) > CLOCK_OFF_MS:
        return texts.say("manager.visit.clock_off", time=formatting.duration(abs(record.ahead_ms) / 1000))
    return ""


def _correction(
    at: int, event: ev.Corrected | ev.FoundCompleted, found: _Found, catalogue: Catalogue, texts: Texts
) -> str:
    """What was corrected, by whom and why."""
    before = offline_ops.rebuild_visit(found.records[:at])
    changes = changes_of(event, before, found.employees, catalogue, texts) if before else []
    return texts.say(
        f"manager.event.{type(event).__struct_config__.tag}",
        name=found.records[at].actor.partition(":")[2] or texts.say("manager.visit.somebody"),
        changes="; ".join(f"{texts.say(c.name)}: {c.before} → {c.after}" for c in changes),
        why=texts.inside(texts.say(f"manager.correct.because.{event.because}")),
    )


def _sentence(record: Record, found: _Found, catalogue: Catalogue, texts: Texts) -> str:
    """What happened, in words: `Maya was on the way`. What a manager did has their name behind it."""
    sentence = _what_happened(record, found, catalogue, texts)
    name = account_name(record.actor)
    return texts.say("manager.event.by", sentence=sentence, name=name) if name else sentence


def _what_happened(record: Record, found: _Found, catalogue: Catalogue, texts: Texts) -> str:
    event = record.event
    values: dict[str, Any] = {}
    if employee := getattr(event, "employee", None):
        values["name"] = found.employees.get(employee, employee)
    match event:
        case ev.Opened(source=source):
            device = found.devices.get(record.device_id or "", record.device_id or "")
            return texts.say(f"manager.event.opened.{source}", device=device)
        case ev.HandedOver(need=need):
            values["need"] = need_name(catalogue, need, texts)
        case ev.Completed(resolution=resolution):
            values["resolution"] = texts.inside(texts.say(f"resolution.{resolution}"))
        case ev.Removed(None, because):
            why = texts.inside(texts.say(f"manager.removed.{because or 'other'}"))
            return texts.say("manager.event.taken_out", reason=why)
        case ev.LookedInto(cause, done):
            why = texts.inside(texts.say(f"manager.cause.{cause}"))
            return texts.say(
                "manager.event.follow_up_done" if done else "manager.event.looked_into", cause=why
            )
        case ev.HelpWanted(wanted=False):
            return texts.say("manager.event.help_not_wanted", **values)
        case ev.AskedAgain(everybody=True):
            return texts.say("manager.event.asked_everybody")
        case ev.Rated(ces=None):
            return texts.say("manager.event.commented")
        case ev.Rated(ces=ces):
            values["effort"] = texts.inside(texts.say(f"effort.{ces}"))
    return texts.say(f"manager.event.{type(event).__struct_config__.tag}", **values)


def _text(entries: Any, code: str | None, texts: Texts) -> str:
    """The text of a tip or a gift; its code where the catalogue has it no more."""
    found = next((entry for entry in entries if entry.code == code), None)
    return texts.text(found.text) if found else code or ""
