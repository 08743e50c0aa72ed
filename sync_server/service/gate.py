"""Who may connect: known device keys only (ZAP), and who is behind a frame that came in."""

import logging

import zmq
import zmq.asyncio
from zmq.auth.asyncio import AsyncioAuthenticator

from .counters import Counters
from .queries import DeviceRow

ZAP_DOMAIN = "store"

log = logging.getLogger(__name__)


class Gate(AsyncioAuthenticator):
    """The authenticator of the server's socket. `devices` are those allowed in, by public key.

    Keys can be added and taken away while it runs. The handshake happens once per connection, so
    `device_of` is asked again for every message: a revoked device has no effect from then on.
    """

    def __init__(self, context: "zmq.asyncio.Context", counters: Counters | None = None) -> None:
        super().__init__(context, log=log)
        self.devices: dict[str, DeviceRow] = {}
        self._counters = counters or Counters()
        self.configure_curve_callback(ZAP_DOMAIN, credentials_provider=self)

    def callback(self, _domain: str, key: bytes) -> bool:
        known = key.decode() in self.devices
        if not known:
            self._counters.add("strangers")
            log.warning("an unknown device was turned away; `welkom device add` enrols one")
        return known

    def device_of(self, frame: zmq.Frame) -> DeviceRow | None:
        """The device that sent this frame; None once it is revoked."""
        try:
            key = str(frame.get("User-Id"))
        except zmq.ZMQError:
            return None
        device = self.devices.get(key)
        if device is None:
            self._counters.add("revoked_messages")
        return device

    async def handle_zap_message(self, msg: list[bytes]) -> None:
        # An exception here would end the authenticator for good, and with it every new connection.
        try:
            await super().handle_zap_message(msg)
        except Exception:
            log.exception("a handshake could not be judged; the device is turned away")


def set_curve_server(socket: "zmq.Socket[bytes]", secret_key: str) -> None:
    """Makes a socket accept only encrypted connections that the Gate lets in.

    ZAP_ENFORCE_DOMAIN closes the door where no authenticator runs: without it any key is accepted.
    """
    socket.setsockopt(zmq.ZAP_ENFORCE_DOMAIN, 1)
    socket.zap_domain = ZAP_DOMAIN.encode()
    socket.curve_secretkey = secret_key.encode()
    socket.curve_publickey = zmq.curve_public(secret_key.encode())
    socket.curve_server = True
