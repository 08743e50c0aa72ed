"""The messages of enrolment stay as they were released, and docs/reference/enrolment.md describes them."""

import json
from pathlib import Path
from typing import Any

import pytest

from sync_server.protocol import enrol, enrol_codes, enrol_proofs
from sync_server.protocol.enrol import DENIAL_REASONS
from sync_server.service.enrol.service import STATUS
from sync_server.service.limits import numbers as n

from .docs_pages import page, rows, sections

SHIPPED = Path(__file__).parent / "enrol"
KINDS: dict[str, type[Any]] = {
    "ask": enrol.Ask,
    "asked": enrol.AskAccepted,
    "reveal": enrol.Reveal,
    "standing": enrol.EnrolmentState,
    "standing-approved": enrol.EnrolmentState,
    "present": enrol.Present,
    "welcome": enrol.Welcome,
    "denied": enrol.Denied,
}


def shipped(name: str) -> bytes:
    return (SHIPPED / f"{name}.json").read_bytes().removesuffix(b"\n")


@pytest.mark.parametrize("name", KINDS)
def test_a_message_is_decoded_and_encoded_byte_for_byte(name):
    message = enrol.decode(shipped(name), KINDS[name])
    assert enrol.encode(message) == shipped(name)


def test_every_shipped_message_is_tested():
    assert {path.stem for path in SHIPPED.glob("*.json")} == set(KINDS)


@pytest.mark.parametrize("name", ["ask", "asked", "present", "welcome"])
def test_another_version_is_recognised_whatever_else_the_message_contains(name):
    other = json.dumps({"wire": enrol.WIRE + 1, "something": "new"}).encode()
    with pytest.raises(enrol.EnrolDecodeError) as error:
        enrol.decode(other, KINDS[name])
    assert error.value.why == "other_version"


def test_the_digits_and_the_proofs_are_those_of_the_shipped_version():
    """Device and store of different versions must show the same, or they cannot be paired."""
    asked, ask = enrol.decode(shipped("asked"), enrol.AskAccepted), enrol.decode(shipped("ask"), enrol.Ask)
    reveal = enrol.decode(shipped("reveal"), enrol.Reveal)
    assert enrol_proofs.commitment_to(reveal.nonce) == ask.commitment
    assert (
        enrol_proofs.six_digits(ask.kind, asked.server_key, ask.public_key, asked.nonce, reveal.nonce)
        == (SHIPPED / "digits.txt").read_text().strip()
    )
    present = enrol.decode(shipped("present"), enrol.Present)
    welcome = enrol.decode(shipped("welcome"), enrol.Welcome)
    code = enrol_codes.read_code("7K3M-9QXW-2T8HV")
    assert code is not None
    assert enrol_proofs.device_proof(code, present.kind, present.public_key, present.nonce) == present.proof
    assert enrol_proofs.store_proof(code, present.nonce, welcome) == welcome.proof


def test_the_page_has_every_refusal_with_its_status_and_meaning():
    told = {
        cells[0].strip("`"): (int(cells[1]), cells[2])
        for cells in rows(sections(page("enrolment.md"), 2)["Refusals"])
        if cells[0].strip("`") in DENIAL_REASONS
    }
    assert told == {why: (STATUS[why], meaning) for why, meaning in DENIAL_REASONS.items()}


def test_the_page_has_the_limits_as_they_are():
    limits = dict(rows(sections(page("enrolment.md"), 2)["Limits of the port"]))
    assert limits == {
        "connections at once": f"{n.ENROL_CONNECTIONS}; {n.ENROL_CONNECTIONS_PER_ADDRESS} from one address",
        "a whole request with its answer": f"{n.ENROL_REQUEST_S:g} s",
        "requests of one address": f"{n.ENROL_BURST} at once, then {n.ENROL_PER_S:g} a second",
        "request line and headers": f"{n.ENROL_HEAD_BYTES:,} bytes",
        "a message": f"{enrol.MAX_MESSAGE_BYTES:,} bytes",
    }
    text = " ".join(page("enrolment.md").split())
    assert (
        f"at most {n.PAIRING_REQUESTS} requests in ten minutes,"
        f" {n.PAIRING_REQUESTS_PER_ADDRESS} from one address, {n.PAIRING_WAITING} at once" in text
    )
    assert f"After {n.WRONG_CODES_PER_ADDRESS} wrong codes from one address in ten minutes" in text
    assert f"after {n.WRONG_CODES:,} from everybody together" in text
    assert enrol.EXPIRES_S == 600


def test_stores_and_devices_of_all_versions_find_each_other_by_this_name_and_port():
    assert (enrol.SERVICE, enrol.PORT) == ("_welkom._tcp.local.", 8351)
