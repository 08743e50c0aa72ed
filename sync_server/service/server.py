"""Puts the server together and runs it: one process, one event loop, one writer thread."""

import asyncio
import contextlib
import logging
import socket
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field

import zmq
import zmq.asyncio
from msgspec.structs import replace

from sync_server.domain.catalogue.retiring import InUse, lacking, retire
from sync_server.domain.floor.in_use import in_use
from sync_server.protocol import rows
from sync_server.store_clock import StoreClock, wall_clock
from sync_server.version import own_version

from . import time_sync
from .auth import managers, setup_link
from .auth.checker import CredentialChecker
from .auth.server_key import load_server_key
from .clock import NonDecreasingClock, steady_clock
from .config.model import Settings
from .control import ControlContext, ControlService
from .enrol.service import EnrolContext, EnrolService
from .limits.open_files import raise_open_files
from .net.http_connections import PAGES, HttpListener
from .net.http_server import serve_http
from .net.listen import listen_for_pages, listens_at
from .net.page_addresses import PageAddresses
from .net.tls import Tls, load_tls
from .observe.counters import Counters
from .observe.logs import lifecycle
from .outside.outside import Outside
from .privacy.replaced_stores import ReplacedStores
from .processing import overwriting, periodic_retention
from .processing.catalogue_changes import use_catalogue
from .processing.periodic_retention import run_retention
from .processing.processor import OpProcessor
from .repairs.watch import RepairWatch
from .reports import summary_keeper, told_waits
from .reports.summary_keeper import SummaryKeeper
from .reports.told_waits import ToldWaits
from .restart import Restart, RestoreOutcome
from .settings import live_settings as live
from .settings.live_settings import LiveSettings
from .settings.settings_file import SettingsFile
from .storage import event_log, known_times
from .storage.catalogue_mirror import mirror_catalogue
from .storage.connection import reading
from .storage.data_dir import DataDir, DataDirError, DataDirLock
from .storage.errors import StoreError, explain
from .storage.schema.migrate import migrate
from .supervisor import Supervisor
from .sync.device_registry import DeviceRegistry, read_devices
from .sync.handler import DeviceHandler
from .sync.last_seen import WRITE_EVERY_S
from .sync.publisher import UpdatePublisher
from .sync.router import RouterSocket
from .sync.sessions import Sessions
from .sync.zap import DeviceAuthenticator
from .upkeep.backup_schedule import BackupScheduler

REPLACED_STORES_EVERY_S = 60.0

log = logging.getLogger(__name__)


