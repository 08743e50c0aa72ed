"""The devices that ask to be enrolled, and the codes that are valid: what enrolment keeps in memory.

It uses no socket and no database. `now` is an argument, in ms. A restart of the server forgets all
of it, and devices that were asking begin again.
"""

import secrets
from enum import StrEnum

from msgspec import Struct

from sync_server.protocol import enrol, enrol_codes, enrol_proofs
from sync_server.protocol.enrol import AskAccepted, Enrolled
from sync_server.service.limits.numbers import (
    MAX_ADDRESSES,
    PAIRING_CODES,
    PAIRING_REQUESTS,
    PAIRING_REQUESTS_PER_ADDRESS,
    PAIRING_SILENT_MS,
    PAIRING_STILL_MS,
    PAIRING_WAITING,
    PAIRING_WINDOW_MS,
    WRONG_CODES,
    WRONG_CODES_PER_ADDRESS,
)
from sync_server.service.limits.rate_limit import PerKey, SlidingWindow

EXPIRES_MS = enrol.EXPIRES_S * 1000


class RequestRefused(Exception):
    """A request is refused; `why` is a code of `enrol.DENIAL_REASONS`."""

    def __init__(self, why: str) -> None:
        super().__init__(enrol.DENIAL_REASONS[why])
        self.why = why


class NotApproved(Exception):
    """The manager's yes does not count; `why` says why. The request stays."""

    def __init__(self, why: "ApprovalProblem") -> None:
        super().__init__(_ENGLISH[why])
        self.why = why


class ApprovalProblem(StrEnum):
    """Why a yes does not count."""

    WRONG_DIGITS = "wrong_digits"
    TOO_SOON = "too_soon"


_ENGLISH = {
    ApprovalProblem.WRONG_DIGITS: "those are not the digits on its screen; look once more, or refuse it",
    ApprovalProblem.TOO_SOON: "it has only just asked; try again in two seconds",
}


class EnrolRequest(Struct):
    """A device that asks to be approved. Times in ms.

    `digits` are set once both numbers are known, and `shown_at` says when that was: from then on the manager
    can decide.
    """

    request: str
    kind: str
    public_key: str
    commitment: str
    nonce: str  # the store's
    address: str
    at: int
    seen_at: int
    digits: str | None = None
    shown_at: int | None = None
    revealed: str | None = None
    enrolled: Enrolled | None = None
    refused: bool = False


class PairingCode(Struct):
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
        """When it expires, ms."""
        return self.at + EXPIRES_MS


class _Attempts:
    """Counts attempts of one kind: from everybody together, and from each address."""

    def __init__(self, limit: int, per_address: int) -> None:
        self._all = SlidingWindow(limit, PAIRING_WINDOW_MS)
        self._addresses = PerKey(lambda: SlidingWindow(per_address, PAIRING_WINDOW_MS), MAX_ADDRESSES)

    def are_too_many(self, address: str, now: int) -> bool:
        of_address = self._addresses.find(address)
        return self._all.is_full(now) or (of_address is not None and of_address.is_full(now))

    def add(self, address: str, now: int) -> None:
        self._all.add(now)
        self._addresses.of(address).add(now)


