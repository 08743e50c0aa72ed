"""Messages to bytes and back: UTF-8 JSON, one message a frame.

A frame that is not a message raises WireError, whose text names the field and what is wrong.
"""

import hashlib
from typing import Any

import msgspec

from sync_server.domain.catalogue import Catalogue

from .messages import FromDevice, FromServer

MAX_FROM_DEVICE = 65_536  # bytes of one frame; an op is well below 4 kB

# Brackets in brackets, thousands deep, are not malformed: they end in a RecursionError.
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)

_encoder = msgspec.json.Encoder()
_from_device: msgspec.json.Decoder[FromDevice] = msgspec.json.Decoder(FromDevice)
_from_server: msgspec.json.Decoder[FromServer] = msgspec.json.Decoder(FromServer)


class WireError(ValueError):
    """These bytes are no message of the protocol. `op_id` is given where it could be read."""

    def __init__(self, reason: str, op_id: str | None = None) -> None:
        super().__init__(reason)
        self.op_id = op_id


def encode(message: FromDevice | FromServer) -> bytes:
    return _encoder.encode(message)


def decode_from_device(frame: bytes) -> FromDevice:
    """Raises WireError."""
    if len(frame) > MAX_FROM_DEVICE:
        raise WireError(f"message of {len(frame)} bytes, at most {MAX_FROM_DEVICE} are read")
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
    """Sixteen bytes that tell one op's content from another's: the same op_id must carry the same."""
    return hashlib.blake2b(_encoder.encode(op), digest_size=16).digest()


def catalogue_digest(catalogue: Catalogue) -> str:
    """Changes whenever anything in the catalogue does."""
    # Sets have no order of their own; sorted, the same catalogue has the same digest in every process.
    return hashlib.blake2b(msgspec.json.encode(catalogue, order="sorted"), digest_size=16).hexdigest()


def _op_id(frame: bytes) -> str | None:
    """The op_id of a broken Submit, so that the device can tell the person which tap it was."""
    try:
        op_id = msgspec.json.decode(frame).get("op_id")
    except (*_UNREADABLE, AttributeError):
        return None
    return op_id if isinstance(op_id, str) and len(op_id) == 32 else None
