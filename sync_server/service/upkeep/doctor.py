"""Examines a store, its computer and its settings; each finding is a sentence with the remedy."""

import shutil
import sqlite3
import stat
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

import requests

from sync_server.addresses import parse_listen_address
from sync_server.command_line import command_line
from sync_server.domain.alerts import MIN_FREE_BYTES
from sync_server.network_addresses import is_loopback
from sync_server.service.admin import client
from sync_server.service.auth.devices import list_devices
from sync_server.service.auth.errors import AccountError
from sync_server.service.auth.server_key import load_server_key
from sync_server.service.clock import MAX_GAP_MS
from sync_server.service.config.load import SettingsError, load_settings
from sync_server.service.config.model import Settings
from sync_server.service.net import tls
from sync_server.service.net.listen import listen, port_error
from sync_server.service.privacy.replaced_stores import replaced_at, replaced_stores
from sync_server.service.storage import known_times
from sync_server.service.storage.connection import reading
from sync_server.service.storage.data_dir import DataDir, DataDirError, running_server
from sync_server.service.storage.errors import StoreError
from sync_server.store_clock import wall_clock

from . import backup_schedule, backup_set
from .backup import files_beside
from .finding import Finding
from .health import ask_health
from .verify import verify_quickly

DAY_MS = 86_400_000
MAX_WAL_BYTES = 64 * 1024 * 1024  # of the write-ahead log; it is emptied every ten minutes
CERTIFICATE_LEFT_MS = 14 * DAY_MS
BACKUP_LATE_MS = 36 * 3_600_000
UNSEEN_MS = 7 * DAY_MS
CLOCK_BEHIND_MS = 300_000  # how far the clock may be behind the last event
MIN_CLOCK_MS = 1_735_689_600_000  # the first day of 2025: an earlier clock was never set

Found = Iterator[Finding]


def examine(data_dir: DataDir, now: int | None = None) -> list[Finding]:
    """Everything that a person should take care of. `now` in ms UTC. Raises DataDirError."""
    data_dir.check()
    return list(_all(data_dir, wall_clock() if now is None else now))


def _all(data_dir: DataDir, now: int) -> Found:
    settings: Settings | None = None
    try:
        settings = load_settings(data_dir.settings)
    except SettingsError as error:
        for problem in error.problems:
            yield Finding("settings", f"{problem}; mend the line, then `welkom check`")
    yield from _keys(data_dir)
    yield from _space(data_dir.path)
    yield from _replaced_stores(data_dir, now)
    yield from _server(data_dir, settings)
    if settings is not None:
        yield from _certificate(data_dir, settings, now)
        yield from _phones(settings)
        yield from _time_zone(settings, now)
    faults = verify_quickly(data_dir.store, now)
    yield from faults
    yield from _write_ahead(data_dir)
    if not faults:
        yield from _contents(data_dir, settings, now)


# --- files ---------------------------------------------------------------------------------------


def _keys(data_dir: DataDir) -> Found:
    try:
        load_server_key(data_dir.server_key)
    except DataDirError as error:
        yield Finding("keys", str(error))
    secret = [path for path in files_beside(data_dir.path) if path.suffix == ".key" or _is_key(path)]
    for path in [data_dir.path, *secret, data_dir.lock, data_dir.store]:
        if path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077:
            mend = command_line("chmod", "700" if path.is_dir() else "600", path)
            yield Finding("modes", f"{path}: others on this computer can reach it; `{mend}`")


def _is_key(path: Path) -> bool:
    try:
        return path.suffix == ".pem" and b"PRIVATE KEY" in path.read_bytes()
    except OSError:  # not readable for us, so not for others either
        return False


def _space(path: Path) -> Found:
    free = shutil.disk_usage(path).free
    if free < MIN_FREE_BYTES:
        yield Finding(
            "space",
            f"{path}: {free // 1_048_576} MB are free on this disk,"
            f" {MIN_FREE_BYTES // 1_048_576} MB should be;"
            " remove what is not needed, before nothing can be saved",
        )


def _replaced_stores(data_dir: DataDir, now: int) -> Found:
    for path in replaced_stores(data_dir):
        if now - replaced_at(path) > DAY_MS:
            yield Finding(
                "aside",
                f"{path}: the store of before a restore is still here; if all is well, remove it,"
                " for it holds a copy of all keys",
            )


def _write_ahead(data_dir: DataDir) -> Found:
    path = data_dir.path / f"{data_dir.store.name}-wal"
    size = path.stat().st_size if path.exists() else 0
    if size > MAX_WAL_BYTES:
        yield Finding(
            "store",
            f"{path}: has grown to {size // 1_048_576} MB, because some program holds the store;"
            " close SQL tools, or start the server again",
        )


# --- the server ----------------------------------------------------------------------------------


