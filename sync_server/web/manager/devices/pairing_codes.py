"""Codes that let a new device in without a look at both screens."""

from typing import ClassVar

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from sync_server.protocol import enrol
from sync_server.service.auth.errors import AccountError
from sync_server.service.enrol.requests import PairingCode
from sync_server.web.http.app_state import server_of
from sync_server.web.http.qr_code import qr_svg
from sync_server.web.http.templates import Context, render
from sync_server.web.manager.forms import read_form
from sync_server.web.manager.layout import framed_page, manager_language

from .device_list import DEVICES, devices_page


class CodeStatus(Context, frozen=True):
    """The piece of the page that is renewed: the code while it is valid, then what became of it.

    `code` is None after its time. `minutes` is how long it is still valid, `qr_code` an invitation with the
    code and the addresses for a device with a camera; None once the code is used. `addresses` are all that
    the device may reach the store by, the likeliest first.
    """

    template: ClassVar[str] = "manager/devices/code_live.html"

    code: PairingCode | None
    addresses: list[str]
    minutes: int
    qr_code: Markup | None


class CodePage(Context, frozen=True):
    """The rest of the page. `renew_link` is the address of the piece."""

    template: ClassVar[str] = "manager/devices/code.html"

    renew_link: str


async def make_code(request: Request) -> Response:
    """Makes a code for a new device and shows it."""
    form = await read_form(request)
    try:
        code = server_of(request).enrol.make_code(form.get("kind", ""), form.get("name", ""))
    except AccountError:
        return await devices_page(request, "manager.devices.bad_name")
    return RedirectResponse(f"{DEVICES}/codes/{code.id}", 303)


async def show_code(request: Request) -> Response:
    """The page."""
    context = CodePage(renew_link=request.url.path + "/now")
    return framed_page(request, "devices", context, 200, _code_status(request))


async def code_now(request: Request) -> Response:
    """The piece of the page, which renews itself."""
    return HTMLResponse(render(server_of(request), manager_language(request), _code_status(request)))


def _code_status(request: Request) -> CodeStatus:
    server = server_of(request)
    now = server.processor.clock()
    code = server.enrol.requests.code(request.path_params["code"], now)
    addresses = server.enrol.network_addresses
    is_open = code is not None and code.enrolled is None
    return CodeStatus(
        code=code,
        addresses=addresses,
        minutes=-(-(code.until - now) // 60_000) if code else 0,
        qr_code=qr_svg(enrol.invitation(addresses, code.code)) if code and is_open else None,
    )
