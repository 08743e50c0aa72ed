"""Writes webhooks with what they tell of, and delivers them: each target by itself, so that none waits.

A delivery is sent again, with the same id, until the target has said that it has it: at least once.
"""

import asyncio
import logging
import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

from sync_server.domain.events import Record
from sync_server.domain.floor.floor import Floor
from sync_server.service.config.outside import WebhookEvent, WebhookSettings
from sync_server.service.observe.counters import Counters
from sync_server.service.storage.batch import Batch
from sync_server.service.storage.connection import reading
from sync_server.service.storage.errors import StoreError

from . import webhook_outbox
from .told_events import ToldEvent, body_for, of_record
from .webhook_outbox import DELAYS_S, DueDelivery
from .webhook_request import SendResult, send

LOOK_EVERY_S = 1.0
DROP_EVERY_S = 3600.0
MAX_HOLD_MS = 300_000  # a target that failed is left alone for at most so long

log = logging.getLogger(__name__)

T = TypeVar("T")
Send = Callable[[WebhookSettings, str, bytes, str, int], Awaitable[SendResult]]
Write = Callable[[Callable[[sqlite3.Connection], T]], Awaitable[T]]


class WebhookSender:
    """The webhooks of a store. `targets` follows the settings. `clock` gives the store's time, ms UTC.

    `write` runs work in the writer's transactions, `epoch` is the store's. `send` sends one webhook.
    """

    def __init__(
        self,
        store: Path,
        targets: Sequence[WebhookSettings],
        clock: Callable[[], int],
        write: Callable[..., Awaitable[object]],
        epoch: Callable[[], str],
        counters: Counters,
        send: Send = send,
    ) -> None:
        self.targets = tuple(targets)
        self._store = store
        self._clock = clock
        self._write = write
        self._epoch = epoch
        self._counters = counters
        self._send = send
        self._failures: dict[str, int] = {}  # in a row, by target
        self._held_until: dict[str, int] = {}  # ms UTC, by target
        self._busy: dict[str, asyncio.Task[None]] = {}

    # --- writing -----------------------------------------------------------------------------------

    def record(self, batch: Batch, floor: Floor, records: Sequence[Record]) -> None:
        """Adds what is told of these records to the transaction that writes them."""
        if not self.targets:
            return
        words = any(target.words for target in self.targets)
        events = []
        for record in records:
            visit = floor.visits.get(record.visit_id or "")
            event = None if visit is None else of_record(record, visit, self._epoch(), words)
            if event is not None and (names := self._names(event.event)):
                events.append((event, names))
        if events:
            now = records[-1].at
            batch.afterwards.append(lambda db: webhook_outbox.add(db, events, now))

    def with_targets(self, event: ToldEvent) -> tuple[ToldEvent, list[str]]:
        """The event with the names of those who want to be told of it."""
        return event, self._names(event.event)

    def _names(self, event: str) -> list[str]:
        return [target.name for target in self.targets if event in target.events]

    def wants(self, event: WebhookEvent) -> bool:
        """Whether anybody is told of this kind of event."""
        return bool(self._names(event))

    # --- delivering --------------------------------------------------------------------------------

    async def deliver_due(self) -> None:
        """Begins with all deliveries that are due, of targets that are not busy."""
        if not self.targets:
            return
        now = self._clock()
        by_target: dict[str, list[DueDelivery]] = {}
        for delivery in await asyncio.to_thread(self._read, partial(webhook_outbox.due, now=now)):
            by_target.setdefault(delivery.target, []).append(delivery)
        for target in self.targets:
            found = by_target.get(target.name, [])
            if found and target.name not in self._busy and self._held_until.get(target.name, 0) <= now:
                task = asyncio.ensure_future(self._deliver_all(target, found))
                self._busy[target.name] = task
                task.add_done_callback(partial(self._done, target.name))

    async def drop_old(self) -> None:
        """Removes what is over from the log of deliveries."""
        names, now = [target.name for target in self.targets], self._clock()
        await self._write(lambda db: webhook_outbox.drop_old(db, names, now))

    async def wait(self) -> None:
        """Waits until no delivery is under way, for tests."""
        while self._busy:
            await asyncio.gather(*self._busy.values(), return_exceptions=True)
            await asyncio.sleep(0)

    def close(self) -> None:
        """Ends all deliveries that are under way; they are repeated after the next start."""
        for task in self._busy.values():
            task.cancel()

    def release(self, target: str) -> None:
        """Tries a target at once that failed before: a person asks for it."""
        self._held_until.pop(target, None)

    def _done(self, target: str, task: "asyncio.Task[None]") -> None:
        del self._busy[target]
        if task.cancelled() or not isinstance(error := task.exception(), Exception):
            return  # all went well, or the process ends
        self._hold(target)
        if isinstance(error, sqlite3.Error | StoreError):
            log.warning("what became of the webhook %s could not be written down: %s", target, error)
        else:
            log.error("the webhook %s could not be delivered", target, exc_info=error)

    async def _deliver_all(self, target: WebhookSettings, deliveries: Sequence[DueDelivery]) -> None:
        """Delivers one after another, and stops at the first failure: the target is likely not there."""
        secret = await self._secret(target.name)
        for delivery in deliveries:
            body = body_for(delivery.body, target.words)
            result = await self._send(target, delivery.id, body, secret, self._clock())
            now = self._clock()
            if not result.problem:
                self._counters.add("webhooks_delivered")
                self._failures.pop(target.name, None)
                status = result.status or 200
                await self._write(partial(webhook_outbox.delivered, n=delivery.n, status=status, now=now))
                continue
            self._counters.add("webhooks_failed")
            if target.name not in self._failures:
                log.warning("the webhook %s was not delivered (%s)", target.name, result.written)
            await self._write(
                partial(
                    webhook_outbox.failed,
                    n=delivery.n,
                    status=result.status,
                    problem=result.written,
                    now=now,
                    for_good=result.is_final,
                )
            )
            if not result.is_final:
                self._hold(target.name)
                return

    def _hold(self, target: str) -> None:
        failures = self._failures[target] = self._failures.get(target, 0) + 1
        hold_ms = min(MAX_HOLD_MS, DELAYS_S[0] * 1000 * 2 ** min(failures - 1, 10))
        self._held_until[target] = self._clock() + hold_ms

    async def _secret(self, target: str) -> str:
        found = await asyncio.to_thread(self._read, partial(webhook_outbox.secret_of, target=target))
        if found is None:
            now = self._clock()
            await self._write(
                lambda db: webhook_outbox.secret_of(db, target) or webhook_outbox.make_secret(db, target, now)
            )
            found = await asyncio.to_thread(self._read, partial(webhook_outbox.secret_of, target=target))
        assert found is not None
        return found

    def _read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        with reading(self._store) as db:
            return work(db)
