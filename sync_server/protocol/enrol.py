"""The messages of enrolment, with which a new device and its store exchange and verify their keys.

Enrolment uses plain HTTP, so an attacker may read and change every message. A person makes it safe: they
compare digits, or type a code. There are two ways.

**Approve.** Device and store each make a random number. Both show six digits that are computed from both
numbers and both keys. An attacker in the middle who replaces a key causes different digits on the two
screens. They cannot try numbers until the digits agree, because the device first sends a *commitment* to
its number (a hash) and reveals the number only after it has received the store's. So an attacker has a
chance of one in a million for each request, and the store accepts few requests. Source: S. Vaudenay,
"Secure Communications over Insecure Channels Based on Short Authenticated Strings" (CRYPTO 2005).
Bluetooth's numeric comparison and ZRTP (RFC 6189, section 4.4.1.1) work in the same way.

    device → store   Ask(kind, key, hash of its number)
    store → device   AskAccepted(request, store's key, store's number)
    device → store   Reveal(its number)                      both show the digits now
    device → store   GET until EnrolmentState says approved, or Denied

**Code.** The store shows a code of 65 bits that works once, within ten minutes. A person types it on the
device. The code is never sent: each side proves with an HMAC over the keys that it knows the code.

    device → store   Present(kind, key, number, proof)
    store → device   Welcome(store's key, who the device is, proof)
"""

import re
from collections.abc import Sequence
from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta, Struct

from .enrol_codes import read_code

WIRE = 1
PORT = 8351
SERVICE = "_welkom._tcp.local."
EXPIRES_S = 600  # of a request, and of a code
MAX_SHOWN = 4  # how often one screen shows digits within EXPIRES_S; each time is another try for an attacker
POLL_S = 1.0  # how often a device asks whether it was approved

MAX_INVITED = 6  # addresses in an invitation: its QR code must stay easy to read
MAX_MESSAGE_BYTES = 4096  # bytes of one message
Key = Annotated[str, Meta(pattern=r"^[!-~]{40}\Z")]  # a public CURVE key in Z85
Hex256 = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
Kind = Annotated[str, Meta(pattern=r"^(kiosk|staff)\Z")]

T = TypeVar("T")


class Ask(Struct, frozen=True):
    """A device asks to be approved. `commitment` is `commitment_to(nonce)` of the number it reveals later."""

    wire: int
    kind: Kind
    public_key: Key
    commitment: Hex256


class AskAccepted(Struct, frozen=True):
    """The store's answer. `request` identifies the request from now on; it is 128 random bits.

    `manager_url` is the manager's page for this request; empty if only the store's own computer can open
    that page.
    """

    wire: int
    request: Annotated[str, Meta(pattern=r"^[0-9a-f]{32}\Z")]
    server_key: Key
    nonce: Hex256
    store: Annotated[str, Meta(max_length=200)]
    manager_url: Annotated[str, Meta(max_length=500, pattern=r"^(https?://[!-~]+)?\Z")] = ""


class Reveal(Struct, frozen=True):
    """The number that the device committed to."""

    nonce: Hex256


class Enrolled(Struct, frozen=True):
    """The device's identity. The store listens for it on `sync_port` of the host that the device reached."""

    device_id: Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,63}\Z")]
    kind: Kind
    name: Annotated[str, Meta(min_length=1, max_length=40, pattern=r"^[^\x00-\x1f\x7f]*\Z")]
    letter: Annotated[str, Meta(pattern=r"^[A-Z]{1,4}\Z")]
    sync_port: Annotated[int, Meta(ge=1, le=65535)]


class EnrolmentState(Struct, frozen=True, omit_defaults=True):
    """The state of a request. `enrolled` is given once somebody has approved it."""

    enrolled: Enrolled | None = None


class Present(Struct, frozen=True):
    """A device on which a person typed the store's code. `proof` is made by `device_proof`."""

    wire: int
    kind: Kind
    public_key: Key
    nonce: Hex256
    proof: Hex256


class Welcome(Struct, frozen=True):
    """The store knows the code too. `proof` is made by `store_proof` over all other fields."""

    wire: int
    server_key: Key
    store: Annotated[str, Meta(max_length=200)]
    enrolled: Enrolled
    proof: Hex256


class Denied(Struct, frozen=True):
    """A refusal. `why` is a code of DENIAL_REASONS; `wire` is the version that the store uses."""

    why: str
    wire: int = WIRE


DENIAL_REASONS = {
    "other_version": "the device speaks another version of enrolment",
    "malformed": "the message could not be read",
    "too_many": "too many requests; wait some minutes, or use a code",
    "expired": "the request or its ten minutes are over, or it never was",
    "refused": "the manager refused, or what was revealed is not what was committed to",
    "wrong_code": "no code that is still good fits",
    "not_now": "the store cannot write at the moment",
}


class EnrolDecodeError(ValueError):
    """Not a message of enrolment, or one of another version. `why` is a code of DENIAL_REASONS."""

    def __init__(self, why: str) -> None:
        super().__init__(DENIAL_REASONS[why])
        self.why = why


class _Version(Struct, frozen=True):
    wire: int


def encode(message: Struct) -> bytes:
    return msgspec.json.encode(message)


def decode(data: bytes, kind: type[T]) -> T:
    """Decodes a message of this kind. Raises EnrolDecodeError."""
    if len(data) > MAX_MESSAGE_BYTES:
        raise EnrolDecodeError("malformed")
    try:
        versioned = kind in (Ask, AskAccepted, Present, Welcome)
        if versioned and msgspec.json.decode(data, type=_Version).wire != WIRE:
            raise EnrolDecodeError("other_version")
        return msgspec.json.decode(data, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise EnrolDecodeError("malformed") from None


def invitation(addresses: Sequence[str], code: str) -> str:
    """The content of the QR code beside a code: the store's addresses, the likeliest first, and the code."""
    return f"welkom://{','.join(addresses[:MAX_INVITED])}/{code}"


def read_invitation(text: str) -> tuple[list[str], str] | None:
    """The addresses and the code of an invitation; None if the text is not one."""
    found = re.fullmatch(r"welkom://([^/\s]{1,1600})/([0-9A-Za-z-]{13,20})", text.strip())
    addresses = [address for address in found[1].split(",") if address][:MAX_INVITED] if found else []
    return (addresses, found[2]) if found and addresses and read_code(found[2]) else None
