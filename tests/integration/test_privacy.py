"""What was said about a shopper leaves every byte of every file: the server's, the devices', the backups'."""

import asyncio
import contextlib
import logging
from functools import partial

import pytest

from sync_server.device import device as device_module
from sync_server.device import engine, own_file
from sync_server.device import keeping as keeping_module
from sync_server.device.around import Around, steady_clock
from sync_server.device.outbox import Outbox
from sync_server.domain import ops
from sync_server.domain.events import Resolution
from sync_server.service import control
from sync_server.service import server as server_module
from sync_server.service.accounts import AccountError
from sync_server.service.backup import back_up
from sync_server.service.shop import Shop
from sync_server.web.app import make_app
from tests.shop import MONDAY_10, Clock

from .house import come, do, visit_of

ALIAS, NOTE, STORY, ENDING, COMMENT, LATE = WORDS = (
    "Rumpelstiltskin", "spindle", "firstborn", "goldthread", "midnight", "strawberry",
)  # fmt: skip
LINK = "Q" * 22


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The time of everybody, which stands still until a test moves it."""
    clock = Clock(MONDAY_10)
    monkeypatch.setattr(server_module, "wall_clock", clock)
    monkeypatch.setattr(server_module, "FORGET_EVERY_S", 0.05)
    monkeypatch.setattr(keeping_module, "FORGET_S", 0.05)
    monkeypatch.setattr(device_module, "Around", partial(Around, wall_clock=clock))
    return clock


@pytest.fixture(autouse=True)
def _told_of_forgetting(house, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whenever the server or a device has cleared up, `house.until` looks again."""
    of_server, of_device = Shop.forget, Outbox.forget

    async def server_forgets(self, *what) -> int:
        forgotten = await of_server(self, *what)
        house.changed.set()
        return forgotten

    def device_forgets(self, *what) -> None:
        of_device(self, *what)
        house.changed.set()

    monkeypatch.setattr(Shop, "forget", server_forgets)
    monkeypatch.setattr(Outbox, "forget", device_forgets)


def found(house, words=WORDS) -> dict[str, list[str]]:
    """In which files each word stands."""
    files = [p for top in (house.folder.path, house.work) for p in top.rglob("*") if p.is_file()]
    holds = {}
    for path in files:
        with contextlib.suppress(FileNotFoundError):  # some come and go while SQLite works
            holds[path.name] = path.read_bytes()
    return {word: at for word in words if (at := [name for name, b in holds.items() if word.encode() in b])}


async def told_much(house, kiosk, first, second) -> str:
    """A whole visit with words wherever there can be some, and an op that is refused and holds some."""
    visit_id = come(kiosk, "ask", alias=ALIAS, colour="purple", place="door", link=LINK)
    one, other = first, second
    rows = [lambda device=device: visit_of(device, visit_id) for device in (first, second)]
    await house.until(
        lambda: all(row() and row().offer_to for row in rows)
    )  # one hears of it before the other
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
    do(one, ops.AddNote, visit_id, note=LATE)  # not theirs any more: refused, and shown
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
    visit_id = await told_much(house, kiosk, tom, kim)
    assert set(found(house)) == set(WORDS)
    back_up(house.folder, house.folder.path / "backups", clock.now)
    await house.until(
        lambda: not any(device._keeping.keep_timer for device in (kiosk, tom, kim))
    )  # all is written
    clock.after(24 * 3600 + 1)
    await house.until(lambda: not found(house, (*WORDS, LINK, "purple")))
    one = "SELECT ces, resolution, handovers, serving_at - created_at >= 0 FROM visits WHERE visit_id = ?"
    with house.store() as db:
        assert db.execute(one, (visit_id,)).fetchone() == (5, "solved", 1, 1)
    assert not [word for word in WORDS if word in caplog.text]  # nor did a log ever hold one


async def test_a_device_that_never_hears_of_its_server_forgets_by_itself_what_the_shop_may_keep(
    house, clock, monkeypatch
):
    """The op and its times stay, and are sent: only what was said goes."""
    aged = partial(Around, wall_clock=clock, steady_clock=lambda: steady_clock() + clock.now - MONDAY_10)
    monkeypatch.setattr(device_module, "Around", aged)
    text = house.folder.settings.read_text("utf-8")
    house.folder.settings.write_text(text + "\n[privacy]\nkeep_descriptions_h = 2\n", "utf-8")
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
    assert abs(created_at - tapped_at) < 60_000  # not when it was heard of


