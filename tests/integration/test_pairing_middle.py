"""Somebody stands between a new device and its store, or has listened to them."""

import asyncio

import pytest
import requests

from sync_server.device.enrol import Pairing, Reason
from sync_server.protocol import enrol
from sync_server.service.door import Door
from sync_server.service.keys import new_pair

from .house import House
from .joining import failing, listening, waiting


class Middle:
    """Answers devices in the store's name, and asks the store in a device's name, with keys of its own."""

    def __init__(self, shop: House) -> None:
        self._base = f"http://{shop.server.enrolment.address}"
        self.key = new_pair()[0]
        self.nonce = enrol.new_nonce()
        self.theirs = enrol.new_nonce()  # the number it tells the device in the store's name

    async def post(self, path: str, message) -> bytes:
        answer = await asyncio.to_thread(requests.post, self._base + path, data=enrol.encode(message))
        return answer.content

    async def answer(self, _method, path, body, _address, _host) -> tuple[int, bytes]:
        if path == "/enrol":
            heard = enrol.decode(body, enrol.Ask)
            ask = enrol.Ask(enrol.WIRE, heard.kind, self.key, enrol.commitment_to(self.nonce))
            self.asked = enrol.decode(await self.post("/enrol", ask), enrol.Asked)
            return 200, enrol.encode(
                enrol.Asked(enrol.WIRE, "f" * 32, self.key, self.theirs, self.asked.store)
            )
        await self.post(f"/enrol/{self.asked.request}", enrol.Reveal(self.nonce))
        return 200, enrol.encode(enrol.Standing())


@pytest.mark.attack(
    "Somebody between a new device and its store swaps the keys",
    "the six digits on the two screens differ",
)
async def test_somebody_in_the_middle_who_swaps_the_keys_makes_the_digits_differ(shop):
    await shop.open()
    middle = Middle(shop)
    door = Door(middle.answer)
    shown = await Pairing("kiosk").begin(await listening(door))
    (request,) = waiting(shop)
    assert request.public_key == middle.key
    assert request.digits != shown.digits
    await door.close()


@pytest.mark.attack(
    "Somebody pretends to be the store towards a device on which a code was typed",
    "the device sees that they do not know the code, and keeps nothing",
)
async def test_a_stranger_who_answers_a_code_proves_nothing(shop):
    """It does not know the code: whatever it says it is, the device believes none of it."""

    async def answer(_method, _path, body, _address, _host):
        present = enrol.decode(body, enrol.Present)
        enrolled = enrol.Enrolled("front-door", "kiosk", "Front", "A", 7350)
        welcome = enrol.Welcome(enrol.WIRE, new_pair()[0], "Test shop", enrolled, present.proof)
        return 200, enrol.encode(welcome)

    await shop.open()
    door = Door(answer)
    code = shop.server.enrolment.make_code("kiosk", "Front").code
    with failing(Reason.WRONG_CODE):
        await Pairing("kiosk").with_code(await listening(door), code)
    await door.close()


@pytest.mark.attack(
    "A message with the proof of a code is overheard and repeated, or sent with another key",
    "it enrols nobody a second time, and nobody else at all",
)
async def test_what_was_overheard_of_a_code_is_of_no_use(shop):
    """The same message again gives the same answer, for a key whose secret half nobody else has."""
    await shop.open()
    code = shop.server.enrolment.make_code("kiosk", "Front")
    public, _ = new_pair()
    nonce = enrol.new_nonce()
    proof = enrol.device_proof(enrol.read_code(code.code), "kiosk", public, nonce)
    heard = enrol.Present(enrol.WIRE, "kiosk", public, nonce, proof)
    middle = Middle(shop)
    first = await middle.post("/enrol/code", heard)
    assert await middle.post("/enrol/code", heard) == first
    swapped = enrol.Present(enrol.WIRE, "kiosk", middle.key, nonce, proof)
    assert enrol.decode(await middle.post("/enrol/code", swapped), enrol.Denied).why == "wrong_code"
    assert shop.one("SELECT count(*) FROM devices") == 1
