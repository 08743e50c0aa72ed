"""The floor at this moment: what needs the manager, who waits, what everybody does, and the devices."""

import asyncio
import logging
import shutil
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import ClassVar

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from sync_server.domain import ops
from sync_server.domain.alerts import MIN_FREE_BYTES, KioskContact, find_alerts
from sync_server.domain.catalogue.catalogue import Employee
from sync_server.domain.events import Presence
from sync_server.domain.floor.floor import Floor
from sync_server.domain.lateness import is_late
from sync_server.domain.ops import ActorKind
from sync_server.domain.permissions import Permission
from sync_server.domain.visit.visit import IN_LINE, Visit
from sync_server.service.auth.devices import DeviceEntry, list_devices
from sync_server.service.server import Server
from sync_server.service.staffing.planned_shifts import shifts_between
from sync_server.service.storage.connection import reading
from sync_server.service.sync.device_reports import DeviceTrouble
from sync_server.service.upkeep.backup import BackupError
from sync_server.service.upkeep.backup_set import remove, size_of, spare_backups
from sync_server.web.http.app_state import server_of
from sync_server.web.http.sse import event_stream, html_events
from sync_server.web.http.templates import Context, render, texts_of
from sync_server.web.manager.access import has_permission, while_signed_in
from sync_server.web.manager.forms import form_token, read_form
from sync_server.web.manager.late_visits import EVERYBODY, LateVisitReader
from sync_server.web.manager.layout import framed_page, manager_language

from .actions import act
from .alert_list import FromDisk, ShownAlert, shown_alerts
from .at_kiosks import AtKiosks, at_kiosks

log = logging.getLogger(__name__)

NOW = "/manager/now"
INTERVAL_S = 20.0  # the clocks on the page are this old at most
MIN_INTERVAL_S = 1.0
MAX_ROWS = 30  # of those who wait: the longest waits. The rest is counted


class WaitingVisit(Struct, frozen=True):
    """A visit in line. `offered_to` is the employee who is being asked to take it."""

    visit: Visit
    waited_s: float
    offered_to: Employee | None
    is_late: bool


class PersonOnFloor(Struct, frozen=True):
    """An employee who is on the floor.

    `visit` is the one they are helping with, `on_hold` how many they have put on hold, and `for_s` how many
    seconds their presence has been the same.
    """

    employee: Employee
    presence: Presence
    visit: Visit | None
    on_hold: int
    for_s: float


class DeviceHealth(Struct, frozen=True):
    """A kiosk or tablet. `seen` is when it was last connected, in the store's time; None: never.

    `holder` is who is signed in on a tablet, empty if nobody is. `put_away`: it is not in use today.
    """

    entry: DeviceEntry
    online: bool
    seen: datetime | None
    holder: str
    troubles: list[DeviceTrouble]
    put_away: bool


class FloorPiece(Context, frozen=True):
    """The piece of the page that its events renew: who waits, the longest first, and who is on the floor.

    `in_line` counts all who wait, `waiting` are the rows that are shown. `being_helped` counts the visits
    not in line, `offline` the devices that are not connected.
    """

    template: ClassVar[str] = "manager/now/floor.html"

    alerts: list[ShownAlert]
    in_line: int
    longest_s: float
    waiting: list[WaitingVisit]
    people: list[PersonOnFloor]
    being_helped: int
    at_kiosks: AtKiosks
    devices: list[DeviceHealth]
    offline: int
    token: str
    may_manage: bool


class NowPage(Context, frozen=True):
    """The rest of the page. `problem` is why something was not done, empty otherwise."""

    template: ClassVar[str] = "manager/now/now.html"

    problem: str


async def page(request: Request) -> Response:
    """The page."""
    return await _page(request)


async def _page(request: Request, problem: str = "") -> HTMLResponse:
    found = await asyncio.to_thread(_read, server_of(request))
    floor = _floor_piece(request, found)
    return framed_page(request, "now", NowPage(problem), 409 if problem else 200, floor)


