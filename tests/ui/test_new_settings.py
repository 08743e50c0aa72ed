"""The settings change while people are at the screens: what they do goes on, and new things are there."""

from pathlib import Path

from msgspec.structs import replace

from kiosk.session.session import KioskScreen
from sync_server.domain import ops
from sync_server.domain.catalogue.catalogue import Need
from sync_server.domain.catalogue.retiring import retire
from tests.gallery.fake_kiosk_device import FakeKioskDevice, store_of

from .kiosk import Kiosk, at_the_kiosk
from .staff import Tablet, at_the_tablet


def test_a_kiosk_goes_by_the_new_settings_and_its_shopper_goes_on(tmp_path: Path) -> None:
    before = store_of()
    device = FakeKioskDevice(before)
    flowers = Need("flowers", {"en": "Flowers", "nl": "Bloemen", "fi": "Kukat"}, "flower")
    needs = (flowers, *(need for need in before.needs if need.code != "repair"))
    after = retire(before, replace(before, needs=needs, store=replace(before.store, name="Corner shop")))

    async def what(k: Kiosk) -> None:
        await k.tap("need-repair")
        device.catalogue = after
        device.on_change()
        await k.screen.frames()
        assert k.controller.screen is KioskScreen.IDENTIFY
        await k.tap("join")
        (op,) = device.submitted
        assert isinstance(op, ops.OpenVisit)
        assert op.need == "repair"
        await k.tap("all-right")
        assert k.says("Corner shop")
        assert "need-flowers" in k.screen.names()
        assert "need-repair" not in k.screen.names()

    at_the_kiosk(tmp_path, what, device=device)


def test_a_tablet_offers_a_new_colleague_and_forgets_who_is_gone() -> None:
    async def what(t: Tablet) -> None:
        now = t.device.catalogue
        await t.tap("who-sam")
        assert t.up == "pin"
        zoe = replace(now.employees[0], id="zoe", name="Zoë")
        people = (zoe, *(e for e in now.employees if e.id != "sam"))
        t.device.catalogue = retire(now, replace(now, employees=people))
        t.device.on_change()
        await t.shows("who")
        await t.says("Zoë")
        assert "who-sam" not in t.screen.names()

    at_the_tablet(what, people=())
