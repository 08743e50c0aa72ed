"""Pairing without a screen: which page is up, what was asked of whom, and the ways out."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from assets.pairing.joining import CODE_LENGTH, Joining, Screen
from assets.pairing.scenes import LUMEN, OTHERS, Failed, Shop, StandIn

CODE = "7K3M9QXW2T8HV"


def joined(what: Callable[[Joining, StandIn], Awaitable[None]], *stores: Shop) -> StandIn:
    """Does `what` at a device that is being paired."""
    there = StandIn(list(stores))

    async def go() -> None:
        joining = Joining(there.way(), "en")
        joining.start()
        try:
            await what(joining, there)
        finally:
            await joining.stop()

    asyncio.run(go())
    return there


async def settled() -> None:
    for _ in range(4):
        await asyncio.sleep(0)


def typed(joining: Joining, text: str) -> None:
    for letter in text:
        joining.type(letter)


def test_a_store_that_was_found_is_asked_and_its_answer_kept() -> None:
    files: list[object] = []

    async def what(joining: Joining, there: StandIn) -> None:
        joining.on_joined = files.append
        joining.choose(LUMEN.address)
        assert joining.screen is Screen.ASKING
        await settled()
        assert joining.screen is Screen.DIGITS
        assert joining.shown.digits == "482 913"
        there.answer.set_result("the file")
        await settled()

    there = joined(what, LUMEN)
    assert there.asked == [(LUMEN.address,)]
    assert there.saved == files == ["the file"]


def test_an_address_is_typed_where_none_is_found() -> None:
    async def what(joining: Joining, _there: StandIn) -> None:
        joining.open_address()
        joining.go_on()
        assert joining.screen is Screen.ADDRESS, "nothing is typed yet"
        typed(joining, "10.0.0.77")
        joining.erase()
        joining.go_on()
        await settled()
        assert joining.screen is Screen.DIGITS

    assert joined(what).asked == [("10.0.0.7",)]


def test_a_code_goes_to_the_one_store_there_is() -> None:
    async def what(joining: Joining, there: StandIn) -> None:
        joining.open_code()
        typed(joining, CODE + "ZZ")
        assert len(joining.code) == CODE_LENGTH
        joining.go_on()
        await settled()
        there.answer.set_result("the file")
        await settled()

    there = joined(what, LUMEN)
    assert there.asked == [(LUMEN.address, CODE)]
    assert there.saved == ["the file"]


@pytest.mark.parametrize("stores", [(), (LUMEN, *OTHERS)])
def test_a_code_asks_which_store_where_that_is_not_clear(stores: tuple[Shop, ...]) -> None:
    async def what(joining: Joining, _there: StandIn) -> None:
        joining.open_code()
        typed(joining, CODE)
        joining.go_on()
        assert joining.screen is Screen.FIND
        joining.open_address()
        typed(joining, "10.0.0.7")
        joining.go_on()
        await settled()

    assert joined(what, *stores).asked == [("10.0.0.7", CODE)]


@pytest.mark.parametrize(
    ("reason", "leads_to"),
    [("wrong_code", Screen.CODE), ("no_address", Screen.ADDRESS), ("expired", Screen.ASKING)],
)
def test_a_failure_is_told_and_tried_again_from_where_it_went_wrong(reason: str, leads_to: Screen) -> None:
    async def what(joining: Joining, there: StandIn) -> None:
        there.reached = Failed(reason)
        joining.choose(LUMEN.address)
        await settled()
        assert (joining.screen, joining.trouble) == (Screen.TROUBLE, f"pairing.error.{reason}")
        joining.again()
        assert joining.screen is leads_to

    joined(what, LUMEN)


def test_whoever_cancels_is_asked_no_more_and_begins_afresh() -> None:
    async def what(joining: Joining, there: StandIn) -> None:
        joining.choose(LUMEN.address)
        await settled()
        joining.back()
        await settled()
        assert there.answer.cancelled()
        assert (joining.screen, joining.address, joining.code) == (Screen.FIND, "", "")

    assert joined(what, LUMEN).saved == []


def test_a_fault_of_ours_is_no_dead_end() -> None:
    async def what(joining: Joining, there: StandIn) -> None:
        joining.choose(LUMEN.address)
        await settled()
        there.answer.set_exception(RuntimeError("a fault put here by the test"))
        await settled()
        assert (joining.screen, joining.trouble) == (Screen.TROUBLE, "pairing.error.broken")
        joining.again()
        await settled()
        assert joining.screen is Screen.DIGITS

    joined(what, LUMEN)


def test_a_file_that_cannot_be_kept_is_no_pairing() -> None:
    files: list[object] = []

    async def what(joining: Joining, there: StandIn) -> None:
        joining.on_joined = files.append
        there.full = True
        joining.choose(LUMEN.address)
        await settled()
        there.answer.set_result("the file")
        await settled()
        assert joining.trouble == "pairing.error.not_saved"

    joined(what, LUMEN)
    assert files == []