class EnrolRequests:
    """`server_key` is the store's public key, `store` its name."""

    def __init__(self, server_key: str, store: str) -> None:
        self.server_key = server_key
        self.store = store
        self._requests: dict[str, EnrolRequest] = {}
        self._shown: dict[str, EnrolRequest] = {}  # in the order in which they could be decided on
        self._codes: dict[str, PairingCode] = {}
        self._asked = _Attempts(PAIRING_REQUESTS, PAIRING_REQUESTS_PER_ADDRESS)
        self._wrong_codes = _Attempts(WRONG_CODES, WRONG_CODES_PER_ADDRESS)

    # --- a device asks -----------------------------------------------------------------------------

    def ask(self, ask: enrol.Ask, address: str, now: int, manager_url: str = "") -> AskAccepted:
        """Accepts a request. Raises RequestRefused."""
        self._remove_expired(now)
        if self._asked.are_too_many(address, now) or len(self._requests) >= PAIRING_WAITING:
            raise RequestRefused("too_many")
        self._asked.add(address, now)
        request = EnrolRequest(
            request=secrets.token_hex(16),
            kind=ask.kind,
            public_key=ask.public_key,
            commitment=ask.commitment,
            nonce=enrol_proofs.new_nonce(),
            address=address,
            at=now,
            seen_at=now,
        )
        self._requests[request.request] = request
        url = f"{manager_url}#r{request.request}" if manager_url else ""
        return AskAccepted(enrol.WIRE, request.request, self.server_key, request.nonce, self.store, url)

    def reveal(self, request_id: str, nonce: str, now: int) -> None:
        """The device reveals its number: from now on there are digits to compare. Raises RequestRefused."""
        request = self._find(request_id, now)
        if request.revealed == nonce:
            return  # sent twice, because the answer was lost
        right = enrol_proofs.equal(enrol_proofs.commitment_to(nonce), request.commitment)
        digits = enrol_proofs.six_digits(
            request.kind, self.server_key, request.public_key, request.nonce, nonce
        )
        twins = [other for other in self._requests.values() if other.digits == digits]
        if request.revealed is not None or not right or twins:
            # Another number than the one committed to is an attack, and the request is over.
            # Two requests with the same digits cannot be told apart by the person who compares them.
            for one in (request, *twins):
                one.refused = True
            raise RequestRefused("refused")
        request.revealed, request.digits, request.shown_at = nonce, digits, now
        self._shown[request.request] = request

    def state(self, request_id: str, now: int) -> enrol.EnrolmentState:
        """Whether the request was approved. Raises RequestRefused where it was refused or is over."""
        request = self._find(request_id, now)
        request.seen_at = now
        if request.refused:
            raise RequestRefused("refused")
        return enrol.EnrolmentState(request.enrolled)

    # --- the manager decides -----------------------------------------------------------------------

    def waiting(self, now: int) -> list[EnrolRequest]:
        """The requests that can be decided on, the newest last."""
        self._remove_expired(now)
        return [r for r in self._shown.values() if self._is_waiting(r)]

    def shown(self, now: int) -> list[tuple[EnrolRequest, bool]]:
        """The requests in the places where the manager sees them, and whether each can be decided on.

        A request that is over keeps its place while a later one waits: nothing moves while somebody is
        about to tap. The newest is last.
        """
        waiting = self.waiting(now)
        if not waiting:
            self._shown.clear()
        for request in reversed(list(self._shown.values())):
            if self._is_waiting(request):
                break
            del self._shown[request.request]
        return [(request, request in waiting) for request in self._shown.values()]

    def _is_waiting(self, request: EnrolRequest) -> bool:
        return request.request in self._requests and not request.refused and request.enrolled is None

    def find_waiting(self, request_id: str, now: int) -> EnrolRequest:
        """A request that can be decided on. Raises RequestRefused."""
        for request in self.waiting(now):
            if request.request == request_id:
                return request
        raise RequestRefused("expired")

    def find_approvable(self, request_id: str, digits: str, now: int) -> EnrolRequest:
        """A request that the manager may approve, who has typed `digits` from its screen.

        Raises RequestRefused for one that is over, or NotApproved.
        """
        request = self.find_waiting(request_id, now)
        typed = "".join(digits.split())
        if typed != "".join((request.digits or "").split()):
            raise NotApproved(ApprovalProblem.WRONG_DIGITS)
        return request

    def check_settled(self, request_id: str, now: int) -> None:
        """For a page on which requests appear: the person must have had time to see this one.

        Raises RequestRefused for one that is over, or NotApproved.
        """
        request = self.find_waiting(request_id, now)
        if request.shown_at is None or now - request.shown_at < PAIRING_STILL_MS:
            raise NotApproved(ApprovalProblem.TOO_SOON)

    def refuse(self, request_id: str, now: int) -> None:
        """Raises RequestRefused where there is no such request any more."""
        self.find_waiting(request_id, now).refused = True

    def make_code(self, kind: str, name: str, now: int) -> PairingCode:
        """A new code for one device of this kind. Where there are too many, the oldest is removed."""
        self._remove_expired(now)
        while len(self._codes) >= PAIRING_CODES:
            del self._codes[next(iter(self._codes))]
        code = PairingCode(secrets.token_hex(8), enrol_codes.new_code(), kind, name, now)
        self._codes[code.id] = code
        return code

    def code(self, code_id: str, now: int) -> PairingCode | None:
        """A code by its id; None once it has expired."""
        self._remove_expired(now)
        return self._codes.get(code_id)

    # --- a device has a code -----------------------------------------------------------------------

    def match_code(self, present: enrol.Present, address: str, now: int) -> PairingCode:
        """The code that this device proves to know. Raises RequestRefused.

        A code that was used matches only the device that used it.
        """
        self._remove_expired(now)
        if self._wrong_codes.are_too_many(address, now):
            raise RequestRefused("too_many")
        for code in self._codes.values():
            letters = enrol_codes.read_code(code.code) or ""
            proof = enrol_proofs.device_proof(letters, present.kind, present.public_key, present.nonce)
            right = enrol_proofs.equal(proof, present.proof) and code.kind == present.kind
            if right and code.used_by in (None, present.public_key):
                return code
        self._wrong_codes.add(address, now)
        raise RequestRefused("wrong_code")

    def welcome(self, code: PairingCode, enrolled: Enrolled, nonce: str) -> enrol.Welcome:
        """The store's answer to a device that knows the code."""
        unproved = enrol.Welcome(enrol.WIRE, self.server_key, self.store, enrolled, "0" * 64)
        proof = enrol_proofs.store_proof(enrol_codes.read_code(code.code) or "", nonce, unproved)
        return enrol.Welcome(unproved.wire, unproved.server_key, unproved.store, unproved.enrolled, proof)

    # --- inside ------------------------------------------------------------------------------------

    def _find(self, request_id: str, now: int) -> EnrolRequest:
        self._remove_expired(now)
        request = self._requests.get(request_id)
        if request is None:
            raise RequestRefused("expired")
        return request

    def _remove_expired(self, now: int) -> None:
        """A clock that was set back removes nothing."""
        for shown in list(self._shown.values()):
            if now - shown.at > 2 * EXPIRES_MS:  # a place is not kept for ever
                del self._shown[shown.request]
        for request in list(self._requests.values()):
            gone = now - request.seen_at > PAIRING_SILENT_MS and request.enrolled is None
            if gone or now - request.at > EXPIRES_MS:
                del self._requests[request.request]
        for code in list(self._codes.values()):
            if now > code.until:
                del self._codes[code.id]
