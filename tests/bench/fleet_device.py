"""A light device of the fleet: it reconnects like a real one, but has no outbox and no replica."""

import random
import re
from collections.abc import Callable

from sync_server.device.network.link import Link
from sync_server.device.sync.engine import BACK_OFF_MS, HELLO_MS, PING_MS, SILENCE_MS
from sync_server.protocol import messages as msg
from sync_server.protocol.device_file import DeviceFile
from sync_server.protocol.wire import decode_from_server, encode
from sync_server.service.clock import steady_clock

OnMessage = Callable[["FleetDevice", msg.FromServer], None]
_N = re.compile(rb'"n":(\d+)')
_FIRST = re.compile(rb'"first":(\d+)}$')  # it is the last field


class FleetDevice:
    """`live` while it follows the server. `on_message` gets what an active device needs to read."""

    def __init__(
        self, file: DeviceFile, on_message: "Callable[[FleetDevice, msg.FromServer], None] | None"
    ) -> None:
        self.file = file
        self.live = False
        self.live_at = 0  # since when, by the steady clock, ms
        self.updates = 0
        self._on_message = on_message
        self._link = Link(file, self._on_frame)
        self._digest = ""
        self._n = 0
        self._open = False
        self._open_at = 0
        self._opened_at = 0
        self._heard_at = 0
        self._pinged_at = 0
        self._failures = 0

    def send(self, message: msg.FromDevice) -> None:
        self._link.send(encode(message))

    def close(self) -> None:
        self._link.close()

    def tick(self) -> None:
        """To be called several times a second."""
        now = steady_clock()
        if not self._open:
            if now >= self._open_at:
                self._link.open()
                self._open, self._opened_at = True, now
                self.send(msg.Hello(msg.PROTOCOL, self._digest, lenient=True, coalesces=True))
        elif not self.live:
            if now >= self._opened_at + HELLO_MS:
                self._disconnect(now)
        elif now >= self._heard_at + SILENCE_MS:
            self._disconnect(now)
        elif now >= self._pinged_at + PING_MS:
            self._pinged_at = now
            self.send(msg.Ping(now))

    def _disconnect(self, now: int) -> None:
        first, longest = BACK_OFF_MS
        wait = min(longest, first * 2**self._failures)
        self._failures = min(self._failures + 1, 16)
        self._open_at = now + int(wait * (0.5 + random.random()))
        self._open = self.live = False
        self._link.close()

    def _on_frame(self, frame: bytes) -> None:
        self._heard_at = now = steady_clock()
        if frame.startswith(b'{"type":"update"'):
            self.updates += 1
            last = _N.search(frame)
            first = _FIRST.search(frame) or last
            if last is None or first is None or int(first[1]) != self._n + 1:
                self._disconnect(now)
                return
            self._n = int(last[1])
            if self._on_message is not None:
                self._on_message(self, decode_from_server(frame))
        elif frame.startswith(b'{"type":"snapshot"'):
            snapshot = decode_from_server(frame)
            assert isinstance(snapshot, msg.Snapshot)
            self._n, self._digest, self._failures = snapshot.n, snapshot.digest, 0
            self._pinged_at = now
            if not self.live:
                self.live, self.live_at = True, now
        elif frame.startswith(b'{"type":"who_are_you"') and self.live:
            self.live, self._opened_at = False, now
            self.send(msg.Hello(msg.PROTOCOL, self._digest, lenient=True, coalesces=True))
        elif self._on_message is not None and not frame.startswith(b'{"type":"beat"'):
            self._on_message(self, decode_from_server(frame))
