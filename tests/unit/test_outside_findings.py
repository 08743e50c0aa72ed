"""A webhook that has failed for over an hour, and mail that could not be sent, are findings of the doctor."""

import sqlite3
from collections.abc import Iterator

import pytest

from assets.i18n.texts import Texts
from sync_server.service.config.outside import MailSettings, WebhookSettings
from sync_server.service.mail import mail_outbox
from sync_server.service.mail.mail_outbox import MailKind
from sync_server.service.repairs.repair import Severity, repair_of
from sync_server.service.storage.connection import connect
from sync_server.service.upkeep.doctor import examine
from sync_server.service.upkeep.finding import Finding, FindingKind
from sync_server.service.upkeep.outside_findings import FAILED_MS, failing_mail, failing_webhooks
from sync_server.service.webhooks import webhook_outbox
from sync_server.service.webhooks.told_events import TEST, EventData, told
from sync_server.web.manager.repair_texts import shown_repair
from tests.store_rows import empty_store_file

NOW = 1_772_900_000_000
TILL = WebhookSettings("till", "https://till.example/hooks", ("visit.opened",))
MAIL = MailSettings("smtp.example.com", to=("owner@example.com",))


@pytest.fixture
def db(tmp_path) -> Iterator[sqlite3.Connection]:
    empty_store_file(tmp_path / "store.db")
    found = connect(tmp_path / "store.db")
    yield found
    found.close()


def told_at(db: sqlite3.Connection, now: int, target: str = "till") -> int:
    """An event for the target; the number of its delivery."""
    webhook_outbox.add(db, [(told(TEST, target, None, EventData(), now, "e1"), [target])], now)
    return webhook_outbox.log_of(db, target, 1)[0].n


def mail_at(db: sqlite3.Connection, now: int, once: str) -> int:
    mail_outbox.add(db, MailKind.DIGEST, once, "The day", "words", now)
    return mail_outbox.log_of(db, 1)[0].n


def webhooks(db: sqlite3.Connection, now: int) -> list[Finding]:
    return list(failing_webhooks(db, (TILL,), now))


def test_a_webhook_that_fails_for_more_than_an_hour_is_named_until_something_arrives(db):
    first, second = told_at(db, NOW), told_at(db, NOW + 1000)
    told_at(db, NOW, "nobody any more")
    assert webhooks(db, NOW + 2 * FAILED_MS) == [], "what was never tried has not failed"
    webhook_outbox.failed(db, first, None, "unreachable: refused", NOW)
    webhook_outbox.failed(db, second, 410, "gone: ", NOW, for_good=True)
    assert webhooks(db, NOW + FAILED_MS) == []
    (found,) = webhooks(db, NOW + FAILED_MS + 1)
    assert (found.kind, found.values["name"], found.values["n"]) == (FindingKind.WEBHOOK_FAILS, "till", 2)
    repair = repair_of(found)
    assert repair.severity is Severity.SOON
    assert shown_repair(repair, Texts("en"), True).place == "/manager/settings/webhooks/till"
    webhook_outbox.delivered(db, told_at(db, NOW + 2000), 204, NOW + 2 * FAILED_MS)
    assert webhooks(db, NOW + 3 * FAILED_MS) == [], "it takes what is sent: single events are in its log"


def test_mail_that_was_given_up_is_named_at_once_and_mail_that_waits_after_an_hour(db):
    def found(now: int) -> list[FindingKind]:
        return [one.kind for one in failing_mail(db, MAIL, now)]

    waits = mail_at(db, NOW, "monday")
    assert found(NOW + 2 * FAILED_MS) == []
    mail_outbox.failed(db, waits, "unreachable: refused", NOW, False)
    assert found(NOW + FAILED_MS) == []
    assert found(NOW + FAILED_MS + 1) == [FindingKind.MAIL_FAILS]
    mail_outbox.failed(db, waits, "refused: 550", NOW, True)
    assert found(NOW + 1) == [FindingKind.MAIL_FAILS]
    assert list(failing_mail(db, MailSettings(), NOW + 1)) == [], "no mail is set up any more"
    mail_outbox.sent(db, mail_at(db, NOW, "tuesday"), NOW + 2)
    assert found(NOW + 3 * FAILED_MS) == []


def test_the_doctor_says_so(folder):
    text = folder.settings.read_text("utf-8")
    hook = '\n[[webhooks]]\nname = "till"\nurl = "https://till.example/h"\nevents = ["visit.opened"]\n'
    folder.settings.write_text(text + hook, "utf-8")
    db = connect(folder.store)
    webhook_outbox.failed(db, told_at(db, NOW), None, "unreachable: refused", NOW)
    db.close()
    (found,) = [one for one in examine(folder, NOW + 2 * FAILED_MS) if one.about == "webhooks"]
    assert "the webhook till has taken nothing since" in found.text
