"""Pictures of every screen, in every language: python -m staff_app.shots --out DIR --size 1280x800

No server is needed: the rows are those of a sample shop, and no clock runs.
"""

import argparse
import asyncio
import contextlib
import gc
import logging
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

from assets.wall import wall
from assets.window import NoDisplay, save_picture
from assets.words import known_languages

from .config import size
from .scenes import SCENES

Show = Callable[[str, str], Awaitable[Any]]


@contextlib.asynccontextmanager
async def gallery(size: tuple[int, int]) -> AsyncIterator[Show]:
    """A window that shows any scene in any language: `glass = await show("floor", "fi")`."""
    async with wall(size) as on:
        from .glass import Glass
        from .widgets.speech import speech

        hung: dict[str, Any] = {}  # the one scene on the wall, by its name

        async def show(name: str, language: str) -> Any:
            speech.choose(language)
            if name in hung:
                hung[name].draw()
            else:
                await hang(name)
            await on.settle()
            return hung[name]

        async def hang(name: str) -> None:
            rest()
            on.root.clear_widgets()
            gc.collect()  # a glass that is gone would still learn each language
            shot = SCENES[name]()
            shot.hands.look()
            hung[name] = glass = Glass(shot.hands)
            on.hang(glass)
            glass.draw()
            await on.settle()
            shot.touch(glass.page)

        def rest() -> None:
            for glass in hung.values():
                glass.rest()
            hung.clear()

        try:
            yield show
        finally:
            rest()


async def shoot(out: Path, size: tuple[int, int], only: str, languages: tuple[str, ...]) -> None:
    """Saves a picture of each scene whose name begins with `only`."""
    out.mkdir(parents=True, exist_ok=True)
    async with gallery(size) as show:
        for name in SCENES:
            for language in languages if name.startswith(only) else ():
                await show(name, language)
                save_picture(out / f"{name}-{language}-{size[0]}x{size[1]}.png")


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser("python -m staff_app.shots", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="pictures go to DIR/staff")
    parser.add_argument("--size", type=size, default=(1280, 800), metavar="1280x800")
    parser.add_argument("--only", default="", metavar="NAME", help="only screens whose name begins so")
    parser.add_argument("--language", action="append", choices=known_languages(), help="only this one")
    asked = parser.parse_args(arguments)
    logging.disable(logging.WARNING)  # the scenes of refusals are no news here
    languages = tuple(asked.language or known_languages())
    try:
        asyncio.run(shoot(asked.out / "staff", asked.size, asked.only, languages))
    except NoDisplay as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
