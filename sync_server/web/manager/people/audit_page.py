"""The page of the audit log: sign-ins and changes, the latest first."""

import asyncio
from datetime import datetime
from typing import ClassVar
from urllib.parse import urlencode

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response

from sync_server.service.audit.audit_log import COMMAND_LINE, KEEP_MS, AuditAction, AuditLine, read_lines
from sync_server.service.storage.connection import reading
from sync_server.web.http.app_state import server_of
from sync_server.web.http.templates import Context
from sync_server.web.manager.layout import framed_page

AUDIT = "/manager/audit"
LINES = 60  # on a page
DAY_MS = 86_400_000
MAX_WHO = 80


class ShownAuditLine(Struct, frozen=True):
    """A line. `action` is the last part of the key of its text; `by_command`: a command did it."""

    at: datetime
    who: str
    action: str
    about: str
    address: str
    device: str
    by_command: bool
    refused: bool


class AuditPage(Context, frozen=True):
    """The page. `who` is whose lines only, empty for all; `older` the address of earlier lines."""

    template: ClassVar[str] = "manager/people/audit.html"

    lines: list[ShownAuditLine]
    who: str
    people: list[str]
    older: str
    keep_days: int


_REFUSED = frozenset(
    {
        AuditAction.SIGN_IN_REFUSED,
        AuditAction.CODE_REFUSED,
        AuditAction.CONFIRM_REFUSED,
        AuditAction.NOT_ALLOWED,
    }
)


async def page(request: Request) -> Response:
    """The page."""
    server, who = server_of(request), request.query_params.get("who", "")[:MAX_WHO]
    given = request.query_params.get("before", "")
    before = int(given) if given.isascii() and given.isdigit() and len(given) < 16 else None

    def read() -> tuple[list[tuple[int, AuditLine]], list[str]]:
        with reading(server.data_dir.store) as db:
            found = read_lines(db, LINES + 1, before, who)
            names = db.execute("SELECT name FROM accounts ORDER BY name").fetchall()
            return found, [name for (name,) in names]

    found, people = await asyncio.to_thread(read)
    local = server.processor.catalogue.local
    shown = [_shown(line, local(line.at)) for _, line in found[:LINES]]
    more = {"who": who} if who else {}
    older = f"{AUDIT}?{urlencode({**more, 'before': found[LINES - 1][0]})}" if len(found) > LINES else ""
    return framed_page(request, "settings", AuditPage(shown, who, people, older, KEEP_MS // DAY_MS))


def _shown(line: AuditLine, at: datetime) -> ShownAuditLine:
    known = {action.value for action in AuditAction}
    action = line.action if line.action in known else AuditAction.CHANGED.value
    return ShownAuditLine(
        at,
        line.who,
        action,
        line.about,
        line.address,
        line.device,
        line.who == COMMAND_LINE,
        action in _REFUSED,
    )
