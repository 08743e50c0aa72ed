"""Pairs a device with a store: the device's side of enrolment, without a screen.

client = EnrolClient("kiosk")
prompt = await client.begin("192.168.1.10")     # show prompt.digits, and prompt.manager_url as a QR code
file = await client.wait()                      # returns when the manager has approved it
save_identity(file, folder)

or, with a code that the manager's page shows:

file = await EnrolClient("kiosk").with_code("192.168.1.10", "7K3M-9QXW-2T8HV")

The device's secret key is made here and never leaves the device. Every failure is a PairingError.
After a failure, or after the task was cancelled, use a new EnrolClient.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from enum import StrEnum

import requests
import zmq
from msgspec import Struct

from sync_server.addresses import DEVICE_SCHEME, Address, AddressError, parse_typed_address
from sync_server.protocol import enrol, enrol_codes, enrol_proofs
from sync_server.protocol.device_file import DeviceFile

TIMEOUT_S = (3.0, 6.0)  # for the connection, and between two bytes of the answer
MAX_UNREACHABLE_S = 60.0  # how long the store may be out of reach while the device waits for approval


class PairingFailure(StrEnum):
    """Why a pairing failed. The text for people has the key `pairing.error.<reason>`."""

    UNREACHABLE = "unreachable"  # nothing answers at that address
    NOT_A_STORE = "not_a_store"  # something answers, but it is not a Welkom store
    NO_ADDRESS = "no_address"  # the typed text is not an address
    OTHER_VERSION = "other_version"  # the store has another version: update the older of the two
    TOO_MANY = "too_many"  # the store has too many requests at the moment
    TOO_OFTEN = "too_often"  # this screen has shown digits too often
    EXPIRED = "expired"  # not approved within ten minutes, or the server was restarted meanwhile
    REFUSED = "refused"  # the manager refused
    WRONG_CODE = "wrong_code"  # the code is mistyped, used, expired, or for a device of another kind
    NOT_NOW = "not_now"  # the store cannot write to its disk at the moment


class PairingError(Exception):
    """The pairing failed. `reason` says why, `about` is the address it is about."""

    def __init__(self, reason: PairingFailure, about: str = "") -> None:
        super().__init__(f"{about}: {_ENGLISH[reason]}" if about else _ENGLISH[reason])
        self.reason = reason
        self.about = about

    @property
    def text_key(self) -> str:
        """The key of the text for people."""
        return f"pairing.error.{self.reason}"


class EnrolPrompt(Struct, frozen=True):
    """What the screen shows while the device waits for approval.

    `digits` look like "482 913". `manager_url` goes into the QR code; it is empty if the manager's page
    opens only on the store's own computer. `store` is the name that the store gives itself. It proves
    nothing: only equal digits do.
    """

    digits: str
    manager_url: str
    store: str


class ShownDigits:
    """Limits how often a screen shows digits: at most `enrol.MAX_SHOWN` times in `enrol.EXPIRES_S`.

    An attacker between screen and store can make attempts fail until the digits happen to be the ones
    they need. So each attempt counts, however it ended. `clock` gives seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._times: deque[float] = deque()

    def add(self) -> None:
        """Counts one more time. Raises PairingError if that is too often."""
        now = self._clock()
        while self._times and now - self._times[0] > enrol.EXPIRES_S:
            self._times.popleft()
        if len(self._times) >= enrol.MAX_SHOWN:
            raise PairingError(PairingFailure.TOO_OFTEN)
        self._times.append(now)


