"""Checks of what a store sends to others: addresses, names, and what belongs together."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from sync_server.addresses import AddressError, parse_host
from sync_server.domain.alerts import AlertCode
from sync_server.domain.catalogue.opening_hours import parse_time

from .outside import MailSettings, MailTls, WebhookEvent, WebhookSettings

MAX_WEBHOOKS = 20
MAX_RECIPIENTS = 20
MAX_URL = 500
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_MAIL_ADDRESS = re.compile(r"[^@\s<>,;:\"\\()\[\]]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")


def webhook_problems(webhooks: tuple[WebhookSettings, ...]) -> Iterator[str]:
    """Every fault of [[webhooks]]."""
    if len(webhooks) > MAX_WEBHOOKS:
        yield f"webhooks: {len(webhooks)} webhooks, but at most {MAX_WEBHOOKS} are told"
    names = [webhook.name for webhook in webhooks]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f'webhooks "{name}": is there twice; names must differ'
    for webhook in webhooks:
        where = f'webhooks "{webhook.name}"'
        if not NAME.fullmatch(webhook.name):
            yield (
                f"{where}, name: has small letters, digits, - and _, begins with a letter or digit and has at"
                " most 40 characters"
            )
        if webhook.name in ("new", "log"):
            yield f"{where}, name: is the name of a page; choose another"
        if problem := url_problem(webhook.url, webhook.allow_local):
            yield f"{where}, url: {problem}"
        if not webhook.events:
            yield f"{where}, events: is empty; name at least one of {', '.join(WebhookEvent)}"
        for event in webhook.events:
            if event not in list(WebhookEvent):
                yield f'{where}, events: unknown event "{event}"; known are {", ".join(WebhookEvent)}'
        if len(set(webhook.events)) < len(webhook.events):
            yield f"{where}, events: has one twice; leave one"


def url_problem(url: str, allow_local: bool) -> str | None:
    """What is wrong with the address of a webhook; None if it has the right form."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "is no web address; write it as https://example.com/path"
    if len(url) > MAX_URL or not url.isascii() or re.search(r"[\s\x00-\x1f\x7f\\]", url):
        return f"has blanks, letters that an address cannot have, or more than {MAX_URL} characters"
    if (
        parts.scheme not in ("https", "http")
        or not parts.hostname
        or port == 0
        or _is_no_host(parts.hostname)
    ):
        return "is no web address; write it as https://example.com/path"
    if parts.username is not None or parts.password is not None:
        return "may have no name or password before an @; the receiver checks the signature instead"
    if parts.fragment:
        return "may have no #; nobody would receive what follows it"
    if parts.scheme == "http" and not allow_local:
        return "must begin with https://: on the way others could read it; http:// needs allow_local"
    return None


def _is_no_host(text: str) -> bool:
    try:
        parse_host(text)
    except AddressError:
        return True
    return False


def mail_problems(mail: MailSettings, languages: tuple[str, ...]) -> Iterator[str]:
    """Every fault of [mail]."""
    if mail.host:
        try:
            parse_host(mail.host)
        except AddressError as error:
            yield f"mail.host: {error}"
    if mail.tls not in list(MailTls):
        yield f'mail.tls: "{mail.tls}" is none of {", ".join(MailTls)}'
    if mail.user and mail.tls == MailTls.NONE:
        yield 'mail.tls: with a user it must be "starttls" or "tls": else others could read the password'
    if mail.sender and not _MAIL_ADDRESS.fullmatch(mail.sender):
        yield f'mail.sender: "{mail.sender}" is no mail address; write it as "shop@example.com"'
    for address in mail.to:
        if not _MAIL_ADDRESS.fullmatch(address):
            yield f'mail.to: "{address}" is no mail address; write it as "owner@example.com"'
    if len(mail.to) > MAX_RECIPIENTS:
        yield f"mail.to: has more than {MAX_RECIPIENTS} addresses; use a list of your mail provider"
    if len(set(mail.to)) < len(mail.to):
        yield "mail.to: has an address twice; leave one"
    if mail.host and not mail.sender:
        yield "mail.sender: is empty; write from which address the shop sends"
    if mail.language and mail.language not in languages:
        yield f'mail.language: "{mail.language}" is none of store.languages ({", ".join(languages)})'
    for alert in mail.alerts:
        if alert not in list(AlertCode):
            yield f'mail.alerts: unknown alert "{alert}"; known are {", ".join(AlertCode)}'
    if mail.at.strip():
        try:
            parse_time(mail.at)
        except ValueError:
            yield f'mail.at: "{mail.at}" is no time of day; write it as "21:30", or "" for no digest'
    if (mail.at.strip() or mail.alerts) and not (mail.host and mail.to):
        yield "mail.to and mail.host: a digest or alerts need a mail server and somebody to send them to"
