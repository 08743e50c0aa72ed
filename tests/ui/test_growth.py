"""Visit after visit, kiosk and tablet keep nothing: no widget, no timer, no listener more than before."""

import gc
from collections.abc import Awaitable, Callable
from pathlib import Path

from msgspec.structs import replace

from kiosk.scenes import Scene, StandIn, store_of
from kiosk.session import Screen
from staff_app import sample

from .kiosk import SMALL, Kiosk, at_the_kiosk
from .staff import Tablet, at_the_tablet

LANGUAGES = ("en", "nl", "fi")


def kept() -> dict[str, int]:
    """What would grow if something were never let go."""
    from kivy.clock import Clock
    from kivy.uix.widget import Widget

    from assets.look import look
    from staff_app.widgets.speech import speech

    gc.collect()
    return {
        "widgets": sum(issubclass(type(thing), Widget) for thing in gc.get_objects()),
        "timers": len(Clock.get_events()),
        "listeners to the look": len(look.get_property_observers("unit")),
        "listeners to the speech": len(speech.get_property_observers("words")),
    }


async def nothing_grows(visit: Callable[[int], Awaitable[None]]) -> None:
    async def a_few() -> dict[str, int]:
        for n in range(len(LANGUAGES)):
            await visit(n)
        return kept()

    await a_few()  # makes the pages
    before, after = await a_few(), await a_few()
    more = {what: count - before[what] for what, count in after.items() if count > before[what]}
    assert more.keys() <= {"timers"}, more
    assert more.get("timers", 0) <= 2, "a fade that has just begun"


def test_the_kiosk_keeps_nothing_of_a_visit() -> None:
    device = StandIn(store_of())

    async def what(k: Kiosk) -> None:
        scene = Scene(device, k.hands)

        async def visit(n: int) -> None:
            k.look()
            device.rows = {}
            k.hands.speak(LANGUAGES[n])
            scene.name()
            await k.screen.frames(1)
            k.hands.back()
            k.hands.join()
            for state in ("waiting", "accepted", "serving"):
                scene.row(state=state, employee=None if state == "waiting" else "maya", place_in_line=1)
                await k.screen.frames(1)
            scene.row(state="completed", employee="maya", ended_at=device.at)
            await k.screen.frames(1)
            k.hands.rate(4)
            await k.screen.frames(1)
            k.hands.all_right()
            await k.screen.frames(1)
            assert k.hands.screen is Screen.NEED

        await nothing_grows(visit)

    at_the_kiosk(Path(), what, device=device, size=SMALL)


def test_the_tablet_keeps_nothing_of_a_visit() -> None:
    async def what(t: Tablet) -> None:
        from staff_app.widgets.speech import speech

        offer = sample.offered()

        async def show(*rows: object) -> None:
            t.device.pending.clear()
            t.device.show((*rows, *sample.line()[len(rows) :]), sample.floor())
            await t.screen.frames(1)

        async def visit(n: int) -> None:
            t.look()
            speech.choose(LANGUAGES[n])
            row = replace(offer, visit_id=f"{n:032x}", notes=(f"note {n}",))
            await show(row)
            mine = replace(row, state="accepted", employee="maya", offer_to=None, offer_until=None)
            await show(mine)
            await show(replace(mine, state="serving", serving_at=t.device.now))
            t.hands.open("note")
            await t.screen.frames(1)
            t.hands.back()
            t.hands.complete("solved")
            await show()
            assert t.up == "floor"

        await nothing_grows(visit)
        speech.choose("en")

    at_the_tablet(what)
