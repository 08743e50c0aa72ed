"""What is wrong with a store, its computer, or what it was told, each in a sentence with the remedy."""

import shutil
import socket
import sqlite3
import stat
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import requests

from . import nightly, tls
from .aside import aside, put_aside_at
from .backup import files_beside
from .control import line_to
from .devices import known
from .finding import Finding
from .folder import Folder, FolderError, running_server
from .keys import load_server_key
from .settings import Settings, SettingsError, load_settings
from .store import StoreError, reading
from .verify import verify_quickly

DAY_MS = 86_400_000
LEAST_FREE = 500 * 1024 * 1024  # bytes
LONG_LOG = 64 * 1024 * 1024  # bytes of the write-ahead log; it is emptied every ten minutes
CERTIFICATE_MS = 14 * DAY_MS
BACKUP_LATE_MS = 36 * 3_600_000
UNSEEN_MS = 7 * DAY_MS
CLOCK_MS = 300_000  # so far the clock may stand before the log's last line
EARLIEST_MS = 1_735_689_600_000  # the first day of 2025: a clock before it was never set
ANSWER_S = 5.0

Found = Iterator[Finding]


def examine(folder: Folder, now: int | None = None) -> list[Finding]:
    """Everything that needs somebody; nothing if all is well. `now` in ms UTC. Raises FolderError."""
    folder.check()
    return list(_all(folder, time.time_ns() // 1_000_000 if now is None else now))


def _all(folder: Folder, now: int) -> Found:
    settings: Settings | None = None
    try:
        settings = load_settings(folder.settings)
    except SettingsError as error:
        for problem in error.problems:
            yield Finding("settings", f"{problem}; mend the line, then `welkom check`")
    yield from _keys(folder)
    yield from _space(folder.path)
    yield from _aside(folder, now)
    yield from _server(folder, settings)
    if settings is not None:
        yield from _certificate(folder, settings, now)
        yield from _phones(settings)
        yield from _time_zone(settings, now)
    if not folder.store.exists():
        yield Finding("store", f"{folder.store}: is not there; put back a backup with `welkom restore`")
        return
    unsound = verify_quickly(folder.store, now)
    yield from unsound
    yield from _write_ahead(folder)
    if not unsound:
        yield from _kept(folder, settings, now)


# --- files ---------------------------------------------------------------------------------------


def _keys(folder: Folder) -> Found:
    try:
        load_server_key(folder.server_key)
    except FolderError as error:
        yield Finding("keys", str(error))
    if not folder.control_key.exists():
        yield Finding(
            "keys",
            f"{folder.control_key}: is not there, so commands cannot reach a running server;"
            " put back your copy of it, or stop the server for each command",
        )
    secret = [path for path in files_beside(folder.path) if path.suffix == ".key" or _is_key(path)]
    for path in [*secret, folder.store]:
        if path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077:
            yield Finding("modes", f"{path}: others on this computer can read it; `chmod 600 {path}`")


def _is_key(path: Path) -> bool:
    try:
        return path.suffix == ".pem" and b"PRIVATE KEY" in path.read_bytes()
    except OSError:
        return False


def _space(path: Path) -> Found:
    free = shutil.disk_usage(path).free
    if free < LEAST_FREE:
        yield Finding(
            "space",
            f"{path}: {free // 1_048_576} MB are free on this disk, {LEAST_FREE // 1_048_576} MB should be;"
            " remove what is not needed, before nothing can be saved",
        )


def _aside(folder: Folder, now: int) -> Found:
    for path in aside(folder):
        if now - put_aside_at(path) > DAY_MS:
            yield Finding(
                "aside",
                f"{path}: the store of before a restore is still here; if all is well, remove it,"
                " for it holds a copy of all keys",
            )


def _write_ahead(folder: Folder) -> Found:
    path = folder.path / f"{folder.store.name}-wal"
    size = path.stat().st_size if path.exists() else 0
    if size > LONG_LOG:
        yield Finding(
            "store",
            f"{path}: has grown to {size // 1_048_576} MB, because some program holds the store;"
            " close SQL tools, or start the server again",
        )


# --- the server ----------------------------------------------------------------------------------


def _server(folder: Folder, settings: Settings | None) -> Found:
    if running_server(folder) is None:
        yield Finding("server", f"no server runs here; `welkom server --data {folder.path}` starts it")
        if settings is not None:
            yield from _ports(settings)
        return
    try:
        with line_to(folder) as (session, url):
            answer = session.get(f"{url}/health", timeout=ANSWER_S).json()
        if answer["unwell"]:
            yield Finding("server", f"the server is not well: {answer['unwell']}")
    except (OSError, ValueError, KeyError, TypeError, requests.RequestException) as error:
        yield Finding("server", f"the server runs but its pages do not answer ({error}); start it again")


def _ports(settings: Settings) -> Found:
    listen = settings.server
    for key, address in (("sync", listen.sync), ("web", listen.web), ("enrol", listen.enrol)):
        host, _, port = address.rpartition(":")
        if not address or port == "0":
            continue
        try:
            socket.create_server((host.strip("[]"), int(port))).close()
        except OSError as error:
            yield Finding(
                "ports",
                f"server.{key}: {address} cannot be listened on ({error.strerror}); stop the program"
                " that uses it (`ss -ltnp` shows which), or choose another port in store.toml",
            )


def _phones(settings: Settings) -> Found:
    host = settings.server.web.rpartition(":")[0]
    if not settings.store.public_url:
        yield Finding(
            "phones",
            "store.public_url is empty, so tickets carry no code to scan; set it to the address at which"
            " phones reach this server, such as http://192.168.1.10:8350",
        )
    elif host in ("127.0.0.1", "localhost", "[::1]") and "localhost" not in settings.store.public_url:
        yield Finding(
            "phones",
            f"server.web is {settings.server.web}, which only this computer reaches, but tickets send"
            f" phones to {settings.store.public_url}; set it to 0.0.0.0:8350, unless a proxy is between",
        )


# --- time ----------------------------------------------------------------------------------------


def _certificate(folder: Folder, settings: Settings, now: int) -> Found:
    try:
        used = tls.load(folder, settings.server)
    except FolderError as error:
        yield Finding("certificate", f"{error}; `welkom init --tls` shows how a new store gets one")
        return
    if used is not None:
        ends = int(tls.ends_at(used.certificate).timestamp() * 1000)
        if ends - now < CERTIFICATE_MS:
            yield Finding(
                "certificate",
                f"{used.certificate}: is valid until {_day(ends)} only; put a new one there and start the"
                " server again",
            )


def _time_zone(settings: Settings, now: int) -> Found:
    if now < EARLIEST_MS:
        yield Finding("clock", f"this computer's clock says {_day(now)}; set it (`timedatectl` shows how)")
        return
    here = datetime.fromtimestamp(now / 1000).astimezone().utcoffset()
    there = settings.catalogue().local(now).utcoffset()
    if here and here != there:
        yield Finding(
            "clock",
            f"this computer is not in the store's time zone {settings.store.timezone}; if that is not meant,"
            " mend store.timezone in store.toml or `timedatectl set-timezone`",
        )


def _clock(db: sqlite3.Connection, now: int) -> Found:
    last = db.execute("SELECT max(at_server) FROM visit_events").fetchone()[0] or 0
    if last - now > CLOCK_MS:
        yield Finding(
            "clock",
            f"this computer's clock is behind the store's last event, of {_day(last)}; if the clock is"
            " wrong, set it (`timedatectl`), or the shop's time stands still until then",
        )


# --- what the store knows ------------------------------------------------------------------------


def _kept(folder: Folder, settings: Settings | None, now: int) -> Found:
    try:
        with reading(folder.store) as db:
            yield from _clock(db, now)
            yield from _devices(db, now)
            if settings is not None:
                yield from _pins(db, settings)
                yield from _backups(db, folder, settings, now)
    except StoreError as error:
        yield Finding("store", str(error))


def _devices(db: sqlite3.Connection, now: int) -> Found:
    active = [row for row in known(db) if row.revoked_at is None]
    for kind, what in (("kiosk", "kiosk"), ("staff", "tablet")):
        if not any(row.kind == kind for row in active):
            way_out = f"start `welkom {kind}` on one, and let it in (docs/pairing.md)"
            yield Finding("devices", f"there is no {what} yet; {way_out}")
    for row in active:
        seen = row.seen_at or row.enrolled_at
        if now - seen > UNSEEN_MS:
            yield Finding(
                "devices",
                f"{row.name} ({row.device_id}) was last seen {(now - seen) // DAY_MS} days ago; switch it on,"
                f" or if it is lost, `welkom device revoke {row.device_id}`",
            )


def _pins(db: sqlite3.Connection, settings: Settings) -> Found:
    with_pin = {row[0] for row in db.execute("SELECT id FROM employees WHERE pin_hash IS NOT NULL")}
    without = [employee for employee in settings.employees if employee.id not in with_pin]
    if without:
        names = ", ".join(employee.name for employee in without)
        first = without[0].id
        yield Finding("pins", f"{names} cannot sign in without a PIN; `welkom employee pin {first}` sets one")


def _backups(db: sqlite3.Connection, folder: Folder, settings: Settings, now: int) -> Found:
    if not settings.backup.at:
        return
    into = nightly.place(folder, settings.backup)
    latest = nightly.latest(into)
    began = db.execute("SELECT max(began_at) FROM epochs").fetchone()[0]
    if now - max(latest or 0, began) > BACKUP_LATE_MS:
        last = "there is none" if latest is None else f"the latest is of {_day(latest)}"
        yield Finding(
            "backups",
            f"{into}: no backup was made last night, {last}; the server's log says why,"
            f" `welkom backup {into} --data {folder.path}` makes one now",
        )


def _day(at: int) -> str:
    return datetime.fromtimestamp(at / 1000).astimezone().strftime("%Y-%m-%d %H:%M")
