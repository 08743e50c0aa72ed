"""The last step: the first kiosk and the first tablet."""

import asyncio
from typing import ClassVar

from starlette.requests import Request
from starlette.responses import Response

from sync_server.service.auth.devices import list_devices
from sync_server.service.server import Server
from sync_server.service.storage.connection import reading
from sync_server.web.http.app_state import server_of
from sync_server.web.http.templates import Context
from sync_server.web.manager.forms import form_token, read_form

from .assistant_step import after, step_page


class DevicesStep(Context, frozen=True):
    """What is there of each kind, and what to type on a screen that does not find the shop by itself."""

    template: ClassVar[str] = "manager/settings/start_devices.html"

    token: str
    kinds: dict[str, list[str]]
    enrol_address: str


async def devices_step(request: Request) -> Response:
    """Shows what is paired; done when the manager says so."""
    if request.method == "POST":
        await read_form(request)
        return after(request, "devices")
    server = server_of(request)
    kinds = await asyncio.to_thread(_paired, server)
    addresses = server.enrol.network_addresses
    context = DevicesStep(form_token(request), kinds, addresses[0] if addresses else "")
    return step_page(request, "devices", context)


def _paired(server: Server) -> dict[str, list[str]]:
    with reading(server.data_dir.store) as db:
        found = [device for device in list_devices(db) if device.revoked_at is None]
    return {kind: [one.name for one in found if one.kind == kind] for kind in ("kiosk", "staff")}
