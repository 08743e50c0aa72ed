"""Every released message is still decoded, and encoded again byte for byte."""

import json
from pathlib import Path
from typing import Any, get_args

import pytest

from sync_server.domain.ops import DeviceOp
from sync_server.protocol.messages import FromDevice, FromServer, Submit
from sync_server.protocol.rows import PersonRow, QuoteRow, VisitRow
from sync_server.protocol.wire import decode_from_device, decode_from_server, encode, op_digest
from sync_server.service.processing.op_results import OpResults, digest_of

WIRE = Path(__file__).parent / "wire"
FILES = sorted(WIRE.rglob("*.json"))
RELEASED = WIRE / "0.1.0"
DECODE = {"device": decode_from_device, "server": decode_from_server}


def frame(path: Path) -> bytes:
    return path.read_bytes().removesuffix(b"\n")


def tag(struct: Any) -> str:
    return struct.__struct_config__.tag


def messages(side: str) -> list[dict[str, Any]]:
    return [json.loads(frame(path)) for path in FILES if path.name.startswith(side)]


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_message_is_decoded_and_encoded_byte_for_byte(path):
    side, kind, *rest = path.stem.split("-")
    message = DECODE[side](frame(path))
    assert encode(message) == frame(path)
    assert tag(message) == kind
    if isinstance(message, Submit):
        assert tag(message.op) == rest[0]


@pytest.mark.parametrize(("side", "union"), [("device", FromDevice), ("server", FromServer)])
def test_every_message_is_here_with_every_field_it_can_have(side, union):
    for kind in get_args(union):
        of_this = [m for m in messages(side) if m["type"] == tag(kind)]
        assert of_this, f"no {side}-{tag(kind)}.json"
        used = set().union(*of_this) - {"type"}
        assert used == set(kind.__struct_fields__)


@pytest.mark.parametrize("kind", get_args(DeviceOp), ids=tag)
def test_every_op_is_here_with_every_field_it_can_have(kind):
    of_this = [m["op"] for m in messages("device") if m["type"] == "submit" and m["op"]["op"] == tag(kind)]
    assert of_this, f"no device-submit-{tag(kind)}.json"
    assert set().union(*of_this) - {"op"} == set(kind.__struct_fields__)


@pytest.mark.parametrize(
    ("kind", "name"), [(VisitRow, "visits"), (PersonRow, "people"), (QuoteRow, "quotes")]
)
def test_every_row_is_here_with_every_field_it_can_have(kind, name):
    rows = [row for message in messages("server") for row in message.get(name, [])]
    assert set().union(*rows) == set(kind.__struct_fields__)


def test_default_values_are_left_out_of_what_the_server_sends():
    for message in messages("server"):
        for row in message.get("visits", []):
            assert row.get("notes") != []
            assert None not in row.values()


def test_an_ops_digest_never_changes_with_a_version():
    """A device may repeat an op after the server was updated."""
    whole, stored = {}, {}
    for name in ("open_visit-bare", "open_visit", "complete"):
        message = decode_from_device(frame(RELEASED / f"device-submit-{name}.json"))
        assert isinstance(message, Submit)
        stored[name], whole[name] = digest_of(message.op).hex(), op_digest(message.op).hex()
        earlier = OpResults([(message.op_id, bytes.fromhex(whole[name]))])
        assert earlier.find(message.op_id, message.op).refusal is None
    assert whole == {
        "open_visit-bare": "49a3db981ca0650660fba9c406f8ba90",
        "open_visit": "906aea773aab452769c6fc7a01215229",
        "complete": "89a8c8cb6393afa95e6cf0526a4f1f3a",
    }
    assert stored == {
        "open_visit-bare": "49a3db981ca0650660fba9c406f8ba90",
        "open_visit": "2c6b5acd8335086a3a3262a4053645ed",
        "complete": "f1576fa22fa9351bf1bfb808d0da842f",
    }
