"""The store's computer gets another address: its devices find it by its key, and nobody else by theirs."""

import asyncio
from functools import partial

import pytest
import zmq
from msgspec.structs import replace

from sync_server.device import whereabouts
from sync_server.device.around import Around
from sync_server.device.find import Finder, Found
from sync_server.device.whereabouts import Whereabouts
from sync_server.service.announce import Announcement

from .house import come

HERE = ["127.0.0.1"]
HOME, NEW, LIE = "tcp://192.168.1.10:8350", "tcp://192.168.1.23:8350", "tcp://192.168.1.66:8350"
KEY, OTHER = "k" * 40, "o" * 40


@pytest.mark.fault(
    "The store's computer gets another address",
    "its devices find it by its key and keep the address; what was tapped meanwhile is done",
)
async def test_a_device_finds_its_store_at_another_address_and_keeps_that(house, monkeypatch):
    monkeypatch.setattr(whereabouts, "LOOK_AFTER_MS", 500)
    text = house.folder.settings.read_text("utf-8")
    house.folder.settings.write_text(text.replace("announce = false", "announce = true"), "utf-8")
    house.enrol_at = "127.0.0.1:0"
    file = house.enrol("kiosk", "Front")
    await house.open()
    before = house.sync
    kiosk = house.device(file, around=Around(find=partial(Finder, interfaces=HERE)))
    kept = []
    kiosk.on_known = kept.append
    await house.until(lambda: kiosk.live)
    await house.close_server()
    visit_id = come(kiosk)
    house.sync = "127.0.0.1:0"
    holder = zmq.Context.instance().socket(zmq.ROUTER)  # somebody else has the old one
    holder.bind(f"tcp://{before}")
    try:
        await house.open()
        assert house.sync != before
        await house.until(lambda: house.agrees(kiosk))
    finally:
        holder.close(0)
    assert visit_id in kiosk.view.visits
    assert kept[-1] == replace(kiosk.file, server=f"tcp://{house.sync}")
    assert kiosk._where._looking is None


async def test_a_store_says_with_its_name_by_which_key_and_where_it_is_reached():
    name, heard = "Lumen & Co", asyncio.Event()
    async with (
        Finder(heard.set, HERE) as finder,
        Announcement(name, "127.0.0.1:8351", KEY, "8350"),
        asyncio.timeout(20),
    ):
        while not (mine := [store for store in finder.stores if store.key == KEY]):
            heard.clear()
            await heard.wait()
    assert mine[0].servers == ("tcp://127.0.0.1:8350",)


class Announced:
    """Stands for the network: what is announced on it."""

    def __init__(self, *stores: Found) -> None:
        self.stores = list(stores)
        self.looking = 0

    async def __aenter__(self) -> "Announced":
        self.looking += 1
        return self

    async def __aexit__(self, *_what: object) -> None:
        self.looking -= 1


def store(key: str, *servers: str) -> Found:
    return Found("Lumen & Co", "192.168.1.9:8351", key, servers)


async def test_it_looks_only_after_a_while_and_not_once_the_server_spoke():
    network = Announced(store(KEY, NEW))
    where = Whereabouts(HOME, KEY, lambda _changed: network, 0)
    assert where.next(whereabouts.LOOK_AFTER_MS - 1) == HOME
    await asyncio.sleep(0)
    assert network.looking == 0
    where.next(whereabouts.LOOK_AFTER_MS)
    await asyncio.sleep(0)
    assert network.looking == 1
    assert {where.next(40_000), where.next(44_000)} == {HOME, NEW}
    while where.at != NEW:
        where.next(50_000)
    where.reached(50_000)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert network.looking == 0
    assert [where.next(60_000) for _ in range(3)] == [NEW] * 3


@pytest.mark.attack(
    "Somebody announces a store, with another key or with this one's and a wrong address",
    "no device joins it; every second try goes to where the store was",
)
async def test_what_others_announce_is_never_more_than_tried():
    network = Announced(store(OTHER, "tcp://192.168.1.99:8350"), store(KEY, LIE, NEW))
    where = Whereabouts(HOME, KEY, lambda _changed: network, 0)
    where.next(whereabouts.LOOK_AFTER_MS)
    await asyncio.sleep(0)
    tried = [where.next(40_000) for _ in range(8)]
    assert set(tried) == {HOME, LIE, NEW}
    assert tried.count(HOME) == 4
    where.stop()


async def test_without_a_network_to_look_on_it_stays_where_it_was():
    where = Whereabouts(HOME, KEY, None, 0)
    assert [where.next(10**9) for _ in range(3)] == [HOME] * 3
