"""Invariant 20: whoever is told of events gets each at least once, and none that did not happen."""

import sqlite3
from collections.abc import Callable

import msgspec

from sync_server.domain.events import Record
from sync_server.service.webhooks.told_events import OF_RECORD

Told = tuple[str, int]  # a visit, and its rev after the event


class WebhookChecks:
    """Compares the log on the server's disk with what a receiver got. `violated` takes the story."""

    def __init__(self, violated: Callable[[int, str], None]) -> None:
        self._violated = violated
        self._happened: set[Told] = set()
        self._received: set[Told] = set()
        self._checked: set[Told] = set()  # in the store, at the end of an earlier day

    def on_record(self, record: Record) -> None:
        """The server has written it."""
        if type(record.event) in OF_RECORD:
            self._happened.add((record.visit_id or "", record.rev or 0))

    def on_webhook(self, body: bytes | str) -> None:
        """The receiver was sent it."""
        told = _told(body)
        self._received.add(told)
        if told not in self._happened:
            self._violated(20, f"a webhook told of rev {told[1]} of visit {told[0]}, which is not in the log")

    def check(self, db: sqlite3.Connection) -> None:
        """While nothing is under way: each event waits to be sent, or was received."""
        rows = db.execute(
            "SELECT e.body, d.state FROM webhook_events e JOIN webhook_deliveries d ON d.event = e.n"
        )
        states = {_told(body): state for body, state in rows}
        for told in sorted(self._happened - states.keys() - self._checked):
            self._violated(20, f"no webhook tells of rev {told[1]} of visit {told[0]}")
            return
        for told, state in states.items():
            if state == "delivered" and told not in self._received:
                self._violated(20, f"rev {told[1]} of visit {told[0]} is noted as told, and was never sent")
                return
        self._checked |= states.keys()


def _told(body: bytes | str) -> Told:
    data = msgspec.json.decode(body)["data"]
    return data["visit"]["visit_id"], data["rev"]
