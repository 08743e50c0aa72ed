"""What webhooks tell: events of visits and alerts, as CloudEvents 1.0."""

import secrets
from datetime import datetime

import msgspec
from msgspec import Struct

from sync_server.domain.events import (
    Accepted,
    Cancelled,
    Claimed,
    Completed,
    Expired,
    NoShow,
    Opened,
    Record,
    Removed,
)
from sync_server.domain.visit.visit import Visit
from sync_server.service.config.outside import WebhookEvent
from sync_server.service.visit_states import VisitState, utc, visit_state

TEST = "webhook.test"  # sent by a button of the page
CONTENT_TYPE = "application/cloudevents+json"
OF_RECORD: dict[type, WebhookEvent] = {
    Opened: WebhookEvent.VISIT_OPENED,
    Accepted: WebhookEvent.VISIT_ACCEPTED,
    Claimed: WebhookEvent.VISIT_ACCEPTED,
    Completed: WebhookEvent.VISIT_COMPLETED,
    Cancelled: WebhookEvent.VISIT_CANCELLED,
    Removed: WebhookEvent.VISIT_REMOVED,
    NoShow: WebhookEvent.VISIT_NO_SHOW,
    Expired: WebhookEvent.VISIT_EXPIRED,
}


class AlertState(Struct, frozen=True):
    """What needs the manager: `code` is one of docs/shop/now.md, `subject` what it is about."""

    code: str
    subject: str
    since: datetime | None


class EventData(Struct, frozen=True, omit_defaults=True):
    """What an event is about: a visit, with its `rev` after the event and as it was then; or an alert."""

    visit: VisitState | None = None
    rev: int | None = None
    alert: AlertState | None = None


class CloudEvent(Struct, frozen=True):
    """The envelope of https://cloudevents.io, version 1.0."""

    id: str
    source: str
    type: str
    time: datetime
    subject: str
    data: EventData
    specversion: str = "1.0"
    datacontenttype: str = "application/json"


class ToldEvent(Struct, frozen=True):
    """An event as the store keeps it until everybody was told. `at` in ms UTC, `body` is a CloudEvent."""

    id: str
    event: str
    visit_id: str | None
    at: int
    body: str


def of_record(record: Record, visit: Visit, epoch: str, with_words: bool) -> ToldEvent | None:
    """What is told of a record of this visit; None for one that is not told. `epoch` is the store's."""
    kind = OF_RECORD.get(type(record.event))
    if kind is None:
        return None
    data = EventData(visit_state(visit, with_words), record.rev)
    return told(kind, visit.visit_id, visit.visit_id, data, record.at, epoch)


def told(kind: str, subject: str, visit_id: str | None, data: EventData, at: int, epoch: str) -> ToldEvent:
    """An event with an id of its own. `kind` is its name, without the prefix that its type has."""
    made = CloudEvent(
        id=f"msg_{secrets.token_hex(16)}",
        source=f"/welkom/{epoch}",
        type=f"welkom.{kind}",
        time=utc(at),
        subject=subject,
        data=data,
    )
    return ToldEvent(made.id, kind, visit_id, at, msgspec.json.encode(made).decode())


def body_for(body: str, words: bool) -> bytes:
    """What is sent of a stored body. Without `words` what shoppers and colleagues wrote is left out."""
    content = msgspec.json.decode(body)
    if not words:
        content["data"].get("visit", {}).pop("words", None)
    return msgspec.json.encode(content)