def _server(data_dir: DataDir, settings: Settings | None) -> Found:
    if running_server(data_dir) is None:
        yield Finding("server", f"no server runs here; `{data_dir.command('server')}` starts it")
        if settings is not None:
            yield from _ports(settings)
        return
    try:
        state = client.describe_server(data_dir)
    except (AccountError, DataDirError) as error:
        yield Finding("server", str(error))
        return
    if state.backup_problem:
        yield Finding("backups", f"the nightly backup failed: {state.backup_problem}")
    if state.clock_doubt:
        yield Finding("clock", state.clock_doubt)
    if state.not_overwritten:
        yield Finding(
            "store",
            f"{data_dir.store}: words that were removed are still in its files, for some program reads it;"
            " close SQL tools. The server tries it again by itself",
        )
    try:
        unwell = ask_health(state)["unwell"]
        if unwell:
            yield Finding("server", f"the server is not well: {unwell}")
    except (OSError, ValueError, KeyError, TypeError, requests.RequestException) as error:
        yield Finding("server", f"the server runs but its pages do not answer ({error}); start it again")


def _ports(settings: Settings) -> Found:
    server = settings.server
    for key, address in (("sync", server.sync), ("web", server.web), ("enrol", server.enrol)):
        if not address:
            continue
        try:
            listen(address).close()
        except OSError as error:
            yield Finding("ports", str(port_error(f"server.{key}", address, error)))


def _phones(settings: Settings) -> Found:
    host = parse_listen_address(settings.server.web).host
    if not settings.store.public_url:
        yield Finding(
            "phones",
            "store.public_url is empty, so tickets carry no code to scan; set it to the address at which"
            " phones reach this server, such as http://192.168.1.10:8350",
        )
    elif is_loopback(host) and not is_loopback(urlsplit(settings.store.public_url).hostname or ""):
        yield Finding(
            "phones",
            f"server.web is {settings.server.web}, which only this computer reaches, but tickets send"
            f" phones to {settings.store.public_url}; set it to 0.0.0.0:8350, unless a proxy is between",
        )


# --- time ----------------------------------------------------------------------------------------


def _certificate(data_dir: DataDir, settings: Settings, now: int) -> Found:
    try:
        used = tls.load_tls(data_dir, settings.server)
    except DataDirError as error:
        yield Finding("certificate", f"{error}; `welkom init --tls` shows how a new store gets one")
        return
    if used is not None:
        ends = int(tls.valid_until(used.certificate).timestamp() * 1000)
        if ends - now < CERTIFICATE_LEFT_MS:
            yield Finding(
                "certificate",
                f"{used.certificate}: is valid until {_day(ends)} only; put a new one there and start the"
                " server again",
            )


def _time_zone(settings: Settings, now: int) -> Found:
    if now < MIN_CLOCK_MS:
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


def _clock(db: sqlite3.Connection, data_dir: DataDir, now: int) -> Found:
    last = db.execute("SELECT max(at_server) FROM visit_events").fetchone()[0] or 0
    trust = data_dir.command("clock", "--trust")
    if last - now > CLOCK_BEHIND_MS:
        yield Finding(
            "clock",
            f"this computer's clock is behind the store's last event, of {_day(last)}; if it is"
            f" wrong, set it (`timedatectl`); if it is right, `{trust}`, for the store is in the future",
        )
    elif last and now - max(last, known_times.latest_known_at(db, data_dir)) > MAX_GAP_MS:
        yield Finding(
            "clock",
            f"this computer's clock is {(now - last) // DAY_MS} days ahead of the store's last event; if it"
            f" is wrong, set it (`timedatectl`); if it is right, `{trust}`",
        )


# --- the contents of the store ------------------------------------------------------------------------


def _contents(data_dir: DataDir, settings: Settings | None, now: int) -> Found:
    try:
        with reading(data_dir.store) as db:
            yield from _clock(db, data_dir, now)
            yield from _devices(db, now)
            if settings is not None:
                yield from _pins(db, settings)
                yield from _backups(db, data_dir, settings, now)
    except StoreError as error:
        yield Finding("store", str(error))


def _devices(db: sqlite3.Connection, now: int) -> Found:
    active = [row for row in list_devices(db) if row.revoked_at is None]
    for kind, what in (("kiosk", "kiosk"), ("staff", "tablet")):
        if not any(row.kind == kind for row in active):
            way_out = f"start `welkom {kind}` on one, and let it in (docs/shop/pairing.md)"
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


def _backups(db: sqlite3.Connection, data_dir: DataDir, settings: Settings, now: int) -> Found:
    if not settings.backup.at:
        return
    into = backup_schedule.backup_dir(data_dir, settings.backup)
    latest = backup_schedule.last_made_at(data_dir, into, now)
    began = db.execute("SELECT max(began_at) FROM epochs").fetchone()[0]
    if now - max(latest or 0, began) > BACKUP_LATE_MS:
        last = "there is none" if latest is None else f"the latest is of {_day(latest)}"
        yield Finding(
            "backups",
            f"{into}: no backup was made last night, {last}; the server's log says why,"
            f" `{data_dir.command('backup', into)}` makes one now",
        )
    owner = backup_set.owner_of(data_dir)
    lines = db.execute("SELECT coalesce(max(seq), 0) FROM visit_events").fetchone()[0]
    for backup in backup_set.backups_of(into, data_dir, now):
        if not backup_set.continues(owner, backup, lines):
            yield Finding(
                "backups",
                f"{data_dir.store}: lacks what its backup {backup.path} has; if something was lost,"
                f" `{data_dir.command('restore', backup.path, '--replace')}` puts it back."
                " No older backup is removed",
            )
            return


def _day(at: int) -> str:
    return datetime.fromtimestamp(at / 1000).astimezone().strftime("%Y-%m-%d %H:%M")
