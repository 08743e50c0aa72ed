"""Starting and stopping the server: ports, locks and broken files; and retention."""

import asyncio
import contextlib
import socket
from functools import partial

import pytest

from sync_server.device.environment import Environment
from sync_server.domain import ops
from sync_server.protocol import messages as msg
from sync_server.service import server as server_module
from sync_server.service.admin import client
from sync_server.service.admin.commands import ServerState
from sync_server.service.config.load import SettingsError
from sync_server.service.net.listen import PortError
from sync_server.service.processing import periodic_retention
from sync_server.service.processing.processor import SETTLE_MS, OpProcessor
from sync_server.service.server import serve
from sync_server.service.storage.connection import connect
from sync_server.service.storage.data_dir import DataDir, DataDirError, DataDirInUse, DataDirLock
from sync_server.service.storage.errors import StoreError
from sync_server.service.upkeep.health import ask_health
from sync_server.web.app import make_app
from tests.fake_clock import FakeClock
from tests.sample_store import CLOSES, MONDAY_10

from .harness import come, do
from .process import ServerProcess


@contextlib.contextmanager
def taken_port():
    with socket.create_server(("127.0.0.1", 0)) as other:
        yield f"127.0.0.1:{other.getsockname()[1]}"


async def test_a_port_in_use_is_reported_with_a_remedy(house):
    with taken_port() as address:
        with pytest.raises(PortError, match=rf"server\.sync: cannot listen on {address} .*another program"):
            await serve(house.data_dir, sync=address)
        with pytest.raises(PortError, match=rf"server\.web: cannot listen on {address} .*choose another one"):
            await serve(house.data_dir, web_at=address)
    await house.open()  # and the failed starts left nothing behind


@pytest.mark.parametrize("killed", [False, True], ids=["stopped", "killed"])
async def test_the_log_says_whether_a_server_was_stopped_cleanly(house, killed):
    server = await ServerProcess(house.data_dir.path).start()
    if killed:
        await server.kill()
    else:
        assert await server.stop() == 0
    said = await server.output()
    assert "INFO welkom.lifecycle: started: Welkom " in said
    assert ("stopped, as it was told to; everything is on the disk" in said) is not killed


async def test_a_second_server_on_a_data_directory_is_refused_with_the_process_id(house):
    await house.open()
    with pytest.raises(DataDirInUse, match="a server is running on this folder"):
        await serve(house.data_dir)


async def test_a_command_waits_for_no_lock_it_cannot_get(house):
    with DataDirLock(house.data_dir), pytest.raises(DataDirError):
        await serve(house.data_dir)


async def test_a_directory_that_is_no_store_is_refused(tmp_path):
    with pytest.raises(DataDirError, match="no such folder"):
        await serve(DataDir(tmp_path / "nowhere"))


async def test_wrong_settings_keep_a_server_from_starting_and_leave_the_folder_free(house):
    text = house.data_dir.settings.read_text()
    house.data_dir.settings.write_text(text.replace("offer_s = 15", "offer_s = 0"))
    with pytest.raises(SettingsError, match=r"times\.offer_s"):
        await serve(house.data_dir)
    house.data_dir.settings.write_text(text)
    await house.open()


async def test_a_damaged_store_file_is_named(house):
    good = house.data_dir.store.read_bytes()
    house.data_dir.store.write_bytes(b"not a database " * 1000)
    with pytest.raises(StoreError, match=r"store\.db: .*put back your latest copy"):
        await serve(house.data_dir)
    house.data_dir.store.write_bytes(good)


async def test_a_running_server_has_a_socket_for_commands_and_removes_it(house):
    server = await house.open(make_app)
    state = await asyncio.to_thread(client.describe_server, house.data_dir)
    assert state == ServerState(server.pages.local, None, None)
    assert (await asyncio.to_thread(ask_health, state))["ok"]
    await house.close_server()
    assert not house.data_dir.control_socket.exists()


async def test_needs_and_employees_of_a_changed_catalogue_reach_tables_and_devices(house):
    file = house.enrol("kiosk", "Front")
    await house.open()
    kiosk = house.device(file)
    await house.until(lambda: kiosk.live)
    await house.close_server()
    text = house.data_dir.settings.read_text()
    house.data_dir.settings.write_text(text.replace('name = "Tom"', 'name = "Thomas"'))
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
    assert (await raw.receive(msg.Snapshot)).catalogue is None


# --- over closing time and restarts -------------------------------------------------------------------


async def test_a_server_that_was_down_over_closing_time_closes_when_it_starts(house, monkeypatch):
    clock = FakeClock(MONDAY_10)
    monkeypatch.setattr(server_module, "wall_clock", clock)
    kiosk, tom = await house.crew("tom")
    visit_id = come(kiosk)
    await house.until(lambda: visit_id in tom.view.visits)
    await house.close_server()
    clock.now = CLOSES + 11 * 3_600_000
    await house.open()
    await house.until(lambda: house.agrees(tom) and house.agrees(kiosk))
    clock.after(SETTLE_MS / 1000)  # it waits for its devices first
    await house.until(lambda: house.one("SELECT state FROM visits") == "expired")
    await house.until(lambda: house.agrees(tom))
    assert tom.view.holder(tom.file.device_id) is None


