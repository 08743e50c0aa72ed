"""Pairing under real touches: the pages, and a real store that approves a kiosk and revokes it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from assets.ui.device_app import run_on_loop
from assets.ui.pairing.controller import PairingController
from kiosk.app import make_window
from sync_server.device.app.config import DeviceConfig
from sync_server.device.storage.identity_file import identity_path
from sync_server.domain.catalogue.languages import LANGUAGES
from sync_server.service.auth import pins
from sync_server.service.storage.data_dir import DataDir
from tests.gallery.pairing_gallery import pairing_gallery
from tests.gallery.pairing_scenes import LUMEN, SCENES, FakePairing
from tests.integration.harness import PIN, StoreHarness

from .driver import Screen, running
from .kiosk import PORTRAIT, SMALL
from .layout import faults, style_unit, texts_of
from .test_kiosk_layout import MIN_TOUCH_UNITS, MIN_TYPE_UNITS

# One of each layout. The failures differ in one text only, so only the two with the longest texts.
PAGES = [name for name in SCENES if not name.startswith("trouble-")]
PAGES += ["trouble-unreachable", "trouble-other_version"]


@pytest.fixture(autouse=True)
def no_touch_guard(monkeypatch: pytest.MonkeyPatch) -> None:
    """Accepts touches at once after the screen has changed."""
    monkeypatch.setattr("assets.ui.touch_guard.REACTION_MS", 0)
    monkeypatch.setattr("assets.ui.touch_guard.DOUBLE_TAP_MS", 0)


@pytest.mark.parametrize("size", [PORTRAIT, SMALL])
def test_every_page_is_seen_whole_in_every_language(size: tuple[int, int]) -> None:
    async def go() -> list[str]:
        found: list[str] = []
        async with pairing_gallery(size) as show:
            for scene in PAGES:
                texts = []
                for language in LANGUAGES:
                    view = await show(scene, language)
                    wrong = faults(view, MIN_TOUCH_UNITS * style_unit(), MIN_TYPE_UNITS)
                    found += (f"{scene} {language}: {fault}" for fault in wrong)
                    texts.append(texts_of(view))
                found += [f"{scene} has the same texts in two languages"] if texts[0] in texts[1:] else []
        return found

    found = asyncio.run(go())
    assert not found, "\n".join(found)


def test_a_tap_on_the_shop_shows_the_digits_and_a_yes_ends_it() -> None:
    async def go() -> None:
        there = FakePairing([LUMEN])
        controller = PairingController(there.ports(), "en")
        from assets.ui.window import prepare

        prepare(SMALL)
        from assets.ui.pairing.view import PairingWindow

        app = PairingWindow(controller)
        async with running(app, SMALL) as screen:
            await screen.tap("speak-nl")
            await screen.until(lambda: "Bij welke winkel hoort dit scherm?" in screen.texts())
            await screen.tap("speak-en")
            await screen.tap(f"store-{LUMEN.address}")
            await screen.until(lambda: "482 913" in screen.texts())
            await screen.tap("cancel")
            await screen.tap("have-code")
            for key in "7K3M9QXW2T8":
                controller.type(key)
            for key in "hv":
                await screen.tap(f"key-{key}")
            await screen.tap("go-on")
            await screen.until(lambda: there.answer and not there.answer.done())
            there.answer.set_result("the file")
            await screen.until(lambda: app.file)
        await controller.stop()
        assert there.asked == [(LUMEN.address,), (LUMEN.address, "7K3M9QXW2T8HV")]
        assert there.saved == ["the file"]

    asyncio.run(go())


@asynccontextmanager
async def opened(folder: DataDir, tmp_path: Path) -> AsyncIterator[StoreHarness]:
    house = StoreHarness(folder, tmp_path / "devices", pins.hash_pin(PIN, 6))
    house.enrol_at = "127.0.0.1:0"
    await house.open()
    try:
        yield house
    finally:
        await house.close()


def test_a_kiosk_without_a_file_is_let_in_greets_is_sent_away_and_asks_again(
    folder: DataDir, tmp_path: Path
) -> None:
    """The same process pairs, shows the greeting, is revoked and pairs again."""

    async def go() -> None:
        async with opened(folder, tmp_path) as house:
            own = tmp_path / "own"
            controllers: list[Any] = []

            async def remember(controller: Any, _device: Any) -> None:
                controllers.append(controller)

            config = DeviceConfig(device=None, data=own, size=PORTRAIT, fullscreen=False, language="en")
            running_app = run_on_loop("kiosk", config, partial(make_window, config), remember)
            app_task = asyncio.ensure_future(running_app)
            screen = Screen(None)
            try:
                await screen.until(lambda: screen.find("type-address") or app_task.done())
                await screen.tap("type-address")
                for letter in house.server.enrol.address:
                    await screen.tap(f"key-{letter}")
                await screen.tap("go-on")
                pairing = house.server.enrol.requests
                (request,) = await screen.until(lambda: pairing.waiting(house.server.processor.clock()))
                await screen.until(lambda: request.digits in screen.texts())
                await house.server.enrol.approve(request.request, request.digits, "Front door")
                await screen.until(lambda: any(name.startswith("need-") for name in screen.names()))
                assert identity_path(own, "kiosk").is_file()
                await screen.until(lambda: controllers and controllers[0].device.live)
                await house.revoke("front-door")
                await screen.until(lambda: "This screen is no longer part of the shop" in screen.texts())
                await screen.tap("again")
                await screen.until(lambda: screen.find("type-address"))
            finally:
                from assets.ui.window import close

                close()
                await app_task

    asyncio.run(go())