@dataclass
class Server:
    """What the web pages and the commands use of a running server.

    `stopping` is set as soon as the server stops: answers that last, such as event streams, end then.
    `restart` starts the server again, and `restored` says what came of a restore just before this start.
    `page_turns` lets the live pages be made one by one, see `sse.py`.
    """

    data_dir: DataDir
    settings: Settings
    live_settings: LiveSettings
    clock: NonDecreasingClock
    processor: OpProcessor
    credential_checker: CredentialChecker
    authenticator: DeviceAuthenticator
    device_handler: DeviceHandler
    sessions: Sessions
    devices: DeviceRegistry
    enrol: EnrolService
    backup_scheduler: BackupScheduler
    control: ControlService
    told_waits: ToldWaits
    summaries: SummaryKeeper
    replaced_stores: ReplacedStores
    outside: Outside
    sync_address: str
    pages: PageAddresses
    web_listener: HttpListener
    tls: Tls | None
    counters: Counters
    repairs: RepairWatch
    restored: RestoreOutcome | None = None
    restart: Restart = field(default_factory=Restart)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    page_turns: asyncio.Lock = field(default_factory=asyncio.Lock)

    def use_settings(self, settings: Settings) -> None:
        """Goes by other settings from now on. What they have no more and is in use stays as retired.

        The keys of [server] are those of the start: the ports are open, and the pages are put together.
        """
        self.settings = replace(settings, server=self.settings.server)
        keep_h = self.sessions.keep_h = settings.privacy.keep_descriptions_h
        self.processor.keep_ms = self.replaced_stores.keep_ms = keep_h * 3_600_000
        catalogue = retire(self.processor.catalogue, settings.catalogue())
        self.told_waits.catalogue = self.summaries.catalogue = catalogue
        self.backup_scheduler.use_settings(settings)
        self.enrol.requests.store = settings.store.name
        self.pages = replace(self.pages, public_url=settings.store.public_url)
        use_catalogue(self.processor, catalogue)
        self.mirror_catalogue()
        self.outside.use_settings(settings)

    def mirror_catalogue(self) -> None:
        """Copies needs and employees into their tables. What cannot be written is at the next start."""
        catalogue = self.processor.catalogue
        done = self.processor.writer.call(lambda db: mirror_catalogue(db, catalogue))
        done.add_done_callback(_log_failure)

    def setup_code(self) -> str | None:
        """The code of the link to choose the first password with.

        None once there is a manager, and where no code can be written: that is logged.
        """
        try:
            with reading(self.data_dir.store) as db:
                if managers.has_manager(db):
                    setup_link.discard(self.data_dir)
                    return None
            return setup_link.make_code(self.data_dir)
        except (OSError, DataDirError, StoreError) as error:
            log.warning("the link for the first password: %s", error)
            return None


def _log_failure(done: asyncio.Future[None]) -> None:
    if not done.cancelled() and (error := done.exception()) is not None:
        log.warning("needs and employees could not be copied into their tables: %s", explain(error))


Web = Callable[[Server], Callable[..., object]]  # makes the ASGI application of the pages


async def serve(
    data_dir: DataDir,
    web: Web | None = None,
    sync: str | None = None,
    web_at: str | None = None,
    ready: Callable[[Server], None] = lambda _server: None,
    stop: asyncio.Event | None = None,
    enrol_at: str | None = None,
    store_clock: StoreClock | None = None,
) -> None:
    """Runs a store until `stop` is set. `sync`, `web_at` and `enrol_at` replace what `store.toml` says.

    Port 0 is any port; an empty `enrol_at` means that no device can be paired. `ready` is called when
    all ports are open. `store_clock` is the computer's clock except in a demo.

    Raises SettingsError, DataDirError, StoreError or PortError, each with a text for a person.
    """
    stop, restored = stop or asyncio.Event(), None
    raise_open_files()
    while True:
        restart = await _serve_until_stopped(
            data_dir,
            web,
            (sync, web_at, enrol_at),
            ready,
            stop,
            store_clock or StoreClock(wall_clock),
            restored,
        )
        if restart is None:
            return
        restored = await restart.do_between()
        lifecycle.info("starting again, as a page asked for")


async def _serve_until_stopped(
    data_dir: DataDir,
    web: Web | None,
    addresses: tuple[str | None, str | None, str | None],
    ready: Callable[[Server], None],
    stop: asyncio.Event,
    store_clock: StoreClock,
    restored: RestoreOutcome | None,
) -> Restart | None:
    """Runs a store until `stop` is set (None), or until a page asks for a restart, which it returns."""
    sync, web_at, enrol_at = addresses
    data_dir.check()
    settings_file = SettingsFile(data_dir, store_clock.now())

    def as_started(settings: Settings) -> Settings:
        said = settings.server
        enrol = said.enrol if enrol_at is None else enrol_at
        return replace(
            settings, server=replace(said, sync=sync or said.sync, web=web_at or said.web, enrol=enrol)
        )

    with DataDirLock(data_dir), contextlib.ExitStack() as cleanup:
        migrate(data_dir.store)
        server, web_socket = await _build(data_dir, settings_file, as_started, cleanup, store_clock)
        server.restored = restored
        application = web(server) if web is not None else None  # before any task runs: it may raise
        lifecycle.info("started: Welkom %s, store %s", own_version(), data_dir.path)
        ready(server)
        await _run(server, application, web_socket, stop)
    if server.restart.asked.is_set() and not stop.is_set():
        return server.restart
    lifecycle.info("stopped, as it was told to; everything is on the disk")
    return None


