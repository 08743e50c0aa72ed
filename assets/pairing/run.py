"""Opens the window in which a device is paired, and waits until it is."""

import asyncio
import contextlib
import signal
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from assets.window import prepare
from assets.words import FALLBACK

from .joining import Joining, Way

T = TypeVar("T")


async def life(
    file: T | None, pair: Callable[[], Awaitable[T | None]], work: Callable[[T], Awaitable[bool]]
) -> None:
    """A device's life: paired where it is not, then at work; `work(file)` tells whether to pair it again.

    `pair()` gives None where the window was closed, or the process told to end.
    """
    while file is not None or (file := await pair()) is not None:
        if not await work(file):
            return
        file = None


async def paired(way: Way, size: tuple[int, int] | None, fullscreen: bool, language: str) -> Any:
    """What joining a store gave; None where the window was closed, or the process told to end.

    Raises NoDisplay.
    """
    prepare(size, fullscreen)
    from .glass import PairApp

    joining = Joining(way, language or FALLBACK)
    app = PairApp(joining, alone=fullscreen)
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # not on Windows
            asyncio.get_running_loop().add_signal_handler(number, app.stop)
    try:
        await app.async_run("asyncio")
    finally:
        await joining.stop()
    return app.file
