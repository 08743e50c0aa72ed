"""Saves pictures of every screen of one app, in every language, without a server.

    python -m tests.gallery kiosk --out build/screenshots --size 540x960

Each picture is `<app>/<scene>-<language>-<width>x<height>.png` in that folder.
"""

import argparse
import asyncio
import contextlib
import logging
import sys
from collections.abc import Callable, Iterable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from assets import paths
from assets.ui.window import NoDisplay, save_picture
from sync_server.domain.catalogue.languages import LANGUAGES

from . import kiosk_scenes, pairing_scenes, staff_sample, staff_scenes
from .fake_kiosk_device import store_of
from .kiosk_gallery import kiosk_gallery
from .long_names import lengthened
from .pairing_gallery import pairing_gallery
from .picture_window import Show
from .staff_gallery import staff_gallery

Size = tuple[int, int]
SCENES: dict[str, Iterable[str]] = {
    "kiosk": kiosk_scenes.SCENES,
    "staff": staff_scenes.SCENES,
    "pairing": pairing_scenes.SCENES,
}


async def save_pictures(
    app: str,
    show_in: Callable[[], AbstractAsyncContextManager[Show]],
    out: Path,
    size: Size,
    only: str,
    languages: Iterable[str],
) -> int:
    """Saves a picture of each scene whose name starts with `only`. Returns how many."""
    folder = out / app
    folder.mkdir(parents=True, exist_ok=True)
    saved = 0
    async with show_in() as show:
        for name in (scene for scene in SCENES[app] if scene.startswith(only)):
            for language in languages:
                await show(name, language)
                save_picture(folder / f"{name}-{language}-{size[0]}x{size[1]}.png")
                saved += 1
    return saved


def _size(text: str) -> Size:
    width, height = map(int, text.split("x"))
    return width, height


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.gallery")
    parser.add_argument("app", choices=SCENES)
    parser.add_argument("--out", type=Path, default=Path("build/screenshots"), metavar="DIR")
    parser.add_argument("--size", type=_size, default="540x960", help="pixels, such as 1080x1920")
    parser.add_argument("--only", default="", metavar="NAME", help="only scenes whose name starts so")
    parser.add_argument("--language", action="append", choices=LANGUAGES, help="only this language")
    parser.add_argument("--store", type=Path, default=paths.DEMO_STORE, help="a store.toml, for the kiosk")
    parser.add_argument("--long", action="store_true", help="everything in the store has a long name")
    asked = parser.parse_args(arguments)
    logging.disable(logging.WARNING)  # the scenes about refusals would log them
    store = store_of(asked.store)
    if asked.long:
        store = lengthened(store)
    galleries: dict[str, Callable[[], AbstractAsyncContextManager[Show]]] = {
        "kiosk": lambda: kiosk_gallery(asked.size, store),
        "staff": lambda: staff_gallery(asked.size),
        "pairing": lambda: pairing_gallery(asked.size),
    }
    languages = tuple(asked.language or LANGUAGES)
    pictures = save_pictures(asked.app, galleries[asked.app], asked.out, asked.size, asked.only, languages)
    try:
        with staff_sample.showing(store) if asked.long else contextlib.nullcontext():
            saved = asyncio.run(pictures)
    except NoDisplay as error:
        print(error, file=sys.stderr)
        return 2
    print(f"{saved} pictures in {asked.out / asked.app}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
