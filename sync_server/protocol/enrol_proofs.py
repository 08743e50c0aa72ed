"""The cryptography of enrolment: commitment and digits of a request, and the HMAC proofs of a code."""

import hashlib
import hmac
import secrets

import msgspec

from .enrol import WIRE, Welcome


def new_nonce() -> str:
    """A random number of 256 bits."""
    return secrets.token_hex(32)


def commitment_to(nonce: str) -> str:
    """A hash of the number. It does not reveal the number, and no other number has the same."""
    return hashlib.blake2b(bytes.fromhex(nonce), digest_size=32, person=b"welkom-commit").hexdigest()


def six_digits(kind: str, server_key: str, public_key: str, nonce_store: str, nonce_device: str) -> str:
    """The six digits that both screens show, such as "482 913"."""
    text = "\n".join((str(WIRE), kind, server_key, public_key, nonce_store, nonce_device))
    digest = hashlib.blake2b(text.encode(), digest_size=16, person=b"welkom-digits").digest()
    number = int.from_bytes(digest, "big") % 1_000_000
    return f"{number // 1000:03} {number % 1000:03}"


def device_proof(code: str, kind: str, public_key: str, nonce: str) -> str:
    """Proves that the device knows the code. `code` is the result of `read_code`."""
    return _proof(code, "device", kind, public_key, nonce)


def store_proof(code: str, nonce: str, welcome: Welcome) -> str:
    """Proves that the store knows the code and sent exactly this message to exactly this device."""
    body = msgspec.json.encode((welcome.wire, welcome.server_key, welcome.store, welcome.enrolled))
    return _proof(code, "store", nonce, body.hex())


def equal(one: str, other: str) -> bool:
    """Compares in constant time, so that the time does not reveal how much of a proof is right."""
    return hmac.compare_digest(one.encode(), other.encode())


def _proof(code: str, *parts: str) -> str:
    text = "\n".join(("welkom", str(WIRE), *parts))
    return hmac.digest(code.encode(), text.encode(), "sha256").hex()
