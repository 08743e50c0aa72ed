"""What a connection does not take at once waits in order, up to a limit."""

import asyncio
from typing import Any

from sync_server.service.limits.numbers import QUEUE_MESSAGES
from sync_server.service.sync.router import Delivery
from sync_server.service.sync.send_queues import SendQueues

from .virtual_time import virtual_time

PEER, OTHER = b"peer", b"other"


class Socket:
    """Takes `room` messages of each peer; none of a peer that is gone."""

    def __init__(self, room: int) -> None:
        self.room = {PEER: room, OTHER: 10**6}
        self.sent: list[bytes] = []
        self.authenticator: Any = None

    async def read(self, on_messages: Any) -> None:
        """Nothing is read here."""

    def send(self, peer: bytes, message: bytes) -> Delivery:
        if peer not in self.room:
            return Delivery.GONE
        if not self.room[peer]:
            return Delivery.FULL
        self.room[peer] -= 1
        self.sent.append(message)
        return Delivery.SENT


@virtual_time
async def test_what_is_not_taken_at_once_is_sent_later_in_order():
    socket = Socket(room=2)
    queues = SendQueues(socket)
    room_again = []
    queues.on_room = room_again.append
    frames = [b"%d" % number for number in range(5)]
    assert all(queues.send(PEER, frame) for frame in frames)
    assert queues.is_full(PEER)
    assert queues.send(OTHER, b"for another")
    assert socket.sent == [*frames[:2], b"for another"]
    await asyncio.sleep(1)
    assert queues.is_full(PEER)
    socket.room[PEER] = 2
    await asyncio.sleep(1)
    assert socket.sent[3:] == frames[2:4]
    assert room_again == [], "one waits still"
    socket.room[PEER] = 2
    await asyncio.sleep(1)
    assert socket.sent[5:] == frames[4:]
    assert room_again == [PEER]
    assert not queues.is_full(PEER)
    queues.send(PEER, b"more")
    assert socket.sent[-1] == b"more"


@virtual_time
async def test_a_device_that_never_reads_is_let_go():
    queues = SendQueues(Socket(room=0))
    assert all(queues.send(PEER, b"x") for _ in range(QUEUE_MESSAGES))
    assert not queues.send(PEER, b"one too many")
    assert not queues.is_full(PEER)


@virtual_time
async def test_a_device_that_goes_while_messages_wait_is_forgotten():
    socket = Socket(room=0)
    queues = SendQueues(socket)
    queues.send(PEER, b"one")
    queues.send(PEER, b"two")
    del socket.room[PEER]
    await asyncio.sleep(1)
    assert not queues.is_full(PEER)
    assert not queues.send(PEER, b"three")
    assert socket.sent == []


@virtual_time
async def test_nothing_is_tried_again_after_the_end():
    socket = Socket(room=0)
    queues = SendQueues(socket)
    queues.send(PEER, b"one")
    queues.stop()
    socket.room[PEER] = 9
    await asyncio.sleep(1)
    assert socket.sent == []
