"""Authentication of connections by keys; it fails closed, and is started again."""

import asyncio
from typing import Any

import pytest
import requests
import zmq
from msgspec.structs import replace
from zmq.auth import Authenticator
from zmq.utils.monitor import parse_monitor_message

from sync_server.protocol import messages as msg
from sync_server.service.auth import devices
from sync_server.service.auth.server_key import load_server_key, new_pair
from sync_server.service.storage.errors import StoreError
from sync_server.service.sync import device_registry
from sync_server.service.sync.zap import set_curve_server
from sync_server.web.app import make_app

from .harness import RawClient

REFUSED = (zmq.EVENT_HANDSHAKE_FAILED_AUTH, zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL)


@pytest.mark.attack(
    "An unknown device connects with its own key",
    "refused at the handshake; nothing is sent to it",
)
async def test_an_unknown_key_cannot_connect(house):
    file = house.enrol("kiosk", "Front")
    await house.open()
    public, secret = new_pair()
    stranger = house.raw(replace(file, public_key=public, secret_key=secret))
    await stranger.send(msg.Hello(msg.PROTOCOL))
    assert await stranger.event() in REFUSED
    known = house.raw(file)
    await known.hello()  # and others can still connect
    assert [device.device_id for device in house.server.device_handler.connected_devices] == ["front"]
    assert stranger.seen == []


@pytest.mark.attack(
    "A server with another key pretends to be the store's",
    "the device sends it nothing",
)
async def test_a_device_sends_nothing_to_a_server_with_another_key(house):
    file = house.enrol("kiosk", "Front")
    await house.open()
    misled = house.raw(replace(file, server_key=new_pair()[0]))
    await misled.send(msg.Hello(msg.PROTOCOL))
    assert await misled.event() != zmq.EVENT_HANDSHAKE_SUCCEEDED
    assert house.server.device_handler.connected_devices == []


@pytest.mark.attack(
    "A connection without encryption",
    "refused at the handshake",
)
async def test_a_connection_without_encryption_is_refused(house):
    house.enrol("kiosk", "Front")
    await house.open()
    context = zmq.asyncio.Context()
    plain = context.socket(zmq.DEALER)
    monitor = plain.get_monitor_socket(zmq.EVENT_DISCONNECTED | zmq.EVENT_HANDSHAKE_SUCCEEDED)
    plain.connect(house.server.sync_address)
    await plain.send(b'{"type":"hello","protocol":1}')
    event = parse_monitor_message(await asyncio.wait_for(monitor.recv_multipart(), 30))
    assert event["event"] == zmq.EVENT_DISCONNECTED
    plain.disable_monitor()
    context.destroy(linger=0)
    assert house.server.device_handler.connected_devices == []


@pytest.mark.fault(
    "No authenticator runs",
    "no connection is accepted",
)
async def test_without_a_running_authenticator_no_connection_is_accepted(house):
    """A socket like the server's, but without an authenticator, accepts no connection."""
    file = house.enrol("kiosk", "Front")
    _, secret = new_pair()
    context = zmq.asyncio.Context()
    router: Any = context.socket(zmq.ROUTER)
    set_curve_server(router, secret)
    port = router.bind_to_random_port("tcp://127.0.0.1")
    server_key = zmq.curve_public(secret.encode()).decode()
    raw = RawClient(replace(file, server=f"tcp://127.0.0.1:{port}", server_key=server_key))
    try:
        await raw.send(msg.Hello(msg.PROTOCOL))
        assert await raw.event() != zmq.EVENT_HANDSHAKE_SUCCEEDED
        with pytest.raises(zmq.Again):
            await router.recv(zmq.NOBLOCK)
    finally:
        raw.close()
        context.destroy(linger=0)


async def test_a_device_added_while_the_server_runs_can_connect(house):
    server = await house.open()
    public, _ = load_server_key(house.data_dir.server_key)
    file = await server.processor.writer.call(
        lambda db: devices.add_device(db, "kiosk", "New", 1, server.sync_address, public)
    )
    await server.devices.reload()
    device = house.device(file)
    await house.until(lambda: device.live)


