"""Who gets in, by which key, and a door that fails closed and is watched."""

import asyncio

import pytest
import requests
import zmq
from msgspec.structs import replace
from zmq.auth import Authenticator
from zmq.utils.monitor import parse_monitor_message

from sync_server.protocol import messages as msg
from sync_server.service import accounts
from sync_server.service import server as server_module
from sync_server.service.gate import set_curve_server
from sync_server.service.keys import load_server_key, new_pair
from sync_server.service.store import StoreError
from sync_server.web.app import make_app

from .house import Raw

REFUSED = (zmq.EVENT_HANDSHAKE_FAILED_AUTH, zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL)


@pytest.mark.attack(
    "A stranger with a key of their own connects", "refused at the handshake; nothing is sent to it"
)
async def test_an_unknown_key_never_gets_in(house):
    file = house.enrol("kiosk", "Front")
    await house.open()
    public, secret = new_pair()
    stranger = house.raw(replace(file, public_key=public, secret_key=secret))
    await stranger.send(msg.Hello(msg.PROTOCOL))
    assert await stranger.event() in REFUSED
    known = house.raw(file)
    await known.hello()  # and the door still works
    assert [device.device_id for device in house.server.desk.connected] == ["front"]
    assert stranger.seen == []


@pytest.mark.attack("A server with another key pretends to be the store's", "the device tells it nothing")
async def test_a_device_that_takes_another_server_for_ours_tells_it_nothing(house):
    file = house.enrol("kiosk", "Front")
    await house.open()
    misled = house.raw(replace(file, server_key=new_pair()[0]))
    await misled.send(msg.Hello(msg.PROTOCOL))
    assert await misled.event() != zmq.EVENT_HANDSHAKE_SUCCEEDED
    assert house.server.desk.connected == []


@pytest.mark.attack("A connection without a key, in plain text", "ended at the handshake")
async def test_without_encryption_nobody_gets_in(house):
    house.enrol("kiosk", "Front")
    await house.open()
    context = zmq.asyncio.Context()
    plain = context.socket(zmq.DEALER)
    monitor = plain.get_monitor_socket(zmq.EVENT_DISCONNECTED | zmq.EVENT_HANDSHAKE_SUCCEEDED)
    plain.connect(house.server.sync_address)
    await plain.send(b'{"type":"hello","protocol":1}')
    told = parse_monitor_message(await asyncio.wait_for(monitor.recv_multipart(), 30))
    assert told["event"] == zmq.EVENT_DISCONNECTED
    plain.disable_monitor()
    context.destroy(linger=0)
    assert house.server.desk.connected == []


@pytest.mark.fault("Nobody is there to judge new connections", "nobody gets in")
async def test_the_door_is_closed_where_nobody_judges_who_comes(house):
    """A socket set up as the server's, but with no Gate behind it, lets in nobody at all."""
    file = house.enrol("kiosk", "Front")
    _, secret = new_pair()
    context = zmq.asyncio.Context()
    router = context.socket(zmq.ROUTER)
    set_curve_server(router, secret)
    port = router.bind_to_random_port("tcp://127.0.0.1")
    server_key = zmq.curve_public(secret.encode()).decode()
    raw = Raw(replace(file, server=f"tcp://127.0.0.1:{port}", server_key=server_key))
    try:
        await raw.send(msg.Hello(msg.PROTOCOL))
        assert await raw.event() != zmq.EVENT_HANDSHAKE_SUCCEEDED
        with pytest.raises(zmq.Again):
            await router.recv(zmq.NOBLOCK)
    finally:
        raw.close()
        context.destroy(linger=0)


async def test_a_device_added_while_the_server_runs_gets_in(house):
    server = await house.open()
    public, _ = load_server_key(house.folder.server_key)
    file = await server.shop.store.call(
        lambda db: accounts.add_device(db, "kiosk", "New", 1, server.sync_address, public)
    )
    await server.reload_devices()
    device = house.device(file)
    await house.until(lambda: device.live)


