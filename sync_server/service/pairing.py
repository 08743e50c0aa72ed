"""Who asks to be let in, and the codes that are still good: what enrolment remembers, in memory only.

No socket, no database, no clock: `now` is an argument, in ms. A restart of the server forgets all
of it, and whoever was asking begins anew.

There is one chance in a million that somebody in the middle gets the digits that the person
compares. So that it cannot be tried a thousand times, the store takes few requests in ten minutes:
MOST_ASKED in all. Codes are not touched by that limit.
"""

import secrets
from collections import deque

from msgspec import Struct

from sync_server.protocol import enrol
from sync_server.protocol.enrol import Asked, Enrolled

EXPIRES_MS = enrol.EXPIRES_S * 1000
SILENT_MS = 20_000  # a device that has not asked for so long is gone, and its request with it
MOST_WAITING = 16
MOST_ASKED = 40  # in ten minutes, from everybody together
MOST_ASKED_EACH = 15  # from one address
MOST_CODES = 16
MOST_WRONG = 2000  # wrong codes in ten minutes, from everybody together
MOST_WRONG_EACH = 20  # from one address, so that who guesses keeps nobody else out


class Turned(Exception):
    """A request is turned away; `why` is a code of `enrol.WHY`."""

    def __init__(self, why: str) -> None:
        super().__init__(enrol.WHY[why])
        self.why = why


class Request(Struct):
    """A device that asks to be approved. `digits` are there once both numbers are known."""

    request: str
    kind: str
    public_key: str
    commitment: str
    nonce: str  # the store's
    address: str
    at: int
    seen_at: int
    digits: str | None = None
    revealed: str | None = None
    enrolled: Enrolled | None = None
    refused: bool = False


class Code(Struct):
    """A code for one device. `id` names it on pages and in commands; `code` is the secret itself."""

    id: str
    code: str
    kind: str
    name: str
    at: int
    used_by: str | None = None  # the public key of the device that used it
    enrolled: Enrolled | None = None

    @property
    def until(self) -> int:
        return self.at + EXPIRES_MS