class EnrolClient:
    """One attempt to pair one device. `kind` is `kiosk` or `staff`; `shown` counts this screen's attempts.

    `others(address)` gives more addresses of the store at an address: they are tried if nobody answers
    there, or somebody who is no store.
    """

    def __init__(
        self,
        kind: str,
        shown: ShownDigits | None = None,
        others: Callable[[str], Sequence[str]] = lambda _address: (),
    ) -> None:
        self._others = others
        self.kind = kind
        self._shown = shown or ShownDigits()
        public, secret = zmq.curve_keypair()
        self._public, self._secret = public.decode(), secret.decode()
        self._nonce = enrol_proofs.new_nonce()
        self._known: tuple[str, ...] = ()  # the addresses of the store
        self._base = self._host = self._request = self._server_key = ""

    async def begin(self, address: str) -> EnrolPrompt:
        """Asks the store at `address` (host or host:port) for approval. Raises PairingError."""
        ask = enrol.Ask(enrol.WIRE, self.kind, self._public, enrol_proofs.commitment_to(self._nonce))
        asked = await self._reach(address, "/enrol", ask, enrol.AskAccepted)
        self._request, self._server_key = asked.request, asked.server_key
        self._shown.add()
        await self._exchange(
            "POST", f"/enrol/{self._request}", enrol.Reveal(self._nonce), enrol.EnrolmentState
        )
        shown = enrol_proofs.six_digits(self.kind, asked.server_key, self._public, asked.nonce, self._nonce)
        return EnrolPrompt(shown, asked.manager_url, asked.store)

    async def wait(self) -> DeviceFile:
        """Waits, after `begin`, for the approval: at most ten minutes. Raises PairingError."""
        answered_at = time.monotonic()
        while True:
            try:
                state = await self._exchange("GET", f"/enrol/{self._request}", None, enrol.EnrolmentState)
                answered_at = time.monotonic()
                if state.enrolled is not None:
                    # Use the key that the digits prove, not one from this answer.
                    return self._device_file(state.enrolled, self._server_key)
            except PairingError as error:
                temporary = error.reason in (
                    PairingFailure.UNREACHABLE,
                    PairingFailure.TOO_MANY,
                    PairingFailure.NOT_NOW,
                )
                if not temporary or time.monotonic() - answered_at > MAX_UNREACHABLE_S:
                    raise
            await asyncio.sleep(enrol.POLL_S)

    async def with_code(self, address: str, code: str) -> DeviceFile:
        """Pairs with a code of the store, as a person types it. Needs no approval. Raises PairingError."""
        read_address(address)
        letters = enrol_codes.read_code(code)
        if letters is None:
            raise PairingError(PairingFailure.WRONG_CODE)
        proof = enrol_proofs.device_proof(letters, self.kind, self._public, self._nonce)
        present = enrol.Present(enrol.WIRE, self.kind, self._public, self._nonce, proof)
        welcome = await self._reach(address, "/enrol/code", present, enrol.Welcome)
        if not enrol_proofs.equal(welcome.proof, enrol_proofs.store_proof(letters, self._nonce, welcome)):
            raise PairingError(PairingFailure.WRONG_CODE)  # the computer that answered does not know the code
        return self._device_file(welcome.enrolled, welcome.server_key)

    # --- inside ----------------------------------------------------------------------------------

    async def _reach(self, address: str, path: str, first: Struct, answer_type: type[enrol.T]) -> enrol.T:
        """Sends the first message to one address of the store after the other; what follows goes there too.

        Raises the PairingError of the first one if no store answers anywhere.
        """
        failed: PairingError | None = None
        self._known = (address, *self._others(address))
        for candidate in self._known:
            self._set_address(candidate)
            try:
                return await self._exchange("POST", path, first, answer_type)
            except PairingError as error:
                if error.reason not in (PairingFailure.UNREACHABLE, PairingFailure.NOT_A_STORE):
                    raise
                failed = failed or error
        assert failed is not None
        raise failed

    def _set_address(self, address: str) -> None:
        found = read_address(address)
        self._host, self._base = found.host, f"http://{found}"

    def _device_file(self, enrolled: enrol.Enrolled, server_key: str) -> DeviceFile:
        if enrolled.kind != self.kind:
            raise PairingError(PairingFailure.NOT_A_STORE, self._host)
        port = enrolled.sync_port
        hosts = (read_address(other).host for other in self._known)
        servers = [f"{DEVICE_SCHEME}{Address(host, port)}" for host in hosts if host != self._host]
        return DeviceFile(
            device_id=enrolled.device_id,
            kind=enrolled.kind,
            name=enrolled.name,
            letter=enrolled.letter,
            server=f"{DEVICE_SCHEME}{Address(self._host, port)}",
            server_key=server_key,
            public_key=self._public,
            secret_key=self._secret,
            others=tuple(servers),
        )

    async def _exchange(
        self, method: str, path: str, message: Struct | None, answer_type: type[enrol.T]
    ) -> enrol.T:
        body = None if message is None else enrol.encode(message)
        try:
            status, answer = await asyncio.to_thread(_request, method, self._base + path, body)
        except (requests.RequestException, OSError, ValueError) as error:
            raise PairingError(PairingFailure.UNREACHABLE, self._host) from error
        if status == 200:
            try:
                return enrol.decode(answer, answer_type)
            except enrol.EnrolDecodeError as error:
                other = error.why == "other_version"
                raise PairingError(
                    PairingFailure.OTHER_VERSION if other else PairingFailure.NOT_A_STORE, self._host
                ) from None
        try:
            raise PairingError(PairingFailure(enrol.decode(answer, enrol.Denied).why), self._host)
        except ValueError:  # not a Welkom message, or a reason that a later version has
            raise PairingError(PairingFailure.NOT_A_STORE, self._host) from None


def read_address(typed: str) -> Address:
    """Host and port of an address as people type it. Raises PairingError."""
    try:
        return parse_typed_address(typed, enrol.PORT)
    except AddressError:
        raise PairingError(PairingFailure.NO_ADDRESS, typed.strip()[:60]) from None


def _request(method: str, url: str, body: bytes | None) -> tuple[int, bytes]:
    """One HTTP exchange; blocks. Uses no proxy, follows no redirect, reads no more than a message has."""
    with requests.Session() as session:
        session.trust_env = False
        headers = {"Content-Type": "application/json"}
        with session.request(
            method, url, data=body, headers=headers, timeout=TIMEOUT_S, allow_redirects=False, stream=True
        ) as response:
            body = response.raw.read(enrol.MAX_MESSAGE_BYTES + 1, decode_content=False)
            return response.status_code, body


_ENGLISH = {
    PairingFailure.UNREACHABLE: "nobody answers there; check the address, the network,"
    " and that the store runs",
    PairingFailure.NOT_A_STORE: "this is not a Welkom store; check the address",
    PairingFailure.NO_ADDRESS: "this is no address; write it as 192.168.1.10 or store.local:8351",
    PairingFailure.OTHER_VERSION: "the store has another version of Welkom; update the older of the two",
    PairingFailure.TOO_MANY: "too many devices ask at the moment; wait some minutes, or use a code",
    PairingFailure.TOO_OFTEN: "this screen has asked too often; wait ten minutes, or use a code",
    PairingFailure.EXPIRED: "nobody approved it in time; begin again",
    PairingFailure.REFUSED: "the manager refused; begin again if that was a mistake",
    PairingFailure.WRONG_CODE: "this code does not fit; check it, or make a new one on the manager's page",
    PairingFailure.NOT_NOW: "the store cannot save anything at the moment; try again in a while",
}
