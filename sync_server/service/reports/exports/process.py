"""Runs an export in a process of its own, and passes on what it writes."""

import asyncio
import contextlib
import shutil
import sys
import tempfile
from collections.abc import AsyncGenerator
from pathlib import Path

import msgspec

from sync_server.service.reports.visit_log import LogFilter
from sync_server.service.storage.data_dir import DataDir

from .formats import Format

CHILD = f"{__package__}.child"
FOLDER = "exports"  # in the data directory: temporary files, which hold what shoppers said
PIECE_BYTES = 65_536


class ExportFailed(Exception):
    """The process ended before it had written the whole file."""


def remove_leftovers(data_dir: DataDir) -> None:
    """Removes temporary files of exports that a power cut ended. To be called before the first export."""
    shutil.rmtree(data_dir.path / FOLDER, ignore_errors=True)


async def export(data_dir: DataDir, kind: Format, log_filter: LogFilter) -> AsyncGenerator[bytes, None]:
    """The file piece by piece. The process ends when nobody reads any more, and its files with it.

    Raises ExportFailed where it ends too early: its log line says why.
    """
    with _temporary_folder(data_dir) if kind is Format.XLSX else contextlib.nullcontext("") as folder:
        async with contextlib.aclosing(_run(data_dir.store, kind, log_filter, folder)) as pieces:
            async for piece in pieces:
                yield piece


def _temporary_folder(data_dir: DataDir) -> tempfile.TemporaryDirectory[str]:
    folder = data_dir.path / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    return tempfile.TemporaryDirectory(dir=folder)


async def _run(store: Path, kind: Format, log_filter: LogFilter, folder: str) -> AsyncGenerator[bytes, None]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", CHILD, kind, str(store.absolute()), folder,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(msgspec.json.encode(log_filter))
        process.stdin.close()
        while piece := await process.stdout.read(PIECE_BYTES):
            yield piece
        if await process.wait() != 0:
            raise ExportFailed(f"the export as {kind} ended too early")
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