@pytest.mark.attack(
    "A stolen key is used while its device is connected",
    "one of the two is connected, never both of them",
)
async def test_a_device_is_connected_once(house):
    file = house.enrol("kiosk", "Front")
    await house.open()
    first, second = house.raw(file), house.raw(file)
    await first.hello()
    await second.hello()
    assert len(house.server.device_handler.connected_devices) == 1
    await first.send(msg.Ping())
    assert isinstance(await first.receive(), msg.WhoAreYou)
    await second.send(msg.Ping())
    await second.receive(msg.Beat)


# --- the authenticator is started again ---------------------------------------------------------


@pytest.mark.fault(
    "The authenticator's task ends",
    "it is started again on a new socket and counted; until then no connection is accepted",
)
async def test_an_authenticator_whose_task_ends_is_started_again(house):
    file = house.enrol("kiosk", "Front")
    server = await house.open()
    for times in (1, 2):
        judging = server.authenticator.task
        judging.cancel()
        async with asyncio.timeout(20):
            while server.authenticator.task is judging:
                await asyncio.wait({judging}, timeout=0.01)
        await house.raw(file).hello()
        public, secret = new_pair()
        stranger = house.raw(replace(file, public_key=public, secret_key=secret))
        await stranger.send(msg.Hello(msg.PROTOCOL))
        assert await stranger.event() in REFUSED
        assert server.counters.values()["gate_restarts"] == times


@pytest.mark.fault(
    "The authenticator's task ends and cannot be started again at once",
    "no connection is accepted; `/healthz` and `welkom doctor` say so until it runs again",
)
async def test_an_authenticator_that_cannot_be_started_again_is_reported(house, monkeypatch):
    file = house.enrol("kiosk", "Front")
    server = await house.open(make_app)

    def taken(_self):
        raise zmq.ZMQError(zmq.EADDRINUSE)

    async def healthy(wanted: bool) -> str | None:
        async with asyncio.timeout(20):
            while True:
                response = await asyncio.to_thread(requests.get, server.pages.network + "/healthz")
                if response.json()["ok"] is wanted:
                    assert response.status_code == (200 if wanted else 503)
                    return response.json()["unwell"]

    assert await healthy(True) is None
    with monkeypatch.context() as broken:
        broken.setattr(Authenticator, "start", taken)
        server.authenticator.task.cancel()
        assert "no device can connect" in await healthy(False)
    await healthy(True)
    await house.raw(file).hello()


@pytest.mark.fault(
    "The authentication of a handshake fails by an exception in the server",
    "that connection is refused; the authenticator is started again and accepts known devices",
)
async def test_an_exception_in_a_handshake_refuses_that_connection_only(house, caplog):
    """The authenticator's socket expects an answer before the next request, so it is replaced."""
    file = house.enrol("kiosk", "Front")
    server = await house.open()
    server.authenticator.revoked = None  # a fault in the server
    public, secret = new_pair()
    stranger = house.raw(replace(file, public_key=public, secret_key=secret))
    await stranger.send(msg.Hello(msg.PROTOCOL))
    async with asyncio.timeout(20):
        while not server.counters.values()["gate_restarts"]:
            await asyncio.sleep(0)
    server.authenticator.revoked = {}
    await house.raw(file).hello()
    assert "no device can connect until it is started again" in caplog.text
    assert [device.device_id for device in server.device_handler.connected_devices] == ["front"]
    assert stranger.seen == []


async def test_authentication_works_while_the_store_cannot_be_read(house, monkeypatch):
    """ZAP reads no database: a fault there neither accepts strangers nor refuses known devices."""
    file = house.enrol("kiosk", "Front")
    server = await house.open()

    def broken(_folder):
        raise StoreError("the file cannot be opened")

    monkeypatch.setattr(device_registry, "read_devices", broken)
    with pytest.raises(StoreError):
        await server.devices.reload()
    await house.raw(file).hello()
    public, secret = new_pair()
    stranger = house.raw(replace(file, public_key=public, secret_key=secret))
    await stranger.send(msg.Hello(msg.PROTOCOL))
    assert await stranger.event() in REFUSED
