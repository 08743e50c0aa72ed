"""What a store sends to others: webhooks and mail. Their part of `store.toml`, without secrets."""

from enum import StrEnum

from msgspec import Struct


class WebhookEvent(StrEnum):
    """What a webhook can tell of. The names are part of the interface and never change."""

    VISIT_OPENED = "visit.opened"
    VISIT_ACCEPTED = "visit.accepted"
    VISIT_COMPLETED = "visit.completed"
    VISIT_CANCELLED = "visit.cancelled"
    VISIT_REMOVED = "visit.removed"
    VISIT_NO_SHOW = "visit.no_show"
    VISIT_EXPIRED = "visit.expired"
    ALERT_RAISED = "alert.raised"


class MailTls(StrEnum):
    """How the way to the mail server is encrypted."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"


class WebhookSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """A program elsewhere that is told of events.

    `words`: it is also told what shoppers and colleagues wrote. `allow_local`: its address may be in the
    shop's network or on this computer, and may be http.
    """

    name: str
    url: str
    events: tuple[str, ...]
    words: bool = False
    allow_local: bool = False


class MailSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """The mail server that the store sends by, and what it sends. Without a `host` it sends nothing.

    The digest of a day is sent to `to` at the local time `at` (empty: none), in `language` (empty: the
    store's first). `alerts` are the kinds of alerts that are mailed as they are raised.
    """

    host: str = ""
    port: int = 587
    tls: str = "starttls"
    user: str = ""
    sender: str = ""
    to: tuple[str, ...] = ()
    at: str = ""
    language: str = ""
    alerts: tuple[str, ...] = ()
