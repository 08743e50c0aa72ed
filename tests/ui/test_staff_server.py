"""The tablet with a real device and a real server: what a person taps is in the store's log."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, cast

import pytest

from staff_app.controller import StaffController
from sync_server.device.device import Device
from sync_server.domain import ops
from sync_server.service.auth import pins
from sync_server.service.storage.data_dir import DataDir
from tests.integration.harness import PIN, StoreHarness

from .driver import running
from .on_disk import on_disk
from .staff import SMALL, Tablet


class Shop:
    """A server, a kiosk and two tablets. A test uses the first tablet's screen."""

    def __init__(self, house: StoreHarness, tablet: Tablet, kiosk: Device, other: Device) -> None:
        self.house = house
        self.tablet = tablet
        self.kiosk = kiosk
        self.other = other

    def shopper(self, need: str = "repair") -> str:
        """Somebody gets in line."""
        visit_id = self.kiosk.new_id()
        self.kiosk.submit(ops.OpenVisit(visit_id, self.kiosk.next_ticket(), need, "nl", alias="Robin"))
        return visit_id

    async def sign_in(self) -> None:
        await self.tablet.tap("who-maya")
        for figure in PIN:
            await self.tablet.tap(f"key-{figure}")
        await self.tablet.tap("key-last")
        await self.tablet.shows("floor")

    def row(self, visit_id: str, column: str) -> object:
        return self.house.one(f"SELECT {column} FROM visits WHERE visit_id = ?", visit_id)


@pytest.fixture
def at_work(folder: DataDir, tmp_path: Path) -> Callable[[Callable[[Shop], Awaitable[None]]], None]:
    def work(what: Callable[[Shop], Awaitable[None]]) -> None:
        async def go() -> None:
            house = StoreHarness(folder, tmp_path / "devices", pins.hash_pin(PIN, 6))
            files = [
                house.enrol("staff", "Mayas"),
                house.enrol("kiosk", "Front"),
                house.enrol("staff", "Other"),
            ]
            await house.open()
            try:
                device = house.device(files[0])
                controller = StaffController(device)
                kiosk, other = house.device(files[1]), house.device(files[2])
                from assets.ui.window import prepare

                prepare(SMALL)
                from staff_app.view import StaffWindow

                clock = [0]
                app = StaffWindow(controller, language="en", clock=lambda: clock[0])
                async with running(app, SMALL) as screen:
                    await screen.until(lambda: device.live and kiosk.live and other.live)
                    await what(
                        Shop(house, Tablet(screen, controller, cast(Any, device), clock), kiosk, other)
                    )
            finally:
                await house.close()

        asyncio.run(go())

    return work


def test_from_the_sign_in_to_the_ending_in_the_log(at_work) -> None:
    async def what(shop: Shop) -> None:
        await shop.sign_in()
        visit_id = shop.shopper()
        await shop.tablet.tap("coming")
        await shop.tablet.tap("with-them")
        await shop.tablet.tap("tip-dry")
        await shop.tablet.tap("more-endings")
        await shop.tablet.tap("end-advice_given")
        await shop.tablet.shows("floor")
        await shop.house.until(lambda: shop.row(visit_id, "state") == "completed")
        assert shop.row(visit_id, "resolution") == "advice_given"
        assert shop.row(visit_id, "employee") == "maya"
        assert shop.row(visit_id, "tip") == "dry"
        assert shop.tablet.controller.state.notice is None, "nobody left: the visit was ended here"

    at_work(what)


def test_a_quick_resolution_is_a_whole_visit_in_the_log(at_work) -> None:
    async def what(shop: Shop) -> None:
        await shop.sign_in()
        await shop.tablet.tap("quick")
        await shop.tablet.tap("need-repair")
        await shop.tablet.tap("end-solved")
        await shop.house.until(
            lambda: shop.house.one("SELECT count(*) FROM visits WHERE state = 'completed'")
        )
        assert shop.house.one("SELECT source FROM visits") == "staff"

    at_work(what)


def test_the_same_person_on_another_tablet_ends_this_one(at_work) -> None:
    async def what(shop: Shop) -> None:
        await shop.sign_in()
        await shop.house.sign_in(shop.other, "maya")
        await shop.tablet.shows("who")
        await shop.tablet.says("You signed in on another tablet")

    at_work(what)


def test_a_refusal_is_there_again_after_a_restart_until_somebody_reads_it(at_work) -> None:
    async def what(shop: Shop) -> None:
        device = shop.tablet.device
        device.submit(ops.Accept("0" * 32, 1))
        await shop.tablet.screen.until(lambda: device.outbox.refused())
        with on_disk(cast(Any, device.outbox)) as again:
            assert [refusal.code for _, refusal in again.refused()] == ["not_signed_in"]
        await shop.tablet.says("Not done: Coming. Nobody is signed in here.")
        await shop.tablet.tap("dismiss")
        assert device.outbox.refused() == []

    at_work(what)
