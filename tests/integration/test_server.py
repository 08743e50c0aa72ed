"""Starting and stopping: ports, locks, files that are not what they should be; and forgetting in time."""

import contextlib
import socket
from functools import partial

import pytest

from sync_server.device.around import Around
from sync_server.domain import ops
from sync_server.protocol import messages as msg
from sync_server.service import server as server_module
from sync_server.service.folder import Folder, FolderError, InUse, Lock
from sync_server.service.server import serve
from sync_server.service.settings import SettingsError
from sync_server.service.shop import STILL_MS, Shop
from sync_server.service.socket import PortError
from sync_server.service.store import StoreError, connect
from tests.shop import CLOSES, MONDAY_10, Clock

from .house import come, do


@contextlib.contextmanager
def taken_port():
    with socket.create_server(("127.0.0.1", 0)) as other:
        yield f"127.0.0.1:{other.getsockname()[1]}"


async def test_a_port_in_use_is_named_with_what_to_do(house):
    with taken_port() as address:
        with pytest.raises(PortError, match=rf"server\.sync: cannot listen on {address} .*another program"):
            await serve(house.folder, sync=address)
        with pytest.raises(PortError, match=rf"server\.web: cannot listen on {address} .*choose another one"):
            await serve(house.folder, web_at=address)
    await house.open()  # and nothing of the failed starts is left


async def test_a_second_server_on_the_folder_is_told_who_is_there(house):
    await house.open()
    with pytest.raises(InUse, match="a server is running on this folder"):
        await serve(house.folder)


async def test_a_command_waits_for_no_lock_it_cannot_get(house):
    with Lock(house.folder), pytest.raises(FolderError):
        await serve(house.folder)


async def test_what_is_no_store_is_not_served(tmp_path):
    with pytest.raises(FolderError, match="no such folder"):
        await serve(Folder(tmp_path / "nowhere"))


async def test_wrong_settings_keep_a_server_from_starting_and_leave_the_folder_free(house):
    text = house.folder.settings.read_text()
    house.folder.settings.write_text(text.replace("offer_s = 15", "offer_s = 0"))
    with pytest.raises(SettingsError, match=r"times\.offer_s"):
        await serve(house.folder)
    house.folder.settings.write_text(text)
    await house.open()


async def test_a_damaged_store_file_is_named(house):
    good = house.folder.store.read_bytes()
    house.folder.store.write_bytes(b"not a database " * 1000)
    with pytest.raises(StoreError, match=r"store\.db: .*put back your latest copy"):
        await serve(house.folder)
    house.folder.store.write_bytes(good)


async def test_a_running_server_says_where_commands_find_it_and_takes_it_back(house):
    server = await house.open()
    assert house.folder.control_address.read_text() == f"{server.web_address}\n"
    await house.close_server()
    assert not house.folder.control_address.exists()


async def test_needs_and_employees_of_a_changed_catalogue_reach_tables_and_devices(house):
    file = house.enrol("kiosk", "Front")
    await house.open()
    kiosk = house.device(file)
    await house.until(lambda: kiosk.live)
    await house.close_server()
    text = house.folder.settings.read_text()
    house.folder.settings.write_text(text.replace('name = "Tom"', 'name = "Thomas"'))
    await house.open()
    await house.until(lambda: kiosk.catalogue.employee("tom").name == "Thomas")
    assert house.one("SELECT name FROM employees WHERE id = 'tom'") == "Thomas"


async def test_a_catalogue_the_device_has_already_is_not_sent_again(house):
    file = house.enrol("kiosk", "Front")
    await house.open()
    raw = house.raw(file)
    first = await raw.hello()
    assert first.catalogue == house.catalogue
    await raw.send(msg.Hello(msg.PROTOCOL, first.digest))
    assert (await raw.hear(msg.Snapshot)).catalogue is None


# --- over closing time and restarts -------------------------------------------------------------------


async def test_a_server_that_was_down_over_closing_time_closes_when_it_starts(house, monkeypatch):
    clock = Clock(MONDAY_10)
    monkeypatch.setattr(server_module, "wall_clock", clock)
    kiosk, tom = await house.crew("tom")
    visit_id = come(kiosk)
    await house.until(lambda: visit_id in tom.view.visits)
    await house.close_server()
    clock.now = CLOSES + 11 * 3_600_000
    await house.open()
    await house.until(lambda: house.agrees(tom) and house.agrees(kiosk))
    clock.after(STILL_MS / 1000)  # its devices are heard first
    await house.until(lambda: house.one("SELECT state FROM visits") == "expired")
    await house.until(lambda: house.agrees(tom))
    assert tom.view.holder(tom.file.device_id) is None


