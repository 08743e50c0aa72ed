"""Webhooks are written with what they tell of, and delivered until the target has them, for three days."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from sync_server.service.config.outside import WebhookEvent, WebhookSettings
from sync_server.service.observe.counters import Counters
from sync_server.service.privacy import retention
from sync_server.service.storage.batch import Batch
from sync_server.service.storage.connection import connect, transaction
from sync_server.service.webhooks import webhook_outbox
from sync_server.service.webhooks.webhook_outbox import DELAYS_S, DeliveryState, LoggedDelivery, LogPart
from sync_server.service.webhooks.webhook_request import SendProblem, SendResult
from sync_server.service.webhooks.webhook_sender import WebhookSender
from sync_server.web.manager.connections.delivery_log import delivery_place
from tests.fake_clock import FakeClock
from tests.floor_harness import FloorHarness
from tests.sample_store import MONDAY_10
from tests.store_rows import empty_store_file

ALL = tuple(WebhookEvent)
DAY_S = 86_400
GOOD, DOWN = SendResult(204), SendResult(problem=SendProblem.UNREACHABLE, detail="Connection refused")


class Shop:
    """A store, its sender, and targets that answer as a test wants them to."""

    def __init__(self, path: Path, *targets: WebhookSettings) -> None:
        self.clock = FakeClock(MONDAY_10)
        self.db = connect(path)
        self.sent: list[tuple[str, str, Any]] = []  # target, id, body
        self.answer: Callable[[str], SendResult | Awaitable[SendResult]] = lambda _target: GOOD
        self.sender = WebhookSender(
            path, targets, self.clock, self._write, lambda: "e1", Counters(), self._send
        )

    async def _write(self, work: Callable[[Any], Any]) -> Any:
        with transaction(self.db) as db:
            return work(db)

    async def _send(
        self, target: WebhookSettings, message_id: str, body: bytes, secret: str, now: int
    ) -> SendResult:
        assert secret.startswith("whsec_")
        assert now == self.clock.now
        self.sent.append((target.name, message_id, json.loads(body)))
        answer = self.answer(target.name)
        return answer if isinstance(answer, SendResult) else await answer

    def visit(self) -> str:
        """A shopper comes and is helped; the records are written as the server writes them."""
        play = FloorHarness(clock=FakeClock(self.clock.now))
        play.sign_on("tom")
        visit_id = play.open_with("tom", "repair", alias="Robin")
        play.complete("tom", visit_id)
        batch = Batch(0)
        self.sender.record(batch, play.floor, play.records)
        with transaction(self.db) as db:
            for work in batch.afterwards:
                work(db)
        return visit_id

    async def round(self) -> None:
        """Everything that is due now is tried."""
        await self.sender.deliver_due()
        await self.sender.wait()

    async def pass_time(self, seconds: float, step_s: float = 60) -> None:
        for _ in range(int(seconds / step_s)):
            self.clock.after(step_s)
            await self.round()

    def log(self, target: str | None = None) -> list[LoggedDelivery]:
        return webhook_outbox.log_of(self.db, target, 1000)


def target(name: str = "till", events: tuple[str, ...] = ALL, **more: Any) -> WebhookSettings:
    return WebhookSettings(name, f"https://{name}.example/hooks", events, **more)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    empty_store_file(tmp_path / "store.db")
    return tmp_path / "store.db"


def test_a_target_is_told_of_what_it_asked_for(path: Path) -> None:
    async def run() -> None:
        shop = Shop(path, target(), target("board", ("visit.completed",)))
        visit_id = shop.visit()
        await shop.round()
        told = [(name, body["type"]) for name, _, body in shop.sent]
        assert sorted(told) == [
            ("board", "welkom.visit.completed"),
            ("till", "welkom.visit.accepted"),
            ("till", "welkom.visit.completed"),
            ("till", "welkom.visit.opened"),
        ]
        body = next(body for name, _, body in shop.sent if name == "board")
        assert (body["specversion"], body["source"], body["subject"]) == ("1.0", "/welkom/e1", visit_id)
        assert (body["data"]["visit"]["resolution"], body["data"]["rev"]) == ("solved", 5)
        assert {line.state for line in shop.log()} == {DeliveryState.DELIVERED}
        await shop.pass_time(DAY_S, 3600)
        assert len(shop.sent) == 4, "nothing is sent twice"

    asyncio.run(run())


def test_words_are_for_targets_that_may_have_them(path: Path) -> None:
    async def run() -> None:
        shop = Shop(path, target(), target("crm", words=True))
        shop.visit()
        await shop.round()
        for name, _, body in shop.sent:
            assert ("Robin" in json.dumps(body)) == (name == "crm"), body
        shop = Shop(path, target())
        shop.visit()
        bodies = [
            row[0] for row in shop.db.execute("SELECT body FROM webhook_events ORDER BY n DESC LIMIT 3")
        ]
        assert "Robin" not in str(bodies), "where nobody may have them they are not even kept"

    asyncio.run(run())


def test_what_is_erased_or_due_is_not_in_what_webhooks_keep(path: Path) -> None:
    async def run() -> None:
        shop = Shop(path, target(words=True))
        shop.answer = lambda _target: DOWN
        visit_id = shop.visit()
        with transaction(shop.db) as db:
            sizes = db.execute("SELECT length(body) FROM webhook_events").fetchall()
            retention._remove(db, retention.WORDS, [visit_id])
            assert db.execute("SELECT length(body) FROM webhook_events").fetchall() == sizes, "in its place"
        assert "Robin" not in str(shop.db.execute("SELECT body FROM webhook_events").fetchall())
        shop.answer = lambda _target: GOOD
        await shop.pass_time(600)
        assert {line.state for line in shop.log()} == {DeliveryState.DELIVERED}
        assert "Robin" not in str(shop.sent)

    asyncio.run(run())


@pytest.mark.fault(
    "The target of webhooks is down for a day",
    "everything that happened meanwhile is delivered when it is back, each with one id",
)
def test_a_target_that_is_down_for_a_day_gets_everything(path: Path) -> None:
    async def run() -> None:
        shop = Shop(path, target())
        shop.answer = lambda _target: DOWN
        shop.visit()
        await shop.pass_time(DAY_S, 300)
        first = {message_id for _, message_id, _ in shop.sent}
        assert 3 <= len(shop.sent) < 60, "it is tried seldom"
        line = shop.log()[0]
        assert (line.state, line.problem) == (DeliveryState.WAITING, DOWN.written)
        shop.answer = lambda _target: GOOD
        shop.visit()
        await shop.pass_time(DAY_S, 300)
        assert {line.state for line in shop.log()} == {DeliveryState.DELIVERED}
        delivered = [message_id for _, message_id, _ in shop.sent]
        assert first < set(delivered)
        assert len(set(delivered)) == 6

    asyncio.run(run())


def test_after_three_days_an_event_is_given_up_and_can_be_sent_again(path: Path) -> None:
    async def run() -> None:
        shop = Shop(path, target(events=("visit.opened",)))
        shop.answer = lambda _target: SendResult(500, SendProblem.REFUSED, "500")
        shop.visit()
        await shop.pass_time(3 * DAY_S, 600)
        (line,) = shop.log()
        assert line.state is DeliveryState.WAITING, "three days are not over"
        await shop.pass_time(DAY_S, 600)
        (line,) = shop.log()
        assert (line.state, line.tries, line.status) == (DeliveryState.GIVEN_UP, len(DELAYS_S) + 1, 500)
        assert len({message_id for _, message_id, _ in shop.sent}) == 1
        shop.answer = lambda _target: GOOD
        with transaction(shop.db) as db:
            webhook_outbox.send_again(db, line.n, shop.clock.now)
        shop.sender.release("till")
        await shop.round()
        assert shop.log()[0].state is DeliveryState.DELIVERED

    asyncio.run(run())


@pytest.mark.fault(
    "One target of webhooks does not answer",
    "the others are told as before",
)
def test_a_slow_target_holds_nobody_up(path: Path) -> None:
    async def run() -> None:
        shop = Shop(path, target("slow"), target("quick"))
        go: asyncio.Future[SendResult] = asyncio.get_running_loop().create_future()
        shop.answer = lambda name: go if name == "slow" else GOOD
        shop.visit()
        await shop.sender.deliver_due()
        while len(shop.sent) < 4:
            await asyncio.sleep(0)
        await asyncio.sleep(0.01)
        await shop.sender.deliver_due()
        assert [name for name, _, _ in shop.sent].count("slow") == 1, "one at a time"
        assert [name for name, _, _ in shop.sent].count("quick") == 3
        go.set_result(GOOD)
        await shop.sender.wait()
        assert {line.state for line in shop.log()} == {DeliveryState.DELIVERED}

    asyncio.run(run())


def test_a_target_that_wants_no_more_is_not_asked_again(path: Path) -> None:
    async def run() -> None:
        shop = Shop(path, target(events=("visit.opened",)))
        shop.answer = lambda _target: SendResult(410, SendProblem.GONE)
        shop.visit()
        await shop.pass_time(DAY_S, 3600)
        assert (len(shop.sent), shop.log()[0].state) == (1, DeliveryState.GIVEN_UP)

    asyncio.run(run())


def test_the_log_ends_after_two_weeks_and_nobody_waits_for_a_removed_target(path: Path) -> None:
    async def run() -> None:
        shop = Shop(path, target(), target("gone"))
        shop.answer = lambda name: GOOD if name == "till" else DOWN
        shop.visit()
        await shop.round()
        shop.sender.targets = (target(),)
        await shop.sender.drop_old()
        assert {(line.target, line.state) for line in shop.log()} == {
            ("till", DeliveryState.DELIVERED),
            ("gone", DeliveryState.GIVEN_UP),
        }
        shop.clock.after(15 * DAY_S)
        await shop.sender.drop_old()
        assert shop.log() == []
        assert shop.db.execute("SELECT count(*) FROM webhook_events").fetchone() == (0,)

    asyncio.run(run())


def test_a_fault_of_the_sender_itself_is_tried_again(path: Path) -> None:
    async def run() -> None:
        shop = Shop(path, target(events=("visit.opened",)))

        def fail(_target: str) -> SendResult:
            raise RuntimeError("a bug")

        shop.answer = fail
        shop.visit()
        await shop.round()
        shop.answer = lambda _target: GOOD
        await shop.pass_time(60, 5)
        assert shop.log()[0].state is DeliveryState.DELIVERED

    asyncio.run(run())


def test_the_log_is_read_in_parts_and_page_by_page(path: Path) -> None:
    async def run() -> None:
        shop = Shop(path, target())
        shop.visit()
        shop.answer = lambda _target: SendResult(410, SendProblem.GONE)
        await shop.round()
        shop.answer = lambda _target: GOOD
        shop.visit()
        await shop.round()
        shop.answer = lambda _target: DOWN
        shop.visit()
        await shop.round()

        def of(part: LogPart, limit: int = 50, before: int | None = None) -> list[int]:
            return [one.n for one in webhook_outbox.log_of(shop.db, "till", limit, part, before)]

        assert of(LogPart.ALL) == list(range(9, 0, -1))
        assert of(LogPart.FAILED) == [7, 3, 2, 1], "what was tried and has not arrived, however often"
        assert of(LogPart.WAITING) == [9, 8, 7]
        assert of(LogPart.ALL, 4) == [9, 8, 7, 6]
        assert of(LogPart.ALL, 4, 6) == [5, 4, 3, 2]
        assert of(LogPart.FAILED, 4, 3) == [2, 1]

    asyncio.run(run())


@pytest.mark.parametrize(
    ("given", "query"),
    [
        ({}, ""),
        ({"show": "failed"}, "?show=failed"),
        ({"show": "waiting", "before": "31"}, "?show=waiting&before=31"),
        ({"show": "all", "before": "7"}, "?before=7"),
        ({"show": "<b>", "before": "9" * 40}, ""),
        ({"before": "-1"}, ""),
        ({"before": "\u00b2"}, ""),
    ],
)
def test_a_place_in_the_log_is_what_its_address_says(given: dict[str, str], query: str) -> None:
    assert delivery_place(given).query == query


def test_nothing_is_written_where_nobody_is_told(path: Path) -> None:
    shop = Shop(path)
    shop.visit()
    assert shop.log() == []
    assert shop.db.execute("SELECT count(*) FROM webhook_events").fetchone() == (0,)
