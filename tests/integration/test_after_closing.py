"""A shop closes while a tablet is cut off, and starts anew in the morning: then the tablet's taps come in."""

import json

import pytest

from sync_server.domain import ops
from sync_server.domain.events import Resolution
from sync_server.domain.ops import SYSTEM, Actor, ActorKind
from sync_server.domain.refusal import Refusal
from sync_server.service import shop as shops
from sync_server.service.accounts import mirror_catalogue
from sync_server.service.folder import Folder
from sync_server.service.settings import load_settings
from sync_server.service.shop import Shop, Unwell
from sync_server.service.store import StoreError, connect, reading
from sync_server.service.verify import verify
from tests.shop import Clock, ms

from .process import welkom

TOM = Actor(ActorKind.STAFF, "tablet-tom")
KIOSK = Actor(ActorKind.KIOSK, "front")
VISIT = "a" * 32
MINUTE = 60_000


class Evening:
    """Tom serves somebody twenty minutes before closing time; then nothing is heard of his tablet."""

    def __init__(self, folder: Folder) -> None:
        self.folder = folder
        self.catalogue = load_settings(folder.settings).catalogue()
        db = connect(folder.store)
        mirror_catalogue(db, self.catalogue)
        db.close()
        self.clock = Clock(ms(2026, 3, 2, 12))
        self.closes = self.catalogue.next_closing(self.clock.now)
        self._made = 0
        self.shop = Shop(folder, self.catalogue, self.clock)

    async def serve(self) -> int:
        self.at(self.closes - 20 * MINUTE)
        await self.hear(SYSTEM, ops.SignOn("tom", "tablet-tom"))
        await self.hear(KIOSK, ops.OpenVisit(VISIT, "A-1", "repair", "en", alias="Robin"))
        await self.hear(TOM, ops.Accept(VISIT, self.shop.floor.visits[VISIT].rev))
        await self.hear(TOM, ops.Start(VISIT, self.shop.floor.visits[VISIT].rev))
        return self.shop.floor.visits[VISIT].rev

    async def hear(self, by: Actor, op: ops.AnyOp, tapped: int | None = None) -> Refusal | None:
        self._made += 1
        turn = self.shop.begin()
        ahead = None if tapped is None else 0
        refusal = self.shop.do(turn, f"{self._made:032x}", op, by, tapped, "", ahead)
        self.shop.finish(turn)
        await self.shop.store.call(lambda _db: None)
        return refusal

    def at(self, now: int) -> None:
        self.clock.now = now
        self.shop.tick()

    def start_anew(self) -> None:
        self.shop.close()
        self.shop = Shop(self.folder, self.catalogue, self.clock)
        self.shop.tick()

    def row(self) -> tuple:
        with reading(self.folder.store) as db:
            return db.execute(
                "SELECT state, resolution, employee, left_open, service_s, visit_s, rev FROM visit_log"
            ).fetchone()


async def test_the_log_and_the_report_tell_how_it_really_went_over_a_night_and_a_restart(folder):
    evening = Evening(folder)
    rev = await evening.serve()
    evening.at(evening.closes + 2 * 60 * MINUTE)
    evening.start_anew()
    assert evening.row() == ("expired", None, "tom", 1, None, None, rev + 1)
    evening.at(evening.closes + 14 * 60 * MINUTE)
    await evening.shop.forget(24 * 60 * MINUTE)
    evening.start_anew()
    assert VISIT not in evening.shop.floor.visits
    hold, resume = ops.Hold(VISIT, rev), ops.Resume(VISIT, rev + 1)
    done = ops.Complete(VISIT, rev + 2, Resolution.SOLVED)
    assert await evening.hear(TOM, hold, evening.closes - 15 * MINUTE) is None
    evening.at(evening.clock.now + MINUTE)
    assert await evening.hear(TOM, resume, evening.closes - 10 * MINUTE) is None
    evening.start_anew()
    assert await evening.hear(TOM, done, evening.closes - 5 * MINUTE) is None
    assert evening.row() == ("completed", "solved", "tom", 0, 600.0, 900.0, rev + 4)
    evening.start_anew()
    assert (await evening.hear(TOM, done, evening.closes - 5 * MINUTE)) is not None
    evening.shop.close()
    assert verify(folder, evening.clock.now) == []
    day = evening.catalogue.day(evening.closes - 1)
    told = json.loads(welkom("report", "--data", folder.path, "--from", day, "--to", day, "--json").stdout)
    assert (told["arrived"], told["completed"], told["expired"]) == (1, 1, 0)
    assert told["service_s"]["median"] == 600.0


async def test_a_store_that_cannot_be_read_at_that_moment_refuses_nothing(folder, monkeypatch):
    evening = Evening(folder)
    rev = await evening.serve()
    evening.at(evening.closes + 14 * 60 * MINUTE)
    evening.start_anew()

    def unreadable(*_what):
        raise StoreError("the file cannot be opened")

    with monkeypatch.context() as broken:
        broken.setattr(shops.queries, "records_of", unreadable)
        with pytest.raises(Unwell):
            await evening.hear(TOM, ops.Complete(VISIT, rev, Resolution.SOLVED), evening.closes - 5 * MINUTE)
    await evening.shop.mending.over()
    tapped = evening.closes - 5 * MINUTE
    assert await evening.hear(TOM, ops.Complete(VISIT, rev, Resolution.SOLVED), tapped) is None
    assert evening.row()[0] == "completed"
    evening.shop.close()
