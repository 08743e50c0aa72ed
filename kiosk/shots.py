"""Pictures of every screen of the kiosk, in every language, without a server.

    python -m kiosk.shots --out build/screenshots --size 540x960

Each picture is `kiosk/<screen>-<language>-<width>x<height>.png` below the folder.
"""

import argparse
import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from assets import paths
from assets.wall import wall
from assets.window import save_picture
from sync_server.domain.catalogue import LANGUAGES, Catalogue

from .config import size_of
from .scenes import SCENES, Scene, StandIn, store_of

FRAMES = 3  # until everything has found its place

Show = Callable[[str, str], Awaitable[Any]]


@contextlib.asynccontextmanager
async def gallery(size: tuple[int, int], catalogue: Catalogue) -> AsyncIterator[Show]:
    """A window that shows any scene in any language: `glass = await show("need", "fi")`."""
    async with wall(size) as on:
        from .glass import Glass

        hung: dict[str, Any] = {}  # the one scene on the wall, by its name

        async def show(name: str, language: str) -> Any:
            if name not in hung:
                rest()
                scene = Scene(StandIn(None if name == "moment" else catalogue))
                SCENES[name](scene)
                hung[name] = Glass(scene.hands)
                on.hang(hung[name])
            glass = hung[name]
            glass.hands.flow.session = replace(glass.hands.session, language=language)
            glass.draw()
            await on.settle(FRAMES)
            return glass

        def rest() -> None:
            for glass in hung.values():
                glass.hands.stop()
            hung.clear()

        try:
            yield show
        finally:
            rest()


async def shoot(
    out: Path,
    size: tuple[int, int],
    languages: tuple[str, ...] = LANGUAGES,
    catalogue: Catalogue | None = None,
    only: str = "",
) -> list[Path]:
    """Draws every scene whose name begins with `only` and saves it; the pictures made.

    One process can do one size: a window keeps the size it was born with.
    """
    folder = out / "kiosk"
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    async with gallery(size, catalogue or store_of()) as show:
        for name in (scene for scene in SCENES if scene.startswith(only)):
            for language in languages:
                await show(name, language)
                path = folder / f"{name}-{language}-{size[0]}x{size[1]}.png"
                save_picture(path)
                made.append(path)
    return made


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m kiosk.shots", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("build/screenshots"))
    parser.add_argument("--size", type=size_of, default="540x960", help="pixels, such as 1080x1920")
    parser.add_argument("--languages", default=",".join(LANGUAGES))
    parser.add_argument("--store", type=Path, default=paths.DEMO_STORE, help="a store.toml")
    parser.add_argument("--only", default="", help="scenes whose name begins so")
    asked = parser.parse_args()
    logging.disable(logging.WARNING)  # the scenes of refusals are no news here
    languages, store = tuple(asked.languages.split(",")), store_of(asked.store)
    made = asyncio.run(shoot(asked.out, asked.size, languages, store, asked.only))
    print(f"{len(made)} pictures in {asked.out / 'kiosk'}")


if __name__ == "__main__":
    main()
