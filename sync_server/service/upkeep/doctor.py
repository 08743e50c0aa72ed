"""Examines a store, its computer and its settings; each finding is a sentence with the remedy."""

import shutil
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
from sync_server.service.admin.commands import ServerState
from sync_server.service.auth.errors import AccountError
from sync_server.service.auth.server_key import load_server_key
from sync_server.service.config.load import SettingsError, load_settings
from sync_server.service.config.model import Settings
from sync_server.service.net import tls
from sync_server.service.net.listen import listen, port_error
from sync_server.service.privacy.replaced_stores import replaced_at, replaced_stores
from sync_server.service.storage.data_dir import DataDir, DataDirError, running_server
from sync_server.store_clock import wall_clock

from .backup import files_beside
from .contents import contents
from .finding import Finding, FindingKind, local_moment
from .health import ask_health
from .verify import verify_quickly

DAY_MS = 86_400_000
MAX_WAL_BYTES = 64 * 1024 * 1024  # of the write-ahead log; it is emptied every ten minutes
CERTIFICATE_LEFT_MS = 14 * DAY_MS
MIN_CLOCK_MS = 1_735_689_600_000  # the first day of 2025: an earlier clock was never set

Found = Iterator[Finding]


def examine(data_dir: DataDir, now: int | None = None) -> list[Finding]:
    """Everything that a person should take care of. `now` in ms UTC. Raises DataDirError."""
    data_dir.check()
    return list(_all(data_dir, wall_clock() if now is None else now))


def examine_running(data_dir: DataDir, state: ServerState, now: int, thoroughly: bool) -> list[Finding]:
    """The same, asked by the running server itself, whose state this is.

    Unless `thoroughly`, the store's file is not read through, which takes seconds for years of visits.
    """
    settings, findings = _settings(data_dir)
    found = [*findings, *_files(data_dir, now), *state_findings(data_dir, state)]
    if settings is not None:
        found += _of_settings(data_dir, settings, now)
    faults = verify_quickly(data_dir.store, now) if thoroughly else []
    return found + faults + ([] if faults else list(contents(data_dir, settings, now)))


def _all(data_dir: DataDir, now: int) -> Found:
    settings, findings = _settings(data_dir)
    yield from findings
    yield from _files(data_dir, now)
    yield from _server(data_dir, settings)
    if settings is not None:
        yield from _of_settings(data_dir, settings, now)
    faults = verify_quickly(data_dir.store, now)
    yield from faults
    yield from _write_ahead(data_dir)
    if not faults:
        yield from contents(data_dir, settings, now)


def _settings(data_dir: DataDir) -> tuple[Settings | None, list[Finding]]:
    try:
        return load_settings(data_dir.settings), []
    except SettingsError as error:
        return None, [settings_finding(problem) for problem in error.problems]


def settings_finding(problem: object) -> Finding:
    """The finding for one problem of the settings' file."""
    text = f"{problem}; mend the line, then `welkom check`"
    return Finding("settings", text, FindingKind.SETTINGS, {"problem": str(problem)})


def _files(data_dir: DataDir, now: int) -> Found:
    yield from _keys(data_dir)
    yield from space(data_dir.path)
    yield from _replaced_stores(data_dir, now)


def _of_settings(data_dir: DataDir, settings: Settings, now: int) -> Found:
    yield from _certificate(data_dir, settings, now)
    yield from _phones(settings)
    yield from _time_zone(settings, now)


# --- files ---------------------------------------------------------------------------------------


def open_to_others(data_dir: DataDir) -> list[Path]:
    """The store's files that other users of this computer can reach."""
    secret = [path for path in files_beside(data_dir.path) if path.suffix == ".key" or _is_key(path)]
    paths = [data_dir.path, *secret, data_dir.lock, data_dir.store]
    return [path for path in paths if path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077]


def mode_of(path: Path) -> int:
    """How a file or folder of the store should be: its owner's alone."""
    return 0o700 if path.is_dir() else 0o600


def _keys(data_dir: DataDir) -> Found:
    try:
        load_server_key(data_dir.server_key)
    except DataDirError as error:
        yield Finding("keys", str(error), FindingKind.KEY, {"file": data_dir.server_key.name})
    for path in open_to_others(data_dir):
        mend = command_line("chmod", f"{mode_of(path):o}", path)
        text = f"{path}: others on this computer can reach it; `{mend}`"
        yield Finding("modes", text, FindingKind.MODES, {"file": path.name})


def _is_key(path: Path) -> bool:
    try:
        return path.suffix == ".pem" and b"PRIVATE KEY" in path.read_bytes()
    except OSError:  # not readable for us, so not for others either
        return False


