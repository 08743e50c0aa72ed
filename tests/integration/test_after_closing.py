"""A tablet is offline at closing time; its taps arrive after the restart of the next morning."""

import json

import pytest

from sync_server.domain import ops
from sync_server.domain.ops import SYSTEM, Actor, ActorKind
from sync_server.domain.refusal import Refusal
from sync_server.domain.resolution import Resolution
from sync_server.service.config.load import load_settings
from sync_server.service.processing.processor import OpProcessor, Unavailable
from sync_server.service.storage import event_log
from sync_server.service.storage.catalogue_mirror import mirror_catalogue
from sync_server.service.storage.connection import connect, reading
from sync_server.service.storage.data_dir import DataDir
from sync_server.service.storage.errors import StoreError
from sync_server.service.upkeep.verify import verify
from tests.fake_clock import FakeClock
from tests.sample_store import ms

from .process import welkom

TOM = Actor(ActorKind.STAFF, "tablet-tom")
KIOSK = Actor(ActorKind.KIOSK, "front")
VISIT = "a" * 32
MINUTE = 60_000


class Evening:
    """Tom serves a visit twenty minutes before closing time, then his tablet is offline."""

    def __init__(self, folder: DataDir) -> None:
        self.folder = folder
        self.catalogue = load_settings(folder.settings).catalogue()
        db = connect(folder.store)
        mirror_catalogue(db, self.catalogue)
        db.close()
        self.clock = FakeClock(ms(2026, 3, 2, 12))
        self.closes = self.catalogue.next_closing(self.clock.now)
        self._made = 0
        self.shop = OpProcessor(folder, self.catalogue, self.clock)

    async def serve(self) -> int:
        self.at(self.closes - 20 * MINUTE)
        await self.receive(SYSTEM, ops.SignOn("tom", "tablet-tom"))
        await self.receive(KIOSK, ops.OpenVisit(VISIT, "A-1", "repair", "en", alias="Robin"))
        await self.receive(TOM, ops.Accept(VISIT, self.shop.floor.visits[VISIT].rev))
        await self.receive(TOM, ops.Start(VISIT, self.shop.floor.visits[VISIT].rev))
        return self.shop.floor.visits[VISIT].rev

    async def receive(self, by: Actor, op: ops.AnyOp, tapped: int | None = None) -> Refusal | None:
        self._made += 1
        turn = self.shop.begin()
        ahead = None if tapped is None else 0
        refusal = self.shop.do(turn, f"{self._made:032x}", op, by, tapped, "", ahead)
        self.shop.finish(turn)
        await self.shop.writer.call(lambda _db: None)
        return refusal

    def at(self, now: int) -> None:
        self.clock.now = now
        self.shop.tick()

    def start_anew(self) -> None:
        self.shop.close()
        self.shop = OpProcessor(self.folder, self.catalogue, self.clock)
        self.shop.tick()

    def row(self) -> tuple:
        with reading(self.folder.store) as db:
            return db.execute(
                "SELECT state, resolution, employee, left_open, service_s, visit_s, rev FROM visit_log"
            ).fetchone()


async def test_late_ops_after_a_night_and_a_restart_are_in_the_log_and_the_report_with_their_real_times(
    folder,
):
    evening = Evening(folder)
    rev = await evening.serve()
    evening.at(evening.closes + 2 * 60 * MINUTE)
    evening.start_anew()
    assert evening.row() == ("expired", None, "tom", 1, None, None, rev + 1)
    evening.at(evening.closes + 14 * 60 * MINUTE)
    await evening.shop.apply_retention()
    evening.start_anew()
    assert VISIT not in evening.shop.floor.visits
    hold, resume = ops.Hold(VISIT, rev), ops.Resume(VISIT, rev + 1)
    done = ops.Complete(VISIT, rev + 2, Resolution.SOLVED)
    assert await evening.receive(TOM, hold, evening.closes - 15 * MINUTE) is None
    evening.at(evening.clock.now + MINUTE)
    assert await evening.receive(TOM, resume, evening.closes - 10 * MINUTE) is None
    evening.start_anew()
    assert await evening.receive(TOM, done, evening.closes - 5 * MINUTE) is None
    assert evening.row() == ("completed", "solved", "tom", 0, 600.0, 900.0, rev + 4)
    evening.start_anew()
    assert (await evening.receive(TOM, done, evening.closes - 5 * MINUTE)) is not None
    evening.shop.close()
    assert verify(folder, evening.clock.now) == []
    day = evening.catalogue.day(evening.closes - 1)
    report = json.loads(welkom("report", "--data", folder.path, "--from", day, "--to", day, "--json").stdout)
    assert (report["arrived"], report["completed"], report["expired"]) == (1, 1, 0)
    assert report["service_s"]["median"] == 600.0


async def test_a_store_that_cannot_be_read_at_that_moment_refuses_nothing(folder, monkeypatch):
    evening = Evening(folder)
    rev = await evening.serve()
    evening.at(evening.closes + 14 * 60 * MINUTE)
    evening.start_anew()

    def unreadable(*_what):
        raise StoreError("the file cannot be opened")

    with monkeypatch.context() as broken:
        broken.setattr(event_log, "records_of", unreadable)
        with pytest.raises(Unavailable):
            await evening.receive(
                TOM, ops.Complete(VISIT, rev, Resolution.SOLVED), evening.closes - 5 * MINUTE
            )
    await evening.shop.recovery.wait_until_valid()
    tapped = evening.closes - 5 * MINUTE
    assert await evening.receive(TOM, ops.Complete(VISIT, rev, Resolution.SOLVED), tapped) is None
    assert evening.row()[0] == "completed"
    evening.shop.close()
