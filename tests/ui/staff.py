"""A tablet under test: the real app on a fake device, whose rows and answers a test gives."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from staff_app.controller import StaffController
from tests.gallery import staff_sample
from tests.gallery.staff_device import FakeStaffDevice

from .driver import Screen, running

SMALL, USUAL = (800, 480), (1280, 800)


class Tablet:
    """A tablet, and the person who uses it."""

    def __init__(
        self, screen: Screen, controller: StaffController, device: FakeStaffDevice, clock: list[int]
    ) -> None:
        self.screen = screen
        self.controller = controller
        self.device = device
        self.clock = clock
        self.tap = screen.tap
        screen.before_tap = self.look

    def look(self) -> None:
        """Lets a second pass, as a person needs to look at the screen."""
        self.clock[0] += 1000

    @property
    def up(self) -> str:
        """The name of the present screen."""
        return self.controller.screen.value

    @property
    def ops(self) -> list[Any]:
        """The unanswered ops."""
        return [submit.op for submit in self.device.pending]

    @property
    def view(self) -> Any:
        return self.screen.app.root

    async def show(self, *visits: Any, people: Any = None) -> None:
        """Replaces the server's rows."""
        self.device.show(visits, staff_sample.floor() if people is None else people)
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
    """Runs `what` at a tablet with these rows, in English."""

    async def go() -> None:
        device = staff_sample.tablet(*visits, people=people)
        controller = StaffController(device)  # type: ignore[arg-type]
        from assets.ui.window import prepare

        prepare(size)
        from staff_app.view import StaffWindow

        clock = [0]
        app = StaffWindow(controller, language="en", clock=lambda: clock[0], alone=alone)
        async with running(app, size) as screen:
            await what(Tablet(screen, controller, device, clock))

    asyncio.run(go())
