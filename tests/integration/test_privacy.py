"""Descriptions of a shopper leave every byte of every file of server, devices and backups."""

import asyncio
import contextlib
import logging
from functools import partial

import pytest

from sync_server.device import device as device_module
from sync_server.device.clocks import steady_clock
from sync_server.device.environment import Environment
from sync_server.device.storage import identity_file
from sync_server.device.storage import persistence as persistence_module
from sync_server.device.storage.outbox import Outbox
from sync_server.device.sync import engine
from sync_server.domain import ops
from sync_server.domain.resolution import Resolution
from sync_server.service import server as server_module
from sync_server.service.admin import client, commands
from sync_server.service.auth.errors import AccountError
from sync_server.service.processing import overwriting, periodic_retention
from sync_server.service.processing.processor import OpProcessor
from sync_server.service.storage.connection import connect
from sync_server.service.upkeep.backup import back_up
from sync_server.web.app import make_app
from tests.fake_clock import FakeClock
from tests.sample_store import MONDAY_10

from .harness import come, do, visit_of

ALIAS, NOTE, STORY, ENDING, COMMENT, LATE = WORDS = (
    "Rumpelstiltskin", "spindle", "firstborn", "goldthread", "midnight", "strawberry",
)  # fmt: skip
LINK = "Q" * 22


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> FakeClock:
    """The clock of server and devices, which only a test moves."""
    clock = FakeClock(MONDAY_10)
    monkeypatch.setattr(server_module, "wall_clock", clock)
    monkeypatch.setattr(periodic_retention, "EVERY_S", 0.05)
    monkeypatch.setattr(persistence_module, "RETENTION_INTERVAL_S", 0.05)
    monkeypatch.setattr(device_module, "Environment", partial(Environment, wall_clock=clock, boot_id=str))
    return clock


@pytest.fixture(autouse=True)
def _notify_after_retention(house, monkeypatch: pytest.MonkeyPatch) -> None:
    """After each run of retention, `house.until` tests its condition again."""
    of_server, of_device = OpProcessor.apply_retention, Outbox.apply_retention

    async def server_forgets(self, *what) -> int:
        forgotten = await of_server(self, *what)
        house.changed.set()
        return forgotten

    def device_forgets(self, *what) -> None:
        of_device(self, *what)
        house.changed.set()

    monkeypatch.setattr(OpProcessor, "apply_retention", server_forgets)
    monkeypatch.setattr(Outbox, "apply_retention", device_forgets)


def found(house, words=WORDS) -> dict[str, list[str]]:
    """The files that contain each word."""
    files = [p for top in (house.data_dir.path, house.work) for p in top.rglob("*") if p.is_file()]
    holds = {}
    for path in files:
        with contextlib.suppress(FileNotFoundError):  # some come and go while SQLite works
            holds[path.name] = path.read_bytes()
    return {word: at for word in words if (at := [name for name, b in holds.items() if word.encode() in b])}


async def visit_with_descriptions(house, kiosk, first, second) -> str:
    """A whole visit with descriptions wherever there can be some, and a refused op with some."""
    visit_id = come(kiosk, "ask", alias=ALIAS, colour="purple", place="door", link=LINK)
    one, other = first, second
    rows = [lambda device=device: visit_of(device, visit_id) for device in (first, second)]
    await house.until(lambda: all(row() and row().offer_to for row in rows))  # one gets it before the other
    if visit_of(first, visit_id).offer_to != "tom":
        one, other = second, first
    do(one, ops.Accept, visit_id)
    await house.until(lambda: visit_of(one, visit_id).state == "accepted" and not one.outbox.pending())
    do(one, ops.AddNote, visit_id, note=NOTE)
    await house.until(lambda: visit_of(one, visit_id).notes and not one.outbox.pending())
    do(one, ops.HandOver, visit_id, note=STORY)
    await house.until(lambda: visit_of(other, visit_id).handovers == 1 and not one.outbox.pending())
    do(other, ops.Claim, visit_id)
    await house.until(lambda: visit_of(other, visit_id).state == "accepted" and not other.outbox.pending())
    do(one, ops.AddNote, visit_id, note=LATE)  # no longer theirs: refused, and shown
    await house.until(lambda: one.outbox.refused())
    do(other, ops.Start, visit_id)
    await house.until(lambda: visit_of(other, visit_id).state == "serving" and not other.outbox.pending())
    do(other, ops.Complete, visit_id, resolution=Resolution.SOLVED, note=ENDING)
    await house.until(lambda: not other.outbox.pending() and not visit_of(other, visit_id))
    kiosk.submit(ops.Rate(visit_id, ces=5, comment=COMMENT))
    await house.until(lambda: not kiosk.outbox.pending())
    return visit_id


