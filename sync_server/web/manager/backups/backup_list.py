"""The page Backups: which there are, whether they are sound, and a button for each thing to do with them."""

import asyncio
import logging
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import ClassVar

from msgspec import Struct
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from sync_server.domain.permissions import Permission
from sync_server.service.audit.audit_log import AuditAction
from sync_server.service.repairs.free_disk import size_of
from sync_server.service.restart import RestoreOutcome
from sync_server.service.server import Server
from sync_server.service.upkeep import backup_set
from sync_server.service.upkeep.backup import BackupError, check, read_manifest
from sync_server.service.upkeep.backup_set import Backup, read_backup
from sync_server.web.http.app_state import server_of
from sync_server.web.http.templates import Context
from sync_server.web.manager.access import has_permission
from sync_server.web.manager.audit import note
from sync_server.web.manager.forms import form_token, read_form
from sync_server.web.manager.layout import framed_page

BACKUPS = "/manager/backups"

log = logging.getLogger(__name__)


class Soundness(StrEnum):
    """How sure it is that a backup can be restored."""

    WHEN_MADE = "when_made"  # it was verified when it was made; its files are all there
    NOW = "now"  # it was read through since this server started
    DAMAGED = "damaged"


class ListedBackup(Struct, frozen=True):
    """A backup. `made` in the store's time; `name` that of its folder, `whose` that of its shop.

    `own`: it is of this shop, so it can be restored here. `detail` says what is wrong with a damaged one.
    """

    name: str
    made: datetime | None
    megabytes: float
    whose: str
    own: bool
    soundness: Soundness
    detail: str = ""


class BackupsPage(Context, frozen=True):
    """The page. `at` is the time of the nightly backup, empty for none; `failed` why the latest one failed.

    `made` and `checked` say that a button has just done that. `restored` is what came of a restore.
    """

    template: ClassVar[str] = "manager/backups/backups.html"

    token: str
    may_manage: bool
    folder: str
    at: str
    keep: int
    backups: list[ListedBackup]
    failed: str
    made: bool
    checked: bool
    restored: RestoreOutcome | None
    restored_to: datetime | None


class CheckedBackups:
    """What reading backups through has found, by their names: empty texts for sound ones."""

    def __init__(self) -> None:
        self.found: dict[str, str] = {}


async def page(request: Request) -> Response:
    """The page."""
    server, query = server_of(request), request.query_params
    listed = await asyncio.to_thread(list_backups, server, checked_backups(request))
    restored, local = server.restored, server.processor.catalogue.local
    context = BackupsPage(
        token=form_token(request),
        may_manage=has_permission(request, Permission.MANAGE),
        folder=str(server.backup_scheduler.backups_dir),
        at=server.settings.backup.at,
        keep=server.settings.backup.keep,
        backups=listed,
        failed=server.backup_scheduler.problem or "",
        made="made" in query,
        checked="checked" in query,
        restored=restored,
        restored_to=local(restored.made_at) if restored and restored.made_at else None,
    )
    return framed_page(request, "settings", context)


async def make(request: Request) -> Response:
    """Makes a backup now."""
    await read_form(request)
    scheduler = server_of(request).backup_scheduler
    note(request, AuditAction.BACKED_UP)
    await scheduler.make_backup()
    return RedirectResponse(BACKUPS if scheduler.problem else f"{BACKUPS}?made", 303)


async def check_one(request: Request) -> Response:
    """Reads a backup through."""
    await read_form(request)
    path = find_path(server_of(request), request.path_params["name"])
    findings = await asyncio.to_thread(check, path)
    checked_backups(request).found[path.name] = findings[0].text if findings else ""
    note(request, AuditAction.BACKED_UP, f"check {path.name}")
    return RedirectResponse(f"{BACKUPS}?checked", 303)


def checked_backups(request: Request) -> CheckedBackups:
    """What was found out since this server started."""
    found: CheckedBackups = request.app.state.checked_backups
    return found


def find_path(server: Server, name: str) -> Path:
    """The backup of this name in the folder of backups. Raises 404 where there is none."""
    for path in backup_set.backups(server.backup_scheduler.backups_dir):
        if path.name == name:
            return path
    raise HTTPException(404)


def own_backup(server: Server, name: str) -> Backup:
    """The backup of this name, if it is one of this shop. Raises 404 where there is none."""
    path = find_path(server, name)
    try:
        backup = read_backup(path)
    except BackupError as error:
        log.warning("a backup cannot be used: %s", error)
        raise HTTPException(404) from error
    if not backup_set.is_of(backup, backup_set.owner_of(server.data_dir)):
        raise HTTPException(404)
    return backup


def list_backups(server: Server, checked: CheckedBackups) -> list[ListedBackup]:
    """All backups in the folder, the latest first."""
    owner = backup_set.owner_of(server.data_dir)
    return [
        _listed(server, path, owner, checked)
        for path in backup_set.backups(server.backup_scheduler.backups_dir)
    ]


def _listed(server: Server, path: Path, owner: backup_set.Owner, checked: CheckedBackups) -> ListedBackup:
    megabytes = size_of(path) / 1_048_576
    try:
        backup, manifest = read_backup(path), read_manifest(path)
    except BackupError as error:
        return ListedBackup(path.name, None, megabytes, "", False, Soundness.DAMAGED, str(error))
    missing = next((name for name in manifest.files if not (path / name).is_file()), "")
    detail = f"{path / missing}: is missing" if missing else checked.found.get(path.name, "")
    if detail:
        soundness = Soundness.DAMAGED
    else:
        soundness = Soundness.NOW if path.name in checked.found else Soundness.WHEN_MADE
    return ListedBackup(
        path.name,
        server.processor.catalogue.local(backup.made_at),
        megabytes,
        manifest.name or Path(manifest.store).name,
        backup_set.is_of(backup, owner),
        soundness,
        detail,
    )
