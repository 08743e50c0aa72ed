"""A device that may not take part in its store any more says so, and can be paired again."""

from pathlib import Path

import pytest

from kiosk.session.session import KioskScreen
from tests.gallery.fake_kiosk_device import FakeKioskDevice, store_of

from .kiosk import Kiosk, at_the_kiosk
from .staff import Tablet, at_the_tablet

GONE = "This screen is no longer part of the shop"


def test_a_kiosk_that_was_revoked_says_so_until_it_is_let_in_again(tmp_path: Path) -> None:
    device = FakeKioskDevice(store_of())

    async def what(k: Kiosk) -> None:
        device.revoked = True
        device.on_change()
        await k.screen.until(lambda: k.says(GONE))
        tile = next(w for w in k.screen.widgets() if getattr(w, "test_name", "") == "need-repair")
        await k.screen.touch(*tile.to_window(*tile.center))
        assert k.controller.screen is KioskScreen.NEED, "nothing below it is reached"
        await k.screen.tap("speak-nl")
        await k.screen.until(lambda: k.says("Dit scherm hoort niet meer bij de winkel"))
        device.revoked = False
        device.on_change()
        await k.screen.until(lambda: not k.says("Dit scherm hoort niet meer bij de winkel"))
        await k.tap("need-repair")
        assert k.controller.screen is KioskScreen.IDENTIFY

    at_the_kiosk(tmp_path, what, device=device)


@pytest.mark.parametrize(("moved_to", "says"), [(None, GONE), ("kiosk", "made it a kiosk for shoppers")])
def test_a_tablet_says_why_and_is_paired_again(moved_to: str | None, says: str) -> None:
    async def what(t: Tablet) -> None:
        t.device.revoked, t.device.moved_to = moved_to is None, moved_to
        t.device.on_change()
        await t.says(says)
        assert t.screen.find("quick") is None
        ended: list[bool] = []
        t.screen.app.stop, stop = lambda: ended.append(True), t.screen.app.stop
        await t.tap("again")
        t.screen.app.stop = stop
        assert t.screen.app.pair_again
        assert ended == [True]

    at_the_tablet(what)


def test_a_tablet_that_is_let_in_again_goes_on() -> None:
    async def what(t: Tablet) -> None:
        t.device.revoked = True
        t.device.on_change()
        await t.says(GONE)
        t.device.revoked = False
        t.device.on_change()
        await t.tap("quick")
        await t.shows("quick")

    at_the_tablet(what)


def test_a_kiosk_that_began_afresh_says_so_until_somebody_has_read_it(tmp_path: Path) -> None:
    device = FakeKioskDevice(store_of())
    device.put_aside = "front.db.damaged"

    async def what(k: Kiosk) -> None:
        await k.screen.until(lambda: k.says("This screen had to begin afresh"))
        await k.screen.tap("again")
        await k.screen.until(lambda: not k.says("This screen had to begin afresh"))
        assert device.put_aside == ""
        await k.tap("need-repair")
        assert k.controller.screen is KioskScreen.IDENTIFY

    at_the_kiosk(tmp_path, what, device=device)


def test_a_tablet_whose_file_is_on_another_computer_too_says_so_and_can_be_paired_again() -> None:
    async def what(t: Tablet) -> None:
        t.device.duplicated = False
        t.device.on_change()
        await t.says("uses a copy of this screen’s device file")
        await t.tap("again")
        await t.screen.until(lambda: t.screen.find("quick"))
        t.device.duplicated = True
        t.device.on_change()
        await t.says("Please pair this one again")
        ended: list[bool] = []
        t.screen.app.stop, stop = lambda: ended.append(True), t.screen.app.stop
        await t.tap("again")
        t.screen.app.stop = stop
        assert t.screen.app.pair_again

    at_the_tablet(what)
