"""Creates a store: a data directory with settings to edit, keys, and an empty log."""

import contextlib
import json
import re
import sqlite3
from pathlib import Path

from assets.paths import DEMO_STORE
from sync_server.service.auth import managers, setup_link
from sync_server.service.auth.server_key import make_server_key
from sync_server.service.config.load import load_settings
from sync_server.service.settings import first_steps
from sync_server.service.storage import catalogue_mirror
from sync_server.service.storage.connection import connect, transaction
from sync_server.service.storage.data_dir import DataDir, DataDirError, DataDirLock
from sync_server.service.storage.errors import explain
from sync_server.service.storage.schema.migrate import create_store_file
from sync_server.store_clock import wall_clock


def make_store(path: Path, name: str | None, password: str | None, template: Path | None = None) -> DataDir:
    """Creates a store in `path`, which may exist but must not be a store already.

    `template` is the store.toml to begin with, by default that of the demo's electronics shop: a working
    example is easier to change than an empty file is to fill. Without a password the first manager
    chooses one, in a browser on this computer or by the link of `setup_link`.

    Raises DataDirError, AccountError or SettingsError; then `path` is as it was before.
    """
    data_dir = DataDir(path)
    if data_dir.settings.exists() or data_dir.server_key.exists() or data_dir.store.exists():
        raise DataDirError(f"{path}: is a store already; choose another folder")
    data_dir.check_owner()
    shop = name or load_settings(template or DEMO_STORE).store.name
    hashed = None if password is None else managers.hash_manager_password(password, shop)
    before = set(path.iterdir()) if path.is_dir() else None
    try:
        data_dir.make()
        _fill(data_dir, name, hashed, template or DEMO_STORE)
    except BaseException as error:
        _undo(path, before)
        if isinstance(error, OSError | sqlite3.Error):
            why = error.strerror if isinstance(error, OSError) else explain(error)
            raise DataDirError(f"{path}: cannot be written ({why}); choose another folder") from error
        raise
    return data_dir


def _fill(data_dir: DataDir, name: str | None, hashed: str | None, template: Path) -> None:
    text = template.read_text("utf-8")
    if name is not None:
        # A TOML string is written like one of JSON, except that JSON splits an emoji into two escapes.
        line = f"name = {json.dumps(name, ensure_ascii=False)}"
        text = re.sub(r"(?m)^name = .*$", lambda _: line, text, count=1)
    data_dir.settings.write_text(text, "utf-8")
    load_settings(data_dir.settings)
    with DataDirLock(data_dir):
        create_store_file(data_dir.store)
        with contextlib.closing(connect(data_dir.store)) as db, transaction(db):
            if hashed is not None:
                managers.add_first(db, hashed, wall_clock())
            catalogue_mirror.mirror_catalogue(db, load_settings(data_dir.settings).catalogue())
    if hashed is None:
        setup_link.make_code(data_dir)
        first_steps.begin(data_dir)
    make_server_key(data_dir.server_key)  # last: a directory with this key is a complete store


def _undo(path: Path, before: set[Path] | None) -> None:
    """Leaves the directory as it was, so that the same command works when its cause to fail is gone."""
    with contextlib.suppress(OSError):  # the error that is raised says what is wrong with the disk
        for made in set(path.iterdir()) - (before or set()):
            made.unlink()
        if before is None:
            path.rmdir()
