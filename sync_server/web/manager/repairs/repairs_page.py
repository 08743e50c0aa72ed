"""The page Repairs: what is wrong with the server and its computer, and buttons for what a machine can do."""

import asyncio
import logging
import sqlite3
from collections.abc import Callable
from datetime import datetime
from typing import ClassVar

from msgspec.structs import replace
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from assets.i18n.texts import Texts
from sync_server.domain.permissions import Permission
from sync_server.service.audit.audit_log import AuditAction
from sync_server.service.auth.devices import list_devices, revoke_device
from sync_server.service.auth.errors import AccountError
from sync_server.service.config.load import SettingsError
from sync_server.service.observe.logs import recent
from sync_server.service.repairs import free_disk
from sync_server.service.repairs.diagnostics import diagnostics
from sync_server.service.repairs.repair import RepairAction, Severity
from sync_server.service.server import Server
from sync_server.service.storage.connection import reading
from sync_server.service.storage.data_dir import DataDirError
from sync_server.service.upkeep.backup import BackupError
from sync_server.service.upkeep.doctor import mode_of, open_to_others
from sync_server.service.upkeep.finding import FindingKind, Values
from sync_server.web.http.app_state import server_of
from sync_server.web.http.templates import Context, texts_of
from sync_server.web.manager.access import all_accounts, begin_session, has_permission
from sync_server.web.manager.audit import note
from sync_server.web.manager.forms import form_token, read_form
from sync_server.web.manager.layout import framed_page, manager_language
from sync_server.web.manager.repair_texts import ShownRepair, shown_repair

REPAIRS = "/manager/repairs"
DONE = frozenset({"back_up", "free_backups", "trust_clock", "remove_replaced", "fix_modes", "look"})

log = logging.getLogger(__name__)


class RepairsPage(Context, frozen=True):
    """The page. `urgent` is how many are; `examined` when the disk was looked at last.

    `done` is the action that a button has just done, empty without one; `problem` why one could not be done.
    """

    template: ClassVar[str] = "manager/repairs/repairs.html"

    token: str
    may_manage: bool
    repairs: list[ShownRepair]
    urgent: int
    examined: datetime | None
    done: str
    problem: str


async def page(request: Request) -> Response:
    """The page. What was looked at long ago is looked at again first."""
    await server_of(request).repairs.look_if_old()
    done = next((key for key in request.query_params if key in DONE), "")
    return await _page(request, done)


async def _page(request: Request, done: str = "", problem: str = "") -> Response:
    server, texts = server_of(request), texts_of(manager_language(request))
    may_manage = has_permission(request, Permission.MANAGE)
    repairs = server.repairs.now()
    values = await asyncio.to_thread(_values_of_buttons, server) if repairs else {}
    at = server.repairs.examined_at
    local = server.processor.catalogue.local
    shown = [
        shown_repair(
            one,
            texts,
            may_manage,
            {**values.get(one.finding.kind, {}), **_moment(one.finding.values, local, texts)},
        )
        for one in repairs
    ]
    context = RepairsPage(
        form_token(request),
        may_manage,
        [_without_useless_button(one, values) for one in shown],
        sum(one.severity is Severity.URGENT for one in shown),
        None if at is None else local(at),
        done,
        problem,
    )
    return framed_page(request, "settings", context, 400 if problem else 200)


def _moment(values: Values, local: Callable[[int], datetime], texts: Texts) -> Values:
    """When it was, as the shop writes it, where the finding knows the moment."""
    at = values.get("at")
    return {"day": texts.moment(local(at))} if isinstance(at, int) else {}


def _values_of_buttons(server: Server) -> dict[FindingKind, Values]:
    """What the button for old backups says: how many there are, and what they free."""
    try:
        old = free_disk.old_backups(server.data_dir, server.settings, server.processor.clock())
    except (BackupError, OSError) as error:
        log.debug("old backups could not be counted: %s", error)
        old = free_disk.OldBackups(0, 0)
    return {FindingKind.SPACE: {"n": old.count, "size": old.megabytes}}


