"""Starts Welkom again for the settings that wait for a start, if it could start with them."""

import asyncio
from contextlib import closing

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from sync_server.addresses import parse_listen_address
from sync_server.service.audit.audit_log import AuditAction
from sync_server.service.net.listen import PortError, check_listen_address, listen, port_error
from sync_server.service.net.tls import load_tls
from sync_server.service.server import Server
from sync_server.service.storage.data_dir import DataDirError
from sync_server.web.http.app_state import server_of
from sync_server.web.manager.audit import note
from sync_server.web.manager.forms import read_form
from sync_server.web.manager.restarting import restarting
from sync_server.web.manager.settings.saving import SETTINGS

from .file_page import shown_file


async def restart(request: Request) -> Response:
    """Has the server start again. What would prevent a start is said, and nothing is stopped."""
    await read_form(request)
    server = server_of(request)
    if not server.live_settings.at_next_start:
        return RedirectResponse(SETTINGS, 303)
    problem = await asyncio.to_thread(what_prevents, server)
    if problem:
        return shown_file(request, problem="manager.settings_file.cannot_start", sentences=(problem,))
    note(request, AuditAction.RESTARTED)
    return restarting(request, lambda: None, SETTINGS)


def what_prevents(server: Server) -> str:
    """Why a server could not start with the settings of now; empty if nothing is known."""
    wanted, live = server.live_settings.current.settings.server, server.live_settings
    own_ports = {parse_listen_address(at).port for at in (server.pages.web, _without_scheme(server)) if at}
    own_ports |= {parse_listen_address(server.enrol.address).port} if server.enrol.address else set()
    try:
        load_tls(server.data_dir, wanted)
        for key in ("sync", "web", "enrol"):
            setting, address = f"server.{key}", str(getattr(wanted, key))
            if setting not in live.at_next_start or not address:
                continue
            check_listen_address(setting, address)
            if parse_listen_address(address).port not in own_ports:
                _try_port(setting, address)
    except (DataDirError, PortError) as error:
        return str(error)
    return ""


def _without_scheme(server: Server) -> str:
    return server.sync_address.removeprefix("tcp://")


def _try_port(setting: str, address: str) -> None:
    try:
        with closing(listen(address)):
            pass
    except OSError as error:
        raise port_error(setting, address, error) from error
