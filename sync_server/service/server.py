"""The server put together: one process, one event loop, one writer thread."""

import asyncio
import contextlib
import logging
import socket as sockets
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

import uvicorn
import zmq
import zmq.asyncio
from msgspec.structs import replace

from . import devices, first_run, managers, queries
from .accounts import mirror_catalogue
from .clock import OnwardClock, steady_clock, wall_clock
from .counters import Counters
from .desk import Desk
from .doorman import Doorman
from .enrol import Enrolment, own_address
from .folder import Folder, Lock
from .gate import Gate
from .keys import load_server_key
from .limits import BACKLOG, WEB_AT_ONCE, WEB_HEAD_BYTES, WEB_IDLE_S, open_files
from .loopback import is_loopback
from .nightly import Nightly
from .retention import DESCRIPTION_MS
from .settings import Settings, load_settings
from .shop import Shop
from .socket import PortError, Socket
from .store import StoreError, explain, migrate, reading
from .tls import Tls, load
from .web_door import connections

FORGET_EVERY_S = 600.0

log = logging.getLogger(__name__)

T = TypeVar("T")


@dataclass
class Server:
    """What the web pages and the commands are given of a running server.

    `ending` is set as soon as it stops: whoever tells news until then ends by themselves.
    """

    folder: Folder
    settings: Settings
    shop: Shop
    doorman: Doorman
    gate: Gate
    desk: Desk
    sync_address: str
    web_address: str
    tls: Tls | None = None
    counters: Counters = field(default_factory=Counters)
    ending: asyncio.Event = field(default_factory=asyncio.Event)
    enrolment: Enrolment = field(init=False)
    nightly: Nightly = field(init=False)
    _one_change: asyncio.Lock = field(default_factory=asyncio.Lock)  # or an older list could be heeded last

    def __post_init__(self) -> None:
        self.enrolment = Enrolment(self)
        self.nightly = Nightly(self.folder, self.settings, wall_clock)

    @property
    def web_url(self) -> str:
        """Where the pages are; where they listen at every address, the one in the shop's network."""
        host, _, port = self.web_address.rpartition(":")
        reached = own_address() if host in ("0.0.0.0", "::") else host
        return f"{'https' if self.tls else 'http'}://{reached}:{port}"

    @property
    def web_here(self) -> str:
        """Where somebody at this computer reaches the pages."""
        host, _, port = self.web_address.rpartition(":")
        reached = "127.0.0.1" if host in ("0.0.0.0", "::") else host
        return f"{'https' if self.tls else 'http'}://{reached}:{port}"

    @property
    def elsewhere(self) -> str:
        """Where other computers reach the manager's pages; empty where those answer on this one only."""
        public = self.settings.store.public_url
        private = self.tls is not None or self.settings.server.accepts_reading
        if public.startswith("https://") or (public and private):
            return public.rstrip("/")
        return self.web_url if private and not is_loopback(self.web_address.rpartition(":")[0]) else ""

    async def reload_devices(self) -> None:
        """Lets in who was added and keeps out who was revoked, from this moment on."""
        async with self._one_change:
            self._admit(*await asyncio.to_thread(_devices, self.folder))

    async def change_devices(self, work: Callable[[Any], T], device_id: str | None = None) -> T:
        """Does `work(db)` in a transaction and heeds what it changed. Raises what it raises.

        The device that it is about has no effect while it is under way: what it did before is
        written before, and of what it does after the commit nothing is done by the old rules.
        """
        return await asyncio.shield(asyncio.ensure_future(self._change_devices(work, device_id)))

    async def _change_devices(self, work: Callable[[Any], T], device_id: str | None) -> T:
        async with self._one_change:
            shut_out = self.gate.shut_out(device_id) if device_id else []
            try:
                result, admitted, dismissed = await self.shop.store.call(
                    lambda db: (work(db), queries.devices(db), queries.dismissed_devices(db))
                )
            except BaseException:
                self.gate.devices |= {device.public_key: device for device in shut_out}
                raise
            self._admit(admitted, dismissed)
            return result

    def _admit(self, admitted: list[queries.DeviceRow], dismissed: list[queries.DeviceRow]) -> None:
        self.gate.admit(admitted, dismissed)
        self.desk.drop_all_but(self.gate.devices)

    def first_run_code(self) -> str | None:
        """The code of the link to choose the first password with; None once somebody has."""
        with reading(self.folder.store) as db:
            if managers.every(db):
                first_run.over(self.folder)
                return None
        return first_run.code(self.folder)


Web = Callable[[Server], Callable[..., object]]  # makes the ASGI application; given in by the caller


