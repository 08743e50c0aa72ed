"""The bounds of every message that has some, and the values of fields that an older sender leaves out."""

import json
import secrets
from typing import Any

import msgspec
import pytest

from sync_server.domain import ops
from sync_server.protocol import enrol, enrol_codes, enrol_proofs
from sync_server.protocol import messages as msg
from sync_server.protocol.enrol import AskAccepted, EnrolDecodeError, Enrolled, Welcome
from sync_server.protocol.wire import MAX_FROM_DEVICE_BYTES, WireError, decode_from_device, decode_from_server

ID, KEY, HEX = "a" * 32, "k" * 40, "0" * 64
SUBMIT = {"type": "submit", "op_id": ID, "at_device": 1, "op": {"op": "cancel", "visit_id": "b" * 32}}
HELLO = {"type": "hello", "protocol": 1}
ENROLLED = {"device_id": "front", "kind": "kiosk", "name": "Front", "letter": "A", "sync_port": 8350}
ACCEPTED = {"wire": 1, "request": ID, "server_key": KEY, "nonce": HEX, "store": "Lumen"}
WELCOME = {"wire": 1, "server_key": KEY, "store": "Lumen", "enrolled": ENROLLED, "proof": HEX}


@pytest.mark.parametrize(
    ("message", "field", "largest", "too_large"),
    [
        (HELLO, "catalogue", "x" * 64, "x" * 65),
        (HELLO, "run", "x" * 64, "x" * 65),
        (HELLO, "put_aside", "x" * 200, "x" * 201),
        (SUBMIT, "at_device", (1 << 53) - 1, 1 << 53),
        (SUBMIT, "at_device", 0, -1),
        (SUBMIT, "ahead_ms", (1 << 53) - 1, 1 << 53),
        (SUBMIT, "ahead_ms", 1 - (1 << 53), -(1 << 53)),
        (SUBMIT, "epoch", "x" * 64, "x" * 65),
    ],
)
def test_a_device_may_send_this_and_no_more(
    message: dict[str, Any], field: str, largest: object, too_large: object
) -> None:
    read = decode_from_device(json.dumps({**message, field: largest}).encode())
    assert getattr(read, field) == largest
    with pytest.raises(WireError, match=field):
        decode_from_device(json.dumps({**message, field: too_large}).encode())


def test_a_device_may_send_a_frame_of_this_many_bytes_and_no_more() -> None:
    frame = json.dumps(HELLO).encode()
    whole = frame + b" " * (MAX_FROM_DEVICE_BYTES - len(frame))
    assert decode_from_device(whole) == msg.Hello(1)
    with pytest.raises(WireError, match="65537 bytes, at most 65536"):
        decode_from_device(whole + b" ")


def test_what_a_server_sends_in_error_is_named() -> None:
    with pytest.raises(WireError, match="missing required field `n`"):
        decode_from_server(b'{"type": "beat", "at": 1}')


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        (HELLO, msg.Hello(1, catalogue="", lenient=False)),
        (SUBMIT, msg.Submit(ID, 1, ops.Cancel("b" * 32), ahead_ms=None, epoch="")),
    ],
    ids=["hello", "submit"],
)
def test_what_an_older_device_leaves_out(sent: dict[str, Any], read: msg.FromDevice) -> None:
    assert decode_from_device(json.dumps(sent).encode()) == read


def test_what_an_older_server_leaves_out() -> None:
    first = {"n": 1, "at": 2, "device_id": "k", "day": "2026-03-02", "last_ticket": 3, "digest": "d"}
    assert decode_from_server(json.dumps({"type": "snapshot", **first}).encode()) == msg.Snapshot(
        1,
        2,
        "k",
        "2026-03-02",
        3,
        "d",
        None,
        (),
        (),
        (),
        kind="",
        name="",
        letter="",
        epoch="",
        keep_h=24,
        undo_s=0,
    )
    assert decode_from_server(b'{"type": "signed_in", "request": "r"}') == msg.SignedIn("r", None, wait_s=0)


def test_the_version_of_the_protocol() -> None:
    assert msg.PROTOCOL == 1  # another number ends the work of every device that is not updated


# --- enrolment -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "message", "field", "allowed", "refused"),
    [
        (AskAccepted, ACCEPTED, "store", "x" * 200, "x" * 201),
        (AskAccepted, ACCEPTED, "manager_url", "http://" + "x" * 493, "http://" + "x" * 494),
        (Welcome, WELCOME, "store", "x" * 200, "x" * 201),
        (Enrolled, ENROLLED, "name", "x", ""),
        (Enrolled, ENROLLED, "name", "x" * 40, "x" * 41),
        (Enrolled, ENROLLED, "sync_port", 1, 0),
        (Enrolled, ENROLLED, "sync_port", 65535, 65536),
    ],
)
def test_an_enrolment_message_may_hold_this_and_no_more(
    kind: type[Any], message: dict[str, Any], field: str, allowed: object, refused: object
) -> None:
    read = enrol.decode(json.dumps({**message, field: allowed}).encode(), kind)
    assert getattr(read, field) == allowed
    with pytest.raises(EnrolDecodeError) as error:
        enrol.decode(json.dumps({**message, field: refused}).encode(), kind)
    assert error.value.why == "malformed"


def test_an_enrolment_message_may_have_this_many_bytes_and_no_more() -> None:
    frame = json.dumps(ACCEPTED).encode()
    whole = frame + b" " * (4096 - len(frame))
    assert enrol.decode(whole, AskAccepted).manager_url == ""
    with pytest.raises(EnrolDecodeError) as error:
        enrol.decode(whole + b" ", AskAccepted)
    assert error.value.why == "malformed"


@pytest.mark.parametrize("why", enrol.DENIAL_REASONS)
def test_an_error_has_the_words_of_its_code(why: str) -> None:
    assert str(EnrolDecodeError(why)) == enrol.DENIAL_REASONS[why]


def test_the_reasons_of_a_denial() -> None:
    """Their codes are part of the protocol."""
    codes = ["other_version", "malformed", "too_many", "expired", "refused", "wrong_code", "not_now"]
    assert list(enrol.DENIAL_REASONS) == codes


def test_a_denial_names_the_version_of_the_store() -> None:
    assert msgspec.json.decode(msgspec.json.encode(enrol.Denied("refused")))["wire"] == enrol.WIRE == 1


def test_a_code_holds_every_letter_of_crockfords_alphabet_and_no_other() -> None:
    alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    for letter in (chr(number) for number in range(33, 127)):
        read = enrol_codes.read_code(letter * 13)
        meant = {"O": "0", "I": "1", "L": "1"}.get(letter.upper(), letter.upper())
        assert read == (meant * 13 if meant in alphabet else None), letter
    letters = {letter for _ in range(200) for letter in enrol_codes.new_code().replace("-", "")}
    assert letters == set(alphabet)


def test_a_code_is_65_random_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[str] = []
    monkeypatch.setattr(secrets, "choice", lambda letters: drawn.append(letters) or letters[0])
    enrol_codes.new_code()
    assert [len(set(letters)) for letters in drawn] == [32] * 13
    assert {len(letters) for letters in drawn} == {32}


def test_a_nonce_has_256_bits() -> None:
    assert len(enrol_proofs.new_nonce()) == 64
    assert enrol_proofs.new_nonce() != enrol_proofs.new_nonce()