async def test_no_file_of_server_or_device_holds_a_word_a_day_after_the_end(house, clock, caplog):
    caplog.set_level(logging.DEBUG)
    kiosk, tom, kim = await house.crew("tom", "kim")
    visit_id = await visit_with_descriptions(house, kiosk, tom, kim)
    assert set(found(house)) == set(WORDS)
    back_up(house.data_dir, house.data_dir.path / "backups", clock.now)
    await house.until(
        lambda: not any(device._persistence.save_timer for device in (kiosk, tom, kim))
    )  # all is written
    clock.after(24 * 3600 + 1)
    await house.until(lambda: not found(house, (*WORDS, LINK, "purple")))
    one = "SELECT ces, resolution, handovers, serving_at - created_at >= 0 FROM visits WHERE visit_id = ?"
    with house.store() as db:
        assert db.execute(one, (visit_id,)).fetchone() == (5, "solved", 1, 1)
    assert not [word for word in WORDS if word in caplog.text]  # and no log ever held one


async def test_a_device_without_its_server_applies_retention_by_itself(house, clock, monkeypatch):
    """The op and its times stay and are sent; only descriptions are removed."""
    aged = partial(Environment, wall_clock=clock, steady_clock=lambda: steady_clock() + clock.now - MONDAY_10)
    monkeypatch.setattr(device_module, "Environment", aged)
    text = house.data_dir.settings.read_text("utf-8")
    house.data_dir.settings.write_text(text + "\n[privacy]\nkeep_descriptions_h = 2\n", "utf-8")
    kiosk, tom = await house.crew("tom")
    visit_id = come(kiosk, "repair", alias=ALIAS)
    await house.until(lambda: visit_of(tom, visit_id) and visit_of(tom, visit_id).offer_to == "tom")
    do(tom, ops.Accept, visit_id)
    await house.until(lambda: visit_of(tom, visit_id).state == "accepted" and not tom.outbox.pending())
    await house.close_server()
    do(tom, ops.AddNote, visit_id, note=NOTE)
    waiting = come(kiosk, "ask", alias=STORY)
    tapped_at = clock.now
    clock.after(2 * 3600 + 1)
    said = (ALIAS, NOTE, STORY)
    await house.until(
        lambda: not [name for names in found(house, said).values() for name in names if "store" not in name]
    )
    assert visit_of(tom, visit_id).alias is None
    assert NOTE not in str(tom.view)
    assert visit_of(kiosk, waiting).alias is None
    await house.open()
    await house.until(lambda: not kiosk.outbox.pending() and not tom.outbox.pending())
    assert house.answered == []
    with house.store() as db:
        alias, created_at = db.execute(
            "SELECT json_extract(body, '$.alias'), created_at FROM visit_events JOIN visits USING (visit_id)"
            " WHERE visit_id = ? AND event = 'opened'",
            (waiting,),
        ).fetchone()
    assert alias is None
    assert abs(created_at - tapped_at) < 60_000  # not when it arrived


async def test_an_op_done_with_its_words_is_done_though_it_is_repeated_without_them(house, clock):
    """The answer was lost; meanwhile the device removed what the server still has."""
    file = house.enrol("kiosk", "Front")
    await house.open()
    kiosk = house.device(file)
    await house.until(lambda: kiosk.live)
    await house.close_server()
    come(kiosk, "ask", alias=ALIAS)
    clock.after(3600)
    hear = kiosk._link._on_frame
    kiosk._link._on_frame = lambda frame: None if b'"answer"' in frame else hear(frame)
    server = await house.open()
    await house.until(lambda: server.processor.event_counts["opened"])
    house.stop(kiosk)
    clock.after(23 * 3600 + 60)
    kiosk = house.device(file)
    assert ALIAS not in str(kiosk.outbox.pending())
    assert len(kiosk.outbox.pending()) == 1
    await house.until(lambda: kiosk.live and not kiosk.outbox.pending())
    assert house.answered == []
    assert kiosk.outbox.refused() == []
    assert house.one("SELECT count(*) FROM visits") == 1


async def test_a_revoked_device_deletes_all_descriptions_and_its_key(house, monkeypatch, tmp_path):
    monkeypatch.setattr(engine, "EXCLUDED_MS", 500)
    files = house.enrol("kiosk", "Front"), house.enrol("staff", "Toms")
    await house.open()
    cable = await house.cable()
    kiosk, tom = house.device(files[0]), house.device(files[1], cable)
    await house.sign_in(tom, "tom")
    folder = tmp_path / "own"
    key, another = (
        identity_file.save_identity(tom.file, folder),
        identity_file.save_identity(kiosk.file, folder),
    )
    tom.on_revoked = lambda file: identity_file.delete_key(file, folder)
    visit_id = come(kiosk, "repair", alias=ALIAS)
    await house.until(lambda: visit_of(tom, visit_id) and visit_of(tom, visit_id).offer_to == "tom")
    do(tom, ops.Accept, visit_id)
    await house.until(lambda: visit_of(tom, visit_id).state == "accepted" and not tom.outbox.pending())
    cable.cut()
    do(tom, ops.AddNote, visit_id, note=NOTE)
    await house.revoke(tom.file.device_id)
    assert {ALIAS, NOTE} <= set(found(house, (ALIAS, NOTE)))
    cable.repair()
    await house.until(lambda: tom.revoked)
    assert [type(submit.op) for submit in tom.outbox.pending()] == [ops.AddNote]
    names = {name for at in found(house, (ALIAS, NOTE)).values() for name in at}
    assert not [name for name in names if name.startswith(tom.file.device_id)]
    assert tom.view.visits == {}
    assert not key.exists()
    assert another.exists()
    # An older backup is restored: the device is enrolled again, and has a key again.
    kept = []
    tom.on_identity = lambda file: kept.append(file) or house.changed.set()
    await house.server.processor.writer.call(lambda db: db.execute("UPDATE devices SET revoked_at = NULL"))
    await house.server.devices.reload()
    await house.until(lambda: tom.live and not tom.outbox.pending())
    assert kept == [tom.file]
    assert house.one("SELECT body FROM visit_events WHERE event = 'noted'").count(NOTE) == 0


