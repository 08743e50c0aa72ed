"""The page Devices: the list of kiosks and tablets, and new ones that ask to be let in."""

import asyncio
import logging
import sqlite3
from datetime import datetime
from typing import ClassVar

from babel.lists import format_list
from msgspec import Struct
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from sync_server.domain.permissions import Permission
from sync_server.service.auth.devices import DeviceEntry, list_devices
from sync_server.service.auth.errors import AccountError, KeyAlreadyEnrolled
from sync_server.service.auth.walls import Wall, list_walls
from sync_server.service.enrol.requests import ApprovalProblem, NotApproved, RequestRefused
from sync_server.service.enrol.service import UnavailableReason
from sync_server.service.server import Server
from sync_server.service.storage.connection import reading
from sync_server.service.sync.device_reports import DeviceTrouble
from sync_server.web.http.app_state import server_of
from sync_server.web.http.shown_walls import ShownWalls
from sync_server.web.http.sse import event_stream, html_events
from sync_server.web.http.templates import Context, render, texts_of
from sync_server.web.manager.access import has_permission, while_signed_in
from sync_server.web.manager.forms import form_token, read_form
from sync_server.web.manager.layout import framed_page, manager_language

from .pairing_requests import AskingScreen, AskingState, Decision, asking_screens

log = logging.getLogger(__name__)

DEVICE = "/manager/device"  # the pages of one device begin with it, and DEVICES does
DEVICES = "/manager/devices"
PROBLEMS = {
    ApprovalProblem.WRONG_DIGITS: "manager.devices.wrong_digits",
    ApprovalProblem.TOO_SOON: "manager.devices.too_soon",
}
MAX_TYPED_DIGITS = 20  # the rest is cut off
INTERVAL_S = 1.0  # a device that asks or connects changes no visit, so nothing else renews the page


class ListedDevice(Struct, frozen=True):
    """A device. `seen` is when it was last connected, in the store's time; None: not known.

    `troubles` are what is wrong with it.
    """

    entry: DeviceEntry
    online: bool
    seen: datetime | None
    troubles: list[DeviceTrouble]


class DeviceList(Context, frozen=True):
    """The piece of the page that its events renew.

    `asking` are the screens that ask, and `waiting` how many of them can be decided on. `unavailable` is why
    no device can be let in, and `settings_file` where to change that. `enrol_address` is what to type on a
    new one, one address or another; empty if it is not known. `walls` are the wall displays, and `shown` the
    numbers of those that are open in a browser.
    """

    template: ClassVar[str] = "manager/devices/devices_live.html"

    token: str
    may_manage: bool
    asking: list[AskingScreen]
    waiting: int
    devices: list[ListedDevice]
    revoked: list[ListedDevice]
    unavailable: UnavailableReason | None
    settings_file: str
    enrol_address: str
    walls: list[Wall]
    shown: set[int]


class DevicesPage(Context, frozen=True):
    """The rest of the page. `problem` is the key of what went wrong with a form, empty if nothing did.

    `wall_code` is the code of a wall display, from the QR code on it or as it was typed; None if neither.
    """

    template: ClassVar[str] = "manager/devices/devices.html"

    problem: str
    wall_code: str | None


async def page(request: Request) -> Response:
    """The page."""
    return await devices_page(request)


async def devices_page(
    request: Request, problem: str = "", failed: Decision | None = None, wall_code: str | None = None
) -> Response:
    """The page, with what went wrong if a form could not be done: `failed` if it was that of a card.

    `wall_code` is what was typed in the form of a wall display, if it was that.
    """
    devices = await _device_list(request, failed)
    status = 400 if problem or failed else 200
    scanned = request.query_params.get("wall")
    wall_code = wall_code if scanned is None else scanned[:MAX_TYPED_DIGITS]
    return framed_page(request, "devices", DevicesPage(problem, wall_code), status, devices)


async def events(request: Request) -> Response:
    """The list again after each change."""
    language = manager_language(request)
    form_token(request)  # made now, because the cookie can be set only before the first event

    async def render_list() -> tuple[str, bool]:
        return render(server_of(request), language, await _device_list(request)), False

    return event_stream(
        html_events(server_of(request), None, while_signed_in(request, render_list), INTERVAL_S)
    )


async def decide(request: Request) -> Response:
    """Approves a device that asks, or refuses it."""
    form = await read_form(request)
    enrol = server_of(request).enrol
    request_id = request.path_params["request"]
    digits, name = form.get("digits", "")[:MAX_TYPED_DIGITS], form.get("name", "")
    try:
        if form.get("decision") == "approve":
            enrol.requests.check_settled(request_id, server_of(request).processor.clock())
            await enrol.approve(request_id, digits, name)
        else:
            enrol.refuse(request_id)
    except RequestRefused:
        return await devices_page(request, "manager.devices.gone")
    except KeyAlreadyEnrolled:
        return await devices_page(request, "manager.devices.known")
    except NotApproved as error:
        failed = Decision(request_id, digits, name, PROBLEMS[error.why])
        return await devices_page(request, failed=failed)
    except AccountError:
        failed = Decision(request_id, digits, name, "manager.devices.bad_name")
        return await devices_page(request, failed=failed)
    except sqlite3.Error as error:
        raise not_saved(error) from error
    return RedirectResponse(DEVICES, 303)


def not_saved(error: sqlite3.Error) -> HTTPException:
    """Logs that the database could not be written, and gives the 503 to raise."""
    log.error("a change of a device could not be saved: %s", error)
    return HTTPException(503)


async def find_device(request: Request) -> ListedDevice:
    """The device in the address. Raises 404 for one that is unknown or revoked."""
    server = server_of(request)
    for entry in await asyncio.to_thread(_read_devices, server):
        if entry.device_id == request.path_params["device"] and entry.revoked_at is None:
            return _listed_device(server, entry)
    raise HTTPException(404)


async def _device_list(request: Request, failed: Decision | None = None) -> DeviceList:
    server = server_of(request)
    entries, walls = await asyncio.to_thread(_read_both, server)
    listed = [_listed_device(server, entry) for entry in entries]
    language = manager_language(request)
    texts = texts_of(language)
    shown_walls: ShownWalls = request.app.state.shown_walls
    asking = asking_screens(server, texts, entries, failed)
    return DeviceList(
        token=form_token(request),
        may_manage=has_permission(request, Permission.MANAGE),
        asking=asking,
        waiting=sum(1 for one in asking if one.state is AskingState.WAITING),
        devices=[one for one in listed if one.entry.revoked_at is None],
        revoked=[one for one in listed if one.entry.revoked_at is not None],
        unavailable=server.enrol.unavailable,
        settings_file=str(server.data_dir.settings),
        enrol_address=format_list(server.enrol.network_addresses, "or", language),
        walls=walls,
        shown={wall.n for wall in walls if wall.n in shown_walls},
    )


def _read_devices(server: Server) -> list[DeviceEntry]:
    with reading(server.data_dir.store) as db:
        return list_devices(db)


def _read_both(server: Server) -> tuple[list[DeviceEntry], list[Wall]]:
    with reading(server.data_dir.store) as db:
        return list_devices(db), list_walls(db)


def _listed_device(server: Server, entry: DeviceEntry) -> ListedDevice:
    online = any(device.device_id == entry.device_id for device in server.device_handler.connected_devices)
    seen_at = server.device_handler.last_seen.times.get(entry.device_id, entry.seen_at)
    seen = None if seen_at is None else server.processor.catalogue.local(seen_at)
    troubles = server.device_handler.troubles(entry.device_id)
    return ListedDevice(entry, online, seen, troubles)
