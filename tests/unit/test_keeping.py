"""What a device keeps of what the server said, and what it does where that fails."""

import asyncio
from pathlib import Path

import pytest

from sync_server.device import keeping as keeping_module
from sync_server.device.around import Around
from sync_server.device.engine import Engine
from sync_server.device.keeping import Keeping
from sync_server.device.last import Last
from sync_server.device.outbox import Outbox, OutboxError
from sync_server.protocol.messages import Snapshot
from sync_server.protocol.rows import PersonRow
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
