"""Making a store: the folder with settings to edit, keys, and an empty log."""

import contextlib
import json
import re
import sqlite3
import time
from pathlib import Path

from assets.paths import DEMO_STORE

from . import accounts, first_run, managers
from .control import make_control_key
from .folder import Folder, FolderError, Lock, write_secret
from .keys import make_server_key
from .settings import load_settings
from .store import connect, explain, migrate, transaction


def make_store(path: Path, name: str | None, password: str | None, template: Path | None = None) -> Folder:
    """Makes a store in `path`, which may exist but must not be a store already.

    `template` is the store.toml to begin with, by default the demo's electronics shop: a full,
    working example is easier to change than an empty page is to fill. Without a password the first
    manager chooses one, in a browser on this computer or by the link of `first_run`. Raises FolderError,
    AccountError or SettingsError; a folder that could not be finished is no store.
    """
    folder = Folder(path)
    if folder.settings.exists() or folder.server_key.exists() or folder.store.exists():
        raise FolderError(f"{path}: is a store already; choose another folder")
    folder.check_owner()
    hashed = None if password is None else managers.hash_password(password)
    before = set(path.iterdir()) if path.is_dir() else None
    try:
        path.mkdir(parents=True, exist_ok=True)
        _fill(folder, name, hashed, template or DEMO_STORE)
    except BaseException as error:
        _take_back(path, before)
        if isinstance(error, OSError | sqlite3.Error):
            why = error.strerror if isinstance(error, OSError) else explain(error)
            raise FolderError(f"{path}: cannot be written ({why}); choose another folder") from error
        raise
    return folder


def _fill(folder: Folder, name: str | None, hashed: str | None, template: Path) -> None:
    text = template.read_text("utf-8")
    if name is not None:
        # TOML's strings are JSON's, but for the two halves into which JSON splits a smiley.
        line = f"name = {json.dumps(name, ensure_ascii=False)}"
        text = re.sub(r"(?m)^name = .*$", lambda _: line, text, count=1)
    folder.settings.write_text(text, "utf-8")
    load_settings(folder.settings)
    write_secret(folder.control_key, make_control_key() + "\n")
    with Lock(folder):
        migrate(folder.store)
        with contextlib.closing(connect(folder.store)) as db, transaction(db):
            if hashed is not None:
                managers.add_first(db, hashed, time.time_ns() // 1_000_000)
            accounts.mirror_catalogue(db, load_settings(folder.settings).catalogue())
    if hashed is None:
        first_run.code(folder)
    make_server_key(folder.server_key)  # last: a folder with this key is a finished store


def _take_back(path: Path, before: set[Path] | None) -> None:
    """Leaves the folder as it was, so that the same command works once its reason to fail is gone."""
    with contextlib.suppress(OSError):
        for made in set(path.iterdir()) - (before or set()):
            made.unlink()
        if before is None:
            path.rmdir()
