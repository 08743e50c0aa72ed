"""The enrolment server: what devices may ask of it over HTTP, and how the manager's answer is carried out.

Three things can be asked (`protocol/enrol.py` says what they mean); everything else is 404:

    POST /enrol             Ask     → Asked
    POST /enrol/REQUEST     Reveal  → Standing
    GET  /enrol/REQUEST             → Standing
    POST /enrol/code        Present → Welcome
"""

import asyncio
import logging
import re
import sqlite3
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from msgspec import Struct

from sync_server.protocol import enrol
from sync_server.protocol.enrol import Denied, Enrolled, NotReadable

from . import accounts
from .pairing import Code, Pairing, Turned

if TYPE_CHECKING:
    from .server import Server

STATUS = {"malformed": 400, "other_version": 400, "too_many": 429, "expired": 410, "refused": 403}
STATUS |= {"wrong_code": 403, "not_now": 503}
NOTHING_HERE = 404, b""

log = logging.getLogger(__name__)

Answer = tuple[int, bytes]


class Enrolment:
    """Joins what is remembered to the store. Everything runs in the server's loop."""

    def __init__(self, server: "Server", pairing: Pairing, manager_url: Callable[[str], str]) -> None:
        """`manager_url(host)` is the Devices page as seen from a device that reached us as `host`."""
        self.pairing = pairing
        self._server = server
        self._manager_url = manager_url
        self._one_at_a_time = asyncio.Lock()  # a request or a code makes one device, however often it is said

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
        try:
            return 200, enrol.encode(await ask(body))
        except (Turned, NotReadable) as turned:
            why = turned.why
        except sqlite3.Error:
            log.exception("a device could not be enrolled: nothing can be written")
            why = "not_now"
        return STATUS[why], enrol.encode(Denied(why))

    def _which(
        self, method: str, path: str, address: str, host: str
    ) -> Callable[[bytes], Awaitable[Struct]] | None:
        async def ask(body: bytes) -> Struct:
            asked = enrol.decode(body, enrol.Ask)
            return self.pairing.ask(asked, address, self._now(), self._manager_url(host))

        if (method, path) == ("POST", "/enrol"):
            return ask
        if (method, path) == ("POST", "/enrol/code"):
            return self._present
        named = re.fullmatch(r"/enrol/([0-9a-f]{32})", path)
        if named is None or method not in ("GET", "POST"):
            return None

        async def standing(body: bytes) -> Struct:
            if method == "POST":
                nonce = enrol.decode(body, enrol.Reveal).nonce
                self.pairing.reveal(named[1], nonce, self._now())
            return self.pairing.standing(named[1], self._now())

        return standing

    async def _present(self, body: bytes) -> Struct:
        present = enrol.decode(body, enrol.Present)
        async with self._one_at_a_time:
            code = self.pairing.fitting(present, self._now())
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
        log.warning("%s was enrolled as a new device (%s)", device.device_id, kind)
        return Enrolled(device.device_id, device.kind, device.name, device.letter, port)

    def _now(self) -> int:
        return self._server.shop.clock()
