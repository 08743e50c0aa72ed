"""Encodes and decodes messages: UTF-8 JSON, one message a frame.

A frame that is not a message raises WireError. Its text names the field and what is wrong with it.
"""

import hashlib
from typing import Any

import msgspec

from sync_server.domain.catalogue.catalogue import Catalogue

from .messages import FromDevice, FromServer

MAX_FROM_DEVICE_BYTES = 65_536  # bytes of one frame; an op is well below 4 kB

# Thousands of nested brackets raise a RecursionError instead of a DecodeError.
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)

_encoder = msgspec.json.Encoder()
_from_device: msgspec.json.Decoder[FromDevice] = msgspec.json.Decoder(FromDevice)
_from_server: msgspec.json.Decoder[FromServer] = msgspec.json.Decoder(FromServer)


class WireError(ValueError):
    """These bytes are not a message of the protocol. `op_id` is given if it could be read."""

    def __init__(self, reason: str, op_id: str | None = None) -> None:
        super().__init__(reason)
        self.op_id = op_id


def encode(message: FromDevice | FromServer) -> bytes:
    return _encoder.encode(message)


def decode_from_device(frame: bytes) -> FromDevice:
    """Raises WireError."""
    if len(frame) > MAX_FROM_DEVICE_BYTES:
        raise WireError(f"message of {len(frame)} bytes, at most {MAX_FROM_DEVICE_BYTES} are read")
    try:
        return _from_device.decode(frame)
    except _UNREADABLE as error:
        raise WireError(str(error), _op_id(frame)) from None


def decode_from_server(frame: bytes) -> FromServer:
    """Raises WireError."""
    try:
        return _from_server.decode(frame)
    except _UNREADABLE as error:
        raise WireError(str(error)) from None


def op_digest(op: Any) -> bytes:
    """A digest of an op's content, 16 bytes: an op_id that is used again must have the same content."""
    return hashlib.blake2b(_encoder.encode(op), digest_size=16).digest()


def catalogue_digest(catalogue: Catalogue) -> str:
    """A digest of the catalogue, 32 hex digits. It changes if anything in the catalogue changes."""
    # Sorted, because a set has no order: the same catalogue must have the same digest in every process.
    return hashlib.blake2b(msgspec.json.encode(catalogue, order="sorted"), digest_size=16).hexdigest()


def _op_id(frame: bytes) -> str | None:
    """The op_id of a Submit that could not be decoded, so that the device can say which tap it was."""
    try:
        op_id = msgspec.json.decode(frame).get("op_id")
    except (*_UNREADABLE, AttributeError):
        return None
    return op_id if isinstance(op_id, str) and len(op_id) == 32 else None