async def test_erased_at_once_the_live_floor_and_the_devices_forget_too(house, clock):
    files = [house.enrol("kiosk", "Front"), house.enrol("staff", "Toms")]
    server = await house.open(make_app)
    kiosk, tom = (house.device(file) for file in files)
    await house.sign_in(tom, "tom")
    await house.until(lambda: kiosk.live)
    visit_id = come(kiosk, alias=ALIAS, colour="purple", link=LINK)
    await house.until(lambda: visit_of(tom, visit_id) and visit_of(tom, visit_id).offer_to == "tom")
    assert visit_of(tom, visit_id).alias == ALIAS
    ticket, day = visit_of(tom, visit_id).ticket, house.catalogue.day(clock.now)
    await asyncio.to_thread(client.run, house.data_dir, "erase", day=day, ticket=ticket)
    assert server.processor.floor.visits[visit_id].alias is None
    await house.until(lambda: visit_of(tom, visit_id).alias is None and house.agrees(tom))
    do(tom, ops.Accept, visit_id)  # the visit goes on by its ticket, and nothing writes the description back
    await house.until(lambda: visit_of(tom, visit_id).state == "accepted" and not tom.outbox.pending())
    assert house.one("SELECT described + linked FROM visits") == 0
    await house.until(
        lambda: not [name for at in found(house, (ALIAS, LINK)).values() for name in at if "store" in name]
    )
    with pytest.raises(AccountError, match="there was no ticket Z-9"):
        await asyncio.to_thread(client.run, house.data_dir, "erase", day=day, ticket="Z-9")
    await house.until(lambda: house.agrees(kiosk) and house.agrees(tom))


@pytest.mark.fault(
    "A ticket is erased while an SQL tool reads the store",
    "the command says that it waits; the server overwrites the words as soon as the tool is closed",
)
async def test_what_is_erased_while_somebody_reads_is_overwritten_as_soon_as_they_end(
    house, clock, monkeypatch
):
    monkeypatch.setattr(overwriting, "RETRY_S", 0.05)
    kiosk, tom = await house.crew("tom")
    visit_id = come(kiosk, alias=ALIAS)
    await house.until(lambda: visit_of(tom, visit_id))
    house.stop(kiosk)
    house.stop(tom)
    reader = connect(house.data_dir.store, read_only=True)
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM visits").fetchall()
    ticket, day = house.one("SELECT ticket FROM visits"), house.catalogue.day(clock.now)
    await asyncio.to_thread(client.run, house.data_dir, "erase", day=day, ticket=ticket)
    assert await asyncio.to_thread(client.run, house.data_dir, "overwrite") == [str(house.data_dir.store)]
    assert (await asyncio.to_thread(client.describe_server, house.data_dir)).not_overwritten
    reader.close()
    async with asyncio.timeout(20):
        while house.server.processor.overwriting.pending:
            await house.server.processor.writer.call(lambda _db: None)
    assert [name for at in found(house, (ALIAS,)).values() for name in at if "store" in name] == []
    assert await asyncio.to_thread(client.run, house.data_dir, "overwrite") == []


async def test_ops_in_flight_during_an_erasure_are_not_lost(house, clock):
    kiosk, tom = await house.crew("tom")
    shop = house.server.processor
    visit_id = come(kiosk, alias=ALIAS)
    await house.until(lambda: visit_of(tom, visit_id) and visit_of(tom, visit_id).offer_to == "tom")
    ticket, day = visit_of(tom, visit_id).ticket, house.catalogue.day(clock.now)
    work = commands.work_of(house.data_dir, commands.Command("erase", {"day": day, "ticket": ticket}))
    do(tom, ops.Accept, visit_id)
    erasing = [asyncio.ensure_future(shop.recovery.rewrite(work)) for _ in range(3)]
    others = [come(kiosk, "ask") for _ in range(5)]
    await asyncio.gather(*erasing)
    await house.until(lambda: not kiosk.outbox.pending() and not tom.outbox.pending())
    assert house.one("SELECT count(*) FROM visits") == 1 + len(others)
    assert house.one("SELECT state FROM visits WHERE visit_id = ?", visit_id) == "accepted"
    assert house.one("SELECT described FROM visits WHERE visit_id = ?", visit_id) == 0
    await house.until(lambda: house.agrees(kiosk) and house.agrees(tom))
