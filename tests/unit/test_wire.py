"""Decoding: what is not a message is refused with a reason."""

import contextlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync_server.domain import ops
from sync_server.protocol import messages as msg
from sync_server.protocol.device_file import (
    DeviceAddressError,
    DeviceFile,
    DeviceFileError,
    device_file_text,
    parse_device_file,
)
from sync_server.protocol.wire import (
    MAX_FROM_DEVICE_BYTES,
    WireError,
    catalogue_digest,
    decode_from_device,
    decode_from_server,
    encode,
    op_digest,
)
from tests.sample_store import catalogue

ROOT = Path(__file__).parents[2]
OP_ID = "a" * 32
CANCEL = {"op": "cancel", "visit_id": "b" * 32}


def submit(op: dict | None = None, **more) -> bytes:
    whole = {"type": "submit", "op_id": OP_ID, "at_device": 1, "op": op or CANCEL}
    return json.dumps({**whole, **more}).encode()


def test_a_message_survives_the_wire():
    message = msg.Submit(OP_ID, 1, ops.OpenVisit("b" * 32, "A-1", "ask", "en", alias="Žofia 🙂"))
    assert decode_from_device(encode(message)) == message
    assert decode_from_device(submit()) == msg.Submit(OP_ID, 1, ops.Cancel("b" * 32))


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        (b"", "truncated"),
        (b"\xff\xfe\x00", "malformed"),
        (b'{"type": "hello", "protocol": 1', "truncated"),
        (b'"hello"', "Expected `object`"),
        (b'{"type": "sing"}', "Invalid value 'sing'"),
        (b'{"protocol": 1}', "missing required field `type`"),
        (b'{"type": "hello", "protocol": "one"}', r"Expected `int`.*\$\.protocol"),
        (b'{"type": "hello", "protocol": 1, "catalogue": "\xed\xa0\x80"}', "utf-8"),
        (b'{"type": "sign_in", "request": "%s", "employee": "tom", "pin": "12"}' % (b"1" * 32), "pin"),
        (b"[" * 60_000, "Expected `object`"),
        (b'{"type": "ping", "x": ' + b"[" * 60_000, "recursion"),
        (b'{"type": "ping", "x": ' + b'{"a":' * 10_000, "recursion"),
        (b" " * (MAX_FROM_DEVICE_BYTES + 1), "at most 65536"),
    ],
)
def test_a_frame_that_is_not_a_message_is_refused_with_the_reason(frame, reason):
    with pytest.raises(WireError, match=reason):
        decode_from_device(frame)


@given(st.binary(max_size=300))
def test_any_bytes_are_a_message_or_a_wire_error(frame):
    for decode in (decode_from_device, decode_from_server):
        with contextlib.suppress(WireError):
            decode(frame)


@pytest.mark.parametrize(
    "change",
    [
        {"at_device": 1 << 63},
        {"at_device": -1},
        {"at_device": 1.5},
        {"op_id": OP_ID + "\n"},
        {"op_id": OP_ID.upper()},
        {"op_id": "a" * 31},
    ],
)
def test_a_submit_with_a_wrong_field_is_refused(change):
    with pytest.raises(WireError):
        decode_from_device(submit(**change))


OPEN = {"op": "open_visit", "visit_id": "b" * 32, "ticket": "A-1", "need": "ask", "language": "en"}
DONE = {"op": "complete", "visit_id": "b" * 32, "expected_rev": 1, "resolution": "solved"}


@pytest.mark.parametrize(
    "op",
    [
        {"op": "sign_on", "employee": "tom", "device_id": "tablet"},  # only the server makes it
        {"op": "fly"},
        {**OPEN, "visit_id": "b" * 32 + "\n"},
        {**OPEN, "ticket": "A-1\n"},
        {**OPEN, "ticket": "A-12345"},
        {**OPEN, "ticket": "a-1"},
        {**OPEN, "language": "en\n"},
        {**OPEN, "alias": ""},
        {**OPEN, "alias": "x" * 41},
        {**OPEN, "party_size": 0},
        {**OPEN, "link": "short"},
        {**OPEN, "link": "x" * 22 + "\n"},
        {"op": "rate", "visit_id": "b" * 32, "ces": 6},
        {"op": "rate", "visit_id": "b" * 32, "nps": -1},
        {"op": "rate", "visit_id": "b" * 32, "comment": "x" * 501},
        {"op": "add_note", "visit_id": "b" * 32, "expected_rev": 1, "note": ""},
        {"op": "accept", "visit_id": "b" * 32},
        {"op": "accept", "visit_id": "b" * 32, "expected_rev": 0},
        {**DONE, "resolution": "vanished"},
        {**DONE, "goodwill_cents": -1},
        {**DONE, "goodwill_cents": 10**9},
    ],
)
def test_an_op_with_a_wrong_field_is_refused_and_named_by_its_id(op):
    with pytest.raises(WireError) as error:
        decode_from_device(submit(op))
    assert error.value.op_id == OP_ID


