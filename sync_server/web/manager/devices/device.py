"""The page of one device: rename it, make it a kiosk or a tablet, revoke it."""

import sqlite3
from collections.abc import Callable
from typing import ClassVar

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from sync_server.service.auth import devices
from sync_server.service.auth.errors import AccountError
from sync_server.web.http.app_state import server_of
from sync_server.web.http.templates import Context
from sync_server.web.manager.forms import form_token, read_form
from sync_server.web.manager.layout import framed_page

from .device_list import DEVICES, ListedDevice, find_device, not_saved


class DevicePage(Context, frozen=True):
    """The page. `problem` is the key of what went wrong with a form, empty if nothing did."""

    template: ClassVar[str] = "manager/devices/device.html"

    token: str
    device: ListedDevice
    problem: str


class RevokePage(Context, frozen=True):
    """The question whether to revoke the device."""

    template: ClassVar[str] = "manager/devices/revoke.html"

    token: str
    device: ListedDevice


async def page(request: Request) -> Response:
    """The page."""
    return await _device_page(request)


async def change(request: Request) -> Response:
    """Renames the device, or gives it the other role."""
    form = await read_form(request)
    device_id = request.path_params["device"]
    try:
        if "name" in form:
            await _write(request, lambda db: devices.rename_device(db, device_id, form["name"]))
        else:
            await _write(request, lambda db: devices.change_role(db, device_id, form.get("kind", "")))
    except AccountError:
        return await _device_page(request, "manager.devices.bad_name")
    return RedirectResponse(f"/manager/device/{device_id}", 303)


async def revoke(request: Request) -> Response:
    """Asks once more, then revokes the device."""
    if request.method == "GET":
        context = RevokePage(form_token(request), await find_device(request))
        return framed_page(request, "devices", context)
    await read_form(request)
    device_id = request.path_params["device"]
    now = server_of(request).processor.clock()
    try:
        await _write(request, lambda db: devices.revoke_device(db, device_id, now))
    except AccountError:
        raise HTTPException(404) from None
    return RedirectResponse(DEVICES, 303)


async def _device_page(request: Request, problem: str = "") -> Response:
    context = DevicePage(form_token(request), await find_device(request), problem)
    return framed_page(request, "devices", context, 400 if problem else 200)


async def _write(request: Request, work: Callable[[sqlite3.Connection], None]) -> None:
    """Raises AccountError for what is not possible, and 503 if the database cannot be written."""
    try:
        await server_of(request).devices.change(work, request.path_params["device"])
    except sqlite3.Error as error:
        raise not_saved(error) from error