async def test_a_start_days_later_replays_only_the_recent_log(house, monkeypatch):
    """A visit rated after closing time must not keep the server from starting."""
    clock = FakeClock(CLOSES - 600_000)
    monkeypatch.setattr(server_module, "wall_clock", clock)
    kiosk, tom = await house.crew("tom")
    visit_id = come(kiosk)
    await house.until(lambda: visit_id in tom.view.visits and tom.view.visits[visit_id].offer_to)
    clock.after(5)
    for step, more in ((ops.Accept, {}), (ops.Start, {}), (ops.Complete, {"resolution": "solved"})):
        do(tom, step, visit_id, **more)
    await house.until(lambda: not tom.outbox.pending())
    clock.now = CLOSES
    house.server.processor.tick()
    clock.after(600)
    kiosk.submit(ops.Rate(visit_id, ces=5))
    await house.until(lambda: not kiosk.outbox.pending())
    assert house.answered == []
    await house.close_server()
    clock.after(2 * 3600)  # the same evening: its tickets must still be known
    server = await house.open()
    assert server.processor.floor.visits == {}
    assert server.processor.floor.tickets.is_taken("2026-03-02", "A-1")
    assert server.processor.floor.history.recent_wait_s("ask", "2026-03-02") is not None
    await house.until(lambda: kiosk.live)
    come(kiosk)
    await house.until(lambda: not kiosk.outbox.pending())
    assert house.one("SELECT ticket FROM visits ORDER BY created_at DESC") == "A-2"


async def test_offers_time_out_without_any_message(house):
    """The processor schedules its own ticks: an offer times out without any op."""
    text = house.data_dir.settings.read_text()
    house.data_dir.settings.write_text(text.replace("offer_s = 15", "offer_s = 1"))
    kiosk, tom = await house.crew("tom")
    visit_id = come(kiosk)
    await house.until(lambda: tom.view.people["tom"].presence == "not_responding")
    await house.until(lambda: tom.view.visits[visit_id].state == "waiting")


# --- forgetting -----------------------------------------------------------------------------------------


async def test_16_no_file_of_store_or_devices_has_a_byte_of_an_alias_after_retention(house, monkeypatch):
    clock = FakeClock(MONDAY_10)
    monkeypatch.setattr(server_module, "wall_clock", clock)
    monkeypatch.setattr(periodic_retention, "EVERY_S", 0.05)
    monkeypatch.setattr("sync_server.device.device.Environment", partial(Environment, wall_clock=clock))
    kiosk, _ = await house.crew("tom")
    secret, link = "Rumpelstiltskin", "Q" * 22
    for _ in range(30):
        kiosk.submit(ops.Cancel(come(kiosk, alias=secret, colour="purple", link=link)))
    kiosk.submit(ops.OpenVisit(kiosk.new_id(), "A-1", "ask", "en", alias=secret))  # refused: taken
    await house.until(lambda: not kiosk.outbox.pending() and kiosk.outbox.refused())

    def found(word: str) -> list[str]:
        every = (p for top in (house.data_dir.path, house.work) for p in top.rglob("*") if p.is_file())
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
    """Waits until retention has run once more, with nothing left to remove."""
    store, rounds = house.server.processor.writer, []
    checkpoint = store.checkpoint

    async def counted() -> bool:
        done = await checkpoint()
        rounds.append(house.one(left))
        house.changed.set()
        return done

    store.checkpoint = counted
    await house.until(lambda: len(rounds) > 1 and rounds[-1] == 0)
    store.checkpoint = checkpoint


async def test_the_log_replays_as_before_after_retention(house, monkeypatch):
    clock = FakeClock(MONDAY_10)
    monkeypatch.setattr(server_module, "wall_clock", clock)
    kiosk, _ = await house.crew("tom")
    visit_id = come(kiosk, alias="Robin")
    kiosk.submit(ops.Cancel(visit_id))
    await house.until(lambda: not kiosk.outbox.pending())
    clock.after(25 * 3600)
    monkeypatch.setattr(periodic_retention, "EVERY_S", 0.05)
    await house.close_server()
    await house.open()
    await forgotten(house, "SELECT count(*) FROM visits WHERE described")
    shop = OpProcessor(house.data_dir, house.catalogue, clock)
    shop.close()
    db = connect(house.data_dir.store, read_only=True)
    assert (
        db.execute("SELECT body FROM visit_events WHERE event = 'opened'").fetchone()[0].count("Robin") == 0
    )
    db.close()