def test_the_op_id_is_only_named_if_it_is_valid():
    for frame in (submit({}, op_id=5), submit({}, op_id="short"), b'["op_id"]', b"7"):
        with pytest.raises(WireError) as error:
            decode_from_device(frame)
        assert error.value.op_id is None


def test_an_unknown_field_of_a_newer_device_is_ignored():
    frame = submit({**OPEN, "shoe_size": 42}, hurry=True)
    message: Any = decode_from_device(frame)
    assert message.op.ticket == "A-1"


# --- digests ---------------------------------------------------------------------------------------


def test_any_difference_changes_an_ops_digest():
    whole = ops.OpenVisit("b" * 32, "A-1", "ask", "en")
    others = [
        ops.OpenVisit("c" * 32, "A-1", "ask", "en"),
        ops.OpenVisit("b" * 32, "A-2", "ask", "en"),
        ops.OpenVisit("b" * 32, "A-1", "ask", "en", alias="x"),
        ops.Cancel("b" * 32),
        ops.Accept("b" * 32, 1),
        ops.Decline("b" * 32, 1),
    ]
    digests = {op_digest(op) for op in [whole, *others]}
    assert len(digests) == len(others) + 1
    assert op_digest(whole) == op_digest(ops.OpenVisit("b" * 32, "A-1", "ask", "en"))
    assert all(len(digest) == 16 for digest in digests)


def test_the_same_catalogue_has_the_same_digest_in_every_process():
    code = (
        "from tests.sample_store import catalogue; from sync_server.protocol.wire import catalogue_digest;"
        "print(catalogue_digest(catalogue()))"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for seed in ("1", "2", "3")
    }
    assert digests == {catalogue_digest(catalogue())}


def test_another_catalogue_has_another_digest():
    assert catalogue_digest(catalogue()) != catalogue_digest(catalogue(places=()))


# --- the device file ---------------------------------------------------------------------------------

FILE = DeviceFile(
    "front", "kiosk", 'The "front" \\ door', "A", "tcp://10.0.0.1:7350", "s" * 40, "p" * 40, "k" * 40
)


def test_a_device_file_can_be_read_back():
    assert parse_device_file(device_file_text(FILE)) == FILE


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("kind =", "sort =", "kind|sort"),
        ('"kiosk"', "7", "kind"),
        ("p" * 40, "p" * 39, "public_key: a key has 40 characters"),
        ("letter", "[letter", "not a device file"),
    ],
)
def test_a_wrong_device_file_is_refused_with_the_reason(old, new, reason):
    text = device_file_text(FILE).replace(old, new, 1)
    with pytest.raises(DeviceFileError, match=reason):
        parse_device_file(text)


def with_public_key(key: str) -> DeviceFile:
    return parse_device_file(device_file_text(FILE).replace(FILE.public_key, key))


@pytest.mark.parametrize("key", ["%nSc0" * 8, "0" * 40, "%nSc0" + "0" * 35, "0" * 35 + "%nSc0"])
def test_a_key_may_have_any_groups_of_five_that_stand_for_four_bytes(key):
    assert with_public_key(key).public_key == key


@pytest.mark.parametrize("group", ["%nSc1", "#0000", "000~0", "000é0"])
@pytest.mark.parametrize("place", [0, 5, 35])
def test_one_group_that_stands_for_no_four_bytes_makes_a_key_none(group, place):
    key = "0" * place + group + "0" * (35 - place)
    with pytest.raises(DeviceFileError, match="public_key: not a key"):
        with_public_key(key)


def test_a_device_file_with_a_wrong_address_says_which_and_why():
    with pytest.raises(DeviceAddressError, match="write it as") as error:
        parse_device_file(device_file_text(FILE).replace("tcp://10.0.0.1:7350", "10.0.0.1"))
    assert str(error.value).startswith("server: ")
    assert error.value.address == "10.0.0.1"
