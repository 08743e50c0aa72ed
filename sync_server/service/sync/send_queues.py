"""Messages to devices whose connection takes no more at the moment: they wait here, in order.

ZeroMQ refuses a message where too many wait for its device already. A device that got a burst of answers
is healthy and only needs a moment, so nothing is dropped and no device is let go for that.
"""

import asyncio
from collections import deque
from collections.abc import Callable

from sync_server.service.limits.numbers import QUEUE_MESSAGES

from .router import Delivery, DeviceConnections

RETRY_S = 0.01  # ZeroMQ does not signal that one connection has room again


class SendQueues:
    """Sends through `socket`. `on_room(peer)` is called when all that waited for this peer has been sent."""

    def __init__(self, socket: DeviceConnections) -> None:
        self.on_room: Callable[[bytes], None] = lambda _peer: None
        self._socket = socket
        self._waiting: dict[bytes, deque[bytes]] = {}
        self._timer: asyncio.TimerHandle | None = None

    def send(self, peer: bytes, frame: bytes) -> bool:
        """Sends, or lets the message wait. False if the device is gone, or reads far too slowly."""
        waiting = self._waiting.get(peer)
        if waiting is None:
            delivery = self._socket.send(peer, frame)
            if delivery is not Delivery.FULL:
                return delivery is Delivery.SENT
            waiting = self._waiting[peer] = deque()
            self._schedule()
        elif len(waiting) >= QUEUE_MESSAGES:
            del self._waiting[peer]
            return False
        waiting.append(frame)
        return True

    def is_full(self, peer: bytes) -> bool:
        """Whether messages to this device wait: nothing that it asks should be done meanwhile."""
        return peer in self._waiting

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _schedule(self) -> None:
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(RETRY_S, self._retry)

    def _retry(self) -> None:
        self._timer = None
        for peer, waiting in list(self._waiting.items()):
            while waiting and (delivery := self._socket.send(peer, waiting[0])) is not Delivery.FULL:
                waiting.popleft()
                if delivery is Delivery.GONE:
                    waiting.clear()
            if not waiting:
                del self._waiting[peer]
                self.on_room(peer)
        if self._waiting:
            self._schedule()
