"""Enrols new devices: answers their HTTP requests, and carries out what the manager decides.

A device may ask these things (`protocol/enrol.py` says what they mean); everything else is 404:

    POST /enrol             Ask     → AskAccepted
    POST /enrol/REQUEST     Reveal  → EnrolmentState
    GET  /enrol/REQUEST             → EnrolmentState
    POST /enrol/code        Present → Welcome

A port that cannot be used is reported in the log and on the manager's page. The server starts all the
same.
"""

import asyncio
import logging
import re
import socket as sockets
import sqlite3
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import NamedTuple

from msgspec import Struct

from sync_server.network_addresses import network_addresses
from sync_server.protocol import enrol
from sync_server.protocol.enrol import Denied, EnrolDecodeError, Enrolled
from sync_server.service.auth import devices, errors
from sync_server.service.net.http_connections import ENROL, HttpListener
from sync_server.service.net.http_server import serve_http
from sync_server.service.net.listen import listen, listens_at, port_error
from sync_server.service.observe.counters import Counters
from sync_server.service.storage.device_rows import DeviceRow

from .http_app import EnrolHttpApp
from .mdns import MdnsAnnouncement
from .requests import EnrolRequests, PairingCode, RequestRefused

STATUS = {"malformed": 400, "other_version": 400, "too_many": 429, "expired": 410, "refused": 403}
STATUS |= {"wrong_code": 403, "not_now": 503}
NOT_FOUND = 404, b""

log = logging.getLogger(__name__)

Answer = tuple[int, bytes]


class UnavailableReason(NamedTuple):
    """Why no device can be paired: a code for the manager's page, and a sentence for logs and commands."""

    code: str
    text: str
    address: str = ""


@dataclass(frozen=True)
class EnrolContext:
    """What enrolment needs of the server.

    `clock` gives ms UTC. `devices_page(host)` is the manager's page for a computer that reaches this one
    as `host`; empty where it cannot open it. `enrol_device(kind, name, public_key)` adds a device; it
    raises AccountError, or sqlite3.Error where nothing can be written.
    """

    store_name: str
    server_key: str
    sync_port: int
    announce: bool
    clock: Callable[[], int]
    counters: Counters
    devices_page: Callable[[str], str]
    enrol_device: Callable[[str, str, str], Awaitable[DeviceRow]]


