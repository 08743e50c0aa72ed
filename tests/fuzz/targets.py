"""The functions that fuzzers call with arbitrary bytes: every decoder, and the rules behind them.

The bytes must be a message, or raise the protocol's own error, whose text can be sent back. A decoded
message must be the same after encoding and decoding it again, and an op must be done or refused.
"""

from pathlib import Path

from sync_server.domain.floor.floor import Floor
from sync_server.domain.ops import Actor, ActorKind
from sync_server.domain.refusal import Refusal
from sync_server.protocol import enrol
from sync_server.protocol import messages as msg
from sync_server.protocol.device_file import DeviceFileError, device_file_text, parse_device_file
from sync_server.protocol.wire import WireError, decode_from_device, decode_from_server, encode
from tests.sample_store import MONDAY_10, catalogue

EXAMPLES = Path(__file__).parents[1] / "contract" / "wire"
CATALOGUE = catalogue()
ENROLMENT = (enrol.Ask, enrol.Reveal, enrol.Present)


def examples() -> list[bytes]:
    """Every message as it crosses the wire."""
    return [path.read_bytes().strip() for path in sorted(EXAMPLES.rglob("*.json"))]


def from_a_device(data: bytes) -> None:
    try:
        message = decode_from_device(data)
    except WireError as error:
        answer = msg.Fault(str(error)[:300], error.op_id)
        assert decode_from_server(encode(answer)) == answer
        return
    assert decode_from_device(encode(message)) == message
    if isinstance(message, msg.Submit):
        for kind in (ActorKind.KIOSK, ActorKind.STAFF):
            outcome = Floor(CATALOGUE).handle(message.op, Actor(kind, "device"), MONDAY_10, message.at_device)
            assert isinstance(outcome, Refusal | list)


def from_the_server(data: bytes) -> None:
    try:
        message = decode_from_server(data)
    except WireError:
        return
    assert decode_from_server(encode(message)) == message


def for_enrolment(data: bytes) -> None:
    for kind in ENROLMENT:
        try:
            enrol.decode(data, kind)
        except enrol.EnrolDecodeError:
            continue


def a_device_file(data: bytes) -> None:
    try:
        file = parse_device_file(data.decode("utf-8", "replace"))
    except DeviceFileError:
        return
    assert parse_device_file(device_file_text(file)) == file


TARGETS = (from_a_device, from_the_server, for_enrolment, a_device_file)


def everything(data: bytes) -> None:
    for target in TARGETS:
        target(data)
