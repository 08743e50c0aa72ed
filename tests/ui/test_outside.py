"""A device that has no part in its store any more says so, and can be paired again."""

from pathlib import Path

import pytest

from kiosk.scenes import StandIn, store_of
from kiosk.session import Screen

from .kiosk import Kiosk, at_the_kiosk
from .staff import Tablet, at_the_tablet

GONE = "This screen is no longer part of the shop"


def test_a_kiosk_that_was_revoked_says_so_until_it_is_let_in_again(tmp_path: Path) -> None:
    device = StandIn(store_of())

    async def what(k: Kiosk) -> None:
        device.dismissed = True
        device.on_change()
        await k.screen.until(lambda: k.says(GONE))
        tile = next(w for w in k.screen.widgets() if getattr(w, "test_name", "") == "need-repair")
        await k.screen.touch(*tile.to_window(*tile.center))
        assert k.hands.screen is Screen.NEED, "nothing below it is reached"
        await k.screen.tap("speak-nl")
        await k.screen.until(lambda: k.says("Dit scherm hoort niet meer bij de winkel"))
        device.dismissed = False
        device.on_change()
        await k.screen.until(lambda: not k.says("Dit scherm hoort niet meer bij de winkel"))
        await k.tap("need-repair")
        assert k.hands.screen is Screen.SPOT

    at_the_kiosk(tmp_path, what, device=device)


@pytest.mark.parametrize(("moved_to", "says"), [(None, GONE), ("kiosk", "made it a kiosk for shoppers")])
def test_a_tablet_says_why_and_is_paired_again(moved_to: str | None, says: str) -> None:
    async def what(t: Tablet) -> None:
        t.device.dismissed, t.device.moved_to = moved_to is None, moved_to
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
        t.device.dismissed = True
        t.device.on_change()
        await t.says(GONE)
        t.device.dismissed = False
        t.device.on_change()
        await t.tap("quick")
        await t.shows("quick")

    at_the_tablet(what)