async def events(request: Request) -> Response:
    """The floor again after each change."""
    language = manager_language(request)
    form_token(request)  # made now, because the cookie can be set only before the first event

    async def render_floor() -> tuple[str, bool]:
        found = await asyncio.to_thread(_read, server_of(request))
        context = _floor_piece(request, found)
        # In a thread: with hundreds in line this takes longer than an op should wait.
        return await asyncio.to_thread(render, server_of(request), language, context), False

    return event_stream(
        html_events(
            server_of(request), None, while_signed_in(request, render_floor), INTERVAL_S, MIN_INTERVAL_S
        )
    )


async def ask_again(request: Request) -> Response:
    """Starts the asking again, on demand without skills; the page then shows who is asked."""
    form = await read_form(request)
    op = ops.AskAgain(request.path_params["visit"], form.get("whom") == EVERYBODY)
    problem = await act(request, op)
    return await _page(request, problem) if problem else RedirectResponse(NOW, 303)


async def ask_all(request: Request) -> Response:
    """Starts the asking again for every visit that waits too long and that nobody is asked for."""
    await read_form(request)
    processor, problem = server_of(request).processor, ""
    reader = LateVisitReader(processor.floor, processor.clock())
    late = [reader.read(visit) for visit in processor.floor.line() if visit.alerted_at is not None]
    for one in late:
        if one.may_ask_again or one.may_ask_everybody:
            problem = await act(request, ops.AskAgain(one.visit.visit_id, not one.may_ask_again)) or problem
    return await _page(request, problem) if problem else RedirectResponse(NOW, 303)


async def put_away(request: Request) -> Response:
    """The manager knows that a kiosk is not in use today."""
    form, server = await read_form(request), server_of(request)
    found = await asyncio.to_thread(_read, server)
    if form.get("kiosk") not in found.for_alerts.kiosks:
        problem = texts_of(manager_language(request)).say("manager.refused.no_kiosk")
    else:
        problem = await act(request, ops.PutAway(form["kiosk"]))
    return await _page(request, problem) if problem else RedirectResponse(NOW, 303)


async def free_backups(request: Request) -> Response:
    """Removes the older backups that the store can do without, if its disk is nearly full."""
    await read_form(request)
    server, problem = server_of(request), ""
    try:
        removed = await asyncio.to_thread(_remove_spare, server)
        log.warning("%d older backups were removed by %s", removed, request.state.account.name)
    except BackupError as error:
        problem = texts_of(manager_language(request)).say("manager.alert.free_backups.failed", why=str(error))
    return await _page(request, problem) if problem else RedirectResponse(NOW, 303)


def _remove_spare(server: Server) -> int:
    free = _free_bytes(server)
    if free is None or free >= MIN_FREE_BYTES:
        return 0  # the page is an old one: there is room
    spare = spare_backups(server.backup_scheduler.backups_dir, server.data_dir)
    for backup in spare:
        remove(backup.path)
    return len(spare)


class _Found(Struct, frozen=True):
    """What is read from the disk: the devices, how many bytes are free, and what the alerts need."""

    devices: list[DeviceEntry]
    free_bytes: int | None
    for_alerts: FromDisk


def _read(server: Server) -> _Found:
    now, catalogue = server.processor.clock(), server.processor.catalogue
    local = catalogue.local(now)
    with reading(server.data_dir.store) as db:
        devices = [entry for entry in list_devices(db) if entry.revoked_at is None]
        shifts = shifts_between(db, local.date(), local.date(), local.tzinfo or UTC)
    free = _free_bytes(server)
    spare = []
    if free is not None and free < MIN_FREE_BYTES:
        spare = spare_backups(server.backup_scheduler.backups_dir, server.data_dir)
    for_alerts = FromDisk(
        kiosks={entry.device_id: entry.name for entry in devices},
        planned=tuple(shift.employee for shift in shifts if shift.starts_at <= now < shift.ends_at),
        spare=len(spare),
        spare_bytes=sum(size_of(backup) for backup in spare),
    )
    return _Found(devices, free, for_alerts)


