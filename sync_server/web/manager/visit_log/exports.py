"""Downloads of the visit log: all visits that match the filters, as CSV, JSON lines, Excel or Parquet."""

import asyncio
import contextlib
import shutil
from collections.abc import AsyncGenerator

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from sync_server.service.reports import visit_log
from sync_server.service.reports.exports import process
from sync_server.service.reports.exports.formats import FORMATS, XLSX_BYTES_PER_ROW, Format
from sync_server.service.reports.visit_log import LogFilter
from sync_server.service.server import Server
from sync_server.service.storage.connection import reading
from sync_server.web.http.app_state import server_of
from sync_server.web.manager.day_span import InvalidAddress

from .log_filter import requested_filter

MAX_EXPORTS = 3  # at once: each is a process
FREE_BYTES = 500_000_000  # that stay free on the store's disk


async def export(request: Request) -> Response:
    """The file, with the stable column names of `visit_log`. Times are in UTC.

    Raises 404 for a format that there is not, and InvalidAddress where this server cannot write it now.
    """
    try:
        kind = Format(request.path_params["kind"])
    except ValueError:
        raise HTTPException(404) from None
    server, filters, info = server_of(request), requested_filter(request), FORMATS[kind]
    if not info.is_there:
        raise InvalidAddress("manager.error.export_library", info.install)
    running: set[object] = request.app.state.exports
    if len(running) >= MAX_EXPORTS:
        raise InvalidAddress("manager.error.export_busy", str(MAX_EXPORTS))
    if kind is Format.XLSX and not await asyncio.to_thread(_has_room, server, filters):
        raise InvalidAddress("manager.error.export_room", kind)
    name = "-".join(["visits", *(day for day in (filters.from_day, filters.to_day) if day)])
    return _Download(
        _pieces(server, kind, filters, running),
        media_type=info.media_type,
        headers={"Content-Disposition": f'attachment; filename="{name}.{kind}"'},
    )


class _Download(StreamingResponse):
    """Ends what it reads from as soon as the client does not read any more."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            if isinstance(self.body_iterator, AsyncGenerator):
                await self.body_iterator.aclose()


async def _pieces(
    server: Server, kind: Format, filters: LogFilter, running: set[object]
) -> AsyncGenerator[bytes, None]:
    """What the process writes. It counts among those that run until its last piece is given, or it ended."""
    this = object()
    running.add(this)
    try:
        async with contextlib.aclosing(process.export(server.data_dir, kind, filters)) as pieces:
            async for piece in pieces:
                yield piece
    finally:
        running.discard(this)


def _has_room(server: Server, filters: LogFilter) -> bool:
    """Whether the store's disk has room for the temporary files of a workbook."""
    with reading(server.data_dir.store) as db:
        rows = visit_log.count_visits(db, filters)
    free = shutil.disk_usage(server.data_dir.path).free
    return free >= rows * XLSX_BYTES_PER_ROW + FREE_BYTES
