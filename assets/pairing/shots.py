"""Pictures of every page of pairing, in every language.

python -m assets.pairing.shots --out DIR --size 540x960
"""

import argparse
import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

from assets.wall import wall
from assets.window import save_picture
from assets.words import known_languages

from .joining import Joining
from .scenes import SCENES, StandIn

Show = Callable[[str, str], Awaitable[Any]]


@contextlib.asynccontextmanager
async def gallery(size: tuple[int, int]) -> AsyncIterator[Show]:
    """A window that shows any scene in any language: `glass = await show("find", "fi")`."""
    async with wall(size) as on:
        from .glass import PairGlass

        hung: dict[str, Any] = {}  # the one scene on the wall, by its name

        async def show(name: str, language: str) -> Any:
            if name not in hung:
                await rest()
                stores, number, arrive = SCENES[name]
                there = StandIn(list(stores), number)
                joining = Joining(there.way(), language)
                await arrive(joining, there)
                hung[name] = PairGlass(joining)
                on.hang(hung[name])
            glass = hung[name]
            glass.joining.speak(language)
            glass.draw()
            await on.settle()
            return glass

        async def rest() -> None:
            for glass in hung.values():
                await glass.joining.stop()
            hung.clear()

        try:
            yield show
        finally:
            await rest()


async def shoot(out: Path, size: tuple[int, int], only: str, languages: tuple[str, ...]) -> None:
    """Saves a picture of each scene whose name begins with `only`."""
    out.mkdir(parents=True, exist_ok=True)
    async with gallery(size) as show:
        for name in (scene for scene in SCENES if scene.startswith(only)):
            for language in languages:
                await show(name, language)
                save_picture(out / f"{name}-{language}-{size[0]}x{size[1]}.png")


def main() -> None:
    parser = argparse.ArgumentParser("python -m assets.pairing.shots", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="pictures go to DIR/pairing")
    parser.add_argument("--size", default="540x960", metavar="540x960")
    parser.add_argument("--only", default="", metavar="NAME", help="only pages whose name begins so")
    parser.add_argument("--language", action="append", choices=known_languages(), help="only this one")
    asked = parser.parse_args()
    width, height = map(int, asked.size.split("x"))
    languages = tuple(asked.language or known_languages())
    asyncio.run(shoot(asked.out / "pairing", (width, height), asked.only, languages))


if __name__ == "__main__":
    main()
