"""Puts together what a running server tells others: webhooks, mail and alerts."""

import asyncio
import contextlib
import shutil
import sqlite3
from collections.abc import Sequence

from sync_server.domain.alerts import Alert, KioskContact, find_alerts
from sync_server.domain.ops import ActorKind
from sync_server.service.auth.devices import list_devices
from sync_server.service.config.model import Settings
from sync_server.service.config.outside import WebhookEvent
from sync_server.service.mail import mail_sender
from sync_server.service.mail.mail_sender import MailSender
from sync_server.service.observe.counters import Counters
from sync_server.service.processing.processor import OpProcessor
from sync_server.service.storage.connection import reading
from sync_server.service.storage.data_dir import DataDir
from sync_server.service.supervisor import Supervisor
from sync_server.service.sync.handler import DeviceHandler
from sync_server.service.visit_states import utc
from sync_server.service.webhooks import webhook_outbox, webhook_sender
from sync_server.service.webhooks.told_events import AlertState, EventData, told
from sync_server.service.webhooks.webhook_sender import WebhookSender

from .alert_watch import LOOK_EVERY_S, AlertWatch


class Outside:
    """The webhooks, mail and alerts of a running server."""

    def __init__(
        self,
        data_dir: DataDir,
        processor: OpProcessor,
        devices: DeviceHandler,
        settings: Settings,
        counters: Counters,
    ) -> None:
        self._processor = processor
        self._devices = devices
        self.webhooks = WebhookSender(
            processor.path,
            settings.webhooks,
            processor.clock,
            processor.writer.call,
            lambda: processor.epoch,
            counters,
        )
        self.mail = MailSender(
            data_dir,
            settings.mail,
            lambda: processor.catalogue,
            processor.clock,
            processor.writer.call,
            counters,
        )
        self.mail_wanted = asyncio.Event()  # somebody waits for a mail
        self.alert_watch = AlertWatch(
            self._find_alerts, processor.writer.call, processor.clock, self._tell, self._is_anybody_told
        )
        processor.recorders.append(self.webhooks.record)

    def use_settings(self, settings: Settings) -> None:
        """Goes by other settings from now on."""
        self.webhooks.targets = settings.webhooks
        self.mail.settings = settings.mail

    def close(self) -> None:
        """Ends what is under way."""
        self.webhooks.close()

    def add_housekeeping(self, supervisor: Supervisor) -> None:
        """Starts the tasks."""
        supervisor.add_housekeeping("webhooks", self.webhooks.deliver_due, webhook_sender.LOOK_EVERY_S)
        supervisor.add_housekeeping(
            "the log of webhooks", self.webhooks.drop_old, webhook_sender.DROP_EVERY_S
        )
        supervisor.add_housekeeping("mail", self._send_mail)
        supervisor.add_housekeeping("the log of mail", self.mail.drop_old, webhook_sender.DROP_EVERY_S)
        supervisor.add_housekeeping("alerts for others", self.alert_watch.look, LOOK_EVERY_S)

    async def _send_mail(self) -> None:
        """Sends what is due, then waits until there may be more."""
        self.mail_wanted.clear()
        await self.mail.work()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(mail_sender.LOOK_EVERY_S):
                await self.mail_wanted.wait()

    def _is_anybody_told(self) -> bool:
        return self.webhooks.wants(WebhookEvent.ALERT_RAISED) or bool(self.mail.settings.alerts)

    async def _find_alerts(self) -> list[Alert]:
        contacts, free_bytes = await asyncio.to_thread(self._read)
        return find_alerts(self._processor.floor, contacts, free_bytes, self._processor.clock())

    def _read(self) -> tuple[list[KioskContact], int | None]:
        """The kiosks that take part, and how many bytes are free on the store's disk."""
        with reading(self._processor.path) as db:
            kiosks = [d for d in list_devices(db) if d.revoked_at is None and d.kind == ActorKind.KIOSK]
        online = {device.device_id for device in self._devices.connected_devices}
        seen = self._devices.last_seen.times
        try:
            free = shutil.disk_usage(self._processor.path.parent).free
        except OSError:
            free = None
        return [
            KioskContact(k.device_id, k.device_id in online, seen.get(k.device_id, k.seen_at)) for k in kiosks
        ], free

    def _tell(self, db: sqlite3.Connection, alerts: Sequence[Alert], now: int) -> None:
        """In a transaction of the writer: those who want to know are told of these alerts."""
        self.mail.add_alerts(db, alerts, now)
        events = []
        for alert in alerts:
            since = None if alert.since is None else utc(alert.since)
            data = EventData(alert=AlertState(alert.code.value, alert.subject, since))
            event = told(WebhookEvent.ALERT_RAISED, alert.code.value, None, data, now, self._processor.epoch)
            events.append(self.webhooks.with_targets(event))
        webhook_outbox.add(db, [(event, names) for event, names in events if names], now)
