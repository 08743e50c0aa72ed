"""The apps do not grow: after each visit there are as many widgets, timers and listeners as before."""

import gc
from collections.abc import Awaitable, Callable
from pathlib import Path

from msgspec.structs import replace

from kiosk.session.session import KioskScreen
from sync_server.protocol.rows import VisitRow
from tests.gallery import staff_sample
from tests.gallery.fake_kiosk_device import FakeKioskDevice, store_of
from tests.gallery.kiosk_scenes import KioskScene

from .kiosk import SMALL, Kiosk, at_the_kiosk
from .staff import Tablet, at_the_tablet

LANGUAGES = ("en", "nl", "fi")


def counts() -> dict[str, int]:
    """What grows if something is never released."""
    from kivy.clock import Clock
    from kivy.uix.widget import Widget

    from assets.ui.style import style
    from staff_app.widgets.ui_language import ui_language

    gc.collect()
    return {
        "widgets": sum(issubclass(type(thing), Widget) for thing in gc.get_objects()),
        "timers": len(Clock.get_events()),
        "listeners to the style": len(style.get_property_observers("unit")),
        "listeners to the language": len(ui_language.get_property_observers("texts")),
    }


async def nothing_grows(visit: Callable[[int], Awaitable[None]]) -> None:
    async def a_few() -> dict[str, int]:
        for n in range(len(LANGUAGES)):
            await visit(n)
        return counts()

    await a_few()  # makes the pages
    before, after = await a_few(), await a_few()
    more = {what: count - before[what] for what, count in after.items() if count > before[what]}
    assert more.keys() <= {"timers"}, more
    assert more.get("timers", 0) <= 2, "a fade that has just begun"


def test_the_kiosk_keeps_nothing_of_a_visit() -> None:
    device = FakeKioskDevice(store_of())

    async def what(k: Kiosk) -> None:
        scene = KioskScene(device, k.controller)

        async def visit(n: int) -> None:
            k.look()
            device.rows = {}
            k.controller.set_language(LANGUAGES[n])
            scene.name()
            await k.screen.frames(1)
            k.controller.back()
            k.controller.join()
            for state in ("waiting", "accepted", "serving"):
                scene.row(state=state, employee=None if state == "waiting" else "maya", place_in_line=1)
                await k.screen.frames(1)
            scene.row(state="completed", employee="maya", ended_at=device.at)
            await k.screen.frames(1)
            k.controller.rate(4)
            await k.screen.frames(1)
            k.controller.acknowledge()
            await k.screen.frames(1)
            assert k.controller.screen is KioskScreen.NEED

        await nothing_grows(visit)

    at_the_kiosk(Path(), what, device=device, size=SMALL)


def test_the_tablet_keeps_nothing_of_a_visit() -> None:
    async def what(t: Tablet) -> None:
        from staff_app.widgets.ui_language import ui_language

        offer = staff_sample.offered()

        async def show(*rows: VisitRow) -> None:
            t.device.pending.clear()
            t.device.show((*rows, *staff_sample.line()[len(rows) :]), staff_sample.floor())
            await t.screen.frames(1)

        async def visit(n: int) -> None:
            t.look()
            ui_language.choose(LANGUAGES[n])
            row = replace(offer, visit_id=f"{n:032x}", notes=(f"note {n}",))
            await show(row)
            mine = replace(row, state="accepted", employee="maya", offer_to=None, offer_until=None)
            await show(mine)
            await show(replace(mine, state="serving", serving_at=t.device.now))
            t.controller.open_page("note")
            await t.screen.frames(1)
            t.controller.back()
            t.controller.complete("solved")
            await show()
            assert t.up == "floor"

        await nothing_grows(visit)
        ui_language.choose("en")

    at_the_tablet(what)
