"""A new device makes itself known to its store: the device's side of enrolment, without a screen.

pairing = Pairing("kiosk")
shown = await pairing.begin("192.168.1.10")     # show shown.digits, and shown.manager_url as a QR code
file = await pairing.wait()                     # until somebody approved it on the manager's page
save(file, folder)

or, with a code that the manager's page shows:

file = await Pairing("kiosk").with_code("192.168.1.10", "7K3M-9QXW-2T8HV")

The device's secret key is made here and never leaves the device. Every failure is a PairingError;
a pairing that failed, or is not wanted any more (cancel the task), is thrown away and begun anew.
"""

import asyncio
import time
from enum import StrEnum

import requests
import zmq
from msgspec import Struct

from sync_server.protocol import enrol
from sync_server.protocol.device_file import DeviceFile

TIMEOUT_S = (3.0, 6.0)  # to be connected, and between two bytes of the answer
PATIENCE_S = 60.0  # how long the store may be out of reach while we wait to be approved


class Reason(StrEnum):
    """Why a pairing failed. The words for people stand in the texts at `pairing.error.<reason>`."""

    UNREACHABLE = "unreachable"  # nobody answers at that address
    NOT_A_STORE = "not_a_store"  # somebody answers, but not a Welkom store
    NO_ADDRESS = "no_address"  # what was typed is no address
    OTHER_VERSION = "other_version"  # the store speaks another version: update the older of the two
    TOO_MANY = "too_many"  # the store has too many requests at the moment
    EXPIRED = "expired"  # nobody approved it within ten minutes, or the store was started anew
    REFUSED = "refused"  # the manager refused
    WRONG_CODE = "wrong_code"  # no code of the store's fits: mistyped, used, over, or for another kind
    NOT_NOW = "not_now"  # the store cannot write at the moment


class PairingError(Exception):
    """Not paired. `reason` says why, `text_key` names its text for people, `about` the address."""

    def __init__(self, reason: Reason, about: str = "") -> None:
        super().__init__(f"{about}: {_ENGLISH[reason]}" if about else _ENGLISH[reason])
        self.reason = reason
        self.about = about

    @property
    def text_key(self) -> str:
        return f"pairing.error.{self.reason}"


class Shown(Struct, frozen=True):
    """What the screen shows while somebody is to approve it.

    `digits` as "482 913"; `manager_url` for the QR code, empty where the manager's page opens on the
    store's own computer only; `store` is the shop's name, and only a name: the digits are the proof.
    """

    digits: str
    manager_url: str
    store: str


