"""Mail goes to a real mail server on this computer; a digest is made once a day, tried until it is sent."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from sync_server.domain.alerts import Alert, AlertCode
from sync_server.service.config.outside import MailSettings
from sync_server.service.mail import mail_outbox
from sync_server.service.mail.mail_outbox import DELAYS_S, LoggedMail, MailState
from sync_server.service.mail.mail_password import password_file, read_password, write_password
from sync_server.service.mail.mail_sender import MailSender
from sync_server.service.mail.smtp_client import NotSent, send_mail
from sync_server.service.net.tls import make_certificate
from sync_server.service.observe.counters import Counters
from sync_server.service.storage.connection import connect, transaction
from sync_server.service.storage.data_dir import DataDir
from tests.fake_clock import FakeClock
from tests.sample_store import catalogue, ms
from tests.store_rows import empty_store_file

EVENING = ms(2026, 3, 2, 20, 30)  # 21:30 in Amsterdam
OWNER = "owner@example.com"


class Inbox:
    """What the mail server got. `refuse` is its answer to a recipient, empty: it is accepted."""

    def __init__(self) -> None:
        self.mails: list[Any] = []
        self.refuse = ""

    async def handle_RCPT(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if self.refuse:
            return self.refuse
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        self.mails.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 OK"


class ShopMail:
    """A store that sends mail."""

    def __init__(self, folder: Path, settings: MailSettings, send: Callable[..., None] = send_mail) -> None:
        self.data_dir = DataDir(folder)
        empty_store_file(self.data_dir.store)
        self.db = connect(self.data_dir.store)
        self.clock = FakeClock(EVENING)
        self.sender = MailSender(
            self.data_dir, settings, catalogue, self.clock, self._write, Counters(), send
        )

    async def _write(self, work: Callable[[Any], Any]) -> Any:
        with transaction(self.db) as db:
            return work(db)

    def work(self) -> None:
        asyncio.run(self.sender.work())

    @property
    def log(self) -> list[LoggedMail]:
        return mail_outbox.log_of(self.db)


def settings(port: int = 25, **more: Any) -> MailSettings:
    whole = {"tls": "none", "sender": "shop@example.com", "to": (OWNER,), "at": "21:30", **more}
    return MailSettings("127.0.0.1", port, **whole)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
def mail_server(inbox: Inbox) -> Iterator[Controller]:
    controller = Controller(inbox, "127.0.0.1", free_port())
    controller.start()
    yield controller
    with contextlib.suppress(AssertionError):  # a test may have stopped it
        controller.stop()


def test_a_digest_is_sent_once_a_day_at_its_time(
    tmp_path: Path, inbox: Inbox, mail_server: Controller
) -> None:
    shop = ShopMail(tmp_path, settings(mail_server.port))
    shop.clock.now = EVENING - 1000
    shop.work()
    assert inbox.mails == []
    shop.clock.now = EVENING
    for _ in range(3):
        shop.work()
        shop.clock.after(60)
    (mail,) = inbox.mails
    assert (mail["To"], mail["From"]) == (OWNER, "shop@example.com")
    assert mail["Subject"] == "Test shop: 0 visits on 2 Mar"
    assert mail["Auto-Submitted"] == "auto-generated"
    plain, html = (mail.get_body((kind,)).get_content() for kind in ("plain", "html"))
    assert "Nobody came to ask something." in plain
    assert "Nobody came to ask something." in html
    assert "http" not in html, "nothing is loaded from elsewhere"
    assert [(line.state, line.subject) for line in shop.log] == [(MailState.SENT, "2 Mar 2026")]
    assert shop.db.execute("SELECT message FROM mails").fetchall() == [("",)]
    shop.clock.after(24 * 3600)
    shop.work()
    assert len(inbox.mails) == 2


@pytest.mark.parametrize(
    ("at", "language", "expected"),
    [("21:30", "nl", "0 bezoeken op 2 mrt"), ("21:30", "fi", "0 käyntiä 2.3."), ("08:00", "en", "on 1 Mar")],
)
def test_a_digest_in_each_language_and_of_the_day_before_in_the_morning(
    tmp_path: Path, at: str, language: str, expected: str
) -> None:
    sent: list[Any] = []
    shop = ShopMail(
        tmp_path, settings(at=at, language=language), lambda _mail, _password, message: sent.append(message)
    )
    shop.clock.now = EVENING if at == "21:30" else ms(2026, 3, 2, 7, 30)
    shop.work()
    assert expected in sent[0]["Subject"]


@pytest.mark.fault(
    "The mail server refuses, or is not there",
    "the page names it and what it said; the mail is tried again for two days",
)
def test_a_server_that_is_not_there_or_refuses_is_named_and_tried_again(
    tmp_path: Path, inbox: Inbox, mail_server: Controller
) -> None:
    shop = ShopMail(tmp_path, settings(mail_server.port))
    inbox.refuse = "550 no such user"
    shop.work()
    (line,) = shop.log
    assert (line.state, line.tries) == (MailState.GIVEN_UP, 1)
    assert OWNER in (line.problem or "")
    mail_server.stop()
    shop.clock.after(24 * 3600)
    shop.work()
    line = shop.log[0]
    assert line.state is MailState.WAITING
    assert (line.problem or "").startswith(f"unreachable: 127.0.0.1:{mail_server.port}: ")
    for delay in DELAYS_S:
        shop.clock.after(delay)
        shop.work()
    assert [line.state for line in shop.log if line.subject == "3 Mar 2026"] == [MailState.GIVEN_UP]


def test_a_user_signs_in_with_the_password_of_the_file_over_tls_only(tmp_path: Path) -> None:
    folder = DataDir(tmp_path / "tls")
    folder.path.mkdir()
    make_certificate(folder, "Shop", ["127.0.0.1"], datetime.now(UTC))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder.path / "tls.cert.pem", folder.path / "tls.key.pem")
    trusting = ssl.create_default_context(cafile=str(folder.path / "tls.cert.pem"))
    inbox = Inbox()

    def check(_server: Any, _session: Any, _envelope: Any, _how: Any, given: LoginPassword) -> AuthResult:
        return AuthResult(success=(given.login, given.password) == (b"shop", b"s3cret"), handled=False)

    port = free_port()
    controller = Controller(
        inbox, "127.0.0.1", port, tls_context=context, authenticator=check, auth_required=True
    )
    controller.start()
    mail = settings(port, tls="starttls", user="shop")
    message = message_from_bytes(
        b"From: a@b.c\r\nTo: d@e.f\r\nSubject: hi\r\n\r\nhello", policy=policy.default
    )
    try:
        send_mail(mail, "s3cret", message, lambda: trusting)
        assert [got["Subject"] for got in inbox.mails] == ["hi"]
        with pytest.raises(NotSent, match="password: 127"):
            send_mail(mail, "wrong", message, lambda: trusting)
        with pytest.raises(NotSent, match="tls: 127"):
            send_mail(mail, "s3cret", message)
    finally:
        controller.stop()


def test_alerts_of_the_chosen_kinds_are_mailed(tmp_path: Path) -> None:
    shop = ShopMail(tmp_path, settings(at="", alerts=("floor_empty",)))
    with transaction(shop.db) as db:
        alerts = [Alert(AlertCode.FLOOR_EMPTY), Alert(AlertCode.STORAGE_LOW)]
        shop.sender.add_alerts(db, alerts, shop.clock.now)
    assert [line.subject for line in shop.log] == ["Nobody is on the floor"]


def test_the_password_is_for_its_owner_alone(tmp_path: Path) -> None:
    folder = DataDir(tmp_path)
    assert read_password(folder) == ""
    for password in ("first", "second päss"):
        write_password(folder, password)
        assert read_password(folder) == password
        assert password_file(folder).stat().st_mode & 0o777 == 0o600
    write_password(folder, "")
    assert not password_file(folder).exists()


def test_nothing_is_done_without_a_mail_server(tmp_path: Path) -> None:
    shop = ShopMail(tmp_path, MailSettings())
    shop.work()
    assert shop.log == []