async def test_a_start_days_later_reads_only_what_it_needs_and_knows_all_it_must(house, monkeypatch):
    """A visit rated after closing time must not keep the server from starting."""
    clock = Clock(CLOSES - 600_000)
    monkeypatch.setattr(server_module, "wall_clock", clock)
    kiosk, tom = await house.crew("tom")
    visit_id = come(kiosk)
    await house.until(lambda: visit_id in tom.view.visits and tom.view.visits[visit_id].offer_to)
    clock.after(5)
    for step, more in ((ops.Accept, {}), (ops.Start, {}), (ops.Complete, {"resolution": "solved"})):
        do(tom, step, visit_id, **more)
    await house.until(lambda: not tom.outbox.pending())
    clock.now = CLOSES
    house.server.shop.tick()
    clock.after(600)
    kiosk.submit(ops.Rate(visit_id, ces=5))
    await house.until(lambda: not kiosk.outbox.pending())
    assert house.answered == []
    await house.close_server()
    clock.after(2 * 3600)  # the same evening: its tickets must still be known
    server = await house.open()
    assert server.shop.floor.visits == {}
    assert server.shop.floor.tickets.taken("2026-03-02", "A-1")
    assert list(server.shop.floor.history.outcomes)
    await house.until(lambda: kiosk.live)
    come(kiosk)
    await house.until(lambda: not kiosk.outbox.pending())
    assert house.one("SELECT ticket FROM visits ORDER BY created_at DESC") == "A-2"


async def test_time_does_its_work_though_nobody_asks(house):
    """The shop sets its own alarm: an offer lapses without any op."""
    text = house.folder.settings.read_text()
    house.folder.settings.write_text(text.replace("offer_s = 15", "offer_s = 0.05"))
    kiosk, tom = await house.crew("tom")
    visit_id = come(kiosk)
    await house.until(lambda: tom.view.people["tom"].presence == "not_responding")
    await house.until(lambda: tom.view.visits[visit_id].state == "waiting")


# --- forgetting -----------------------------------------------------------------------------------------


async def test_16_no_byte_of_an_alias_is_left_in_any_file_of_store_or_devices(house, monkeypatch):
    clock = Clock(MONDAY_10)
    monkeypatch.setattr(server_module, "wall_clock", clock)
    monkeypatch.setattr(server_module, "FORGET_EVERY_S", 0.05)
    monkeypatch.setattr("sync_server.device.device.Around", partial(Around, wall_clock=clock))
    kiosk, _ = await house.crew("tom")
    secret, link = "Rumpelstiltskin", "Q" * 22
    for _ in range(30):
        kiosk.submit(ops.Cancel(come(kiosk, alias=secret, colour="purple", link=link)))
    kiosk.submit(ops.OpenVisit(kiosk.new_id(), "A-1", "ask", "en", alias=secret))  # refused: taken
    await house.until(lambda: not kiosk.outbox.pending() and kiosk.outbox.refused())

    def found(word: str) -> list[str]:
        every = (p for top in (house.folder.path, house.work) for p in top.rglob("*") if p.is_file())
        return [p.name for p in every if word.encode() in p.read_bytes()]

    assert found(secret)
    assert found(link)
    clock.after(3600)
    await forgotten(house, "SELECT count(*) FROM visits WHERE linked")
    assert [name for name in found(link) if name.startswith("store")] == []
    assert found(secret)
    clock.after(23 * 3600)
    await forgotten(house, "SELECT count(*) FROM visits WHERE described")
    assert [name for name in found(secret) if name.startswith("store")] == []
    clock.after(3600)  # the device's clock: a day after the refusal, with the next snapshot
    await house.close_server()
    await house.open()
    await house.until(lambda: not kiosk.outbox.refused())
    assert found(secret) == found(link) == found("purple") == []


async def forgotten(house, left: str) -> None:
    """Waits until retention has run to its end once more, with nothing left to forget."""
    store, rounds = house.server.shop.store, []
    tidy = store.tidy

    async def counted() -> None:
        await tidy()
        rounds.append(house.one(left))
        house.changed.set()

    store.tidy = counted
    await house.until(lambda: len(rounds) > 1 and rounds[-1] == 0)
    store.tidy = tidy


async def test_the_log_replays_as_before_once_descriptions_are_gone(house, monkeypatch):
    clock = Clock(MONDAY_10)
    monkeypatch.setattr(server_module, "wall_clock", clock)
    kiosk, _ = await house.crew("tom")
    visit_id = come(kiosk, alias="Robin")
    kiosk.submit(ops.Cancel(visit_id))
    await house.until(lambda: not kiosk.outbox.pending())
    clock.after(25 * 3600)
    monkeypatch.setattr(server_module, "FORGET_EVERY_S", 0.05)
    await house.close_server()
    await house.open()
    await forgotten(house, "SELECT count(*) FROM visits WHERE described")
    shop = Shop(house.folder, house.catalogue, clock)
    shop.close()
    db = connect(house.folder.store, read_only=True)
    assert (
        db.execute("SELECT body FROM visit_events WHERE event = 'opened'").fetchone()[0].count("Robin") == 0
    )
    db.close()