async def test_an_op_done_with_its_words_is_done_though_it_is_repeated_without_them(house, clock):
    """The answer got lost, and the device forgot meanwhile what the server still remembers."""
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
    await house.until(lambda: server.shop.happened["opened"])
    house.stop(kiosk)
    clock.after(23 * 3600)
    kiosk = house.device(file)
    assert ALIAS not in str(kiosk.outbox.pending())
    assert len(kiosk.outbox.pending()) == 1
    await house.until(lambda: kiosk.live and not kiosk.outbox.pending())
    assert house.answered == []
    assert kiosk.outbox.refused() == []
    assert house.one("SELECT count(*) FROM visits") == 1


async def test_a_revoked_device_keeps_no_word_and_no_key(house, monkeypatch, tmp_path):
    monkeypatch.setattr(engine, "OUTSIDE_MS", 500)
    files = house.enrol("kiosk", "Front"), house.enrol("staff", "Toms")
    await house.open()
    cable = await house.cable()
    kiosk, tom = house.device(files[0]), house.device(files[1], cable)
    await house.sign_in(tom, "tom")
    folder = tmp_path / "own"
    key, another = own_file.save(tom.file, folder), own_file.save(kiosk.file, folder)
    tom.on_shut_out = lambda file: own_file.forget_key(file, folder)
    visit_id = come(kiosk, "repair", alias=ALIAS)
    await house.until(lambda: visit_of(tom, visit_id) and visit_of(tom, visit_id).offer_to == "tom")
    do(tom, ops.Accept, visit_id)
    await house.until(lambda: visit_of(tom, visit_id).state == "accepted" and not tom.outbox.pending())
    cable.cut()
    do(tom, ops.AddNote, visit_id, note=NOTE)
    await house.revoke(tom.file.device_id)
    assert {ALIAS, NOTE} <= set(found(house, (ALIAS, NOTE)))
    cable.mend()
    await house.until(lambda: tom.dismissed)
    assert [type(submit.op) for submit in tom.outbox.pending()] == [ops.AddNote]
    names = {name for at in found(house, (ALIAS, NOTE)).values() for name in at}
    assert not [name for name in names if name.startswith(tom.file.device_id)]
    assert tom.view.visits == {}
    assert not key.exists()
    assert another.exists()
    # A backup from before is restored: it is let in again, and has a key to keep again.
    kept = []
    tom.on_known = lambda file: kept.append(file) or house.changed.set()
    await house.server.shop.store.call(lambda db: db.execute("UPDATE devices SET revoked_at = NULL"))
    await house.server.reload_devices()
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
    await asyncio.to_thread(control.run, house.folder, "erase", day=day, ticket=ticket)
    assert server.shop.floor.visits[visit_id].alias is None
    await house.until(lambda: visit_of(tom, visit_id).alias is None and house.agrees(tom))
    do(tom, ops.Accept, visit_id)  # the visit goes on, by its ticket, and nothing writes the words back
    await house.until(lambda: visit_of(tom, visit_id).state == "accepted" and not tom.outbox.pending())
    assert house.one("SELECT described + linked FROM visits") == 0
    await house.until(
        lambda: not [name for at in found(house, (ALIAS, LINK)).values() for name in at if "store" in name]
    )
    with pytest.raises(AccountError, match="there was no ticket Z-9"):
        await asyncio.to_thread(control.run, house.folder, "erase", day=day, ticket="Z-9")
    await house.until(lambda: house.agrees(kiosk) and house.agrees(tom))


async def test_what_is_under_way_while_somebody_is_erased_is_not_lost(house, clock):
    kiosk, tom = await house.crew("tom")
    shop = house.server.shop
    visit_id = come(kiosk, alias=ALIAS)
    await house.until(lambda: visit_of(tom, visit_id) and visit_of(tom, visit_id).offer_to == "tom")
    ticket, day = visit_of(tom, visit_id).ticket, house.catalogue.day(clock.now)
    work = control.work_of(house.folder, control.Request("erase", {"day": day, "ticket": ticket}))
    do(tom, ops.Accept, visit_id)
    erasing = [asyncio.ensure_future(shop.mending.rewrite(work)) for _ in range(3)]
    others = [come(kiosk, "ask") for _ in range(5)]
    await asyncio.gather(*erasing)
    await house.until(lambda: not kiosk.outbox.pending() and not tom.outbox.pending())
    assert house.one("SELECT count(*) FROM visits") == 1 + len(others)
    assert house.one("SELECT state FROM visits WHERE visit_id = ?", visit_id) == "accepted"
    assert house.one("SELECT described FROM visits WHERE visit_id = ?", visit_id) == 0
    await house.until(lambda: house.agrees(kiosk) and house.agrees(tom))