@pytest.mark.attack(
    "A stolen key connects beside the device it belongs to", "one of the two is connected, never both"
)
async def test_a_device_is_connected_once(house):
    file = house.enrol("kiosk", "Front")
    await house.open()
    first, second = house.raw(file), house.raw(file)
    await first.hello()
    await second.hello()
    assert len(house.server.desk.connected) == 1
    await first.send(msg.Ping())
    assert isinstance(await first.hear(), msg.WhoAreYou)
    await second.send(msg.Ping())
    await second.hear(msg.Beat)


# --- a gate that is watched -----------------------------------------------------------------------


@pytest.mark.fault(
    "The task that judges new connections ends",
    "it is started again on a fresh socket and counted; until then nobody gets in",
)
async def test_a_gate_whose_task_ends_is_started_again_and_keeps_its_rules(house):
    file = house.enrol("kiosk", "Front")
    server = await house.open()
    for times in (1, 2):
        judging = server.gate.judging
        judging.cancel()
        async with asyncio.timeout(20):
            while server.gate.judging is judging:
                await asyncio.wait({judging}, timeout=0.01)
        await house.raw(file).hello()
        public, secret = new_pair()
        stranger = house.raw(replace(file, public_key=public, secret_key=secret))
        await stranger.send(msg.Hello(msg.PROTOCOL))
        assert await stranger.event() in REFUSED
        assert server.counters.values()["gate_restarts"] == times


@pytest.mark.fault(
    "The task that judges new connections ends and cannot be started again at once",
    "nobody gets in; `/healthz` and `welkom doctor` say so until it is back",
)
async def test_a_gate_that_cannot_be_started_again_is_told_of(house, monkeypatch):
    file = house.enrol("kiosk", "Front")
    server = await house.open(make_app)

    def taken(_self):
        raise zmq.ZMQError(zmq.EADDRINUSE)

    async def healthy(wanted: bool) -> str | None:
        async with asyncio.timeout(20):
            while True:
                told = await asyncio.to_thread(requests.get, server.web_url + "/healthz")
                if told.json()["ok"] is wanted:
                    assert told.status_code == (200 if wanted else 503)
                    return told.json()["unwell"]

    assert await healthy(True) is None
    with monkeypatch.context() as broken:
        broken.setattr(Authenticator, "start", taken)
        server.gate.judging.cancel()
        assert "no device can connect" in await healthy(False)
    await healthy(True)
    await house.raw(file).hello()


@pytest.mark.fault(
    "Judging a handshake fails by a fault of the server's own",
    "nobody gets in by it; the gate is started again and known devices get in",
)
async def test_a_handshake_that_cannot_be_judged_lets_nobody_in_and_stops_nobody_else(house, caplog):
    """The socket of the gate expects its answer before the next question: it is made anew."""
    file = house.enrol("kiosk", "Front")
    server = await house.open()
    server.gate.dismissed = None  # a fault of our own
    public, secret = new_pair()
    stranger = house.raw(replace(file, public_key=public, secret_key=secret))
    await stranger.send(msg.Hello(msg.PROTOCOL))
    async with asyncio.timeout(20):
        while not server.counters.values()["gate_restarts"]:
            await asyncio.sleep(0)
    server.gate.dismissed = {}
    await house.raw(file).hello()
    assert "nobody gets in until it is started again" in caplog.text
    assert [device.device_id for device in server.desk.connected] == ["front"]
    assert stranger.seen == []


async def test_a_store_that_cannot_be_read_lets_nobody_in_who_was_not_there(house, monkeypatch):
    """ZAP asks no database: what fails there cannot open the door, nor close it on those who are known."""
    file = house.enrol("kiosk", "Front")
    server = await house.open()

    def broken(_folder):
        raise StoreError("the file cannot be opened")

    monkeypatch.setattr(server_module, "_devices", broken)
    with pytest.raises(StoreError):
        await server.reload_devices()
    await house.raw(file).hello()
    public, secret = new_pair()
    stranger = house.raw(replace(file, public_key=public, secret_key=secret))
    await stranger.send(msg.Hello(msg.PROTOCOL))
    assert await stranger.event() in REFUSED
