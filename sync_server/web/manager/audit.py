"""Writes down in the audit log what people do on the manager's pages."""

import logging
import re
import sqlite3

from starlette.requests import Request

from sync_server.service.audit.audit_log import AuditAction, AuditLine, write_line
from sync_server.web.http.app_state import server_of

log = logging.getLogger(__name__)

# The first pattern that a form's path matches says what was done. None: what somebody keeps for themselves.
_ACTIONS: tuple[tuple[str, AuditAction | None], ...] = (
    (r"/manager/log/", None),
    (r"/manager/sign-out", None),  # these write it themselves
    (r"/manager/now/", AuditAction.FLOOR_CHANGED),
    (r"/manager/visits/[^/]+/ask", AuditAction.FLOOR_CHANGED),
    (r"/manager/visits/[^/]+/correct", AuditAction.VISIT_CORRECTED),
    (r"/manager/devices/", AuditAction.DEVICE_DECIDED),
    (r"/manager/device/[^/]+/revoke", AuditAction.DEVICE_REVOKED),
    (r"/manager/device/", AuditAction.DEVICE_CHANGED),
    (r"/manager/walls", AuditAction.WALL_CHANGED),
    (r"/manager/staffing/", AuditAction.PLAN_IMPORTED),
    (r"/manager/settings/", AuditAction.SETTINGS_CHANGED),
)
_EXPORT = re.compile(r"/manager/log\.\w+")
MAX_DEVICE = 60  # characters

_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Mac OS X", "Mac"),
    ("Linux", "Linux"),
)


def note(request: Request, action: AuditAction, about: str = "") -> None:
    """Says more exactly what this form does than its path tells; `about` whom or what it is about."""
    request.state.audit = (action, about)


def action_of(request: Request) -> tuple[AuditAction, str] | None:
    """What a request has done, and about what; None for one that changes nothing."""
    noted: tuple[AuditAction, str] | None = getattr(request.state, "audit", None)
    if noted is not None:
        return noted
    path = request.url.path
    if request.method != "POST":
        return (AuditAction.LOG_DOWNLOADED, request.url.query) if _EXPORT.fullmatch(path) else None
    action = next((what for pattern, what in _ACTIONS if re.match(pattern, path)), AuditAction.CHANGED)
    about = ", ".join(str(value) for value in request.path_params.values()) or path.removeprefix("/manager/")
    return None if action is None else (action, about)


async def write_audit(request: Request, what: tuple[AuditAction, str], who: str | None = None) -> None:
    """Writes a line. Where the disk is full it is logged instead: what was done is done."""
    server = server_of(request)
    account = getattr(request.state, "account", None)
    action, about = what
    line = AuditLine(
        server.processor.clock(),
        who if who is not None else (account.name if account else ""),
        action.value,
        about,
        address_of(request),
        device_of(request),
    )
    try:
        await server.processor.writer.call(lambda db: write_line(db, line))
    except sqlite3.Error as error:
        log.warning("the audit log could not be written (%s): %s", line.action, error)


def address_of(request: Request) -> str:
    """Where the request comes from."""
    return request.client.host if request.client else ""


def device_of(request: Request) -> str:
    """The browser and the system, as far as the browser says: `Firefox, Windows`."""
    said = request.headers.get("user-agent", "")
    found = [next((name for mark, name in marks if mark in said), "") for marks in (_BROWSERS, _SYSTEMS)]
    return ", ".join(part for part in found if part) or said.split("/")[0][:MAX_DEVICE]
