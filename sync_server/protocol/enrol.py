"""How a new device and its store get to know each other: the messages of enrolment, and their proofs.

Enrolment goes over plain HTTP, so everything that travels may be read and changed on its way. What
makes it safe is compared or typed by a person. There are two ways.

**Approve.** Device and store each make a random number and show six digits that follow from both
numbers and both keys. Somebody in the middle who swaps a key gets other digits on one of the two
screens, and cannot try numbers until they agree: the device *commits* to its number (its hash)
before it sees the store's, and reveals it only afterwards. So there is one try in a million for
each request, and the store takes few requests. This is the exchange of S. Vaudenay, "Secure
Communications over Insecure Channels Based on Short Authenticated Strings" (CRYPTO 2005), which
Bluetooth's numeric comparison and ZRTP (RFC 6189, section 4.4.1.1) use as well.

    device → store   Ask(kind, key, hash of my number)
    store → device   Asked(request, store's key, store's number)
    device → store   Reveal(my number)                       both show the digits now
    device → store   GET until Standing says approved or refused

**Code.** The store shows a code of 65 bits, good once and for ten minutes, which a person types on
the device. It never travels: each side proves that it knows it, by an HMAC over the keys.

    device → store   Present(kind, key, number, proof)
    store → device   Welcome(store's key, who the device is, proof)
"""

import hashlib
import hmac
import re
import secrets
from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta, Struct

WIRE = 1
PORT = 8351
SERVICE = "_welkom._tcp.local."
EXPIRES_S = 600  # both a request and a code
POLL_S = 1.0  # how often a device asks whether it was approved

LARGEST = 4096  # bytes of one message
CODE_LENGTH = 13  # characters of 5 bits
_CODE_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: nothing that reads like another
_LOOKS_LIKE = str.maketrans("OIL", "011")

Key = Annotated[str, Meta(pattern=r"^[!-~]{40}\Z")]  # a public CURVE key in Z85
Hex256 = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
Kind = Annotated[str, Meta(pattern=r"^(kiosk|staff)\Z")]

T = TypeVar("T")


class Ask(Struct, frozen=True):
    """A device asks to be approved. `commitment` is `commitment_to` the number it reveals later."""

    wire: int
    kind: Kind
    public_key: Key
    commitment: Hex256


class Asked(Struct, frozen=True):
    """The store's half. `request` names this request from now on; it is 128 bits that nobody can guess.

    `manager_url` is the manager's page on this request; empty where only the store's own computer
    can open the page.
    """

    wire: int
    request: Annotated[str, Meta(pattern=r"^[0-9a-f]{32}\Z")]
    server_key: Key
    nonce: Hex256
    store: Annotated[str, Meta(max_length=200)]
    manager_url: Annotated[str, Meta(max_length=500, pattern=r"^(https?://[!-~]+)?\Z")] = ""


class Reveal(Struct, frozen=True):
    """The number the device committed to."""

    nonce: Hex256


class Enrolled(Struct, frozen=True):
    """Who the device is from now on. The store listens for it on `sync_port` of the host it reached."""

    device_id: Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,63}\Z")]
    kind: Kind
    name: Annotated[str, Meta(min_length=1, max_length=40, pattern=r"^[^\x00-\x1f\x7f]*\Z")]
    letter: Annotated[str, Meta(pattern=r"^[A-Z]{1,4}\Z")]
    sync_port: Annotated[int, Meta(ge=1, le=65535)]


class Standing(Struct, frozen=True, omit_defaults=True):
    """What became of a request: `waiting` until somebody approved it; then `enrolled` is there."""

    enrolled: Enrolled | None = None


class Present(Struct, frozen=True):
    """A device on which the store's code was typed. `proof` is `device_proof`."""

    wire: int
    kind: Kind
    public_key: Key
    nonce: Hex256
    proof: Hex256


class Welcome(Struct, frozen=True):
    """The store knows the code as well. `proof` is `store_proof`, made over all the rest."""

    wire: int
    server_key: Key
    store: Annotated[str, Meta(max_length=200)]
    enrolled: Enrolled
    proof: Hex256


