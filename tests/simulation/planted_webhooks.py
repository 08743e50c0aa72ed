"""Bugs to plant in what tells programs elsewhere: each function patches one in."""

import asyncio

from sync_server.service.storage.batch import Batch
from sync_server.service.webhooks import webhook_outbox
from sync_server.service.webhooks.webhook_sender import WebhookSender


def webhook_written_later(patch):
    def record(self, _batch, floor, records):
        own = Batch(0)
        original(self, own, floor, records)
        for work in own.afterwards:
            asyncio.get_running_loop().call_later(0.5, write, self, work)

    def write(sender, work):
        sender._write(work).add_done_callback(lambda done: done.cancelled() or done.exception())

    original = WebhookSender.record
    patch.setattr(WebhookSender, "record", record)


def webhook_noted_before_it_was_sent(patch):
    original = WebhookSender._deliver_all

    async def deliver_all(self, target, deliveries):
        for each in deliveries:
            await self._write(lambda db, n=each.n: webhook_outbox.delivered(db, n, 204, self._clock()))
        await original(self, target, deliveries)

    patch.setattr(WebhookSender, "_deliver_all", deliver_all)
