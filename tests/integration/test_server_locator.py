"""The store's computer gets another address: its devices find it by its key."""

import asyncio
from functools import partial

import pytest
import zmq
from msgspec.structs import replace

from sync_server.device.environment import Environment
from sync_server.device.network import server_locator
from sync_server.device.network.discovery import StoreBrowser
from sync_server.service.enrol.mdns import MdnsAnnouncement

from .harness import come

HERE = ["127.0.0.1"]
KEY = "k" * 40


@pytest.mark.fault(
    "The store's computer gets another address",
    "its devices find it by its key and store the address; taps made meanwhile are done",
)
async def test_a_device_finds_its_store_at_a_new_address_and_saves_it(house, monkeypatch):
    monkeypatch.setattr(server_locator, "SEARCH_AFTER_MS", 500)
    text = house.data_dir.settings.read_text("utf-8")
    house.data_dir.settings.write_text(text.replace("announce = false", "announce = true"), "utf-8")
    house.enrol_at = "127.0.0.1:0"
    file = house.enrol("kiosk", "Front")
    await house.open()
    before = house.sync
    kiosk = house.device(file, around=Environment(find=partial(StoreBrowser, interfaces=HERE)))
    kept = []
    kiosk.on_identity = kept.append
    await house.until(lambda: kiosk.live)
    await house.close_server()
    visit_id = come(kiosk)
    house.sync = "127.0.0.1:0"
    holder = zmq.Context.instance().socket(zmq.ROUTER)  # another computer has the old address
    holder.bind(f"tcp://{before}")
    try:
        await house.open()
        assert house.sync != before
        await house.until(lambda: house.agrees(kiosk))
    finally:
        holder.close(0)
    assert visit_id in kiosk.view.visits
    assert kept[-1] == replace(kiosk.file, server=f"tcp://{house.sync}")
    assert kiosk._locator._search_task is None


async def test_a_store_announces_its_name_key_and_sync_port():
    name, changed = "Lumen & Co", asyncio.Event()
    async with (
        StoreBrowser(changed.set, HERE) as finder,
        MdnsAnnouncement(name, "127.0.0.1:8351", KEY, "8350"),
        asyncio.timeout(20),
    ):
        while not (mine := [store for store in finder.stores if store.key == KEY]):
            changed.clear()
            await changed.wait()
    assert mine[0].servers == ("tcp://127.0.0.1:8350",)