class Pairing:
    """One attempt of one device. `kind` is `kiosk` or `staff`."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        public, secret = zmq.curve_keypair()
        self._public, self._secret = public.decode(), secret.decode()
        self._nonce = enrol.new_nonce()
        self._base = self._host = self._request = self._server_key = ""

    async def begin(self, address: str) -> Shown:
        """Asks the store at `address` (host or host:port) for approval. Raises PairingError."""
        self._at(address)
        ask = enrol.Ask(enrol.WIRE, self.kind, self._public, enrol.commitment_to(self._nonce))
        asked = await self._say("POST", "/enrol", ask, enrol.Asked)
        self._request, self._server_key = asked.request, asked.server_key
        await self._say("POST", f"/enrol/{self._request}", enrol.Reveal(self._nonce), enrol.Standing)
        shown = enrol.digits(self.kind, asked.server_key, self._public, asked.nonce, self._nonce)
        return Shown(shown, asked.manager_url, asked.store)

    async def wait(self) -> DeviceFile:
        """Waits, after `begin`, until somebody approved it: at most ten minutes. Raises PairingError."""
        heard = time.monotonic()
        while True:
            try:
                standing = await self._say("GET", f"/enrol/{self._request}", None, enrol.Standing)
                heard = time.monotonic()
                if standing.enrolled is not None:
                    # The key is the one the digits vouch for, whatever this answer might say.
                    return self._file(standing.enrolled, self._server_key)
            except PairingError as error:
                passing = error.reason in (Reason.UNREACHABLE, Reason.TOO_MANY, Reason.NOT_NOW)
                if not passing or time.monotonic() - heard > PATIENCE_S:
                    raise
            await asyncio.sleep(enrol.POLL_S)

    async def with_code(self, address: str, code: str) -> DeviceFile:
        """Pairs by a code of the store's, as typed; nobody has to approve it. Raises PairingError."""
        self._at(address)
        letters = enrol.read_code(code)
        if letters is None:
            raise PairingError(Reason.WRONG_CODE)
        proof = enrol.device_proof(letters, self.kind, self._public, self._nonce)
        present = enrol.Present(enrol.WIRE, self.kind, self._public, self._nonce, proof)
        welcome = await self._say("POST", "/enrol/code", present, enrol.Welcome)
        if not enrol.same(welcome.proof, enrol.store_proof(letters, self._nonce, welcome)):
            raise PairingError(Reason.WRONG_CODE)  # whoever answered does not know the code
        return self._file(welcome.enrolled, welcome.server_key)

    # --- inside ----------------------------------------------------------------------------------

    def _at(self, address: str) -> None:
        self._host, port = read_address(address)
        self._base = f"http://{self._host}:{port}"

    def _file(self, enrolled: enrol.Enrolled, server_key: str) -> DeviceFile:
        if enrolled.kind != self.kind:
            raise PairingError(Reason.NOT_A_STORE, self._host)
        return DeviceFile(
            device_id=enrolled.device_id,
            kind=enrolled.kind,
            name=enrolled.name,
            letter=enrolled.letter,
            server=f"tcp://{self._host}:{enrolled.sync_port}",
            server_key=server_key,
            public_key=self._public,
            secret_key=self._secret,
        )

    async def _say(self, method: str, path: str, message: Struct | None, answer: type[enrol.T]) -> enrol.T:
        body = None if message is None else enrol.encode(message)
        try:
            status, said = await asyncio.to_thread(_request, method, self._base + path, body)
        except (requests.RequestException, OSError, ValueError) as error:
            raise PairingError(Reason.UNREACHABLE, self._host) from error
        if status == 200:
            try:
                return enrol.decode(said, answer)
            except enrol.NotReadable as error:
                other = error.why == "other_version"
                raise PairingError(
                    Reason.OTHER_VERSION if other else Reason.NOT_A_STORE, self._host
                ) from None
        try:
            raise PairingError(Reason(enrol.decode(said, enrol.Denied).why), self._host)
        except ValueError:  # not ours, or a reason of a later version
            raise PairingError(Reason.NOT_A_STORE, self._host) from None


def read_address(typed: str) -> tuple[str, int]:
    """Host and port of an address as people type it; an IPv6 host in brackets. Raises PairingError."""
    text = typed.strip().removeprefix("http://").rstrip("/")
    host, colon, port = text.rpartition(":") if not text.endswith("]") else (text, "", "")
    if not colon:
        host, port = text, str(enrol.PORT)
    bare = host.removeprefix("[").removesuffix("]")
    letters = bare.replace(".", "").replace("-", "").replace("_", "")
    named = host == bare and letters.isascii() and letters.isalnum()
    numbered = host != bare and letters.replace(":", "").replace("%", "").isalnum()
    if not (named or numbered) or not port.isdigit() or not 0 < int(port) < 65536:
        raise PairingError(Reason.NO_ADDRESS, typed.strip()[:60])
    return host, int(port)


def _request(method: str, url: str, body: bytes | None) -> tuple[int, bytes]:
    """One exchange, in a thread of its own. No proxy, no redirect, and no answer larger than a message."""
    with requests.Session() as session:
        session.trust_env = False
        headers = {"Content-Type": "application/json"}
        with session.request(
            method, url, data=body, headers=headers, timeout=TIMEOUT_S, allow_redirects=False, stream=True
        ) as answer:
            said = answer.raw.read(enrol.LARGEST + 1, decode_content=False)
            return answer.status_code, said


_ENGLISH = {
    Reason.UNREACHABLE: "nobody answers there; check the address, the network, and that the store runs",
    Reason.NOT_A_STORE: "this is not a Welkom store; check the address",
    Reason.NO_ADDRESS: "this is no address; write it as 192.168.1.10 or store.local:8351",
    Reason.OTHER_VERSION: "the store has another version of Welkom; update the older of the two",
    Reason.TOO_MANY: "too many devices ask at the moment; wait some minutes, or use a code",
    Reason.EXPIRED: "nobody approved it in time; begin again",
    Reason.REFUSED: "the manager refused; begin again if that was a mistake",
    Reason.WRONG_CODE: "this code does not fit; check it, or make a new one on the manager's page",
    Reason.NOT_NOW: "the store cannot save anything at the moment; try again in a while",
}
