"""The enrolment server: what devices may ask of it over HTTP, and how the manager's answer is carried out.

Three things can be asked (`protocol/enrol.py` says what they mean); everything else is 404:

    POST /enrol             Ask     → Asked
    POST /enrol/REQUEST     Reveal  → Standing
    GET  /enrol/REQUEST             → Standing
    POST /enrol/code        Present → Welcome

A port that cannot be used is told in the log and on the manager's page; the shop opens all the same.
"""

import asyncio
import contextlib
import logging
import re
import socket as sockets
import sqlite3
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct

from sync_server.protocol import enrol
from sync_server.protocol.enrol import Denied, Enrolled, NotReadable

from . import accounts
from .announce import Announcement
from .door import Door, listen
from .keys import load_server_key
from .loopback import is_loopback
from .pairing import Code, Pairing, Turned

if TYPE_CHECKING:
    from .server import Server

STATUS = {"malformed": 400, "other_version": 400, "too_many": 429, "expired": 410, "refused": 403}
STATUS |= {"wrong_code": 403, "not_now": 503}
NOTHING_HERE = 404, b""

log = logging.getLogger(__name__)

Answer = tuple[int, bytes]


class Off(NamedTuple):
    """Why no device can be paired: a code for the manager's page, and a sentence for logs and commands."""

    code: str
    text: str
    address: str = ""