def _floor_piece(request: Request, found: _Found) -> FloorPiece:
    """It runs in the loop, so it looks closely only at what is shown: hundreds may wait."""
    server = server_of(request)
    floor, at = server.processor.floor, server.processor.clock()
    texts = texts_of(manager_language(request))
    devices = device_health(server, found.devices)
    contacts = _contacts(server, devices)
    alerts = find_alerts(floor, contacts, found.free_bytes, at)
    in_line = sorted(floor.line(), key=lambda visit: visit.created_at)
    return FloorPiece(
        alerts=shown_alerts(alerts, floor, found.for_alerts, texts, at),
        in_line=len(in_line),
        longest_s=(at - in_line[0].created_at) / 1000 if in_line else 0.0,
        waiting=waiting_visits(floor, in_line[:MAX_ROWS], at),
        people=people_on_floor(floor, at),
        being_helped=sum(1 for visit in floor.open_visits() if visit.state not in IN_LINE),
        at_kiosks=at_kiosks(floor, found.for_alerts.kiosks, texts, at),
        devices=devices,
        offline=sum(not device.online for device in devices),
        token=form_token(request),
        may_manage=has_permission(request, Permission.MANAGE),
    )


def waiting_visits(floor: Floor, visits: Sequence[Visit], now: int) -> list[WaitingVisit]:
    """The rows of these visits in line. `now` in ms UTC."""
    catalogue = floor.catalogue
    rows = []
    for visit in visits:
        need = catalogue.need(visit.need)
        target = need.target_wait_s if need else None
        late = is_late(visit.created_at, visit.alerted_at, target, now)
        asked = catalogue.employee(visit.offer_to) if visit.offer_to else None
        rows.append(WaitingVisit(visit, (now - visit.created_at) / 1000, asked, late))
    return rows


def people_on_floor(floor: Floor, now: int) -> list[PersonOnFloor]:
    """The employees who are on the floor, in the catalogue's order; retired ones last. `now` in ms UTC."""
    people = []
    for employee in (*floor.catalogue.employees, *floor.catalogue.retired_entries.employees):
        person = floor.people.get(employee.id)
        if person is None or person.presence is Presence.OFF_FLOOR:
            continue
        visit = floor.visits.get(person.active[-1]) if person.active else None
        for_s = (now - person.since) / 1000
        people.append(PersonOnFloor(employee, person.presence, visit, len(person.holding), for_s))
    return people


def device_health(server: Server, entries: Sequence[DeviceEntry]) -> list[DeviceHealth]:
    """How each device is now: those that are not connected first."""
    connected = {device.device_id for device in server.device_handler.connected_devices}
    floor, catalogue = server.processor.floor, server.processor.catalogue
    found, now = [], server.processor.clock()
    for entry in entries:
        seen_at = _seen_at(server, entry)
        person = floor.holder(entry.device_id)
        holder = catalogue.employee(person.id) if person else None
        found.append(
            DeviceHealth(
                entry,
                entry.device_id in connected,
                None if seen_at is None else catalogue.local(seen_at),
                holder.name if holder else "",
                server.device_handler.troubles(entry.device_id),
                floor.overrides.put_away(entry.device_id, now) is not None,
            )
        )
    return sorted(found, key=lambda device: device.online and not device.troubles)


def _seen_at(server: Server, entry: DeviceEntry) -> int | None:
    return server.device_handler.last_seen.times.get(entry.device_id, entry.seen_at)


def _contacts(server: Server, devices: Sequence[DeviceHealth]) -> list[KioskContact]:
    return [
        KioskContact(device.entry.device_id, device.online, _seen_at(server, device.entry))
        for device in devices
        if device.entry.kind == ActorKind.KIOSK
    ]


def _free_bytes(server: Server) -> int | None:
    try:
        return shutil.disk_usage(server.data_dir.path).free
    except OSError:
        return None
