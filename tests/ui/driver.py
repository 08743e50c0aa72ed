"""Drives a real Kivy app in this process: a window under a display, real touches, no sleeping.

async with running(app) as screen:
    await screen.tap("need-repair")
    await screen.until(lambda: screen.find("join"))
"""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

os.environ.setdefault("KIVY_NO_ARGS", "1")

from assets.ui.window import prepare
from tests.gallery.picture_window import draw_at_once

GIVE_UP_S = 20.0  # a test that waits this long has failed


class Screen:
    """The window of a running app, as a person uses it.

    `before_tap()` is called before each tap: a test with its own clock lets time pass, as a person takes
    time to look.
    """

    def __init__(self, app: Any) -> None:
        self.app = app
        self.before_tap: Callable[[], None] = lambda: None

    @property
    def window(self) -> Any:
        from kivy.core.window import Window

        return Window

    def widgets(self) -> Iterator[Any]:
        """All widgets of the window, the topmost first."""
        for child in self.window.children:
            yield from child.walk()

    def find(self, test_name: str) -> Any | None:
        """The widget with this test name, if it is visible and enabled."""
        for widget in self.widgets():
            if getattr(widget, "test_name", None) == test_name and _visible(widget):
                return widget
        return None

    def names(self) -> set[str]:
        """The test names of everything that can be touched."""
        return {w.test_name for w in self.widgets() if getattr(w, "test_name", "") and _visible(w)}

    def texts(self) -> list[str]:
        """All visible texts."""
        return [w.text for w in self.widgets() if getattr(w, "text", "") and _visible(w)]

    async def frames(self, count: int = 2) -> None:
        """Waits until this many more frames were drawn."""
        from kivy.clock import Clock

        first = Clock.frames
        await self.until(lambda: Clock.frames >= first + count)

    async def until(self, condition: Callable[[], Any], what: str = "") -> Any:
        """Waits until `condition()` is true, and returns its value. A failure says what is on the window."""
        try:
            async with asyncio.timeout(GIVE_UP_S):
                while not (value := condition()):
                    await asyncio.sleep(0)
                return value
        except TimeoutError:
            names = sorted(self.names())
            raise AssertionError(
                f"never happened: {what or condition}. There are {names}, {self.texts()}"
            ) from None

    async def tap(self, test_name: str) -> None:
        """Touches the middle of the widget with this test name, as soon as it is there."""
        widget = await self.until(lambda: self.find(test_name), f"{test_name} to tap")
        await self.frames()
        widget = self.find(test_name) or widget
        self.before_tap()
        await self.touch(*widget.to_window(*widget.center))

    async def touch(self, x: float, y: float) -> None:
        """Touches the window at x, y (pixels, from the lower left)."""
        from kivy.tests.common import UnitTestTouch

        touch = UnitTestTouch(x, y)
        touch.touch_down()
        await self.frames(1)
        touch.touch_up()
        await self.frames()

    def picture(self, path: Path) -> Path:
        """Saves a picture of the window."""
        path.parent.mkdir(parents=True, exist_ok=True)
        saved = Path(self.window.screenshot(name=str(path)))  # Kivy adds a number to the name
        saved.replace(path)
        return path


def _visible(widget: Any) -> bool:
    while widget is not None and widget.parent is not widget:
        if getattr(widget, "opacity", 1) == 0 or getattr(widget, "disabled", False):
            return False
        parent = widget.parent
        if parent is None:
            return False
        if not hasattr(parent, "opacity"):
            return True  # the window itself
        widget = parent
    return True


@contextlib.asynccontextmanager
async def running(app: Any, size: tuple[int, int] = (540, 960)) -> AsyncIterator[Screen]:
    """Runs a Kivy app on the display until the block ends."""
    prepare(size)
    from kivy.core.window import Window

    draw_at_once()
    Window.size = size
    task = asyncio.ensure_future(app.async_run("asyncio"))
    screen = Screen(app)
    try:
        await screen.until(
            lambda: task.done() or (app.root is not None and Window.children), "the first screen"
        )
        if task.done():
            task.result()
        await screen.frames()
        yield screen
    finally:
        app.stop()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        for child in list(Window.children):
            Window.remove_widget(child)
