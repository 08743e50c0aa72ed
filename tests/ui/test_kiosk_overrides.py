"""What the manager lets the kiosk offer and say today: closed needs, and a line of text on the greeting."""

from pathlib import Path

import pytest

from kiosk.session.session import KioskScreen
from sync_server.domain import ops
from sync_server.protocol.rows import AnnouncementRow, ClosedNeedRow, OverridesRow
from tests.gallery.fake_kiosk_device import AT, FakeKioskDevice, store_of

from .kiosk import PORTRAIT, SMALL, Kiosk, at_the_kiosk


@pytest.mark.parametrize("size", [PORTRAIT, SMALL])
def test_a_closed_need_says_when_it_is_back_and_another_one_is_a_tap_away(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    device = FakeKioskDevice(store_of())
    words = {"en": "The tester is away."}
    device.overrides = OverridesRow((ClosedNeedRow("repair", AT + 3_600_000, "today", words),))

    async def what(k: Kiosk) -> None:
        assert k.says("Closed today")
        await k.tap("need-repair")
        assert k.controller.screen is KioskScreen.NEED_CLOSED
        assert k.says("The tester is away.\nWe do this again later today.")
        assert "need-repair" not in k.screen.names()
        await k.tap("back")
        await k.tap("need-repair")
        await k.tap("need-pick_up")
        assert k.controller.screen is KioskScreen.IDENTIFY
        await k.tap("join")
        (op,) = device.submitted
        assert isinstance(op, ops.OpenVisit)
        assert op.need == "pick_up"

    at_the_kiosk(tmp_path, what, device=device, size=size)


def test_the_managers_text_is_on_the_greeting_until_it_ends(tmp_path: Path) -> None:
    device = FakeKioskDevice(store_of())
    device.overrides = OverridesRow(announcement=AnnouncementRow({"en": "Cake at noon"}, AT + 60_000))

    async def what(k: Kiosk) -> None:
        assert k.says("Cake at noon")
        await k.tap("language-nl")
        assert k.says("Cake at noon")  # there is no Dutch
        device.at += 60_000
        await k.pass_time(60_000)
        assert not k.says("Cake at noon")

    at_the_kiosk(tmp_path, what, device=device)