class Enrolment:
    """Joins what is remembered to the store. Everything runs in the server's loop.

    `address` is where it listens, empty where it does not; `off` says why not.
    """

    def __init__(self, server: "Server") -> None:
        public, _ = load_server_key(server.folder.server_key)
        self._key = public
        self.pairing = Pairing(public, server.settings.store.name)
        self.address = ""
        self.off: Off | None = None
        self._server = server
        self._socket: sockets.socket | None = None
        self._door = Door(self.answer, server.counters)
        self._one_at_a_time = asyncio.Lock()  # a request or a code makes one device, however often it is said

    # --- its life --------------------------------------------------------------------------------

    def listen(self, address: str) -> None:
        """Takes the port; empty: none."""
        if not address:
            self.off = Off("empty", "server.enrol is empty in store.toml")
            return
        try:
            self._socket = listen(address)
        except OSError as error:
            why = f"server.enrol: cannot listen on {address} ({error.strerror}); stop the other program"
            self.off = Off("port", f"{why} that uses the port, or choose another port in store.toml", address)
            log.warning("no device can be paired: %s", self.off.text)
            return
        host, port = self._socket.getsockname()[:2]
        self.address = f"{host}:{port}"

    async def run(self) -> None:
        """Answers, and lets itself be found, until cancelled."""
        try:
            if self._socket is not None:
                await self._door.open(self._socket)
            address = self.address if self._announced else ""
            sync_port = self._server.sync_address.rpartition(":")[2]
            async with Announcement(self.pairing.store, address, self._key, sync_port):
                await asyncio.Event().wait()
        finally:
            await self._door.close()

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()

    @property
    def _announced(self) -> bool:
        return self._server.settings.server.announce

    @property
    def reached_at(self) -> str:
        """host:port at which devices on the store's network reach this port."""
        return from_elsewhere(self.address)

    def manager_url(self, host: str) -> str:
        """The Devices page, from a computer that reaches us as `host`; empty where it cannot be opened.

        Away from this computer the page answers over TLS only, unless the shop accepts otherwise.
        """
        settings, tls = self._server.settings, self._server.tls
        web, _, port = self._server.web_address.rpartition(":")
        everywhere = web in ("0.0.0.0", "::")
        public = settings.store.public_url
        private = tls is not None or settings.server.accepts_reading
        if public.startswith("https://") or (public and private):
            url = public
        elif is_loopback(host) if is_loopback(web) or (everywhere and not private) else private:
            name = host if everywhere else web
            name = f"[{name}]" if ":" in name else name
            url = f"{'https' if tls else 'http'}://{name}:{port}"
        else:
            return ""
        return f"{url.rstrip('/')}/manager/devices"

    # --- the manager -----------------------------------------------------------------------------

    async def approve(self, request_id: str, name: str) -> Enrolled:
        """Lets the device in. Raises Turned, AccountError, or sqlite3.Error where nothing can be written."""
        async with self._one_at_a_time:
            request = self.pairing.wanted(request_id, self._now())
            request.enrolled = await self._let_in(request.kind, name, request.public_key)
            return request.enrolled

    def refuse(self, request_id: str) -> None:
        """Raises Turned."""
        self.pairing.refuse(request_id, self._now())

    def make_code(self, kind: str, name: str) -> Code:
        """Raises AccountError for a name or kind that no device can have."""
        return self.pairing.make_code(accounts.kind_of(kind), accounts.name_of(name), self._now())

    # --- devices ---------------------------------------------------------------------------------

    async def answer(self, method: str, path: str, body: bytes, address: str, host: str) -> Answer:
        """The answer to one HTTP request from `address`, which reached this computer as `host`."""
        ask = self._which(method, path, address, host)
        if ask is None:
            return NOTHING_HERE
        self._server.counters.add("enrol_requests")
        try:
            # Whoever hangs up leaves nothing half done: a code that let a device in is used up.
            return 200, enrol.encode(await asyncio.shield(asyncio.ensure_future(ask(body))))
        except (Turned, NotReadable) as turned:
            why = turned.why
        except sqlite3.Error:
            log.exception("a device could not be enrolled: nothing can be written")
            why = "not_now"
        self._server.counters.add("enrolments_refused")
        return STATUS[why], enrol.encode(Denied(why))

    def _which(
        self, method: str, path: str, address: str, host: str
    ) -> Callable[[bytes], Awaitable[Struct]] | None:
        async def ask(body: bytes) -> Struct:
            asked = enrol.decode(body, enrol.Ask)
            return self.pairing.ask(asked, address, self._now(), self.manager_url(host))

        async def present(body: bytes) -> Struct:
            return await self._present(enrol.decode(body, enrol.Present), address)

        if (method, path) == ("POST", "/enrol"):
            return ask
        if (method, path) == ("POST", "/enrol/code"):
            return present
        named = re.fullmatch(r"/enrol/([0-9a-f]{32})", path)
        if named is None or method not in ("GET", "POST"):
            return None

        async def standing(body: bytes) -> Struct:
            if method == "POST":
                nonce = enrol.decode(body, enrol.Reveal).nonce
                self.pairing.reveal(named[1], nonce, self._now())
            return self.pairing.standing(named[1], self._now())

        return standing

    async def _present(self, present: enrol.Present, address: str) -> Struct:
        async with self._one_at_a_time:
            code = self.pairing.fitting(present, address, self._now())
            if code.enrolled is None:
                try:
                    code.enrolled = await self._let_in(code.kind, code.name, present.public_key)
                except accounts.AccountError:
                    raise Turned("wrong_code") from None  # a key that is in the list already
                code.used_by = present.public_key
            return self.pairing.welcome(code, code.enrolled, present.nonce)

    async def _let_in(self, kind: str, name: str, public_key: str) -> Enrolled:
        now = self._now()
        device = await self._server.change_devices(
            lambda db: accounts.enrol_device(db, kind, name, public_key, now)
        )
        port = int(self._server.sync_address.rpartition(":")[2])
        self._server.counters.add("enrolments")
        log.warning("%s was enrolled as a new device (%s)", device.device_id, kind)
        return Enrolled(device.device_id, device.kind, device.name, device.letter, port)

    def _now(self) -> int:
        return self._server.shop.clock()


def from_elsewhere(address: str) -> str:
    """host:port at which other computers of the network reach what listens at `address`; empty where none."""
    host, _, port = address.rpartition(":")
    return f"{own_address() if host in ('0.0.0.0', '::', '[::]') else host}:{port}" if host else ""


def own_address() -> str:
    """This computer's address on the store's network; loopback where there is none."""
    with contextlib.closing(sockets.socket(sockets.AF_INET, sockets.SOCK_DGRAM)) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing: only asks which way out is used
        except OSError:
            return "127.0.0.1"
        return str(probe.getsockname()[0])
