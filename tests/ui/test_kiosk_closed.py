"""The kiosk outside opening hours: it says when the shop opens, and opens by itself."""

from pathlib import Path

from msgspec.structs import replace

from kiosk.session.session import KioskScreen
from kiosk.session.session_state import REFRESH_MS
from sync_server.domain import ops
from sync_server.domain.catalogue.catalogue import Catalogue
from sync_server.domain.catalogue.opening_hours import WEEKDAYS
from sync_server.protocol.rows import VisitRow
from tests.gallery.fake_kiosk_device import AT, HOUR_MS, FakeKioskDevice, store_of

from .kiosk import Kiosk, at_the_kiosk


def open_on(**hours: str) -> Catalogue:
    store = store_of()
    return replace(store, store=replace(store.store, hours=hours))


ALL_WEEK = dict.fromkeys(WEEKDAYS, "09:30-18:00")  # AT is a Friday, at three in the afternoon


def test_it_closes_says_when_it_opens_and_greets_again_by_itself(tmp_path: Path) -> None:
    device = FakeKioskDevice(open_on(**ALL_WEEK))

    async def what(k: Kiosk) -> None:
        assert k.controller.screen is KioskScreen.NEED
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
        assert k.controller.screen is KioskScreen.IDENTIFY

    at_the_kiosk(tmp_path, what, device=device)


def test_a_shopper_who_started_before_closing_time_can_finish(tmp_path: Path) -> None:
    device = FakeKioskDevice(open_on(**ALL_WEEK))

    async def what(k: Kiosk) -> None:
        await k.tap("need-repair")
        device.at = AT + 3 * HOUR_MS
        device.on_change()
        await k.tap("join")
        assert k.controller.screen is KioskScreen.LINE
        await k.tap("all-right")
        assert k.controller.screen is KioskScreen.CLOSED

    at_the_kiosk(tmp_path, what, device=device)


def test_a_ticket_that_ends_on_the_screen_says_so_whether_the_shop_is_closed_or_open(tmp_path: Path) -> None:
    device = FakeKioskDevice(open_on(**ALL_WEEK))

    async def what(k: Kiosk) -> None:
        await k.tap("need-repair")
        await k.tap("join")
        opened = next(op for op in device.submitted if isinstance(op, ops.OpenVisit))
        row = VisitRow(opened.visit_id, opened.ticket, 2, "expired", "repair", "en", AT, ended_at=AT)
        device.rows[opened.visit_id] = row
        device.on_change()
        await k.screen.until(lambda: k.says("This ticket is not in line any more"))
        device.at = AT + 3 * HOUR_MS
        device.on_change()
        await k.screen.until(lambda: k.says("We have closed for today"))

    at_the_kiosk(tmp_path, what, device=device)
