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

from assets.window import prepare

GIVE_UP_S = 20.0  # a test that waits this long has failed; nothing waits by design


class Screen:
    """A running app's window, as a person uses it.

    `look()` is called before each tap: a person looks first, and where the app's clock is the
    test's own, it goes on meanwhile.
    """

    def __init__(self, app: Any) -> None:
        self.app = app
        self.look: Callable[[], None] = lambda: None

    @property
    def window(self) -> Any:
        from kivy.core.window import Window

        return Window

    def widgets(self) -> Iterator[Any]:
        """Everything on the window, what is on top first."""
        for child in self.window.children:
            yield from child.walk()

    def find(self, test_name: str) -> Any | None:
        """The widget of this name that a finger could reach: on the window, visible and enabled."""
        for widget in self.widgets():
            if getattr(widget, "test_name", None) == test_name and _visible(widget):
                return widget
        return None

    def names(self) -> set[str]:
        """The names of all that can be touched now."""
        return {w.test_name for w in self.widgets() if getattr(w, "test_name", "") and _visible(w)}

    def texts(self) -> list[str]:
        """All the words on the window."""
        return [w.text for w in self.widgets() if getattr(w, "text", "") and _visible(w)]

    async def frames(self, count: int = 2) -> None:
        """Until this many frames have been drawn from now on."""
        from kivy.clock import Clock

        first = Clock.frames
        await self.until(lambda: Clock.frames >= first + count)

    async def until(self, condition: Callable[[], Any], what: str = "") -> Any:
        """Until `condition()` is true; its value. Fails with what is on the window instead."""
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
        """Touches the widget of this name in its middle, as soon as it is there, and lets go."""
        widget = await self.until(lambda: self.find(test_name), f"{test_name} to tap")
        await self.frames()
        widget = self.find(test_name) or widget
        self.look()
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
        """Saves what the window shows."""
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