class Denied(Struct, frozen=True):
    """Why not: `why` is one of the WHY codes; `wire` the version the store speaks."""

    why: str
    wire: int = WIRE


WHY = {
    "other_version": "the device speaks another version of enrolment",
    "malformed": "the message could not be read",
    "too_many": "too many requests; wait some minutes, or use a code",
    "expired": "the request or its ten minutes are over, or it never was",
    "refused": "the manager refused, or what was revealed is not what was committed to",
    "wrong_code": "no code that is still good fits",
    "not_now": "the store cannot write at the moment",
}


class NotReadable(ValueError):
    """These bytes are no message of enrolment, or of another version; `why` is a code of WHY."""

    def __init__(self, why: str) -> None:
        super().__init__(WHY[why])
        self.why = why


class _Version(Struct, frozen=True):
    wire: int


def encode(message: Struct) -> bytes:
    return msgspec.json.encode(message)


def decode(data: bytes, kind: type[T]) -> T:
    """The message of this kind. Raises NotReadable."""
    if len(data) > LARGEST:
        raise NotReadable("malformed")
    try:
        versioned = kind in (Ask, Asked, Present, Welcome)
        if versioned and msgspec.json.decode(data, type=_Version).wire != WIRE:
            raise NotReadable("other_version")
        return msgspec.json.decode(data, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise NotReadable("malformed") from None


def new_nonce() -> str:
    """A random number of 256 bits."""
    return secrets.token_hex(32)


def commitment_to(nonce: str) -> str:
    """A hash that tells nothing of the number and fits no other."""
    return hashlib.blake2b(bytes.fromhex(nonce), digest_size=32, person=b"welkom-commit").hexdigest()


def digits(kind: str, server_key: str, public_key: str, nonce_store: str, nonce_device: str) -> str:
    """The six digits that both screens show, as "482 913"."""
    said = "\n".join((str(WIRE), kind, server_key, public_key, nonce_store, nonce_device))
    digest = hashlib.blake2b(said.encode(), digest_size=16, person=b"welkom-digits").digest()
    number = int.from_bytes(digest, "big") % 1_000_000
    return f"{number // 1000:03} {number % 1000:03}"


# --- the code -------------------------------------------------------------------------------------


def new_code() -> str:
    """65 random bits, as "7K3M-9QXW-2T8HV"."""
    letters = "".join(secrets.choice(_CODE_LETTERS) for _ in range(CODE_LENGTH))
    return f"{letters[:4]}-{letters[4:8]}-{letters[8:]}"


def read_code(typed: str) -> str | None:
    """The letters of a code as somebody typed it, whatever its case and dashes; None if it is no code."""
    letters = re.sub(r"[\s-]+", "", typed).upper().translate(_LOOKS_LIKE)
    right = len(letters) == CODE_LENGTH and all(letter in _CODE_LETTERS for letter in letters)
    return letters if right else None


def invitation(address: str, code: str) -> str:
    """What the QR code beside a code says: where the store is, and the code."""
    return f"welkom://{address}/{code}"


def read_invitation(text: str) -> tuple[str, str] | None:
    """Address and code of an invitation; None if the text is none."""
    found = re.fullmatch(r"welkom://([^/\s]{1,255})/([0-9A-Za-z-]{13,20})", text.strip())
    return (found[1], found[2]) if found and read_code(found[2]) else None


def device_proof(code: str, kind: str, public_key: str, nonce: str) -> str:
    """That the device knows the code. `code` as `read_code` gives it."""
    return _proof(code, "device", kind, public_key, nonce)


def store_proof(code: str, nonce: str, welcome: Welcome) -> str:
    """That the store knows the code, and says just this to just this device."""
    said = msgspec.json.encode((welcome.wire, welcome.server_key, welcome.store, welcome.enrolled))
    return _proof(code, "store", nonce, said.hex())


def same(one: str, other: str) -> bool:
    """Compares without telling how much is alike."""
    return hmac.compare_digest(one.encode(), other.encode())


def _proof(code: str, *said: str) -> str:
    text = "\n".join(("welkom", str(WIRE), *said))
    return hmac.digest(code.encode(), text.encode(), "sha256").hex()