class EnrolService:
    """Runs in the server's loop. `address` is where it listens; empty where it does not.

    `unavailable` says why it does not listen.
    """

    def __init__(self, context: EnrolContext) -> None:
        self.requests = EnrolRequests(context.server_key, context.store_name)
        self.address = ""
        self.unavailable: UnavailableReason | None = None
        self.http_app = EnrolHttpApp(self.answer, context.counters)
        self.listener = HttpListener(ENROL, context.counters)
        self._context = context
        self._socket: sockets.socket | None = None
        self._lock = asyncio.Lock()  # a request or a code enrols one device, however often it is sent

    # --- listening ---------------------------------------------------------------------------------

    def listen(self, address: str) -> None:
        """Listens on `address` (host:port); not at all where it is empty."""
        if not address:
            self.unavailable = UnavailableReason("empty", "server.enrol is empty in store.toml")
            return
        try:
            self._socket = listen(address)
        except OSError as error:
            self.unavailable = UnavailableReason(
                "port", str(port_error("server.enrol", address, error)), address
            )
            log.warning("no device can be paired: %s", self.unavailable.text)
            return
        self.address = listens_at(self._socket)

    async def serve(self) -> None:
        """Answers requests until cancelled."""
        if self._socket is None:
            await asyncio.Event().wait()
            return
        # A copy: uvicorn closes it when it ends, and it may be started again.
        await serve_http(self.http_app, self._socket.dup(), self.listener)

    async def announce(self) -> None:
        """Lets devices find the port by multicast DNS, until cancelled."""
        address = self.address if self._context.announce else ""
        store, key, sync_port = self.requests.store, self._context.server_key, str(self._context.sync_port)
        async with MdnsAnnouncement(store, address, key, sync_port):
            await asyncio.Event().wait()

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()

    @property
    def network_addresses(self) -> list[str]:
        """Each host:port at which devices may reach it, the likeliest first, for people to type."""
        return network_addresses(self.address)

    # --- what the manager does ---------------------------------------------------------------------

    async def approve(self, request_id: str, digits: str, name: str) -> Enrolled:
        """Enrols the device whose screen shows `digits`.

        Raises RequestRefused, NotApproved, AccountError, or sqlite3.Error for a disk that fails.
        """
        async with self._lock:
            request = self.requests.find_approvable(request_id, digits, self._now())
            request.enrolled = await self._enrol(request.kind, name, request.public_key)
            return request.enrolled

    def refuse(self, request_id: str) -> None:
        """Raises RequestRefused where there is no such request any more."""
        self.requests.refuse(request_id, self._now())

    def make_code(self, kind: str, name: str) -> PairingCode:
        """Raises AccountError for a name or kind that no device can have."""
        return self.requests.make_code(devices.check_kind(kind), devices.check_name(name), self._now())

    # --- what devices ask --------------------------------------------------------------------------

    async def answer(self, method: str, path: str, body: bytes, address: str, host: str) -> Answer:
        """The answer to one HTTP request from `address`, which reached this computer as `host`."""
        action = self._action(method, path, address, host)
        if action is None:
            return NOT_FOUND
        self._context.counters.add("enrol_requests")
        try:
            # Shielded: a client that hangs up must not leave a code unused that has enrolled a device.
            return 200, enrol.encode(await asyncio.shield(asyncio.ensure_future(action(body))))
        except (RequestRefused, EnrolDecodeError) as error:
            why = error.why
        except sqlite3.Error:
            log.exception("a device could not be enrolled: nothing can be written")
            why = "not_now"
        self._context.counters.add("enrolments_refused")
        return STATUS[why], enrol.encode(Denied(why))

    def _action(
        self, method: str, path: str, address: str, host: str
    ) -> Callable[[bytes], Awaitable[Struct]] | None:
        """What to do with the body of this request; None for nothing."""

        async def ask(body: bytes) -> Struct:
            page = self._context.devices_page(host)
            return self.requests.ask(enrol.decode(body, enrol.Ask), address, self._now(), page)

        async def present(body: bytes) -> Struct:
            return await self._present(enrol.decode(body, enrol.Present), address)

        if (method, path) == ("POST", "/enrol"):
            return ask
        if (method, path) == ("POST", "/enrol/code"):
            return present
        named = re.fullmatch(r"/enrol/([0-9a-f]{32})", path)
        if named is None or method not in ("GET", "POST"):
            return None

        async def state(body: bytes) -> Struct:
            if method == "POST":
                nonce = enrol.decode(body, enrol.Reveal).nonce
                self.requests.reveal(named[1], nonce, self._now())
            return self.requests.state(named[1], self._now())

        return state

    async def _present(self, present: enrol.Present, address: str) -> Struct:
        async with self._lock:
            code = self.requests.match_code(present, address, self._now())
            if code.enrolled is None:
                try:
                    code.enrolled = await self._enrol(code.kind, code.name, present.public_key)
                except errors.AccountError:
                    raise RequestRefused("wrong_code") from None  # a key that is in the list already
                code.used_by = present.public_key
            return self.requests.welcome(code, code.enrolled, present.nonce)

    async def _enrol(self, kind: str, name: str, public_key: str) -> Enrolled:
        device = await self._context.enrol_device(kind, name, public_key)
        self._context.counters.add("enrolments")
        log.warning("%s was enrolled as a new device (%s)", device.device_id, kind)
        return Enrolled(device.device_id, device.kind, device.name, device.letter, self._context.sync_port)

    def _now(self) -> int:
        return self._context.clock()
