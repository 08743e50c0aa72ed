"""The devices: who takes part, who asks to be let in, and what the manager may change of each."""

import asyncio
import sqlite3
from datetime import datetime
from typing import Any

from markupsafe import Markup
from msgspec import Struct
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from assets.words import Words
from sync_server.domain.roles import Deed
from sync_server.protocol import enrol
from sync_server.service import accounts, devices
from sync_server.service.accounts import AccountError, KnownKey
from sync_server.service.devices import Known
from sync_server.service.pairing import Code, Turned
from sync_server.service.server import Server
from sync_server.service.store import reading

from . import sse
from .manager import check_token, framed, may_do, server_of, spoken_by, token, while_signed_in
from .pages import draw, words_of

HERE = "/manager/devices"
EVERY_S = 1.0  # who asks and who is there changes without a word from the floor


class Listed(Struct, frozen=True):
    """A device of the list. `seen` is when it was last heard of, in the store's time; None: not known."""

    device: Known
    online: bool
    seen: datetime | None


# --- the list -------------------------------------------------------------------------------------


async def page(request: Request) -> Response:
    return framed(request, "devices.html", "devices", **await _all(request), problem=None)


async def events(request: Request) -> Response:
    """Who asks and who takes part, told anew with every change."""
    language = spoken_by(request)
    said = token(request)

    async def render() -> tuple[str, bool]:
        drawn = draw(server_of(request), "devices_now.html", language, token=said, **await _all(request))
        return drawn, False

    return sse.stream(sse.pieces(server_of(request), None, while_signed_in(request, render), EVERY_S))


async def _all(request: Request) -> dict[str, Any]:
    server = server_of(request)
    rows = await asyncio.to_thread(_known, server)
    online = {device.device_id for device in server.desk.connected}
    listed = [_listed(server, row, online) for row in rows]
    waiting = server.enrolment.pairing.waiting(server.shop.clock())
    words = words_of(spoken_by(request))
    return {
        "manages": may_do(request, Deed.MANAGE),
        "waiting": [(asked, _suggested(words, asked.kind, rows)) for asked in waiting],
        "devices": [one for one in listed if one.device.revoked_at is None],
        "revoked": [one for one in listed if one.device.revoked_at is not None],
        "off": server.enrolment.off,
        "reached_at": server.enrolment.reached_at,
    }


def _known(server: Server) -> list[Known]:
    with reading(server.folder.store) as db:
        return devices.known(db)


def _listed(server: Server, row: Known, online: set[str]) -> Listed:
    at = server.desk.seen.get(row.device_id, row.seen_at)
    seen = None if at is None else server.shop.catalogue.local(at)
    return Listed(row, row.device_id in online, seen)


def _suggested(words: Words, kind: str, rows: list[Known]) -> str:
    """A name nobody has yet: Kiosk 2."""
    taken = {row.name for row in rows}
    number = 1 + sum(1 for row in rows if row.kind == kind and row.revoked_at is None)
    while (name := words.say(f"manager.devices.suggested.{kind}", n=number)) in taken:
        number += 1
    return name


# --- who asks to be let in ------------------------------------------------------------------------


async def decide(request: Request) -> Response:
    """Approves a request or refuses it."""
    form = await _form(request)
    enrolment = server_of(request).enrolment
    request_id = request.path_params["request"]
    try:
        if form.get("decision") == "approve":
            await enrolment.approve(request_id, form.get("name", ""))
        else:
            enrolment.refuse(request_id)
    except Turned:
        return await _problem(request, "manager.devices.gone")
    except KnownKey:
        return await _problem(request, "manager.devices.known")
    except AccountError:
        return await _problem(request, "manager.devices.bad_name")
    except sqlite3.Error as error:
        raise HTTPException(503) from error
    return RedirectResponse(HERE, 303)


async def make_code(request: Request) -> Response:
    form = await _form(request)
    try:
        code = server_of(request).enrolment.make_code(form.get("kind", ""), form.get("name", ""))
    except AccountError:
        return await _problem(request, "manager.devices.bad_name")
    return RedirectResponse(f"{HERE}/codes/{code.id}", 303)


