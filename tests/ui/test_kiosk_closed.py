"""The kiosk outside opening hours: it says when the shop opens, and opens by itself."""

from pathlib import Path

from msgspec.structs import replace

from kiosk.flow import REFRESH_MS
from kiosk.scenes import AT, HOUR_MS, StandIn, store_of
from kiosk.session import Screen
from sync_server.domain.catalogue import Catalogue
from sync_server.domain.hours import WEEKDAYS

from .kiosk import Kiosk, at_the_kiosk


def open_on(**hours: str) -> Catalogue:
    store = store_of()
    return replace(store, store=replace(store.store, hours=hours))


ALL_WEEK = dict.fromkeys(WEEKDAYS, "09:30-18:00")  # AT is a Friday, at three in the afternoon


def test_it_closes_says_when_it_opens_and_greets_again_by_itself(tmp_path: Path) -> None:
    device = StandIn(open_on(**ALL_WEEK))

    async def what(k: Kiosk) -> None:
        assert k.hands.screen is Screen.NEED
        device.at = AT + 3 * HOUR_MS
        await k.pass_time(REFRESH_MS)
        await k.screen.until(lambda: k.says("We open tomorrow at 09:30"))
        assert k.screen.find("need-repair") is None
        device.at = AT + 11 * HOUR_MS
        await k.pass_time(REFRESH_MS)
        await k.screen.until(lambda: k.says("We open at 09:30"))
        device.at = AT + 19 * HOUR_MS
        await k.pass_time(REFRESH_MS)
        await k.tap("need-repair")
        assert k.hands.screen is Screen.SPOT

    at_the_kiosk(tmp_path, what, device=device)


def test_whoever_is_in_the_middle_of_it_at_closing_time_goes_on(tmp_path: Path) -> None:
    device = StandIn(open_on(**ALL_WEEK))

    async def what(k: Kiosk) -> None:
        await k.tap("need-repair")
        device.at = AT + 3 * HOUR_MS
        device.on_change()
        await k.tap("join")
        assert k.hands.screen is Screen.LINE
        await k.tap("all-right")
        assert k.hands.screen is Screen.CLOSED

    at_the_kiosk(tmp_path, what, device=device)