async def _build(
    data_dir: DataDir,
    settings_file: SettingsFile,
    as_started: Callable[[Settings], Settings],
    cleanup: contextlib.ExitStack,
    store_clock: StoreClock,
) -> tuple[Server, socket.socket]:
    """Opens everything, and returns the server and the pages' socket. `cleanup` closes it again."""
    settings = as_started(settings_file.current.settings)
    tls = load_tls(data_dir, settings.server)
    public, secret = load_server_key(data_dir.server_key)
    context = zmq.Context()
    cleanup.callback(context.destroy, linger=0)
    counters = Counters()
    authenticator = DeviceAuthenticator(zmq.asyncio.Context.shadow(context.underlying), counters)
    authenticator.set_devices(*read_devices(data_dir.store))
    authenticator.start()
    cleanup.callback(authenticator.stop)
    router = RouterSocket(settings.server.sync, secret, authenticator, context, counters)
    cleanup.callback(router.close)
    web_socket = listen_for_pages(settings.server.web)
    cleanup.callback(web_socket.close)
    with reading(data_dir.store) as db:
        clock = NonDecreasingClock(
            store_clock.now,
            steady_clock,
            event_log.last_written_at(db),
            known_times.latest_known_at(db, data_dir),
            time_sync.is_synchronized,
        )
    keep_h, pace = settings.privacy.keep_descriptions_h, store_clock.pace
    publisher = UpdatePublisher(router, counters, keep_h)
    processor = OpProcessor(
        data_dir, settings.catalogue(), clock, counters, publisher, keep_ms=keep_h * 3_600_000, pace=pace
    )
    cleanup.callback(processor.close)
    try:
        await processor.writer.call(lambda db: mirror_catalogue(db, processor.catalogue))
    except sqlite3.Error as error:
        raise StoreError(f"{data_dir.store}: {explain(error)}") from error
    credential_checker = CredentialChecker(data_dir.store, clock, processor.writer.call)
    device_handler = DeviceHandler(
        processor, credential_checker, publisher, router, counters, hear_clock=clock.hear
    )
    device_registry = DeviceRegistry(data_dir.store, processor, authenticator, device_handler)
    pages = _page_addresses(web_socket, settings, tls)
    enrol = EnrolService(
        EnrolContext(
            store_name=settings.store.name,
            server_key=public,
            sync_port=router.port,
            announce=settings.server.announce,
            clock=clock,
            counters=counters,
            devices_page=pages.devices_page,
            enrol_device=device_registry.enrol,
        )
    )
    cleanup.callback(enrol.close)
    # A demo's nights follow each other within the hour: backups there go by the computer's clock.
    nights = wall_clock if pace > 1 else clock
    backup_scheduler = BackupScheduler(data_dir, settings, nights)
    control = ControlService(
        ControlContext(
            data_dir=data_dir,
            processor=processor,
            credential_checker=credential_checker,
            clock=clock,
            devices=device_registry,
            enrol=enrol,
            backups=backup_scheduler,
            pages=pages.local,
            fingerprint=tls.fingerprint if tls else None,
        )
    )
    cleanup.callback(control.close)
    live_settings = LiveSettings(settings_file, data_dir.store, clock, processor.writer.call)
    await live_settings.start()
    used = lacking(processor.catalogue, in_use(processor.floor))
    if used != InUse():  # it was taken out of the file while no server ran
        use_catalogue(processor, await live_settings.with_retired(processor.catalogue, used))
    outside = Outside(data_dir, processor, device_handler, settings, counters)
    cleanup.callback(outside.close)
    server = Server(
        data_dir=data_dir,
        settings=settings,
        live_settings=live_settings,
        clock=clock,
        processor=processor,
        credential_checker=credential_checker,
        authenticator=authenticator,
        device_handler=device_handler,
        sessions=publisher.sessions,
        devices=device_registry,
        enrol=enrol,
        backup_scheduler=backup_scheduler,
        control=control,
        told_waits=ToldWaits(data_dir.store, processor.catalogue, clock),
        summaries=SummaryKeeper(data_dir.store, processor.catalogue, clock, processor.writer.call),
        replaced_stores=ReplacedStores(data_dir, keep_h * 3_600_000),
        outside=outside,
        sync_address=router.address,
        pages=pages,
        web_listener=HttpListener(PAGES, counters, tls.context() if tls else None),
        tls=tls,
        counters=counters,
        repairs=RepairWatch(data_dir, control.describe, clock, live_settings.problems),
    )
    live_settings.on_change.append(server.use_settings)
    enrol.listen(settings.server.enrol)
    processor.tick()
    return server, web_socket


