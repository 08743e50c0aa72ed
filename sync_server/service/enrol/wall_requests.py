"""The wall displays that ask to be let in: each shows a code, which a manager types.

In memory, without a socket and a database. `now` is an argument, in ms. After a restart of the server the
screens ask again by themselves.
"""

import secrets

from msgspec import Struct

from sync_server.protocol.enrol import EXPIRES_S
from sync_server.service.limits.numbers import (
    PAIRING_SILENT_MS,
    PAIRING_WINDOW_MS,
    WALLS_ASKING,
    WALLS_ASKING_PER_ADDRESS,
    WRONG_WALL_CODES,
)
from sync_server.service.limits.rate_limit import SlidingWindow

EXPIRES_MS = EXPIRES_S * 1000


class WallRequest(Struct):
    """A screen that asks. Times in ms.

    `taken`: a manager has typed the code. `token` is its own from then on, once it is on the disk.
    """

    id: str
    code: str
    address: str
    at: int
    seen_at: int
    taken: bool = False
    token: str | None = None


class TooManyWrong(Exception):
    """So many wrong codes were typed that no code is looked at for a while."""


class WallRequests:
    """The screens that ask now."""

    def __init__(self) -> None:
        self._requests: dict[str, WallRequest] = {}
        self._wrong = SlidingWindow(WRONG_WALL_CODES, PAIRING_WINDOW_MS)

    def ask(self, address: str, now: int) -> WallRequest | None:
        """A new request of the screen at this address; None if too many ask at the moment."""
        self._remove_expired(now)
        own = [one for one in self._requests.values() if one.address == address]
        if len(own) >= WALLS_ASKING_PER_ADDRESS or len(self._requests) >= WALLS_ASKING:
            return None
        request = WallRequest(secrets.token_urlsafe(16), self._new_code(), address, now, now)
        self._requests[request.id] = request
        return request

    def find(self, request_id: str, now: int) -> WallRequest | None:
        """The request of the screen that asks again; None once it has expired."""
        self._remove_expired(now)
        request = self._requests.get(request_id)
        if request is not None:
            request.seen_at = now
        return request

    def take(self, code: str, now: int) -> WallRequest | None:
        """Takes the request with the code that a manager has typed; None if no screen shows it (any more).

        Nobody else can take it then, unless it is given back. Raises TooManyWrong.
        """
        self._remove_expired(now)
        if self._wrong.is_full(now):
            raise TooManyWrong
        typed = "".join(code.split())
        for request in self._requests.values():
            if not request.taken and request.code.replace(" ", "") == typed:
                request.taken = True
                return request
        self._wrong.add(now)
        return None

    def _new_code(self) -> str:
        """Six digits that no other screen shows."""
        shown = {one.code for one in self._requests.values()}
        while True:
            digits = f"{secrets.randbelow(1_000_000):06d}"
            code = f"{digits[:3]} {digits[3:]}"
            if code not in shown:
                return code

    def _remove_expired(self, now: int) -> None:
        """A clock that was set back removes nothing."""
        for one in list(self._requests.values()):
            if now - one.seen_at > PAIRING_SILENT_MS or now - one.at > EXPIRES_MS:
                del self._requests[one.id]
