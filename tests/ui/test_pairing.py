"""Pairing under real touches: the pages, a real store that lets a kiosk in, and one that sends it away."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from assets.pairing.joining import Joining
from assets.pairing.scenes import LUMEN, SCENES, StandIn
from kiosk import app as kiosk_app
from kiosk.config import Config
from sync_server.device.own_file import own_file
from sync_server.domain.catalogue import LANGUAGES
from sync_server.service import accounts
from sync_server.service.folder import Folder
from tests.integration.house import PIN, House

from .driver import Screen, running
from .kiosk import PORTRAIT, SMALL
from .test_kiosk_layout import SMALLEST_TOUCH, SMALLEST_TYPE, glass_unit, shown, sticks_out, words_lost

# One of each layout; of the failures, which differ in one text only, the two with the longest.
PAGES = [name for name in SCENES if not name.startswith("trouble-")]
PAGES += ["trouble-unreachable", "trouble-other_version"]


@pytest.fixture(autouse=True)
def quick_eyes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody here needs a moment to look before they touch."""
    monkeypatch.setattr("assets.settled.UNSEEN_MS", 0)
    monkeypatch.setattr("assets.settled.AGAIN_MS", 0)


@pytest.mark.parametrize("size", [PORTRAIT, SMALL])
def test_every_page_is_seen_whole_in_every_language(size: tuple[int, int]) -> None:
    from assets.pairing.shots import gallery

    async def go() -> list[str]:
        found: list[str] = []
        async with gallery(size) as show:
            for scene in PAGES:
                said = []
                for language in LANGUAGES:
                    glass = await show(scene, language)
                    found += (f"{scene} {language}: {fault}" for fault in faults(glass))
                    said.append({w.text for w in shown(glass) if getattr(w, "text", "")})
                found += [f"{scene} says the same in two languages"] if said[0] in said[1:] else []
        return found

    found = asyncio.run(go())
    assert not found, "\n".join(found)


def faults(glass: Any) -> list[str]:
    """What somebody could not read or touch on this page."""
    from kivy.uix.behaviors import ButtonBehavior

    from assets.touch import Words

    found = []
    for widget in shown(glass):
        name = getattr(widget, "test_name", "") or getattr(widget, "text", "") or type(widget).__name__
        if widget.parent is not glass.parent and sticks_out(widget, widget.parent):
            found.append(f"{name!r} sticks out of its {type(widget.parent).__name__}")
        if isinstance(widget, ButtonBehavior) and min(widget.size) < SMALLEST_TOUCH * glass_unit():
            found.append(f"{name!r} is too small to touch: {widget.size}")
        if isinstance(widget, Words) and widget.text:
            if widget.font_size < SMALLEST_TYPE * glass_unit():
                found.append(f"{name!r} is set too small: {widget.font_size}")
            if lost := words_lost(widget):
                found.append(f"{name!r} loses {lost!r}")
    return found


def test_a_tap_on_the_shop_shows_the_digits_and_a_yes_ends_it() -> None:
    async def go() -> None:
        there = StandIn([LUMEN])
        joining = Joining(there.way(), "en")
        from assets.window import prepare

        prepare(SMALL)
        from assets.pairing.glass import PairApp

        app = PairApp(joining)
        async with running(app, SMALL) as screen:
            await screen.tap("speak-nl")
            await screen.until(lambda: "Bij welke winkel hoort dit scherm?" in screen.texts())
            await screen.tap("speak-en")
            await screen.tap(f"store-{LUMEN.address}")
            await screen.until(lambda: "482 913" in screen.texts())
            await screen.tap("cancel")
            await screen.tap("have-code")
            for key in "7K3M9QXW2T8":
                joining.type(key)
            for key in "hv":
                await screen.tap(f"key-{key}")
            await screen.tap("go-on")
            await screen.until(lambda: there.answer and not there.answer.done())
            there.answer.set_result("the file")
            await screen.until(lambda: app.file)
        await joining.stop()
        assert there.asked == [(LUMEN.address,), (LUMEN.address, "7K3M9QXW2T8HV")]
        assert there.saved == ["the file"]

    asyncio.run(go())


@asynccontextmanager
async def opened(folder: Folder, tmp_path: Path) -> AsyncIterator[House]:
    house = House(folder, tmp_path / "devices", accounts.hash_pin(PIN, 6))
    house.enrol_at = "127.0.0.1:0"
    await house.open()
    try:
        yield house
    finally:
        await house.close()


def test_a_kiosk_without_a_file_is_let_in_greets_is_sent_away_and_asks_again(
    folder: Folder, tmp_path: Path
) -> None:
    """One process from the pairing to the greeting, and back."""

    async def go() -> None:
        async with opened(folder, tmp_path) as house:
            own = tmp_path / "own"
            at_work: list[Any] = []

            async def told(hands: Any, _device: Any) -> None:
                at_work.append(hands)

            config = Config(None, own, PORTRAIT, fullscreen=False, language="en")
            living = asyncio.ensure_future(kiosk_app.stay(config, told))
            screen = Screen(None)
            try:
                await screen.until(lambda: screen.find("type-address") or living.done())
                await screen.tap("type-address")
                for letter in house.server.enrolment.address:
                    await screen.tap(f"key-{letter}")
                await screen.tap("go-on")
                pairing = house.server.enrolment.pairing
                (request,) = await screen.until(lambda: pairing.waiting(house.server.shop.clock()))
                await screen.until(lambda: request.digits in screen.texts())
                await house.server.enrolment.approve(request.request, "Front door")
                await screen.until(lambda: any(name.startswith("need-") for name in screen.names()))
                assert own_file(own, "kiosk").is_file()
                await screen.until(lambda: at_work and at_work[0].device.live)
                await house.revoke("front-door")
                await screen.until(lambda: "This screen is no longer part of the shop" in screen.texts())
                await screen.tap("again")
                await screen.until(lambda: screen.find("type-address"))
            finally:
                from assets.window import close

                close()
                await living

    asyncio.run(go())
