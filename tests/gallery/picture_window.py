"""A window that shows one view after the other, without an app and without a server."""

import asyncio
import contextlib
import gc
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Protocol

from assets.ui.window import prepare


class PictureWindow:
    """Shows at most one view at a time. `root` is Kivy's root widget."""

    def __init__(self, root: Any) -> None:
        self.root = root

    def show(self, view: Any) -> None:
        """Shows this view instead of the one before."""
        self.clear()
        self.root.add_widget(view)

    def clear(self) -> None:
        self.root.clear_widgets()

    async def settle(self, frames: int = 3) -> None:
        """Waits until every widget has its final position."""
        from kivy.clock import Clock

        last = Clock.frames + frames
        while Clock.frames < last:
            await asyncio.sleep(0)


class Exhibit(Protocol):
    """A view of one scene."""

    view: Any

    def set_language(self, language: str) -> None: ...
    async def stop(self) -> None: ...


MakeExhibit = Callable[[PictureWindow, str, str], Awaitable[Exhibit]]
Show = Callable[[str, str], Awaitable[Any]]


# Whether the pixels of a window are filled in. Without a graphics chip that takes longer than all else, so
# the tests that look at no picture leave it out.
pixels = True


def draw_at_once() -> None:
    """Frames follow each other without a pause, and not 30 times a second: tests wait for frames.

    To be called once Kivy has its window.
    """
    from kivy.clock import Clock

    Clock._max_fps = 0
    if not pixels:
        _draw_one_pixel()


def _draw_one_pixel() -> None:
    """Everything is drawn, but only the pixel in the corner is filled in, and no frame goes to the display.

    Each page leaves garbage behind: the collector need not look at what was there before the first window.
    """
    from kivy.core.window import Window
    from kivy.graphics.opengl import GL_SCISSOR_TEST, glEnable, glScissor

    window = type(Window)
    if window.flip is _end_frame:
        return
    gc.collect()
    gc.freeze()
    draw = window.on_draw

    def on_draw(self: Any) -> None:
        glEnable(GL_SCISSOR_TEST)
        glScissor(0, 0, 1, 1)
        draw(self)

    window.on_draw, window.flip = on_draw, _end_frame


def _end_frame(_window: Any) -> None:
    from kivy.graphics.opengl import glFlush

    glFlush()


@contextlib.asynccontextmanager
async def picture_window(size: tuple[int, int]) -> AsyncIterator[PictureWindow]:
    """An empty window, in pixels. A process can have one size only: the window keeps its first size."""
    prepare(size)
    from kivy.app import App
    from kivy.core.window import Window
    from kivy.uix.floatlayout import FloatLayout

    class PictureApp(App):
        def build(self) -> Any:
            return FloatLayout()

    draw_at_once()
    Window.size = size
    app = PictureApp()
    running = asyncio.ensure_future(app.async_run("asyncio"))
    try:
        while app.root is None or not Window.children:
            await asyncio.sleep(0)
        yield PictureWindow(app.root)
    finally:
        app.stop()
        await running


@contextlib.asynccontextmanager
async def gallery(size: tuple[int, int], make_exhibit: MakeExhibit) -> AsyncIterator[Show]:
    """A window that shows any scene in any language: `view = await show("need", "fi")`.

    `make_exhibit(window, name, language)` makes the view of a scene and shows it in the window.
    """
    async with picture_window(size) as window:
        present: dict[str, Exhibit] = {}  # the scene that is shown, by its name

        async def show(name: str, language: str) -> Any:
            if name not in present:
                await stop()
                present[name] = await make_exhibit(window, name, language)
            exhibit = present[name]
            exhibit.set_language(language)
            exhibit.view.draw()
            await window.settle()
            return exhibit.view

        async def stop() -> None:
            for exhibit in present.values():
                await exhibit.stop()
            present.clear()

        try:
            yield show
        finally:
            await stop()
