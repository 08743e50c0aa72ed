"""How a command on this computer reaches the store: through the running server, or itself.

Only one process may write to `store.db`. While a server runs, commands go to it over HTTP on
loopback, proving themselves with the secret in `control.key`; otherwise the command takes the
folder's lock and does the work itself.
"""

import contextlib
import hmac
import secrets
import time
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import requests
from requests.adapters import HTTPAdapter

from sync_server.protocol.device_file import DeviceFile

from . import accounts, aside, devices, managers, retention, tokens
from .accounts import AccountError
from .folder import Folder, FolderError, InUse, Lock, running_server
from .keys import load_server_key
from .settings import load_settings
from .store import connect, migrate, transaction

TIMEOUT_S = 10


class Request(msgspec.Struct, frozen=True):
    """One command: its name in COMMANDS, and its arguments."""

    command: str
    arguments: dict[str, str]


def _add_device(folder: Folder, kind: str, name: str, server: str) -> Callable[[Any], Any]:
    public, _ = load_server_key(folder.server_key)
    return lambda db: accounts.add_device(db, kind, name, _now(), server, public)


def _revoke_device(_folder: Folder, device_id: str) -> Callable[[Any], Any]:
    return lambda db: accounts.revoke_device(db, device_id, _now())


def _rename_device(_folder: Folder, device_id: str, name: str) -> Callable[[Any], Any]:
    return lambda db: devices.rename(db, device_id, name)


def _move_device(_folder: Folder, device_id: str, kind: str) -> Callable[[Any], Any]:
    return lambda db: devices.move(db, device_id, kind)


def _set_pin(folder: Folder, employee: str, pin: str) -> Callable[[Any], Any]:
    settings = load_settings(folder.settings)
    hashed = accounts.hash_pin(pin, settings.access.pin_digits)
    catalogue = settings.catalogue()
    if (known := catalogue.employee(employee)) is None:
        names = ", ".join(e.id for e in catalogue.employees) or "none"
        raise AccountError(f'there is no employee "{employee}" in {folder.settings}; there are {names}')

    def work(db: Any) -> None:
        if not accounts.has_employee(db, known.id):
            accounts.mirror_employee(db, known)  # added since a server was last started
        accounts.set_pin(db, known.id, hashed, _now())

    return work


def _set_password(_folder: Folder, password: str, name: str = managers.FIRST) -> Callable[[Any], Any]:
    hashed = managers.hash_password(password)
    return lambda db: managers.set_password(db, hashed, _now(), name)


def _add_manager(_folder: Folder, name: str, role: str, password: str) -> Callable[[Any], Any]:
    hashed = managers.hash_password(password)
    return lambda db: managers.add(db, name, role, hashed, _now())


def _remove_manager(_folder: Folder, name: str) -> Callable[[Any], Any]:
    return lambda db: managers.remove(db, name)


def _add_token(_folder: Folder, name: str) -> Callable[[Any], Any]:
    return lambda db: tokens.add_token(db, name, _now())


def _erase(folder: Folder, day: str, ticket: str) -> Callable[[Any], Any]:
    """Its result: the folders of stores put aside that cannot be read, of which nobody can tell."""

    def work(db: Any) -> list[str]:
        found, unreadable = aside.erase(folder, day, ticket)
        try:
            retention.erase(db, day, ticket)
        except AccountError:
            if not found:
                raise
        return unreadable

    return work


def _revoke_token(_folder: Folder, name: str) -> Callable[[Any], Any]:
    return lambda db: tokens.revoke_token(db, name)


COMMANDS: dict[str, Callable[..., Callable[[Any], Any]]] = {
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
}


def work_of(folder: Folder, request: Request) -> Callable[[Any], Any]:
    """What the request means to do with the writing connection. Raises AccountError."""
    try:
        command = COMMANDS[request.command]
        return command(folder, **request.arguments)
    except (KeyError, TypeError) as error:
        raise AccountError(f"no such command: {request.command} ({error})") from error


def run(folder: Folder, command: str, **arguments: str) -> Any:
    """Does a command, wherever it must be done. Raises AccountError, FolderError or StoreError."""
    request = Request(command, arguments)
    try:
        with Lock(folder):
            migrate(folder.store)
            db = connect(folder.store)
            try:
                work = work_of(folder, request)
                with transaction(db):
                    return work(db)
            finally:
                db.close()
    except InUse:
        return _ask_server(folder, request)


def ask_running(folder: Folder, command: str, **arguments: str) -> Any:
    """Has the running server do what only it can: enrolment. Raises AccountError or FolderError."""
    if running_server(folder) is None:
        raise FolderError(
            f"{folder.path}: no server is running on this folder; start it with"
            f" `welkom server --data {folder.path}`: devices are paired through it"
        )
    return _ask_server(folder, Request(command, arguments))


def add_device(folder: Folder, kind: str, name: str, server: str) -> DeviceFile:
    """Enrols a device. Raises as `run` does."""
    return msgspec.convert(
        run(folder, "add_device", kind=kind, name=name, server=server), DeviceFile, from_attributes=True
    )


def _ask_server(folder: Folder, request: Request) -> Any:
    try:
        key = folder.control_key.read_text("utf-8").strip()
        with line_to(folder) as (session, url):
            answer = session.post(
                url + "/control",
                data=msgspec.json.encode(request),
                headers={"Authorization": f"Bearer {key}"},
                timeout=TIMEOUT_S,
            )
    except (OSError, requests.RequestException) as error:
        raise FolderError(
            f"{folder.path}: a server is running on this folder but does not answer ({error}); stop it first"
        ) from error
    try:
        body = msgspec.json.decode(answer.content, type=dict[str, Any])
    except msgspec.DecodeError:
        body = {}  # not from our door, or it failed
    if answer.status_code != 200 or "result" not in body:
        raise AccountError(body.get("error", f"the server refused ({answer.status_code})"))
    return body["result"]


@contextlib.contextmanager
def line_to(folder: Folder) -> Iterator[tuple[requests.Session, str]]:
    """How the running server is reached from this computer: a session, and where its pages begin."""
    address = folder.control_address.read_text("utf-8").strip()
    with requests.Session() as session:
        session.trust_env = False  # a proxy of this user's has no business between us
        yield session, _url(session, address)


def _url(session: requests.Session, address: str) -> str:
    """Where `control.address` points: `host:port`, or `https://host:port` and a fingerprint.

    With TLS the server is known by its certificate's fingerprint: the certificate may be for a name in
    the shop's network, or self-signed.
    """
    url, _, fingerprint = address.partition(" ")
    if not fingerprint:
        return f"http://{url}"
    session.verify = False
    session.mount("https://", _ByFingerprint(fingerprint))
    return url


class _ByFingerprint(HTTPAdapter):
    """Talks to whoever has this very certificate, and to nobody else."""

    def __init__(self, fingerprint: str) -> None:
        self._fingerprint = fingerprint
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, assert_fingerprint=self._fingerprint, **kwargs)


def make_control_key() -> str:
    return secrets.token_urlsafe(32)


def right_key(folder: Folder, given: str) -> bool:
    """Whether this is the folder's control key, compared without telling how much of it fits."""
    return hmac.compare_digest(folder.control_key.read_bytes().strip(), given.encode())


def _now() -> int:
    return time.time_ns() // 1_000_000
