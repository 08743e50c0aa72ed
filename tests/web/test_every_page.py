"""Every page: axe-core finds nothing, and the keyboard alone is enough."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from .conftest import SATURDAY_17_10
from .every_page import PAGES, THEMES, Shop, WebPage, shop

AXE = (Path(__file__).parent / "vendor/axe.min.js").read_text("utf-8")
# All that axe knows in two of the four pairs of theme and size, and in the others what these can change.
FIND = """async (rules) => {
  const only = rules && {runOnly: {type: 'rule', values: rules}};
  const found = await axe.run(document, {resultTypes: ['violations'], ...only});
  return found.violations.flatMap(({id, help, nodes}) => nodes.map(({html, any}) =>
    [id, help, html.slice(0, 200), ...any.map(({message}) => message)].join(' | ')));
}"""
# The rows of a long table are like one another, and axe takes its time for each.
SHORTEN = (
    "document.querySelectorAll('tbody tr:nth-child(n+9), ol > li:nth-child(n+9)').forEach((e) => e.remove())"
)
BY_THEME = ["color-contrast"]
MAX_STOPS = 30  # of the tab key on one page, for the same reason


@pytest.fixture(scope="module")
def the_shop(store_with_past: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with shop(store_with_past, tmp_path_factory.mktemp("every"), SATURDAY_17_10) as found:
        yield found


@pytest.fixture(scope="module")
def context(browser: Browser) -> Iterator[BrowserContext]:
    with browser.new_context(locale="en-GB", reduced_motion="reduce") as found:
        yield found


@pytest.fixture(scope="module")
def page(context: BrowserContext) -> Page:
    """One tab of the browser for all pages: a new tab for each takes as long as the tests."""
    return context.new_page()


def open_page(page: Page, the_shop: Shop, which: WebPage) -> None:
    """Opens a page as the manager, signed in each time: both servers call their cookie the same."""
    page.set_viewport_size({"width": 1440, "height": 900})
    page.emulate_media(color_scheme="light")
    the_shop.sign_in(page.context)
    page.goto(the_shop.address(which))
    assert page.locator("body.framed").count() == which.framed, page.url
    page.evaluate("document.fonts.ready.then(() => null)")


def test_no_page_is_wider_than_its_screen_however_long_names_are(
    browser: Browser, store_with_past: Path, tmp_path: Path
) -> None:
    store = tmp_path / "long"
    shutil.copytree(store_with_past, store)
    lengthen_names(store / "store.toml")
    found = {}
    (tmp_path / "work").mkdir()
    with shop(store, tmp_path / "work", SATURDAY_17_10) as long_shop, browser.new_context() as context:
        long_shop.sign_in(context)
        page = context.new_page()
        for which in PAGES:
            open_page(page, long_shop, which)
            for width, height in which.sizes:
                page.set_viewport_size({"width": width, "height": height})
                beyond = page.evaluate("document.documentElement.scrollWidth - innerWidth")
                if beyond > 0:
                    found[which.name, width] = beyond
    assert found == {}


def lengthen_names(settings: Path) -> None:
    """Gives the people of a store, its needs and its skills long names."""
    before, people = settings.read_text("utf-8").split("[[employees]]", 1)
    people = re.sub(
        r'(?m)^name = "(\w+)"', r'name = "\1 van Oosterhuis-Langenkamp de Vries-Waterreus"', people
    )
    text = re.sub(
        r'text = \{ en = "([^"]+)"', r'text = { en = "\1 that I bought here or in your other shop"',
        f"{before}[[employees]]{people}",
    )  # fmt: skip
    settings.write_text(text, "utf-8")


# Notes each stop of the tab key: its place among all, whether a person sees the focus there, and what it is.
# Radio buttons of one name are one stop; the arrow keys choose among them.
# A link may stand for its whole row. Within a date the browser marks the part that has the focus itself.
# Gives where the focus is to begin with, and how many stops there are.
NOTE_STOPS = """() => {
  const all = 'a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex="0"]';
  const radios = (name) => [...document.querySelectorAll('input[type=radio]')].filter((r) => r.name === name);
  const isStop = (one) => one.type !== 'radio' ||
    one === (radios(one.name).find((r) => r.checked) || radios(one.name)[0]);
  const stops = [...document.querySelectorAll(all)].filter((one) =>
    !one.disabled && isStop(one) && one.checkVisibility({visibilityProperty: true}));
  const isMarked = (style) => style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
  const isOnScreen = ({left, right, top, bottom}) =>
    right > left && bottom > top && right > 0 && bottom > 0 && left < innerWidth && top < innerHeight;
  window.noted = [];
  document.addEventListener('focusin', ({target}) => {
    const marked = isMarked(getComputedStyle(target)) || isMarked(getComputedStyle(target, '::after'));
    window.noted.push({
      place: stops.indexOf(target),
      seen: (marked || target.type === 'date') && isOnScreen(target.getBoundingClientRect()),
      what: target.outerHTML.slice(0, 160),
    });
  });
  return [stops.indexOf(document.activeElement) + 1, stops.length];
}"""


@pytest.mark.parametrize("which", PAGES, ids=str)
def test_the_tab_key_alone_reaches_everything_in_order_and_axe_finds_nothing(
    the_shop: Shop, page: Page, which: WebPage
) -> None:
    open_page(page, the_shop, which)
    first, count = page.evaluate(NOTE_STOPS)
    last = min(count, MAX_STOPS)
    for pressed in range(1, 4 * MAX_STOPS):  # a date and a time have several stops within
        page.keyboard.press("Tab")
        if pressed >= last - first and page.evaluate("window.noted.at(-1)?.place") == last - 1:
            break
    stops = page.evaluate("window.noted")
    page.evaluate("document.activeElement?.blur(); scrollTo(0, 0)")
    found = found_by_axe(page, which)

    assert [stop["what"] for stop in stops if not stop["seen"]] == []
    assert [stop["place"] for stop in stops] == list(range(first, last)), stops
    if which.framed:
        assert 'class="skip"' in stops[0]["what"]
    assert {where: problems for where, problems in found.items() if problems} == {}


def found_by_axe(page: Page, which: WebPage) -> dict[Any, list[str]]:
    page.evaluate(SHORTEN)
    page.evaluate(AXE)
    found: dict[Any, list[str]] = {}
    for place, (width, height) in enumerate(which.sizes):
        page.set_viewport_size({"width": width, "height": height})
        for theme in THEMES:
            page.emulate_media(color_scheme=theme)
            rules = None if theme == THEMES[place] else BY_THEME
            found[theme, width] = page.evaluate(FIND, rules)
    return found


def test_the_skip_link_leads_past_the_navigation(the_shop: Shop, page: Page) -> None:
    open_page(page, the_shop, next(one for one in PAGES if one.name == "log"))
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('main').contains(document.activeElement)")
