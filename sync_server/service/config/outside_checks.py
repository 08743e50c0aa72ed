"""Checks of what a store sends to others: addresses, names, and what belongs together."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from assets.i18n.saying import Saying
from sync_server.addresses import AddressError, parse_host
from sync_server.domain.alerts import AlertCode
from sync_server.domain.catalogue.opening_hours import parse_time

from .fault import SettingsFault
from .outside import MailSettings, MailTls, WebhookEvent, WebhookSettings
from .values import unknown

MAX_WEBHOOKS = 20
MAX_RECIPIENTS = 20
MAX_URL = 500
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_MAIL_ADDRESS = re.compile(r"[^@\s<>,;:\"\\()\[\]]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")


def webhook_problems(webhooks: tuple[WebhookSettings, ...]) -> Iterator[SettingsFault]:
    """Every fault of [[webhooks]]."""
    if len(webhooks) > MAX_WEBHOOKS:
        yield SettingsFault.at("webhooks", "settings_fault.webhooks", count=len(webhooks), most=MAX_WEBHOOKS)
    names = [webhook.name for webhook in webhooks]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield SettingsFault.at(f'webhooks "{name}"', "settings_fault.name_twice")
    for webhook in webhooks:
        where = f'webhooks "{webhook.name}"'
        if not NAME.fullmatch(webhook.name):
            yield SettingsFault.at(f"{where}, name", "settings_fault.name")
        if webhook.name in ("new", "log"):
            yield SettingsFault.at(f"{where}, name", "settings_fault.name_of_page")
        if problem := url_problem(webhook.url, webhook.allow_local):
            yield SettingsFault(f"{where}, url", problem)
        if not webhook.events:
            yield SettingsFault.at(
                f"{where}, events", "settings_fault.no_events", known=", ".join(WebhookEvent)
            )
        for event in webhook.events:
            if event not in list(WebhookEvent):
                yield unknown(f"{where}, events", "event", event, WebhookEvent)
        if len(set(webhook.events)) < len(webhook.events):
            yield SettingsFault.at(f"{where}, events", "settings_fault.one_twice")


def url_problem(url: str, allow_local: bool) -> Saying | None:
    """What is wrong with the address of a webhook; None if it has the right form."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return Saying("settings_fault.url")
    if len(url) > MAX_URL or not url.isascii() or re.search(r"[\s\x00-\x1f\x7f\\]", url):
        return Saying("settings_fault.url_letters", {"most": MAX_URL})
    if (
        parts.scheme not in ("https", "http")
        or not parts.hostname
        or port == 0
        or _is_no_host(parts.hostname)
    ):
        return Saying("settings_fault.url")
    if parts.username is not None or parts.password is not None:
        return Saying("settings_fault.url_password")
    if parts.fragment:
        return Saying("settings_fault.url_fragment")
    if parts.scheme == "http" and not allow_local:
        return Saying("settings_fault.url_https")
    return None


def _is_no_host(text: str) -> bool:
    try:
        parse_host(text)
    except AddressError:
        return True
    return False


def mail_problems(mail: MailSettings, languages: tuple[str, ...]) -> Iterator[SettingsFault]:
    """Every fault of [mail]."""
    if mail.host:
        try:
            parse_host(mail.host)
        except AddressError as error:
            yield SettingsFault("mail.host", error.saying)
    if mail.tls not in list(MailTls):
        yield SettingsFault.at("mail.tls", "settings_fault.none_of", given=mail.tls, known=", ".join(MailTls))
    if mail.user and mail.tls == MailTls.NONE:
        yield SettingsFault.at("mail.tls", "settings_fault.mail_tls")
    if mail.sender and not _MAIL_ADDRESS.fullmatch(mail.sender):
        example = "shop@example.com"
        yield SettingsFault.at(
            "mail.sender", "settings_fault.mail_address", given=mail.sender, example=example
        )
    for address in mail.to:
        if not _MAIL_ADDRESS.fullmatch(address):
            example = "owner@example.com"
            yield SettingsFault.at("mail.to", "settings_fault.mail_address", given=address, example=example)
    if len(mail.to) > MAX_RECIPIENTS:
        yield SettingsFault.at("mail.to", "settings_fault.recipients", most=MAX_RECIPIENTS)
    if len(set(mail.to)) < len(mail.to):
        yield SettingsFault.at("mail.to", "settings_fault.recipient_twice")
    if mail.host and not mail.sender:
        yield SettingsFault.at("mail.sender", "settings_fault.no_sender")
    if mail.language and mail.language not in languages:
        known = ", ".join(languages)
        yield SettingsFault.at(
            "mail.language", "settings_fault.mail_language", given=mail.language, known=known
        )
    for alert in mail.alerts:
        if alert not in list(AlertCode):
            yield unknown("mail.alerts", "alert", alert, AlertCode)
    if mail.at.strip():
        try:
            parse_time(mail.at)
        except ValueError:
            yield SettingsFault.at("mail.at", "settings_fault.time_of_digest", given=mail.at)
    if (mail.at.strip() or mail.alerts) and not (mail.host and mail.to):
        both = Saying("settings_fault.two_keys", {"one": "mail.to", "other": "mail.host"})
        yield SettingsFault.at(both, "settings_fault.nobody_to_mail")