async def show_code(request: Request) -> Response:
    """A code, with a QR code of it, while it is good; then what became of it."""
    return framed(request, "code.html", "devices", **_code(request))


async def code_now(request: Request) -> Response:
    """The piece of that page which changes by itself."""
    return HTMLResponse(draw(server_of(request), "code_now.html", spoken_by(request), **_code(request)))


def _code(request: Request) -> dict[str, Any]:
    server = server_of(request)
    now = server.shop.clock()
    code: Code | None = server.enrolment.pairing.code(request.path_params["code"], now)
    address = server.enrolment.reached_at
    return {
        "code": code,
        "address": address,
        "minutes": -(-(code.until - now) // 60_000) if code else 0,
        "picture": qr(enrol.invitation(address, code.code)) if code and code.enrolled is None else None,
        "again": request.url.path.removesuffix("/now") + "/now",
    }


def qr(text: str) -> Markup:
    """A QR code as a picture inside the page: one path, in modules, with the quiet margin."""
    from qrcode.constants import ERROR_CORRECT_M
    from qrcode.main import QRCode

    made = QRCode(error_correction=ERROR_CORRECT_M, border=4)
    made.add_data(text)
    made.make()
    matrix = made.get_matrix()
    dark = "".join(f"M{x} {y}h1v1h-1z" for y, row in enumerate(matrix) for x, on in enumerate(row) if on)
    size = len(matrix)
    return Markup(
        '<svg class="qr" viewBox="0 0 {0} {0}" aria-hidden="true" shape-rendering="crispEdges">'
        '<path fill="#fff" d="M0 0h{0}v{0}h-{0}z"/><path fill="#000" d="{1}"/></svg>'
    ).format(size, Markup(dark))


# --- one device -----------------------------------------------------------------------------------


async def one(request: Request) -> Response:
    """Its name, its role, and the way to revoke it."""
    return framed(request, "device.html", "devices", one=await _one(request), problem=None)


async def change(request: Request) -> Response:
    """Renames a device, or gives it the other role."""
    form = await _form(request)
    device_id = request.path_params["device"]
    try:
        if "name" in form:
            await _do(request, lambda db: devices.rename(db, device_id, form["name"]))
        else:
            await _do(request, lambda db: devices.move(db, device_id, form.get("kind", "")))
    except AccountError:
        found = await _one(request)
        problem = "manager.devices.bad_name"
        return framed(request, "device.html", "devices", 400, one=found, problem=problem)
    return RedirectResponse(f"/manager/device/{device_id}", 303)


async def revoke(request: Request) -> Response:
    """Asks once more; then shuts the device out."""
    if request.method == "GET":
        return framed(request, "revoke.html", "devices", one=await _one(request))
    await _form(request)
    device_id = request.path_params["device"]
    now = server_of(request).shop.clock()
    try:
        await _do(request, lambda db: accounts.revoke_device(db, device_id, now))
    except AccountError:
        raise HTTPException(404) from None
    return RedirectResponse(HERE, 303)


async def _one(request: Request) -> Listed:
    """Raises 404 for a device that does not take part."""
    server = server_of(request)
    for row in await asyncio.to_thread(_known, server):
        if row.device_id == request.path_params["device"] and row.revoked_at is None:
            return _listed(server, row, {device.device_id for device in server.desk.connected})
    raise HTTPException(404)


async def _do(request: Request, work: Any) -> None:
    """Raises AccountError, or 503 where nothing can be written."""
    try:
        await server_of(request).change_devices(work, request.path_params["device"])
    except sqlite3.Error as error:
        raise HTTPException(503) from error


async def _form(request: Request) -> dict[str, str]:
    """What was sent. Raises 403 for a form that was not drawn for this session."""
    form = await request.form()
    check_token(request, form.get("token"))
    return {key: str(value) for key, value in form.items()}


async def _problem(request: Request, text: str) -> Response:
    return framed(request, "devices.html", "devices", 400, **await _all(request), problem=text)