def space(path: Path) -> Found:
    """Whether the disk of this folder is nearly full."""
    free = shutil.disk_usage(path).free
    if free < MIN_FREE_BYTES:
        yield Finding(
            "space",
            f"{path}: {free // 1_048_576} MB are free on this disk,"
            f" {MIN_FREE_BYTES // 1_048_576} MB should be;"
            " remove what is not needed, before nothing can be saved",
            FindingKind.SPACE,
            {"free": free // 1_048_576, "least": MIN_FREE_BYTES // 1_048_576},
        )


def _replaced_stores(data_dir: DataDir, now: int) -> Found:
    for path in replaced_stores(data_dir):
        if now - replaced_at(path) > DAY_MS:
            yield Finding(
                "aside",
                f"{path}: the store of before a restore is still here; if all is well, remove it,"
                " for it holds a copy of all keys",
                FindingKind.REPLACED,
                {"folder": path.name},
            )


def _write_ahead(data_dir: DataDir) -> Found:
    path = data_dir.path / f"{data_dir.store.name}-wal"
    size = path.stat().st_size if path.exists() else 0
    if size > MAX_WAL_BYTES:
        yield Finding(
            "store",
            f"{path}: has grown to {size // 1_048_576} MB, because some program holds the store;"
            " close SQL tools, or start the server again",
            FindingKind.HELD,
            {"size": size // 1_048_576},
        )


# --- the server ----------------------------------------------------------------------------------


def _server(data_dir: DataDir, settings: Settings | None) -> Found:
    if running_server(data_dir) is None:
        text = f"no server runs here; `{data_dir.command('server')}` starts it"
        yield Finding("server", text, FindingKind.SERVER)
        if settings is not None:
            yield from _ports(settings)
        return
    try:
        state = client.describe_server(data_dir)
    except (AccountError, DataDirError) as error:
        yield Finding("server", str(error), FindingKind.SERVER)
        return
    yield from state_findings(data_dir, state)
    try:
        unwell = ask_health(state)["unwell"]
        if unwell:
            yield Finding("server", f"the server is not well: {unwell}", FindingKind.UNWELL)
    except (OSError, ValueError, KeyError, TypeError, requests.RequestException) as error:
        text = f"the server runs but its pages do not answer ({error}); start it again"
        yield Finding("server", text, FindingKind.SERVER)


def state_findings(data_dir: DataDir, state: ServerState) -> Found:
    """What is wrong by the running server's own word."""
    if state.backup_problem:
        text = f"the nightly backup failed: {state.backup_problem}"
        yield Finding("backups", text, FindingKind.BACKUP_FAILED, {"problem": state.backup_problem})
    if state.clock_doubt:
        yield Finding("clock", state.clock_doubt, FindingKind.CLOCK_DOUBT)
    if state.not_overwritten:
        yield Finding(
            "store",
            f"{data_dir.store}: words that were removed are still in its files, for some program reads it;"
            " close SQL tools. The server tries it again by itself",
            FindingKind.WORDS_LEFT,
        )
    for device_id, name in state.two_owners.items():
        yield Finding(
            "devices",
            f"{name} ({device_id}): two computers use its file, and one of them is turned away;"
            " pair one of them again (docs/shop/pairing.md)",
            FindingKind.TWO_OWNERS,
            {"device": device_id, "name": name},
        )


def _ports(settings: Settings) -> Found:
    server = settings.server
    for key, address in (("sync", server.sync), ("web", server.web), ("enrol", server.enrol)):
        if not address:
            continue
        try:
            listen(address).close()
        except OSError as error:
            yield Finding("ports", str(port_error(f"server.{key}", address, error)), FindingKind.PORT)


def _phones(settings: Settings) -> Found:
    host = parse_listen_address(settings.server.web).host
    if not settings.store.public_url:
        yield Finding(
            "phones",
            "store.public_url is empty, so tickets carry no code to scan; set it to the address at which"
            " phones reach this server, such as http://192.168.1.10:8350",
            FindingKind.NO_ADDRESS,
        )
    elif is_loopback(host) and not is_loopback(urlsplit(settings.store.public_url).hostname or ""):
        yield Finding(
            "phones",
            f"server.web is {settings.server.web}, which only this computer reaches, but tickets send"
            f" phones to {settings.store.public_url}; set it to 0.0.0.0:8350, unless a proxy is between",
            FindingKind.NOT_REACHED,
            {"address": settings.store.public_url},
        )


# --- time ----------------------------------------------------------------------------------------


def _certificate(data_dir: DataDir, settings: Settings, now: int) -> Found:
    try:
        used = tls.load_tls(data_dir, settings.server)
    except DataDirError as error:
        text = f"{error}; `welkom init --tls` shows how a new store gets one"
        yield Finding("certificate", text, FindingKind.CERTIFICATE)
        return
    if used is not None:
        ends = int(tls.valid_until(used.certificate).timestamp() * 1000)
        if ends - now < CERTIFICATE_LEFT_MS:
            yield Finding(
                "certificate",
                f"{used.certificate}: is valid until {local_moment(ends)} only; put a new one there and"
                " start the server again",
                FindingKind.CERTIFICATE_ENDS,
                {"day": local_moment(ends)},
            )


def _time_zone(settings: Settings, now: int) -> Found:
    if now < MIN_CLOCK_MS:
        text = f"this computer's clock says {local_moment(now)}; set it (`timedatectl` shows how)"
        yield Finding("clock", text, FindingKind.CLOCK_UNSET, {"day": local_moment(now)})
        return
    here = datetime.fromtimestamp(now / 1000).astimezone().utcoffset()
    there = settings.catalogue().local(now).utcoffset()
    if here and here != there:
        yield Finding(
            "clock",
            f"this computer is not in the store's time zone {settings.store.timezone}; if that is not meant,"
            " mend store.timezone in store.toml or `timedatectl set-timezone`",
            FindingKind.TIME_ZONE,
            {"zone": settings.store.timezone},
        )