def _page_addresses(web_socket: socket.socket, settings: Settings, tls: Tls | None) -> PageAddresses:
    private = tls is not None or settings.server.accepts_reading
    return PageAddresses(listens_at(web_socket), tls is not None, settings.store.public_url, private)


async def _run(
    server: Server,
    application: Callable[..., object] | None,
    web_socket: socket.socket,
    stop: asyncio.Event,
) -> None:
    supervisor = Supervisor()
    supervisor.add_vital("the devices' port", server.device_handler.run())
    supervisor.add_vital("the store's writer", server.processor.writer.run())
    if application is not None:
        supervisor.add_vital("the pages", serve_http(application, web_socket, server.web_listener))
    _add_housekeeping(supervisor, server)
    try:
        await supervisor.run(server.restart.asked_or(stop), server.stopping.set)
    finally:
        try:
            await server.device_handler.last_seen.write(server.processor.writer)
        except Exception:  # it must not hide why the server ends
            log.exception("when devices were last seen could not be written down")


async def _tell_kiosks(server: Server) -> None:
    """Lets the kiosks know how right the told waits were, with the next change of the floor."""
    held = await server.told_waits.held()
    server.device_handler.tell_kiosks(rows.ToldWaitsRow(held.part, held.whole))


def _add_housekeeping(supervisor: Supervisor, server: Server) -> None:
    processor, last_seen = server.processor, server.device_handler.last_seen
    supervisor.add_housekeeping("the commands' socket", server.control.serve)
    supervisor.add_housekeeping("the enrolment port", server.enrol.serve)
    supervisor.add_housekeeping("the announcement of the enrolment port", server.enrol.announce)
    supervisor.add_housekeeping(
        "noticing changes of the settings", server.live_settings.look, live.LOOK_EVERY_S
    )
    server.outside.add_housekeeping(supervisor)
    supervisor.add_housekeeping("the nightly backup", server.backup_scheduler.run)
    supervisor.add_housekeeping("looking for repairs", server.repairs.run)
    supervisor.add_housekeeping(
        "how right the told waits were", lambda: _tell_kiosks(server), told_waits.KEEP_MS / 1000
    )
    supervisor.add_housekeeping("summaries of past days", server.summaries.keep_all, summary_keeper.EVERY_S)
    supervisor.add_housekeeping("retention", lambda: run_retention(processor), periodic_retention.EVERY_S)
    supervisor.add_housekeeping(
        "overwriting what was removed", processor.overwriting.retry, overwriting.RETRY_S
    )
    supervisor.add_housekeeping(
        "retention in replaced stores",
        lambda: asyncio.to_thread(server.replaced_stores.apply_retention, processor.clock()),
        REPLACED_STORES_EVERY_S,
    )
    supervisor.add_housekeeping(
        "writing when devices were last seen", lambda: last_seen.write(processor.writer), WRITE_EVERY_S
    )
