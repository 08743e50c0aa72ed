"""Writes the mails of a store when they are due, and sends those that wait until the mail server has them."""

import asyncio
import logging
import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, time, timedelta
from email import message_from_string, policy
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from functools import partial
from typing import TypeVar

from assets.i18n.texts import Texts
from sync_server.domain.alerts import Alert
from sync_server.domain.catalogue.catalogue import Catalogue
from sync_server.service.config.outside import MailSettings
from sync_server.service.observe.counters import Counters
from sync_server.service.storage.connection import reading
from sync_server.service.storage.data_dir import DataDir
from sync_server.service.visit_states import utc

from . import mail_outbox
from .digest import digest_text, read_digest
from .mail_outbox import MailKind
from .mail_password import read_password
from .smtp_client import MailProblem, NotSent, send_mail

LOOK_EVERY_S = 20.0
LATE_MS = 6 * 3_600_000  # a digest that could not be made for longer is not made any more
NOON = time(12)  # a digest at an earlier time is about the day before

log = logging.getLogger(__name__)

T = TypeVar("T")
Send = Callable[[MailSettings, str, EmailMessage], None]


class MailSender:
    """The mail of a store. `settings` and `catalogue` follow the settings; `clock` gives ms UTC.

    `write` runs work in the writer's transactions. `send` sends one message; it runs in a thread.
    """

    def __init__(
        self,
        data_dir: DataDir,
        settings: MailSettings,
        catalogue: Callable[[], Catalogue],
        clock: Callable[[], int],
        write: Callable[..., Awaitable[object]],
        counters: Counters,
        send: Send = send_mail,
    ) -> None:
        self.settings = settings
        self._data_dir = data_dir
        self._catalogue = catalogue
        self._clock = clock
        self._write = write
        self._counters = counters
        self._send = send

    @property
    def texts(self) -> Texts:
        """The texts in the language of the mails."""
        return Texts(self.settings.language or self._catalogue().store.languages[0])

    async def work(self) -> None:
        """Makes the digest if it is due, and tries to send what waits."""
        if not self.settings.host:
            return
        await self._make_digest_if_due()
        waiting = await asyncio.to_thread(self._read, partial(mail_outbox.due, now=self._clock()))
        for mail in waiting:
            try:
                await self._send_one(mail.message)
            except NotSent as error:
                problem, is_final = str(error), error.is_final
                self._counters.add("mails_failed")
                if not mail.tries:
                    log.warning("a mail could not be sent and is tried again: %s", problem)
                now = self._clock()
                await self._write(
                    lambda db, n=mail.n, text=problem, end=is_final, at=now: mail_outbox.failed(
                        db, n, text, at, end
                    )
                )
                if not is_final:
                    return  # the next ones would meet the same
            else:
                self._counters.add("mails_sent")
                await self._write(partial(mail_outbox.sent, n=mail.n, now=self._clock()))

    async def drop_old(self) -> None:
        """Removes what ended long ago from the log of mails."""
        await self._write(partial(mail_outbox.drop_old, now=self._clock()))

    def due_digest(self) -> str | None:
        """The store-day whose digest is to be made now; None if none is."""
        catalogue, now = self._catalogue(), self._clock()
        if not (self.settings.at and self.settings.to and self.settings.host):
            return None
        local, at = catalogue.local(now), time.fromisoformat(self.settings.at)
        for day in (local.date(), local.date() - timedelta(days=1)):
            moment = int(datetime.combine(day, at, local.tzinfo).timestamp() * 1000)
            if 0 <= now - moment <= LATE_MS:
                return (day - timedelta(days=1) if at < NOON else day).isoformat()
        return None

    async def _make_digest_if_due(self) -> None:
        day, now = self.due_digest(), self._clock()
        if day is None:
            return
        once = f"digest {day}"

        def read(db: sqlite3.Connection) -> str | None:
            if mail_outbox.has(db, once):
                return None
            digest = read_digest(db, self._catalogue(), day, now)
            text = digest_text(digest, self._catalogue().store.name, self.texts)
            return self.message(text.subject, text.plain, text.html, now)

        message = await asyncio.to_thread(self._read, read)
        if message is not None:
            subject = self.texts.date_with_year(datetime.fromisoformat(day).date())
            await self._write(lambda db: mail_outbox.add(db, MailKind.DIGEST, once, subject, message, now))

    def add_alerts(self, db: sqlite3.Connection, alerts: Sequence[Alert], now: int) -> None:
        """In a transaction of the writer: mails about those of these alerts that are to be mailed."""
        texts, store = self.texts, self._catalogue().store.name
        for alert in alerts:
            if alert.code not in self.settings.alerts or not (self.settings.host and self.settings.to):
                continue
            title = texts.say(f"manager.mail.alert.{alert.code}")
            plain = f"{title}\n\n{texts.say('manager.mail.alert.where')}\n"
            once = f"alert {alert.code} {alert.subject} {now}"
            message = self.message(f"{store}: {title}", plain, None, now)
            mail_outbox.add(db, MailKind.ALERT, once, title, message, now)

    def wants(self, code: str) -> bool:
        """Whether alerts of this kind are mailed."""
        return code in self.settings.alerts

    def test_message(self) -> str:
        """A message that says that mail works."""
        texts, now = self.texts, self._clock()
        title = texts.say("manager.mail.test.title")
        return self.message(
            f"{self._catalogue().store.name}: {title}", texts.say("manager.mail.test.text"), None, now
        )

    def message(self, subject: str, plain: str, html: str | None, now: int) -> str:
        """A whole mail to everybody who gets mail."""
        message = EmailMessage()
        message["Subject"] = " ".join(subject.split())
        message["From"] = self.settings.sender
        message["To"] = ", ".join(self.settings.to)
        message["Date"] = format_datetime(utc(now))
        message["Message-ID"] = make_msgid(domain=self.settings.sender.rpartition("@")[2] or "welkom")
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(plain)
        if html is not None:
            message.add_alternative(html, subtype="html")
        return message.as_string()

    async def _send_one(self, text: str) -> None:
        parsed = message_from_string(text, policy=policy.default)
        assert isinstance(parsed, EmailMessage)

        def send() -> None:
            try:
                password = read_password(self._data_dir)
            except OSError as error:
                raise NotSent(MailProblem.PASSWORD_FILE, error.strerror or "") from error
            self._send(self.settings, password, parsed)

        await asyncio.to_thread(send)

    def _read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        with reading(self._data_dir.store) as db:
            return work(db)
