"""The commands that change a store. Each returns the work to do in one transaction of the writer.

What takes long, such as hashing a password, is done before, so that it does not hold up the writer.
"""

import sqlite3
from collections.abc import Callable
from typing import Any

import msgspec

from sync_server.service.audit.audit_log import COMMAND_LINE, AuditAction, AuditLine, write_line
from sync_server.service.auth import devices, managers, pins, tokens
from sync_server.service.auth.errors import AccountError
from sync_server.service.auth.server_key import load_server_key
from sync_server.service.config.load import SettingsError, load_settings
from sync_server.service.privacy import replaced_stores, retention
from sync_server.service.storage import catalogue_mirror
from sync_server.service.storage.connection import empty_write_ahead_log
from sync_server.service.storage.data_dir import DataDir
from sync_server.store_clock import wall_clock

from . import clock_repair

SECRETS = frozenset({"password", "pin"})  # arguments that are written nowhere
OVERWRITE = "overwrite"  # the one command that is not done in a transaction: it empties the write-ahead log

Work = Callable[[sqlite3.Connection], Any]
Clock = Callable[[], int]


class Command(msgspec.Struct, frozen=True):
    """A command: its name in COMMANDS, and its arguments."""

    command: str
    arguments: dict[str, str]


class CommandResult(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the running server answers to a command. `error` is a sentence for a person."""

    result: Any = None
    error: str = ""


class ServerState(msgspec.Struct, frozen=True):
    """What `welkom doctor` asks the running server.

    `pages` is the URL at which its pages begin on this computer, and `fingerprint` that of their certificate.
    `backup_problem` says why the latest nightly backup failed. `not_overwritten`: what was removed is
    still in the store's files, because some program reads the store. `clock_doubt` says why the store
    does not go by the computer's clock. `two_owners` are the names, by id, of
    devices whose file two computers use.
    """

    pages: str
    fingerprint: str | None
    backup_problem: str | None
    not_overwritten: bool = False
    clock_doubt: str | None = None
    two_owners: dict[str, str] = {}


def _add_device(data_dir: DataDir, now: Clock, kind: str, name: str, server: str) -> Work:
    public, _ = load_server_key(data_dir.server_key)
    return lambda db: devices.add_device(db, kind, name, now(), server, public)


def _revoke_device(_data_dir: DataDir, now: Clock, device_id: str) -> Work:
    return lambda db: devices.revoke_device(db, device_id, now())


def _rename_device(_data_dir: DataDir, _now: Clock, device_id: str, name: str) -> Work:
    return lambda db: devices.rename_device(db, device_id, name)


def _move_device(_data_dir: DataDir, _now: Clock, device_id: str, kind: str) -> Work:
    return lambda db: devices.change_role(db, device_id, kind)


def _set_pin(data_dir: DataDir, now: Clock, employee: str, pin: str) -> Work:
    settings = load_settings(data_dir.settings)
    hashed = pins.hash_pin(pin, settings.access.pin_digits)
    catalogue = settings.catalogue()
    if (found := catalogue.employee(employee)) is None:
        names = ", ".join(e.id for e in catalogue.employees) or "none"
        raise AccountError(f'there is no employee "{employee}" in {data_dir.settings}; there are {names}')

    def work(db: sqlite3.Connection) -> None:
        if not pins.has_employee(db, found.id):
            catalogue_mirror.mirror_employee(db, found)  # added since a server was last started
        pins.set_pin(db, found.id, hashed, now())

    return work


def _set_password(data_dir: DataDir, now: Clock, password: str, name: str = managers.FIRST) -> Work:
    hashed = managers.hash_manager_password(password, name, _shop_name(data_dir))
    return lambda db: managers.set_password(db, hashed, now(), name)


def _add_manager(data_dir: DataDir, now: Clock, name: str, role: str, password: str) -> Work:
    hashed = managers.hash_manager_password(password, name, _shop_name(data_dir))
    return lambda db: managers.add(db, name, role, hashed, now())


def _shop_name(data_dir: DataDir) -> str:
    """Empty where store.toml cannot be read: who mends it must be able to sign in."""
    try:
        return load_settings(data_dir.settings).store.name
    except SettingsError:
        return ""


def _remove_manager(_data_dir: DataDir, _now: Clock, name: str) -> Work:
    return lambda db: managers.remove(db, name)


def _add_token(_data_dir: DataDir, now: Clock, name: str, scopes: str = "") -> Work:
    chosen = tokens.read_scopes(scopes.split()) if scopes else tokens.FIRST_SCOPES
    return lambda db: tokens.add_token(db, name, now(), chosen)


def _revoke_token(_data_dir: DataDir, _now: Clock, name: str) -> Work:
    return lambda db: tokens.revoke_token(db, name)


def _erase(data_dir: DataDir, _now: Clock, day: str, ticket: str) -> Work:
    """Its result: the directories of replaced stores that cannot be read, which may have the ticket."""

    def work(db: sqlite3.Connection) -> list[str]:
        found, unreadable = replaced_stores.erase(data_dir, day, ticket)
        try:
            retention.erase(db, day, ticket)
        except AccountError:  # the present store does not have the ticket; a replaced one may
            if not found:
                raise
        return unreadable

    return work


def _overwrite(data_dir: DataDir, _now: Clock) -> Work:
    """Overwrites what `erase` removed. Its result: the files where some program prevents that so far."""

    def work(db: sqlite3.Connection) -> list[str]:
        own = [] if empty_write_ahead_log(db) else [str(data_dir.store)]
        return own + replaced_stores.overwrite(data_dir)

    return work


def _trust_clock(data_dir: DataDir, _now: Clock) -> Work:
    """This computer's clock is right. Its result: how many events were written in the future."""
    catalogue = load_settings(data_dir.settings).catalogue()
    return lambda db: clock_repair.trust_clock(db, catalogue, wall_clock())


COMMANDS: dict[str, Callable[..., Work]] = {
    "add_device": _add_device,
    "revoke_device": _revoke_device,
    "rename_device": _rename_device,
    "move_device": _move_device,
    "set_pin": _set_pin,
    "set_password": _set_password,
    "add_manager": _add_manager,
    "remove_manager": _remove_manager,
    "add_token": _add_token,
    "revoke_token": _revoke_token,
    "erase": _erase,
    OVERWRITE: _overwrite,
    "trust_clock": _trust_clock,
}


def work_of(data_dir: DataDir, request: Command, now: Clock = wall_clock) -> Work:
    """What the command does with the writing connection. Raises AccountError for an unknown command.

    `now` gives the store's time, ms UTC. A running server does not always go by the computer's clock.
    """
    try:
        work = COMMANDS[request.command](data_dir, now, **request.arguments)
    except (KeyError, TypeError) as error:
        raise AccountError(f"no such command: {request.command} ({error})") from error
    return work if request.command == OVERWRITE else _audited(work, request, now)


def _audited(work: Work, request: Command, now: Clock) -> Work:
    """The same, and a line in the audit log. No secret is in it."""
    named = [value for key, value in request.arguments.items() if key not in SECRETS]

    def audited(db: sqlite3.Connection) -> Any:
        result = work(db)
        about = ", ".join((request.command, *named))
        write_line(db, AuditLine(now(), COMMAND_LINE, AuditAction.COMMAND.value, about))
        return result

    return audited