class Pairing:
    """`server_key` is the store's public key, `store` its name."""

    def __init__(self, server_key: str, store: str) -> None:
        self.server_key = server_key
        self.store = store
        self._requests: dict[str, Request] = {}
        self._codes: dict[str, Code] = {}
        self._asked: deque[tuple[int, str]] = deque()
        self._wrong: deque[tuple[int, str]] = deque()

    # --- a device asks -------------------------------------------------------------------------------

    def ask(self, ask: enrol.Ask, address: str, now: int, manager_url: str = "") -> Asked:
        """Takes a request. Raises Turned."""
        self._tidy(now)
        here = sum(1 for _, from_address in self._asked if from_address == address)
        if len(self._asked) >= MOST_ASKED or here >= MOST_ASKED_EACH:
            raise Turned("too_many")
        if len(self._requests) >= MOST_WAITING:
            raise Turned("too_many")
        self._asked.append((now, address))
        request = Request(
            request=secrets.token_hex(16),
            kind=ask.kind,
            public_key=ask.public_key,
            commitment=ask.commitment,
            nonce=enrol.new_nonce(),
            address=address,
            at=now,
            seen_at=now,
        )
        self._requests[request.request] = request
        url = f"{manager_url}#r{request.request}" if manager_url else ""
        return Asked(enrol.WIRE, request.request, self.server_key, request.nonce, self.store, url)

    def reveal(self, request_id: str, nonce: str, now: int) -> None:
        """The device's number: from now on there are digits to compare. Raises Turned."""
        request = self._find(request_id, now)
        if request.revealed == nonce:
            return  # said twice, because the answer was lost
        right = enrol.same(enrol.commitment_to(nonce), request.commitment)
        shown = enrol.digits(request.kind, self.server_key, request.public_key, request.nonce, nonce)
        twins = [other for other in self._requests.values() if other.digits == shown]
        if request.revealed is not None or not right or twins:
            # Another number than the one committed to is an attack, and the request is over.
            # Two requests with the same digits cannot be told apart by the person who looks.
            for one in (request, *twins):
                one.refused = True
            raise Turned("refused")
        request.revealed, request.digits = nonce, shown

    def standing(self, request_id: str, now: int) -> enrol.Standing:
        """What became of it. Raises Turned."""
        request = self._find(request_id, now)
        request.seen_at = now
        if request.refused:
            raise Turned("refused")
        return enrol.Standing(request.enrolled)

    # --- the manager decides -------------------------------------------------------------------------

    def waiting(self, now: int) -> list[Request]:
        """Who asks and is still there, in the order of asking."""
        self._tidy(now)
        return [r for r in self._requests.values() if r.digits and not r.refused and r.enrolled is None]

    def wanted(self, request_id: str, now: int) -> Request:
        """A request that can be decided on. Raises Turned."""
        for request in self.waiting(now):
            if request.request == request_id:
                return request
        raise Turned("expired")

    def refuse(self, request_id: str, now: int) -> None:
        """Raises Turned."""
        self.wanted(request_id, now).refused = True

    def make_code(self, kind: str, name: str, now: int) -> Code:
        """A code for one device of this kind. The oldest of too many ends. `code.code` is as shown."""
        self._tidy(now)
        while len(self._codes) >= MOST_CODES:
            del self._codes[next(iter(self._codes))]
        code = Code(secrets.token_hex(8), enrol.new_code(), kind, name, now)
        self._codes[code.id] = code
        return code

    def code(self, code_id: str, now: int) -> Code | None:
        """A code by its id; None once it is over."""
        self._tidy(now)
        return self._codes.get(code_id)

    # --- a device has a code -------------------------------------------------------------------------

    def fitting(self, present: enrol.Present, address: str, now: int) -> Code:
        """The code that this device knows. Used before, it fits the same device only. Raises Turned."""
        self._tidy(now)
        here = sum(1 for _, from_address in self._wrong if from_address == address)
        if len(self._wrong) >= MOST_WRONG or here >= MOST_WRONG_EACH:
            raise Turned("too_many")
        for code in self._codes.values():
            letters = enrol.read_code(code.code) or ""
            proof = enrol.device_proof(letters, present.kind, present.public_key, present.nonce)
            right = enrol.same(proof, present.proof) and code.kind == present.kind
            if right and code.used_by in (None, present.public_key):
                return code
        self._wrong.append((now, address))
        raise Turned("wrong_code")

    def welcome(self, code: Code, enrolled: Enrolled, nonce: str) -> enrol.Welcome:
        """The store's answer to a device that knows the code."""
        said = enrol.Welcome(enrol.WIRE, self.server_key, self.store, enrolled, "0" * 64)
        proof = enrol.store_proof(enrol.read_code(code.code) or "", nonce, said)
        return enrol.Welcome(said.wire, said.server_key, said.store, said.enrolled, proof)

    # --- inside ----------------------------------------------------------------------------------

    def _find(self, request_id: str, now: int) -> Request:
        self._tidy(now)
        request = self._requests.get(request_id)
        if request is None:
            raise Turned("expired")
        return request

    def _tidy(self, now: int) -> None:
        """Forgets what is over. A clock that was put back ends nothing."""
        for request in list(self._requests.values()):
            gone = now - request.seen_at > SILENT_MS and request.enrolled is None
            if gone or now - request.at > EXPIRES_MS:
                del self._requests[request.request]
        for code in list(self._codes.values()):
            if now > code.until:
                del self._codes[code.id]
        while self._asked and now - self._asked[0][0] > EXPIRES_MS:
            self._asked.popleft()
        while self._wrong and now - self._wrong[0][0] > EXPIRES_MS:
            self._wrong.popleft()
