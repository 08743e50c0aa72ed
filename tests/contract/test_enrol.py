"""Enrolment's messages stay as they were shipped, and docs/pairing.md says what they do."""

import json
from pathlib import Path

import pytest

from sync_server.protocol import enrol
from sync_server.protocol.enrol import WHY
from sync_server.service import door, pairing
from sync_server.service.enrol import STATUS
from tests.contract.pages import page, rows, sections

SHIPPED = Path(__file__).parent / "enrol"
KINDS = {
    "ask": enrol.Ask,
    "asked": enrol.Asked,
    "reveal": enrol.Reveal,
    "standing": enrol.Standing,
    "standing-approved": enrol.Standing,
    "present": enrol.Present,
    "welcome": enrol.Welcome,
    "denied": enrol.Denied,
}


def shipped(name: str) -> bytes:
    return (SHIPPED / f"{name}.json").read_bytes().removesuffix(b"\n")


@pytest.mark.parametrize("name", KINDS)
def test_a_message_is_read_and_written_again_byte_for_byte(name):
    message = enrol.decode(shipped(name), KINDS[name])
    assert enrol.encode(message) == shipped(name)


def test_every_shipped_message_is_tested():
    assert {path.stem for path in SHIPPED.glob("*.json")} == set(KINDS)


@pytest.mark.parametrize("name", ["ask", "asked", "present", "welcome"])
def test_another_version_is_told_apart_from_nonsense_whatever_else_it_says(name):
    other = json.dumps({"wire": enrol.WIRE + 1, "something": "new"}).encode()
    with pytest.raises(enrol.NotReadable) as error:
        enrol.decode(other, KINDS[name])
    assert error.value.why == "other_version"


def test_the_digits_and_the_proofs_are_those_of_the_shipped_version():
    """A device of before and a store of now show the same, or they could never be paired."""
    asked, ask = enrol.decode(shipped("asked"), enrol.Asked), enrol.decode(shipped("ask"), enrol.Ask)
    reveal = enrol.decode(shipped("reveal"), enrol.Reveal)
    assert enrol.commitment_to(reveal.nonce) == ask.commitment
    assert (
        enrol.digits(ask.kind, asked.server_key, ask.public_key, asked.nonce, reveal.nonce)
        == (SHIPPED / "digits.txt").read_text().strip()
    )
    present = enrol.decode(shipped("present"), enrol.Present)
    welcome = enrol.decode(shipped("welcome"), enrol.Welcome)
    code = enrol.read_code("7K3M-9QXW-2T8HV")
    assert code is not None
    assert enrol.device_proof(code, present.kind, present.public_key, present.nonce) == present.proof
    assert enrol.store_proof(code, present.nonce, welcome) == welcome.proof


def test_the_page_has_every_refusal_with_its_status_and_meaning():
    told = {
        cells[0].strip("`"): (int(cells[1]), cells[2])
        for cells in rows(sections(page("pairing.md"), 2)["How it works"])
        if cells[0].strip("`") in WHY
    }
    assert told == {why: (STATUS[why], meaning) for why, meaning in WHY.items()}


def test_the_page_has_the_limits_as_they_are():
    limits = dict(rows(sections(page("pairing.md"), 3)["Limits of the port"]))
    assert limits == {
        "connections at once": f"{door.MOST_OPEN}; {door.MOST_OPEN_EACH} from one address",
        "a whole request with its answer": f"{door.WHOLE_S:g} s",
        "requests of one address": f"{door.BURST} at once, then {door.PER_S:g} a second",
        "request line and headers": f"{door.LARGEST_HEAD:,} bytes",
        "a message": f"{enrol.LARGEST:,} bytes",
    }
    text = " ".join(page("pairing.md").split())
    assert (
        f"at most {pairing.MOST_ASKED} requests in ten minutes, {pairing.MOST_ASKED_EACH} from one address,"
        f" {pairing.MOST_WAITING} at once" in text
    )
    assert f"After {pairing.MOST_WRONG_EACH} wrong codes from one address in ten minutes" in text
    assert f"after {pairing.MOST_WRONG:,} from everybody together" in text
    assert enrol.EXPIRES_S == 600
