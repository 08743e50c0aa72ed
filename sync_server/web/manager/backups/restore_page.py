"""Puts a backup back: says what that means, asks once more, and starts the server again with it."""

import asyncio
from datetime import datetime
from typing import ClassVar

from starlette.requests import Request
from starlette.responses import Response

from sync_server.service.audit.audit_log import AuditAction
from sync_server.service.auth.managers import Account
from sync_server.service.restart import restoring
from sync_server.service.storage.connection import reading
from sync_server.service.upkeep.backup import check
from sync_server.web.http.app_state import server_of
from sync_server.web.http.templates import Context
from sync_server.web.manager.audit import write_audit
from sync_server.web.manager.forms import form_token, read_form
from sync_server.web.manager.layout import framed_page
from sync_server.web.manager.restarting import restarting

from .backup_list import own_backup


class RestorePage(Context, frozen=True):
    """What a restore means. `lost` visits were opened since the backup; `open_visits` are open now.

    `problem` says why it cannot be done, empty if it can.
    """

    template: ClassVar[str] = "manager/backups/restore.html"

    token: str
    name: str
    made: datetime
    lost: int
    open_visits: int
    problem: str


async def page(request: Request) -> Response:
    """Says what will happen, and does it."""
    server = server_of(request)
    backup = await asyncio.to_thread(own_backup, server, request.path_params["name"])
    if request.method == "GET":
        return await _ask(request)
    await read_form(request)
    if findings := await asyncio.to_thread(check, backup.path):
        return await _ask(request, findings[0].text)
    account: Account = request.state.account
    # Into the log that is there now; the restore takes it along.
    await write_audit(request, (AuditAction.RESTORED, backup.path.name))
    between = restoring(server.data_dir, backup.path, account.name, server.processor.clock())
    return restarting(request, between, "/manager/backups")


async def _ask(request: Request, problem: str = "") -> Response:
    server = server_of(request)
    backup = await asyncio.to_thread(own_backup, server, request.path_params["name"])
    made_at = backup.made_at

    def count() -> int:
        with reading(server.data_dir.store) as db:
            rows = db.execute("SELECT count(*) FROM visits WHERE created_at > ?", (made_at,))
            return int(rows.fetchone()[0])

    context = RestorePage(
        form_token(request),
        backup.path.name,
        server.processor.catalogue.local(made_at),
        await asyncio.to_thread(count),
        len(list(server.processor.floor.open_visits())),
        problem,
    )
    return framed_page(request, "settings", context, 400 if problem else 200)