def _without_useless_button(repair: ShownRepair, values: dict[FindingKind, Values]) -> ShownRepair:
    if repair.action is RepairAction.FREE_BACKUPS and not values[FindingKind.SPACE]["n"]:
        return replace(repair, action=None)
    return repair


async def look(request: Request) -> Response:
    """Looks at everything again, the store's whole file included."""
    await read_form(request)
    await server_of(request).repairs.look(thoroughly=True)
    note(request, AuditAction.REPAIRED, "look")
    return RedirectResponse(f"{REPAIRS}?look", 303)


async def mend(request: Request) -> Response:
    """Does what a button says. Raises 404 for an action that there is not."""
    form = await read_form(request)
    try:
        action = RepairAction(request.path_params["action"])
    except ValueError:
        raise HTTPException(404) from None
    server = server_of(request)
    note(request, AuditAction.REPAIRED, action.value)
    try:
        if action is RepairAction.PAIR_AGAIN:
            return RedirectResponse(await _pair_again(server, form.get("device", "")), 303)
        await _do(server, action)
        if action is RepairAction.TRUST_CLOCK:
            await _stay_signed_in(request)
    except (AccountError, BackupError, DataDirError, SettingsError) as error:
        log.warning("a repair could not be done: %s", error)
        return await _page(request, problem=str(error))
    except sqlite3.Error as error:
        log.error("a repair could not be written down: %s", error)
        raise HTTPException(503) from error
    await server.repairs.look(thoroughly=False)
    return RedirectResponse(f"{REPAIRS}?{action.value}", 303)


async def _do(server: Server, action: RepairAction) -> None:
    now = server.processor.clock()
    match action:
        case RepairAction.BACK_UP:
            await server.backup_scheduler.make_backup()
            if server.backup_scheduler.problem:
                raise BackupError(server.backup_scheduler.problem)
        case RepairAction.FREE_BACKUPS:
            await asyncio.to_thread(free_disk.free_old_backups, server.data_dir, server.settings, now)
        case RepairAction.TRUST_CLOCK:
            await server.control.do("trust_clock")
        case RepairAction.REMOVE_REPLACED:
            await asyncio.to_thread(free_disk.remove_replaced_stores, server.data_dir, now)
        case _:
            for path in open_to_others(server.data_dir):
                path.chmod(mode_of(path))


async def _stay_signed_in(request: Request) -> None:
    """Begins the session anew: by the clock of now, the old one ended long ago, or has not begun."""
    server, name = server_of(request), request.state.account.name
    accounts = await asyncio.to_thread(all_accounts, server)
    begin_session(request, next(account for account in accounts if account.name == name))


async def _pair_again(server: Server, device_id: str) -> str:
    """Revokes a device whose file two computers use, and makes a code to let one of them in again.

    Returns the page of the code. Raises AccountError.
    """

    def find() -> tuple[str, str]:
        with reading(server.data_dir.store) as db:
            for entry in list_devices(db):
                if entry.device_id == device_id and entry.revoked_at is None:
                    return entry.kind, entry.name
        raise AccountError(f'no device "{device_id}" takes part; look at the page Devices')

    kind, name = await asyncio.to_thread(find)
    if server.enrol.unavailable:
        raise AccountError(f"no device can be paired: {server.enrol.unavailable.text}")
    now = server.processor.clock()
    await server.devices.change(lambda db: revoke_device(db, device_id, now), device_id)
    code = server.enrol.make_code(kind, name)
    return f"/manager/devices/codes/{code.id}"


async def download(request: Request) -> Response:
    """The diagnostics, as a file."""
    server = server_of(request)
    lines, figures, repairs = list(recent.lines), request.app.state.metrics.text(), server.repairs.now()
    figures = figures.decode() if isinstance(figures, bytes) else figures
    content = await asyncio.to_thread(diagnostics, server.data_dir, repairs, figures, lines)
    day = server.processor.catalogue.day(server.processor.clock())
    note(request, AuditAction.DIAGNOSTICS)
    headers = {"Content-Disposition": f'attachment; filename="welkom-diagnostics-{day}.json"'}
    return Response(content, media_type="application/json", headers=headers)
