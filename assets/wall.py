"""A window to hang screens on, one after another, for pictures of them: no app of its own, and no server."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

from .window import prepare


class Wall:
    """Has at most one screen on it. `root` is Kivy's."""

    def __init__(self, root: Any) -> None:
        self.root = root

    def hang(self, screen: Any) -> None:
        """In the place of the one before."""
        self.root.clear_widgets()
        self.root.add_widget(screen)

    async def settle(self, frames: int = 2) -> None:
        """Waits until everything has found its place."""
        from kivy.clock import Clock

        last = Clock.frames + frames
        while Clock.frames < last:
            await asyncio.sleep(0)


@contextlib.asynccontextmanager
async def wall(size: tuple[int, int]) -> AsyncIterator[Wall]:
    """An empty one, in pixels. One process can have one size: a window keeps the size it was born with."""
    prepare(size)
    from kivy.app import App
    from kivy.core.window import Window
    from kivy.uix.floatlayout import FloatLayout

    class Gallery(App):
        def build(self) -> Any:
            return FloatLayout()

    Window.size = size
    app = Gallery()
    running = asyncio.ensure_future(app.async_run("asyncio"))
    try:
        while app.root is None or not Window.children:
            await asyncio.sleep(0)
        yield Wall(app.root)
    finally:
        app.stop()
        await running
