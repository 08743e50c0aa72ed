"""A device's engine and outbox, and what joins them, for the tests of what it saves."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from sync_server.device.environment import Environment
from sync_server.device.storage.outbox import Outbox
from sync_server.device.storage.persistence import Persistence
from sync_server.device.sync.engine import Engine
from sync_server.device.sync.saved_rows import SavedState, SavedUpdate
from sync_server.protocol.messages import Snapshot, Submit, Update
from tests.sample_store import MONDAY_10

from .virtual_time import loop


class Persisted:
    """A device's engine and outbox, and what joins them. Its clock is `wall_offset` behind the server's."""

    def __init__(
        self,
        path: Path,
        saved: SavedState | None = None,
        pending: tuple[Submit, ...] = (),
        wall: int = MONDAY_10,
    ) -> None:
        self.outbox = Outbox(path)
        for submit in pending:
            self.outbox.put(submit)
        if saved is not None:
            rows: dict[Any, Any] = {("visit", visit.visit_id): visit for visit in saved.visits}
            rows |= {("person", person.id): person for person in saved.people}
            header = replace(saved, visits=(), people=(), quotes=())
            self.outbox.save_update(SavedUpdate(header, rows, replace_all=True))
        self.engine = Engine(pending, saved=saved)
        self.wall = wall
        running = loop()
        clocks = Environment(lambda: self.wall + running.ms(), running.ms, boot_id=str)
        self.persistence = Persistence(self.outbox, self.engine, clocks, saved)
        self.redacted = 0
        self.persistence.on_redacted = self._count_redacted
        self.saves: list[tuple[int, int | None, int]] = []  # the time, that of the header, and the row count
        save_update = self.outbox.save_update

        def record(update: SavedUpdate) -> None:
            header_at = None if update.header is None else update.header.at - MONDAY_10
            self.saves.append((running.ms(), header_at, len(update.rows)))
            save_update(update)

        self.outbox.save_update = record

    def _count_redacted(self) -> None:
        self.redacted += 1

    def connect(self, **fields: Any) -> None:
        """The server sends a snapshot; by its clock it is MONDAY_10 and the loop's time."""
        self.engine.opened(loop().ms())
        at = MONDAY_10 + loop().ms()
        self.engine.receive(Snapshot(1, at, "tablet", "2026-03-02", 0, "d", **fields), loop().ms())

    def update(self, n: int, **rows: Any) -> None:
        assert self.engine.receive(Update(n, MONDAY_10 + loop().ms(), **rows), loop().ms())

    def disconnect(self) -> None:
        self.engine.receive(Update(99, MONDAY_10 + loop().ms()), loop().ms())
        assert not self.engine.live


@contextmanager
def persisted(tmp_path: Path, **given: Any) -> Iterator[Persisted]:
    on = Persisted(tmp_path / "tablet.db", **given)
    try:
        yield on
    finally:
        on.persistence.stop()
        on.outbox.close()
