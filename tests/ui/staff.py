"""A tablet under test: the real app on a stand-in device, whose rows and answers a test gives."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from staff_app import sample
from staff_app.hands import Hands
from staff_app.stand_in import StandIn

from .driver import Screen, running

SMALL, USUAL = (800, 480), (1280, 800)


class Tablet:
    """A person at a tablet."""

    def __init__(self, screen: Screen, hands: Hands, device: StandIn, clock: list[int]) -> None:
        self.screen = screen
        self.hands = hands
        self.device = device
        self.clock = clock
        self.tap = screen.tap
        screen.look = self.look

    def look(self) -> None:
        """A second for what is on the glass."""
        self.clock[0] += 1000

    @property
    def up(self) -> str:
        """Which screen is up."""
        return self.hands.screen.value

    @property
    def ops(self) -> list[Any]:
        """What was asked of the floor and not answered yet."""
        return [submit.op for submit in self.device.pending]

    @property
    def glass(self) -> Any:
        return self.screen.app.root

    async def show(self, *visits: Any, people: Any = None) -> None:
        """The server's rows change."""
        self.device.show(visits, sample.floor() if people is None else people)
        await self.screen.frames()

    async def says(self, text: str) -> None:
        """Waits until this text is on the window."""
        await self.screen.until(lambda: any(text in shown for shown in self.screen.texts()), text)

    async def shows(self, screen: str) -> None:
        await self.screen.until(lambda: self.up == screen, f"the screen {screen}")


def at_the_tablet(
    what: Callable[[Tablet], Awaitable[None]],
    *visits: Any,
    people: Any = None,
    size: tuple[int, int] = SMALL,
    alone: bool = False,
) -> None:
    """Does `what` at a tablet with these rows, in English."""

    async def go() -> None:
        device = sample.tablet(*visits, people=people)
        hands = Hands(device)  # type: ignore[arg-type]
        from assets.window import prepare

        prepare(size)
        from staff_app.glass import StaffApp

        clock = [0]
        app = StaffApp(hands, language="en", clock=lambda: clock[0], alone=alone)
        async with running(app, size) as screen:
            await what(Tablet(screen, hands, device, clock))

    asyncio.run(go())
