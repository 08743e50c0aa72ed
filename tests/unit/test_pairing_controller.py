"""Pairing without a screen: which screen is shown, which store is asked, and how to go back."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from assets.ui.pairing.controller import CODE_LENGTH, PairingController, PairingScreen
from tests.gallery.pairing_scenes import LUMEN, OTHERS, FakeFailure, FakePairing, FakeStore

CODE = "7K3M9QXW2T8HV"


def paired(
    what: Callable[[PairingController, FakePairing], Awaitable[None]], *stores: FakeStore
) -> FakePairing:
    """Runs `what` at a device that is being paired."""
    network = FakePairing(list(stores))

    async def go() -> None:
        controller = PairingController(network.ports(), "en")
        controller.start()
        try:
            await what(controller, network)
        finally:
            await controller.stop()

    asyncio.run(go())
    return network


async def settled() -> None:
    for _ in range(4):
        await asyncio.sleep(0)


def typed(controller: PairingController, text: str) -> None:
    for letter in text:
        controller.type(letter)


def test_a_store_that_was_found_is_asked_and_its_file_saved() -> None:
    files: list[object] = []

    async def what(controller: PairingController, network: FakePairing) -> None:
        controller.on_paired = files.append
        controller.choose_store(LUMEN.address)
        assert controller.screen is PairingScreen.ASKING
        await settled()
        assert controller.screen is PairingScreen.DIGITS
        assert controller.prompt.digits == "482 913"
        network.answer.set_result("the file")
        await settled()

    network = paired(what, LUMEN)
    assert network.asked == [(LUMEN.address,)]
    assert network.saved == files == ["the file"]


def test_an_address_can_be_typed() -> None:
    async def what(controller: PairingController, _network: FakePairing) -> None:
        controller.open_address()
        controller.submit()
        assert controller.screen is PairingScreen.ADDRESS, "nothing is typed yet"
        typed(controller, "10.0.0.77")
        controller.erase()
        controller.submit()
        await settled()
        assert controller.screen is PairingScreen.DIGITS

    assert paired(what).asked == [("10.0.0.7",)]


def test_a_code_goes_to_the_one_store_there_is() -> None:
    async def what(controller: PairingController, network: FakePairing) -> None:
        controller.open_code()
        typed(controller, CODE + "ZZ")
        assert len(controller.code) == CODE_LENGTH
        controller.submit()
        await settled()
        network.answer.set_result("the file")
        await settled()

    network = paired(what, LUMEN)
    assert network.asked == [(LUMEN.address, CODE)]
    assert network.saved == ["the file"]


@pytest.mark.parametrize("stores", [(), (LUMEN, *OTHERS)])
def test_a_code_asks_which_store_where_that_is_not_clear(stores: tuple[FakeStore, ...]) -> None:
    async def what(controller: PairingController, _network: FakePairing) -> None:
        controller.open_code()
        typed(controller, CODE)
        controller.submit()
        assert controller.screen is PairingScreen.FIND
        controller.open_address()
        typed(controller, "10.0.0.7")
        controller.submit()
        await settled()

    assert paired(what, *stores).asked == [("10.0.0.7", CODE)]


@pytest.mark.parametrize(
    ("reason", "leads_to"),
    [
        ("wrong_code", PairingScreen.CODE),
        ("no_address", PairingScreen.ADDRESS),
        ("expired", PairingScreen.ASKING),
    ],
)
def test_a_failure_is_shown_and_tried_again_from_the_same_step(reason: str, leads_to: PairingScreen) -> None:
    async def what(controller: PairingController, network: FakePairing) -> None:
        network.failure = FakeFailure(reason)
        controller.choose_store(LUMEN.address)
        await settled()
        assert (controller.screen, controller.error_key) == (PairingScreen.ERROR, f"pairing.error.{reason}")
        controller.try_again()
        assert controller.screen is leads_to

    paired(what, LUMEN)


def test_cancelling_ends_the_attempt_and_starts_again() -> None:
    async def what(controller: PairingController, network: FakePairing) -> None:
        controller.choose_store(LUMEN.address)
        await settled()
        controller.back()
        await settled()
        assert network.answer.cancelled()
        assert (controller.screen, controller.address, controller.code) == (PairingScreen.FIND, "", "")

    assert paired(what, LUMEN).saved == []


def test_after_a_fault_the_pairing_can_be_tried_again() -> None:
    async def what(controller: PairingController, network: FakePairing) -> None:
        controller.choose_store(LUMEN.address)
        await settled()
        network.answer.set_exception(RuntimeError("a fault put here by the test"))
        await settled()
        assert (controller.screen, controller.error_key) == (PairingScreen.ERROR, "pairing.error.broken")
        controller.try_again()
        await settled()
        assert controller.screen is PairingScreen.DIGITS

    paired(what, LUMEN)


def test_a_file_that_cannot_be_saved_is_no_pairing() -> None:
    files: list[object] = []

    async def what(controller: PairingController, network: FakePairing) -> None:
        controller.on_paired = files.append
        network.full = True
        controller.choose_store(LUMEN.address)
        await settled()
        network.answer.set_result("the file")
        await settled()
        assert controller.error_key == "pairing.error.not_saved"

    paired(what, LUMEN)
    assert files == []
