"""Authenticates connections by their CURVE keys (ZAP), and finds the device that sent a frame."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Iterable

import zmq
import zmq.asyncio
from zmq.auth import Authenticator

from sync_server.service.observe.counters import Counters
from sync_server.service.retry import back_off, retry_forever
from sync_server.service.storage.device_rows import DeviceRow

ZAP_DOMAIN = "store"
ZAP_ADDRESS = "inproc://zeromq.zap.01"
RESTART_S = 0.05  # twice as long with each further failure, up to MAX_RESTART_S
MAX_RESTART_S = 1.0
STEADY_S = 60.0  # after this long without a failure the pause is short again

log = logging.getLogger(__name__)


class DeviceAuthenticator(Authenticator):
    """The authenticator of the server's socket. `devices` are those that may take part, by public key.

    Keys can be added and removed while it runs. The handshake happens once per connection, so
    `device_of` is called for every message: a revoked device has no effect from that moment on.
    Revoked devices may still connect, only to be told that they are revoked.

    It reads no database, so none can make it fail. If its task ends all the same, it is started again;
    until then nobody can connect.
    """

    def __init__(self, context: "zmq.asyncio.Context", counters: Counters | None = None) -> None:
        super().__init__(context, log=log)
        self.devices: dict[str, DeviceRow] = {}
        self.revoked: dict[str, DeviceRow] = {}
        self.task: asyncio.Task[None] | None = None  # answers handshakes
        self._restarting: asyncio.Task[None] | None = None
        self._counters = counters or Counters()
        self._blocked_until: dict[str, float] = {}  # by public key, on the monotonic clock
        self.configure_curve_callback(ZAP_DOMAIN, credentials_provider=self)

    def set_devices(self, devices: Iterable[DeviceRow], revoked: Iterable[DeviceRow], /) -> None:
        """Replaces the devices that may take part, and those that were revoked."""
        self.devices = {device.public_key: device for device in devices}
        self.revoked = {device.public_key: device for device in revoked}

    def suspend(self, device_id: str, /) -> list[DeviceRow]:
        """Lets a device have no effect from now on, until `set_devices`. Returns the rows that it removed."""
        found = [device for device in self.devices.values() if device.device_id == device_id]
        self.devices = {key: device for key, device in self.devices.items() if device not in found}
        return found

    def callback(self, _domain: str, key: bytes) -> bool:
        """Whether this key may connect. Called by zmq.auth for each handshake."""
        name = key.decode()
        if self._is_blocked(name):
            return False
        found = name in self.devices or name in self.revoked
        if not found:
            self._counters.add("strangers")
            log.warning("an unknown device was turned away; it has to be paired with this store first")
        return found

    def device_of(self, frame: zmq.Frame) -> DeviceRow | None:
        """The device that sent this frame; None if it may not take part."""
        key = _key_of(frame)
        device = self.devices.get(key)
        if device is None:
            self._counters.add("revoked_messages")
        elif self._is_blocked(key):
            return None
        return device

    def block(self, device: DeviceRow, seconds: float) -> None:
        """Ignores this device for a while."""
        self._blocked_until[device.public_key] = time.monotonic() + seconds

    def _is_blocked(self, key: str) -> bool:
        if self._blocked_until.get(key, 0.0) > time.monotonic():
            return True
        self._blocked_until.pop(key, None)
        return False

    def is_revoked(self, frame: zmq.Frame) -> bool:
        """Whether it came from a device that took part once."""
        return _key_of(frame) in self.revoked

    # --- the task ----------------------------------------------------------------------------------

    def start(self) -> None:
        super().start()
        self._restarting = asyncio.ensure_future(
            retry_forever(self._run, back_off(RESTART_S, MAX_RESTART_S), self._log_failure)
        )

    def stop(self) -> None:
        for task in (self._restarting, self.task):
            if task is not None:
                task.cancel()
        super().stop()

    @property
    def is_running(self) -> bool:
        """Whether handshakes are answered. While they are not, nobody can connect."""
        return self.task is not None and not self.task.done()

    async def _run(self) -> None:
        """Answers handshakes. Raises what ended that, unless it went well for a while."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        if self.task is not None:
            self._open_new_socket()
        self.task = loop.create_task(self._answer_handshakes())
        await asyncio.wait({self.task})
        self._counters.add("gate_restarts")
        why = "was cancelled" if self.task.cancelled() else repr(self.task.exception())
        ended = _AuthenticatorEnded(f"the authenticator ended ({why})")
        if loop.time() - began > STEADY_S:
            self._log_failure(ended, 1)
            return
        raise ended

    @staticmethod
    def _log_failure(error: Exception, _failures: int) -> None:
        log.error("%s; no device can connect until it is started again", error)

    def _open_new_socket(self) -> None:
        """The old socket may be in the middle of an answer. Raises ZMQError."""
        with contextlib.suppress(zmq.ZMQError):  # closed already
            if self.zap_socket is not None and not self.zap_socket.closed:
                self.zap_socket.unbind(ZAP_ADDRESS)  # at once, while closing takes its time
        with contextlib.suppress(zmq.ZMQError):  # closed already
            super().stop()
        super().start()

    async def _answer_handshakes(self) -> None:
        poller = zmq.asyncio.Poller()
        poller.register(self.zap_socket, zmq.POLLIN)
        while True:
            await poller.poll()
            await self.handle_zap_message(self.zap_socket.recv_multipart(zmq.NOBLOCK))


class _AuthenticatorEnded(Exception):
    """The authenticator's task ended. The text says why."""


def _key_of(frame: zmq.Frame) -> str:
    """The public key of the sender of a frame; empty where the connection is closed."""
    try:
        return str(frame.get("User-Id"))
    except zmq.ZMQError:  # the property is gone with the connection
        return ""


def set_curve_server(socket: "zmq.Socket[bytes]", secret_key: str) -> None:
    """Makes a socket accept only encrypted connections that the authenticator accepts.

    ZAP_ENFORCE_DOMAIN refuses all connections while no authenticator runs. Without it any key would be
    accepted then.
    """
    socket.setsockopt(zmq.ZAP_ENFORCE_DOMAIN, 1)
    socket.zap_domain = ZAP_DOMAIN.encode()
    socket.curve_secretkey = secret_key.encode()
    socket.curve_publickey = zmq.curve_public(secret_key.encode())
    socket.curve_server = True
