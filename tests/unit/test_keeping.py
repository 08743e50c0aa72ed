"""What a device keeps of what the server said, and what it does where that fails."""

import asyncio
from pathlib import Path

import pytest

from sync_server.device import keeping as keeping_module
from sync_server.device.around import Around
from sync_server.device.engine import Engine
from sync_server.device.keeping import HOUR_MS, Keeping
from sync_server.device.last import Last
from sync_server.device.outbox import Outbox, OutboxError
from sync_server.protocol.messages import Snapshot, Update
from sync_server.protocol.rows import PersonRow, QuoteRow, VisitRow
from tests.shop import MONDAY_10

TOM = PersonRow("tom", "available", MONDAY_10)


class FullAtFirst(Outbox):
    """An outbox whose disk has room again the second time."""

    tries = 0

    def keep_last(self, heard) -> None:
        self.tries += 1
        if self.tries == 1:
            raise OutboxError("the disk is full")
        super().keep_last(heard)


def test_what_could_not_be_written_down_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(keeping_module, "KEEP_S", 0)
    outbox, engine = FullAtFirst(tmp_path / "tablet.db"), Engine([])

    async def keep() -> None:
        around = Around(wall_clock=lambda: MONDAY_10, steady_clock=lambda: 5)
        keeping = Keeping(outbox, engine, around, None)
        engine.opened(0)
        engine.receive(Snapshot(1, MONDAY_10, "tablet", "2026-03-02", 0, "d", people=(TOM,)), 5)
        keeping.soon()
        async with asyncio.timeout(30):
            while outbox.tries < 2:
                await asyncio.sleep(0)
        assert keeping.heard() is None
        keeping.stop()

    asyncio.run(keep())
    assert outbox.last() == Last(MONDAY_10, 0, people=(TOM,))
    outbox.close()


def test_when_the_server_spoke_is_written_down_every_few_seconds_and_not_with_each_change(tmp_path: Path):
    outbox, engine = Outbox(tmp_path / "tablet.db"), Engine([])
    moment = [0]

    def said(at: int) -> int | None:
        """Hears something at `at`, ms after the first word; since when it says the server last spoke."""
        moment[0] = at
        number = engine.replica.n + 1
        engine.receive(Update(number, MONDAY_10 + at, quotes=(QuoteRow("ask", number),)), at)
        keeping.soon()
        heard = keeping.heard()
        assert heard is not None
        outbox.keep_last(heard)
        keeping.kept(heard)
        return None if heard.said is None else heard.said.at - MONDAY_10

    async def keep() -> None:
        nonlocal keeping
        around = Around(wall_clock=lambda: MONDAY_10 + moment[0], steady_clock=lambda: moment[0])
        keeping = Keeping(outbox, engine, around, None)
        engine.opened(0)
        engine.receive(Snapshot(1, MONDAY_10, "tablet", "2026-03-02", 0, "d", people=(TOM,)), 0)
        assert [said(at) for at in (10, 20, 4999, 5010, 5020)] == [10, None, None, 5010, None]
        assert engine.replica.unkept == {}
        keeping.stop()

    keeping: Keeping
    asyncio.run(keep())
    assert outbox.last() == Last(MONDAY_10 + 5010, 0, people=(TOM,), quotes=(QuoteRow("ask", 6),))
    outbox.close()


def test_a_device_that_slept_forgets_what_is_due_as_soon_as_it_wakes(tmp_path: Path):
    mia = VisitRow("1" * 32, "A-1", 1, "waiting", "ask", "en", MONDAY_10, alias="Mia")
    last, slept = Last(MONDAY_10, 0, visits=(mia,)), [0]
    outbox, engine = Outbox(tmp_path / "tablet.db"), Engine([], last=last)

    async def sleep_and_wake() -> None:
        around = Around(wall_clock=lambda: MONDAY_10 + slept[0], steady_clock=lambda: slept[0])
        keeping = Keeping(outbox, engine, around, last)
        keeping.start()
        slept[0] = 23 * HOUR_MS
        keeping.now_and_then()
        assert engine.replica.visits[mia.visit_id].alias == "Mia"
        slept[0] = 25 * HOUR_MS  # its timers have slept as well
        keeping.now_and_then()
        keeping.stop()

    asyncio.run(sleep_and_wake())
    assert not engine.replica.visits
    outbox.close()
    assert b"Mia" not in (tmp_path / "tablet.db").read_bytes()
