"""Who may connect: known device keys only (ZAP), and who is behind a frame that came in."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Iterable

import zmq
import zmq.asyncio
from zmq.auth import Authenticator

from .counters import Counters
from .queries import DeviceRow

ZAP_DOMAIN = "store"
ZAP_ADDRESS = "inproc://zeromq.zap.01"
START_AGAIN_S = 0.05  # and twice as long with each further failure, up to a second

log = logging.getLogger(__name__)


class Gate(Authenticator):
    """The authenticator of the server's socket. `devices` are those that take part, by public key.

    Keys can be added and taken away while it runs. The handshake happens once per connection, so
    `device_of` is asked again for every message: a revoked device has no effect from then on. Those
    who were dismissed may still connect, only to be told so.

    It asks no database, so none can fail it. Should its task end all the same, it is started again;
    until then nobody gets in.
    """

    def __init__(self, context: "zmq.asyncio.Context", counters: Counters | None = None) -> None:
        super().__init__(context, log=log)
        self.devices: dict[str, DeviceRow] = {}
        self.dismissed: dict[str, DeviceRow] = {}
        self.judging: asyncio.Task[None] | None = None
        self._watching: asyncio.Task[None] | None = None
        self._counters = counters or Counters()
        self._kept_out: dict[str, float] = {}  # until when, by a clock that never jumps
        self.configure_curve_callback(ZAP_DOMAIN, credentials_provider=self)

    def admit(self, devices: Iterable[DeviceRow], dismissed: Iterable[DeviceRow]) -> None:
        """Whom the store knows, from now on."""
        self.devices = {device.public_key: device for device in devices}
        self.dismissed = {device.public_key: device for device in dismissed}

    def shut_out(self, device_id: str) -> list[DeviceRow]:
        """Lets a device have no effect from this moment on, until `admit`. Those it found."""
        found = [device for device in self.devices.values() if device.device_id == device_id]
        self.devices = {key: d for key, d in self.devices.items() if d not in found}
        return found

    def callback(self, _domain: str, key: bytes) -> bool:
        name = key.decode()
        if self._is_kept_out(name):
            return False
        known = name in self.devices or name in self.dismissed
        if not known:
            self._counters.add("strangers")
            log.warning("an unknown device was turned away; it has to be paired with this store first")
        return known

    def device_of(self, frame: zmq.Frame) -> DeviceRow | None:
        """The device that sent this frame; None once it is revoked."""
        key = _key_of(frame)
        device = self.devices.get(key)
        if device is None:
            self._counters.add("revoked_messages")
        elif self._is_kept_out(key):
            return None
        return device

    def keep_out(self, device: DeviceRow, seconds: float) -> None:
        """Lets in nothing of this device for a while."""
        self._kept_out[device.public_key] = time.monotonic() + seconds

    def _is_kept_out(self, key: str) -> bool:
        if self._kept_out.get(key, 0.0) > time.monotonic():
            return True
        self._kept_out.pop(key, None)
        return False

    def is_dismissed(self, frame: zmq.Frame) -> bool:
        """Whether it came from a device that took part once."""
        return _key_of(frame) in self.dismissed

    # --- its own life ----------------------------------------------------------------------------

    def start(self) -> None:
        super().start()
        self._watching = asyncio.ensure_future(self._watch())

    def stop(self) -> None:
        for task in (self._watching, self.judging):
            if task is not None:
                task.cancel()
        super().stop()

    @property
    def at_work(self) -> bool:
        """Whether somebody judges who comes. Where nobody does, nobody gets in."""
        return self.judging is not None and not self.judging.done()

    async def _watch(self) -> None:
        """Starts the judging again whenever it ends, on a fresh socket: the old one may be stuck."""
        wait = START_AGAIN_S
        while True:
            began = asyncio.get_running_loop().time()
            self.judging = asyncio.ensure_future(self._judge())
            await asyncio.wait({self.judging})
            if asyncio.get_running_loop().time() - began > 60:
                wait = START_AGAIN_S
            why = "was cancelled" if self.judging.cancelled() else repr(self.judging.exception())
            self._counters.add("gate_restarts")
            log.error("the gate ended (%s); nobody gets in until it is started again", why)
            await self._start_again(wait)
            wait = min(1.0, wait * 2)

    async def _start_again(self, wait: float) -> None:
        while True:
            with contextlib.suppress(zmq.ZMQError):
                if self.zap_socket is not None and not self.zap_socket.closed:
                    self.zap_socket.unbind(ZAP_ADDRESS)  # at once, while closing takes its time
            with contextlib.suppress(zmq.ZMQError):
                super().stop()
            try:
                super().start()
                return
            except zmq.ZMQError as error:
                log.error("the gate could not be started again: %s; it is tried again", error)
                await asyncio.sleep(wait)

    async def _judge(self) -> None:
        poller = zmq.asyncio.Poller()
        poller.register(self.zap_socket, zmq.POLLIN)
        while True:
            await poller.poll()
            await self.handle_zap_message(self.zap_socket.recv_multipart(zmq.NOBLOCK))


def _key_of(frame: zmq.Frame) -> str:
    """The public key behind a frame; no key where the connection is gone."""
    try:
        return str(frame.get("User-Id"))
    except zmq.ZMQError:
        return ""


def set_curve_server(socket: "zmq.Socket[bytes]", secret_key: str) -> None:
    """Makes a socket accept only encrypted connections that the Gate lets in.

    ZAP_ENFORCE_DOMAIN closes the door where no authenticator runs: without it any key is accepted.
    """
    socket.setsockopt(zmq.ZAP_ENFORCE_DOMAIN, 1)
    socket.zap_domain = ZAP_DOMAIN.encode()
    socket.curve_secretkey = secret_key.encode()
    socket.curve_publickey = zmq.curve_public(secret_key.encode())
    socket.curve_server = True
