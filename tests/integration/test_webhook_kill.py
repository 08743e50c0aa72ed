"""A server that is killed in the middle of deliveries tells its webhooks of everything, at least once."""

import asyncio
import json
import threading
from collections import Counter

import pytest

from tests.webhook_receiver import WebhookReceiver, webhook_receiver

from .harness import come
from .process import ServerProcess

KILLS_AT = (1, 3, 2)  # of each round: the request that the target has got, but not answered


class Gate:
    """Holds the answer to one request back until the server is dead. `reached` is set when it is there."""

    def __init__(self, receiver: WebhookReceiver, at: int) -> None:
        self.reached = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._left = at
        self._go = threading.Event()
        receiver.answer = self._answer

    def open(self) -> None:
        self._go.set()

    def _answer(self) -> tuple[int, str]:
        self._left -= 1
        if self._left == 0:
            self._loop.call_soon_threadsafe(self.reached.set)
            assert self._go.wait(30)
        return 204, ""


@pytest.mark.fault(
    "The server is killed with kill -9 three times while it delivers webhooks",
    "every event arrives at least once, with its id; what was not acknowledged is sent again",
)
async def test_no_event_is_lost_by_kill_9(house):
    with webhook_receiver() as receiver:
        with house.data_dir.settings.open("a", encoding="utf-8") as settings:
            settings.write(
                f'\n[[webhooks]]\nname = "board"\nurl = "{receiver.url}"\nevents = ["visit.opened"]\n'
                "allow_local = true\n"
            )
        loop = asyncio.get_running_loop()
        receiver.on_received = lambda: loop.call_soon_threadsafe(house.changed.set)
        kiosk_file = house.enrol("kiosk", "Front")
        server = await ServerProcess(house.data_dir.path).start()
        house.sync = server.sync
        kiosk = house.device(kiosk_file)
        try:
            for at in KILLS_AT:
                gate = Gate(receiver, at)
                for _ in range(4):
                    come(kiosk)
                await asyncio.wait_for(gate.reached.wait(), 30)
                for _ in range(2):  # and the kill comes while their events are written
                    come(kiosk)
                await server.kill()
                gate.open()
                server = await ServerProcess(house.data_dir.path, server.sync).start()
            receiver.answer = lambda: (204, "")
            await house.until(lambda: not kiosk.outbox.pending())
            with house.store() as db:
                opened = {row[0] for row in db.execute("SELECT visit_id FROM visits")}
                told = {row[0] for row in db.execute("SELECT id FROM webhook_events")}
            await house.until(lambda: told <= ids(receiver).keys())
        finally:
            await server.stop()
    assert len(told) == len(opened) == 6 * len(KILLS_AT)
    arrived = [json.loads(got.body) for got in receiver.received]
    assert {event["subject"] for event in arrived} == opened
    assert {event["id"] for event in arrived} == told, "one id for each event, however often it comes"
    again = [count for count in ids(receiver).values() if count > 1]
    assert len(again) == len(KILLS_AT), "what the target had, but the server did not know of"


def ids(receiver: WebhookReceiver) -> Counter[str]:
    return Counter(got.headers["webhook-id"] for got in receiver.received)
