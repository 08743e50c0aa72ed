"""How right the told waits were: read from the store, and sent to kiosks."""

import asyncio
import contextlib
from pathlib import Path

from sync_server.device.sync.replica import Replica
from sync_server.domain.share import Share
from sync_server.protocol.messages import PROTOCOL, Hello, Snapshot, Update
from sync_server.protocol.rows import ToldWaitsRow
from sync_server.service.reports.told_waits import DAYS, KEEP_MS, ToldWaits
from sync_server.service.storage.connection import connect
from sync_server.service.storage.device_rows import DeviceRow
from sync_server.service.sync.sessions import Sessions
from tests.floor_harness import KIOSK, FloorHarness
from tests.store_rows import empty_store_file, write_records

DEVICE = DeviceRow(KIOSK.device_id or "", "kiosk", "Front", "A", "k" * 40)
DAY_MS = 86_400_000


def served(waits_s: list[float]) -> FloorHarness:
    """A store with these waits, each of a shopper who was told up to two minutes."""
    play = FloorHarness()
    play.sign_on("tom")
    for wait_s in waits_s:
        visit_id = play.open("repair")
        assert play.visit(visit_id).quoted_high_s == 120
        play.clock.after(5)
        play.accept("tom", visit_id)
        play.clock.after(wait_s - 5)
        play.start("tom", visit_id)
        play.complete("tom", visit_id)
        play.after(6)
    return play


def test_the_share_of_the_last_thirty_days_is_read_and_remembered_for_ten_minutes(tmp_path: Path) -> None:
    play = served([30.0, 60.0, 180.0])
    store = tmp_path / "store.db"
    empty_store_file(store)
    with contextlib.closing(connect(store)) as db:
        write_records(db, play.catalogue, play.records)
    told = ToldWaits(store, play.catalogue, lambda: play.clock.now)
    assert asyncio.run(told.held()) == Share(2, 3)
    play.clock.now += KEEP_MS - 1
    store.rename(tmp_path / "away.db")  # it is not read
    assert asyncio.run(told.held()) == Share(2, 3)
    (tmp_path / "away.db").rename(store)
    play.clock.now += DAYS * DAY_MS
    assert asyncio.run(told.held()) == Share(0, 0)


def test_a_kiosk_is_sent_it_once_and_again_when_it_changes() -> None:
    play = FloorHarness()
    sessions = Sessions()
    session = sessions.open(b"kiosk", DEVICE, play.clock.now, Hello(PROTOCOL))
    assert sessions.snapshot(session, play.floor, "", play.clock.now).told_waits is None

    def sent() -> list[ToldWaitsRow | None]:
        return [u.told_waits for _, u in sessions.position_updates(play.floor, play.clock.now)]

    assert sent() == []
    sessions.told_waits = ToldWaitsRow(8, 10)
    assert sent() == [ToldWaitsRow(8, 10)]
    assert sent() == []
    sessions.told_waits = ToldWaitsRow(9, 11)
    assert sent() == [ToldWaitsRow(9, 11)]
    assert sessions.snapshot(session, play.floor, "", play.clock.now).told_waits == ToldWaitsRow(9, 11)


def test_a_replica_keeps_it_until_another_comes() -> None:
    replica = Replica()
    replica.load_snapshot(Snapshot(1, 0, "kiosk", "2026-03-02", 0, "", told_waits=ToldWaitsRow(8, 10)))
    assert replica.apply(Update(2, 0))
    assert replica.told_waits == ToldWaitsRow(8, 10)
    assert replica.apply(Update(3, 0, told_waits=ToldWaitsRow(9, 11)))
    assert replica.told_waits == ToldWaitsRow(9, 11)
