"""An attacker is between a new device and its store, or has recorded their messages."""

import asyncio

import pytest
import requests

from sync_server.device.network.enrol_client import EnrolClient, PairingFailure
from sync_server.protocol import enrol, enrol_codes, enrol_proofs
from sync_server.service.auth.server_key import new_pair

from .harness import StoreHarness
from .pairing_steps import enrol_port, failing, waiting


class Middle:
    """Answers devices as if it were the store, and asks the store as a device, with its own keys."""

    def __init__(self, shop: StoreHarness) -> None:
        self._base = f"http://{shop.server.enrol.address}"
        self.key = new_pair()[0]
        self.nonce = enrol_proofs.new_nonce()
        self.theirs = enrol_proofs.new_nonce()  # the store's number that it sends to the device

    async def post(self, path: str, message) -> bytes:
        answer = await asyncio.to_thread(requests.post, self._base + path, data=enrol.encode(message))
        return answer.content

    async def answer(self, _method, path, body, _address, _host) -> tuple[int, bytes]:
        if path == "/enrol":
            received = enrol.decode(body, enrol.Ask)
            ask = enrol.Ask(enrol.WIRE, received.kind, self.key, enrol_proofs.commitment_to(self.nonce))
            self.asked = enrol.decode(await self.post("/enrol", ask), enrol.AskAccepted)
            return 200, enrol.encode(
                enrol.AskAccepted(enrol.WIRE, "f" * 32, self.key, self.theirs, self.asked.store)
            )
        await self.post(f"/enrol/{self.asked.request}", enrol.Reveal(self.nonce))
        return 200, enrol.encode(enrol.EnrolmentState())


@pytest.mark.attack(
    "An attacker between a new device and its store replaces the keys",
    "the six digits on the two screens differ",
)
async def test_an_attacker_in_between_who_swaps_the_keys_makes_the_digits_differ(shop):
    await shop.open()
    middle = Middle(shop)
    async with enrol_port(middle.answer) as address:
        shown = await EnrolClient("kiosk").begin(address)
    (request,) = waiting(shop)
    assert request.public_key == middle.key
    assert request.digits != shown.digits


@pytest.mark.attack(
    "An attacker pretends to be the store to a device on which a code was typed",
    "the device detects that they do not know the code, and stores nothing",
)
async def test_an_answer_without_knowledge_of_the_code_is_rejected(shop):
    """It does not know the code, so the device rejects its answer."""

    async def answer(_method, _path, body, _address, _host):
        present = enrol.decode(body, enrol.Present)
        enrolled = enrol.Enrolled("front-door", "kiosk", "Front", "A", 7350)
        welcome = enrol.Welcome(enrol.WIRE, new_pair()[0], "Test shop", enrolled, present.proof)
        return 200, enrol.encode(welcome)

    await shop.open()
    code = shop.server.enrol.make_code("kiosk", "Front").code
    async with enrol_port(answer) as address:
        with failing(PairingFailure.WRONG_CODE):
            await EnrolClient("kiosk").with_code(address, code)


@pytest.mark.attack(
    "A message with the proof of a code is recorded and repeated, or sent with another key",
    "it enrols no device a second time, and no other device",
)
async def test_a_recorded_proof_of_a_code_enrols_no_other_device(shop):
    """The repeated message gets the same answer, for a key whose secret half nobody else has."""
    await shop.open()
    code = shop.server.enrol.make_code("kiosk", "Front")
    public, _ = new_pair()
    nonce = enrol_proofs.new_nonce()
    proof = enrol_proofs.device_proof(enrol_codes.read_code(code.code), "kiosk", public, nonce)
    present = enrol.Present(enrol.WIRE, "kiosk", public, nonce, proof)
    middle = Middle(shop)
    first = await middle.post("/enrol/code", present)
    assert await middle.post("/enrol/code", present) == first
    swapped = enrol.Present(enrol.WIRE, "kiosk", middle.key, nonce, proof)
    assert enrol.decode(await middle.post("/enrol/code", swapped), enrol.Denied).why == "wrong_code"
    assert shop.one("SELECT count(*) FROM devices") == 1