async def serve(
    folder: Folder,
    web: Web | None = None,
    sync: str | None = None,
    web_at: str | None = None,
    ready: Callable[[Server], None] = lambda _server: None,
    stop: asyncio.Event | None = None,
    enrol_at: str | None = None,
) -> None:
    """Runs a store until `stop` is set. `sync`, `web_at` and `enrol_at` stand above `store.toml`.

    Port 0 is any port; an empty `enrol_at` means that no device can be paired.

    Raises SettingsError, FolderError, StoreError or PortError, each with a text for a person.
    """
    folder.check()
    open_files()
    settings = load_settings(folder.settings)
    listen = replace(
        settings.server,
        sync=sync or settings.server.sync,
        web=web_at or settings.server.web,
        enrol=settings.server.enrol if enrol_at is None else enrol_at,
    )
    tls = load(folder, settings.server)
    with Lock(folder), contextlib.ExitStack() as cleanup:
        migrate(folder.store)
        _, secret = load_server_key(folder.server_key)
        context = zmq.Context()
        cleanup.callback(context.destroy, linger=0)
        counters = Counters()
        gate = Gate(zmq.asyncio.Context.shadow(context.underlying), counters)
        gate.admit(*_devices(folder))
        gate.start()
        cleanup.callback(gate.stop)
        socket = Socket(listen.sync, secret, gate, context, counters)
        cleanup.callback(socket.close)
        web_socket = _listen(listen.web)
        cleanup.callback(web_socket.close)
        with reading(folder.store) as db:
            clock = OnwardClock(wall_clock, steady_clock, queries.last_written_at(db))
        shop = Shop(folder, settings.catalogue(), clock, counters)
        cleanup.callback(shop.close)
        try:
            await shop.store.call(lambda db: mirror_catalogue(db, shop.catalogue))
        except sqlite3.Error as error:
            raise StoreError(f"{folder.store}: {explain(error)}") from error
        doorman = Doorman(folder.store, clock, shop.store.call)
        desk = Desk(shop, doorman, socket, counters, settings.privacy.keep_descriptions_h)
        host, port = web_socket.getsockname()[:2]
        server = Server(
            folder, settings, shop, doorman, gate, desk, socket.address, f"{host}:{port}", tls, counters
        )
        control = f"{server.web_here} {tls.fingerprint}" if tls else server.web_here.removeprefix("http://")
        try:
            folder.control_address.write_text(f"{control}\n", "utf-8")
        except OSError as error:  # a full disk: devices are served all the same
            log.warning("%s: %s; commands do not find this server", folder.control_address, error)
        cleanup.callback(folder.control_address.unlink, missing_ok=True)
        server.enrolment.listen(listen.enrol)
        cleanup.callback(server.enrolment.close)
        shop.tick()
        ready(server)
        await _until_stopped(server, web, web_socket, stop or asyncio.Event())


class _WebServer(uvicorn.Server):
    """Leaves signals to the command that runs the server; takes few connections in one go, many may wait."""

    async def startup(self, sockets: list[sockets.socket] | None = None) -> None:
        await super().startup(sockets)
        for socket in sockets or []:
            socket.listen(BACKLOG)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def _until_stopped(
    server: Server, web: Web | None, web_socket: sockets.socket, stop: asyncio.Event
) -> None:
    keep_ms = server.settings.privacy.keep_descriptions_h * 3_600_000
    tasks = {
        asyncio.ensure_future(server.desk.run()),
        asyncio.ensure_future(forget_in_time(server.shop, keep_ms)),
        asyncio.ensure_future(server.enrolment.run()),
        asyncio.ensure_future(server.nightly.run()),
        asyncio.ensure_future(_note_seen(server)),
        asyncio.ensure_future(stop.wait()),
    }
    web_server, web_task = None, None
    if web is not None:
        config = uvicorn.Config(
            web(server), log_config=None, lifespan="off", ws="none", access_log=False,
            timeout_graceful_shutdown=1, server_header=False, backlog=WEB_AT_ONCE,
            http=connections(server.counters, server.tls.context() if server.tls else None),
            timeout_keep_alive=WEB_IDLE_S, h11_max_incomplete_event_size=WEB_HEAD_BYTES,
        )  # fmt: skip
        web_server = _WebServer(config)
        web_task = asyncio.ensure_future(web_server.serve(sockets=[web_socket]))
        tasks.add(web_task)
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        server.ending.set()
        if web_server is not None and web_task is not None:
            web_server.should_exit = True
            await asyncio.wait({web_task}, timeout=2)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _note_seen(server: Server) -> None:
    """Keeps when each device was last heard of; once more at the end."""
    try:
        while True:
            await asyncio.sleep(devices.SEEN_EVERY_S)
            await devices.write_seen(server)
    finally:
        await devices.write_seen(server)


async def forget_in_time(shop: Shop, keep_ms: int = DESCRIPTION_MS) -> None:
    """Removes what must not outlive its use, as it becomes due."""
    while True:
        try:
            if forgotten := await shop.forget(keep_ms):
                log.info("words about the shoppers of %d visits were removed", forgotten)
        except sqlite3.Error as error:
            log.warning("what is due could not be removed and is tried again: %s", explain(error))
        except Exception:
            log.exception("what is due could not be removed; it is tried again")
        await asyncio.sleep(FORGET_EVERY_S)


def _listen(address: str) -> sockets.socket:
    host, _, port = address.rpartition(":")
    try:
        found = sockets.create_server((host.strip("[]"), int(port)))
        # Accepted connections inherit it. Without it every answer waits 40 ms for an acknowledgement.
        found.setsockopt(sockets.IPPROTO_TCP, sockets.TCP_NODELAY, 1)
        return found
    except OSError as error:
        raise PortError(
            f"server.web: cannot listen on {address} ({error.strerror});"
            " another program may be using the port: stop it or choose another one in store.toml"
        ) from error


def _devices(folder: Folder) -> tuple[list[queries.DeviceRow], list[queries.DeviceRow]]:
    with reading(folder.store) as db:
        return queries.devices(db), queries.dismissed_devices(db)
