"""Hashes PINs and passwords with argon2id."""

import os
from base64 import b64encode

import argon2
from argon2.low_level import ARGON2_VERSION

_hasher = argon2.PasswordHasher()  # argon2id with the library's current recommendation (RFC 9106)


def hash_password(secret: str) -> str:
    """The hash of a secret, to be stored. Takes tens of milliseconds, on purpose."""
    return _hasher.hash(secret)


def dummy_hash() -> str:
    """A hash of no secret. It takes as long to verify as a real one, and is made at once."""
    costs = f"m={_hasher.memory_cost},t={_hasher.time_cost},p={_hasher.parallelism}"
    salt, digest = (
        b64encode(os.urandom(length)).decode().rstrip("=") for length in (_hasher.salt_len, _hasher.hash_len)
    )
    return f"$argon2id$v={ARGON2_VERSION}${costs}${salt}${digest}"


def verify_password(stored_hash: str, secret: str) -> bool:
    """Whether this is the secret of the hash. Takes tens of milliseconds, on purpose."""
    try:
        return _hasher.verify(stored_hash, secret)
    except argon2.exceptions.VerificationError:
        return False
