"""The device's encrypted socket, against a ROUTER with the store's key on this computer."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import zmq

from sync_server.device.network import link as link_module
from sync_server.device.network.link import MAX_FRAMES_PER_TURN, MAX_FROM_SERVER_BYTES, Link
from sync_server.protocol.device_file import DeviceFile


class Router:
    """The server's socket. Reads and writes wait in a thread for at most 20 s."""

    def __init__(self) -> None:
        public, secret = zmq.curve_keypair()
        self.key = public.decode()
        self._socket = zmq.Context.instance().socket(zmq.ROUTER)
        self._socket.curve_server = True
        self._socket.curve_secretkey = secret
        self._socket.setsockopt(zmq.RCVTIMEO, 20_000)
        self._socket.setsockopt(zmq.LINGER, 0)
        self.port = self._socket.bind_to_random_port("tcp://127.0.0.1")

    async def receive(self) -> list[bytes]:
        return await asyncio.to_thread(self._socket.recv_multipart)

    def send(self, *frames: bytes) -> None:
        self._socket.send_multipart(frames)

    def close(self) -> None:
        self._socket.close()


class Ends:
    """A link and its router."""

    def __init__(self, router: Router, server_key: str) -> None:
        self.router = router
        public, secret = zmq.curve_keypair()
        address = f"tcp://127.0.0.1:{router.port}"
        file = DeviceFile("d", "kiosk", "Front", "A", address, server_key, public.decode(), secret.decode())
        self.frames: list[bytes] = []
        self.link = Link(file, self._received)
        self._changed = asyncio.Event()

    def _received(self, frame: bytes) -> None:
        self.frames.append(frame)
        self._changed.set()

    async def wait_for(self, count: int) -> list[bytes]:
        """Waits until the link has received `count` frames."""
        async with asyncio.timeout(20):
            while len(self.frames) < count:
                self._changed.clear()
                await self._changed.wait()
        return self.frames

    async def peer(self) -> bytes:
        """Sends a frame over the link; the address that the router has for it."""
        self.link.send(b"hello")
        peer, frame = await self.router.receive()
        assert frame == b"hello"
        return peer


@asynccontextmanager
async def ends(server_key: str | None = None) -> AsyncIterator[Ends]:
    router = Router()
    both = Ends(router, server_key or router.key)
    try:
        yield both
    finally:
        both.link.close()
        router.close()


def test_frames_go_both_ways() -> None:
    async def go() -> None:
        async with ends() as both:
            both.link.open()
            peer = await both.peer()
            both.router.send(peer, b"first", b"a frame that is not read")
            both.router.send(peer, b"second")
            assert await both.wait_for(2) == [b"first", b"second"]
            both.link.send(b"question")
            assert await both.router.receive() == [peer, b"question"]

    asyncio.run(go())


class FakeSocket:
    """A socket that has received `frames` and whose queue of frames to send is full."""

    closed = False

    def __init__(self, count: int) -> None:
        self.frames = [str(number).encode() for number in range(count)]

    def fileno(self) -> int:
        return 0

    def close(self) -> None:
        self.closed = True

    def recv_multipart(self, flags: int) -> list[bytes]:
        assert flags == zmq.NOBLOCK
        if not self.frames:
            raise zmq.Again
        return [self.frames.pop(0)]

    def send(self, _frame: bytes, flags: int) -> None:
        assert flags == zmq.NOBLOCK
        raise zmq.Again


@pytest.mark.parametrize("count", [MAX_FRAMES_PER_TURN - 1, MAX_FRAMES_PER_TURN, 2 * MAX_FRAMES_PER_TURN + 1])
def test_many_frames_that_arrived_together_leave_the_screen_its_turn(count: int) -> None:
    async def go() -> None:
        async with ends() as both:
            socket = FakeSocket(count)
            expected = list(socket.frames)
            both.link._socket = socket  # type: ignore[assignment]
            both.link._read_frames()
            read = [len(both.frames)]
            for _ in range(3):
                await asyncio.sleep(0)
                read.append(len(both.frames))
            assert read == [min(count, turn * MAX_FRAMES_PER_TURN) for turn in (1, 2, 3, 4)]
            assert both.frames == expected

    asyncio.run(go())


def test_a_full_socket_loses_the_frame_and_what_arrived_meanwhile_is_read() -> None:
    async def go() -> None:
        async with ends() as both:
            both.link._socket = FakeSocket(3)  # type: ignore[assignment]
            both.link.send(b"hello")
            assert both.frames == []
            await asyncio.sleep(0)
            assert both.frames == [b"0", b"1", b"2"]

    asyncio.run(go())


def test_a_new_socket_replaces_the_old_one_and_a_closed_one_sends_and_reads_nothing() -> None:
    async def go() -> None:
        async with ends() as both:
            both.link.send(b"before it is open")
            both.link.open()
            first, old = await both.peer(), both.link._socket
            both.link.open()
            assert old.closed
            second = await both.peer()
            assert first != second
            both.router.send(second, b"to the new one")
            assert await both.wait_for(1) == [b"to the new one"]
            new = both.link._socket
            descriptor = new.fileno()
            both.link.close()
            assert not asyncio.get_running_loop().remove_reader(descriptor), "it is not watched any more"
            both.link.close()
            assert new.closed
            both.link.send(b"after it is closed")
            both.link._read_frames()
            both.link.open()
            assert await both.peer() not in (first, second)

    asyncio.run(go())


def test_a_listener_that_closes_the_link_gets_no_more_frames() -> None:
    async def go() -> None:
        async with ends() as both:
            both.link.open()
            peer = await both.peer()
            received: list[bytes] = []

            def close(frame: bytes) -> None:
                received.append(frame)
                both.link.close()
                both._changed.set()

            both.link._on_frame = close
            for frame in (b"1", b"2"):
                both.router.send(peer, frame)
            async with asyncio.timeout(20):
                await both._changed.wait()
            assert received == [b"1"]

    asyncio.run(go())


def test_a_server_with_another_key_is_not_talked_to() -> None:
    async def go() -> None:
        async with ends(server_key=zmq.curve_keypair()[0].decode()) as both:
            both.link.open()
            monitor = both.link._socket.get_monitor_socket(
                zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL
                | zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL
                | zmq.EVENT_DISCONNECTED
            )
            both.link.send(b"hello")
            assert await asyncio.to_thread(monitor.poll, 20_000)
            both.link._socket.disable_monitor()
            assert both.router._socket.poll(0) == 0

    asyncio.run(go())


def test_the_options_of_the_socket() -> None:
    async def go() -> None:
        async with ends() as both:
            both.link.open()
            options = {
                zmq.TYPE: zmq.DEALER,
                zmq.RECONNECT_IVL: 200,
                zmq.RECONNECT_IVL_MAX: 0,
                zmq.CONNECT_TIMEOUT: 1000,
                zmq.HEARTBEAT_IVL: 2000,
                zmq.HEARTBEAT_TIMEOUT: 6000,
                zmq.MAXMSGSIZE: 8_388_608,
                zmq.SNDHWM: 0,
                zmq.LINGER: 0,
            }
            assert {option: both.link._socket.getsockopt(option) for option in options} == options

    asyncio.run(go())
    assert (MAX_FROM_SERVER_BYTES, link_module.MAX_FRAMES_PER_TURN) == (8_388_608, 20)
