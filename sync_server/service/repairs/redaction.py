"""Removes names, addresses and secrets from what a shop hands to somebody who helps."""

import re
import sqlite3
from collections.abc import Iterable

from sync_server.service.config.model import Settings

LEFT_OUT = "…"
# Whatever looks like a key, a token or a link; no word of a log line is as long.
_SECRET = re.compile(r"[A-Za-z0-9_\-+/.:$=&#@%,]{40,}")
_TICKET_LINK = re.compile(r"(/v/|/wall/|/first-run/)[A-Za-z0-9_-]+")
_IPV4 = re.compile(r"\b\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}\b")
_IPV6 = re.compile(r"(?<![\w:])(?:[0-9a-fA-F]{0,4}:){3,7}[0-9a-fA-F]{0,4}(?![\w:])")
_MAIL = re.compile(r"[\w.+-]+@[\w-]+(\.[\w-]+)+")
_LOOPBACK = ("127.0.0.1", "0.0.0.0", "::1", "::")
MIN_LENGTH = 2  # a name of one letter would be found in every word


class Redactor:
    """Replaces `names`, and whatever looks like an address or a secret, by LEFT_OUT."""

    def __init__(self, names: Iterable[str]) -> None:
        known = sorted({name for name in names if len(name) >= MIN_LENGTH}, key=len, reverse=True)
        words = "|".join(re.escape(name) for name in known)
        self._names = re.compile(rf"(?<!\w)(?:{words})(?!\w)", re.IGNORECASE) if known else None

    def of(self, text: str) -> str:
        """The text without them."""
        text = _MAIL.sub(LEFT_OUT, text)
        text = _TICKET_LINK.sub(rf"\1{LEFT_OUT}", text)
        if self._names is not None:
            text = self._names.sub(LEFT_OUT, text)
        text = _SECRET.sub(LEFT_OUT, text)
        for pattern in (_IPV4, _IPV6):
            text = pattern.sub(lambda found: found[0] if found[0] in _LOOPBACK else LEFT_OUT, text)
        return text


def names_in(db: sqlite3.Connection, settings: Settings | None, folder: str) -> list[str]:
    """Every name of a person, device, program or shop that the store knows, and the folder it is in."""
    queries = (
        "SELECT name FROM devices",
        "SELECT device_id FROM devices",
        "SELECT name FROM accounts",
        "SELECT name FROM tokens",
        "SELECT name FROM walls",
        "SELECT id FROM employees",
        "SELECT name FROM employees",
    )
    found = [str(row[0]) for query in queries for row in db.execute(query)]
    if settings is not None:
        found += [settings.store.name, settings.store.public_url]
        for employee in settings.employees:
            found += [employee.id, employee.name]
        for webhook in settings.webhooks:
            found += [webhook.name, webhook.url]
    return [*found, *(word for name in found for word in name.split()), folder]
