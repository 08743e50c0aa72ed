"""Downloads a backup as one ZIP file, which is made while it is sent."""

import asyncio
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from sync_server.service.audit.audit_log import AuditAction
from sync_server.web.http.app_state import server_of
from sync_server.web.manager.audit import note

from .backup_list import own_backup

PIECE_BYTES = 1 << 18


class _Pieces:
    """What a ZIP file is written to: keeps the bytes until they are sent."""

    def __init__(self) -> None:
        self._waiting: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._waiting.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing is held back."""

    def take(self) -> bytes:
        """The bytes that have not been taken yet."""
        taken, self._waiting = b"".join(self._waiting), []
        return taken


async def download(request: Request) -> Response:
    """The backup. Its files are in a folder with its name, so that `welkom restore` takes it as it is."""
    backup = await asyncio.to_thread(own_backup, server_of(request), request.path_params["name"])
    note(request, AuditAction.BACKUP_DOWNLOADED, backup.path.name)
    headers = {"Content-Disposition": f'attachment; filename="{backup.path.name}.zip"'}
    return StreamingResponse(zip_pieces(backup.path), media_type="application/zip", headers=headers)


def zip_pieces(folder: Path) -> Iterator[bytes]:
    """The ZIP file of a folder, piece by piece."""
    pieces: Any = _Pieces()  # it can only be written to, and ZipFile needs no more
    with zipfile.ZipFile(pieces, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for path in sorted(folder.iterdir()):
            with (
                path.open("rb") as file,
                archive.open(f"{folder.name}/{path.name}", "w", force_zip64=True) as entry,
            ):
                while data := file.read(PIECE_BYTES):
                    entry.write(data)
                    yield pieces.take()
    yield pieces.take()
