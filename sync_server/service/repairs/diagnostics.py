"""Diagnostics: one file for somebody who helps a shop from elsewhere.

It says how Welkom, the computer and the store are. It has no name of a person or a shop, no address, no
secret and nothing about shoppers. Whoever hands it on can read all of it first, because it is text.
"""

import platform
import shutil
import sqlite3
import sys
from collections.abc import Iterable
from importlib.metadata import distributions
from typing import Any

import msgspec

from sync_server.service.config.load import SettingsError, load_settings
from sync_server.service.config.model import Settings
from sync_server.service.storage.connection import reading
from sync_server.service.storage.data_dir import DataDir
from sync_server.service.storage.errors import StoreError
from sync_server.version import own_version

from .redaction import LEFT_OUT, Redactor, names_in
from .repair import Repair

_PARTS = (
    "argon2-cffi",
    "babel",
    "h11",
    "jinja2",
    "kivy",
    "msgspec",
    "pyzmq",
    "sqlite-utils",
    "starlette",
    "uvicorn",
)
# The texts of store.toml that are no name, address or secret. Of all others it says whether there is one.
_SHOWN_KEYS = frozenset({"sync", "web", "enrol", "at", "timezone", "default_language"})


def diagnostics(
    data_dir: DataDir, repairs: Iterable[Repair], figures: str, log_lines: Iterable[str]
) -> bytes:
    """The file, as JSON for people. `figures` are the metrics. Reads the store."""
    settings, problems = _settings(data_dir)
    try:
        with reading(data_dir.store) as db:
            names = names_in(db, settings, str(data_dir.path))
            rows: dict[str, Any] = _rows(db)
    except StoreError as error:
        names, rows = [str(data_dir.path)], {"problem": str(error)}
    redactor = Redactor(names)
    told = {
        "welkom": own_version(),
        "computer": _computer(data_dir),
        "parts": _versions(),
        "repairs": [
            {
                "kind": repair.finding.kind.value,
                "severity": repair.severity.value,
                "text": redactor.of(repair.finding.text),
            }
            for repair in repairs
        ],
        "settings": _told_settings(settings) if settings else [redactor.of(one) for one in problems],
        "store": rows,
        "figures": [line for line in figures.splitlines() if line and not line.startswith("#")],
        "log": [redactor.of(line) for line in log_lines],
    }
    return msgspec.json.format(msgspec.json.encode(told), indent=1) + b"\n"


def _settings(data_dir: DataDir) -> tuple[Settings | None, list[str]]:
    try:
        return load_settings(data_dir.settings), []
    except SettingsError as error:
        return None, [str(problem) for problem in error.problems]


def _told_settings(settings: Settings) -> dict[str, Any]:
    return {key: _shape(key, value) for key, value in msgspec.to_builtins(settings).items()}


def _shape(key: str, value: Any) -> Any:
    """Numbers and switches as they are, the number of entries of a list, and few texts."""
    if isinstance(value, dict):
        return {name: _shape(name, one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return len(value)
    if isinstance(value, str) and key not in _SHOWN_KEYS:
        return LEFT_OUT if value else ""
    return value


def _rows(db: sqlite3.Connection) -> dict[str, Any]:
    """How many rows each table has."""
    tables = db.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'")
    return {name: db.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for (name,) in tables.fetchall()}


def _computer(data_dir: DataDir) -> dict[str, Any]:
    disk = shutil.disk_usage(data_dir.path)
    return {
        "system": platform.system(),
        "release": platform.release(),
        "machine": platform.machine(),
        "python": sys.version.split()[0],
        "sqlite": sqlite3.sqlite_version,
        "disk_mb": disk.total // 1_048_576,
        "disk_free_mb": disk.free // 1_048_576,
        "store_mb": data_dir.store.stat().st_size // 1_048_576 if data_dir.store.exists() else None,
    }


def _versions() -> dict[str, str]:
    wanted = set(_PARTS)
    return {one.name.lower(): one.version for one in distributions() if one.name.lower() in wanted}
