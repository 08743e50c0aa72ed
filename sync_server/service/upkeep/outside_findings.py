"""Examines what a store tells others: webhooks that do not arrive, and mail that could not be sent."""

import sqlite3
from collections.abc import Iterator

from sync_server.service.config.outside import MailSettings, WebhookSettings

from .finding import Finding, FindingKind, local_moment

FAILED_MS = 3_600_000  # what fails for less long may be the other side's own restart

# What did not arrive since the last one that did: how many, and when the first of them was made.
_WEBHOOKS = """
    SELECT count(*), min(made_at) FROM webhook_deliveries
    WHERE target = ?1 AND problem IS NOT NULL AND state <> 'delivered' AND n > coalesce((
        SELECT n FROM webhook_deliveries WHERE target = ?1 AND state = 'delivered' ORDER BY n DESC LIMIT 1
    ), 0)
"""
_MAILS = """
    SELECT count(*), min(made_at), coalesce(max(state = 'given_up'), 0) FROM mails
    WHERE problem IS NOT NULL AND state <> 'sent'
    AND n > coalesce((SELECT n FROM mails WHERE state = 'sent' ORDER BY n DESC LIMIT 1), 0)
"""


def failing_webhooks(
    db: sqlite3.Connection, targets: tuple[WebhookSettings, ...], now: int
) -> Iterator[Finding]:
    """The targets that have taken nothing for more than an hour. `now` in ms UTC."""
    for target in targets:
        count, since = db.execute(_WEBHOOKS, (target.name,)).fetchone()
        if count and now - since > FAILED_MS:
            day = local_moment(since)
            yield Finding(
                "webhooks",
                f"the webhook {target.name} has taken nothing since {day} ({count} waiting or given up);"
                f" the page Settings, Webhooks, {target.name} says why and sends it again",
                FindingKind.WEBHOOK_FAILS,
                {"name": target.name, "at": since, "day": day, "n": count},
            )


def failing_mail(db: sqlite3.Connection, mail: MailSettings, now: int) -> Iterator[Finding]:
    """Whether mail was given up, or waits for more than an hour because it fails. `now` in ms UTC."""
    if not mail.host:
        return
    count, since, given_up = db.execute(_MAILS).fetchone()
    if count and (given_up or now - since > FAILED_MS):
        day = local_moment(since)
        yield Finding(
            "mail",
            f"no mail could be sent since {day} ({count} waiting or given up);"
            " the page Settings, Mail says what the mail server answered",
            FindingKind.MAIL_FAILS,
            {"at": since, "day": day, "n": count},
        )
