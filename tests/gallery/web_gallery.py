"""Saves pictures of every web page: both themes, a wide screen and a phone, every language.

    python -m tests.gallery.web_gallery --out build/screenshots --only today

Each picture is `web/<page>-<theme>-<language>-<width>x<height>.png` in that folder; the height is that of the
window, and the picture shows the whole page.
"""

import argparse
import logging
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from sync_server.domain.catalogue.languages import LANGUAGES
from sync_server.service.upkeep.create_store import make_store
from tests.web.conftest import BEFORE, CHROMIUM, FLAGS, SATURDAY, SATURDAY_17_10
from tests.web.every_page import PAGES, THEMES, Shop, WebPage, shop
from tests.web.running_server import PASSWORD
from tests.web.sample_days import play_days


def save_pictures(out: Path, only: str, languages: Iterable[str]) -> int:
    """Saves the pictures of each page whose name starts with `only`. Returns how many."""
    out.mkdir(parents=True, exist_ok=True)
    saved = 0
    with _shop() as the_shop, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for which in (one for one in PAGES if one.name.startswith(only)):
            for language in languages:
                saved += _save(browser, the_shop, which, language, out)
        browser.close()
    return saved


def _save(browser: Browser, the_shop: Shop, which: WebPage, language: str, out: Path) -> int:
    """Saves the pictures of one page in one language."""
    saved = 0
    with browser.new_context(locale="en-GB", reduced_motion="reduce") as context:
        the_shop.sign_in(context)
        page = context.new_page()
        page.goto(the_shop.address(which, language))
        for width, height in which.sizes:
            for theme in THEMES:
                page.set_viewport_size({"width": width, "height": height})
                page.emulate_media(color_scheme=theme)
                _settle(page)
                name = f"{which.name}-{theme}-{language}-{width}x{height}.png"
                page.screenshot(path=out / name, full_page=True, animations="disabled")
                saved += 1
    return saved


def _settle(page: Page) -> None:
    """Waits until the fonts are there and the charts have their new width."""
    page.evaluate("document.fonts.ready.then(() => null)")
    page.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")


@contextmanager
def _shop() -> Iterator[Shop]:
    with tempfile.TemporaryDirectory() as folder:
        store = make_store(Path(folder) / "store", None, PASSWORD)
        play_days(store, [*BEFORE, SATURDAY], "17:10")
        with shop(store.path, Path(folder), SATURDAY_17_10) as found:
            yield found


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.gallery.web_gallery")
    parser.add_argument("--out", type=Path, default=Path("build/screenshots"), metavar="DIR")
    parser.add_argument("--only", default="", metavar="NAME", help="only pages whose name starts so")
    parser.add_argument("--language", action="append", choices=LANGUAGES, help="only this language")
    asked = parser.parse_args()
    logging.disable(logging.WARNING)  # the pages about refusals would log them
    saved = save_pictures(asked.out / "web", asked.only, tuple(asked.language or LANGUAGES))
    print(f"{saved} pictures in {asked.out / 'web'}")


if __name__ == "__main__":
    main()
