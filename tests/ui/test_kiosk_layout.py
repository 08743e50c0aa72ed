"""Every screen of the kiosk in every language at a tall and at the smallest wide size: all of it is there."""

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from kiosk.scenes import SCENES, store_of
from kiosk.shots import gallery
from sync_server.domain.catalogue import LANGUAGES

from .kiosk import PORTRAIT, SMALL

HERE = Path(__file__).parents[2]
SLACK = 2.0  # pixels, for rounding
SMALLEST_TOUCH = 40  # units: 10 mm on a ten-inch screen
SMALLEST_TYPE = 17 * 0.6  # units: what the theme calls smallest, shrunk as far as text ever is


@pytest.mark.parametrize("size", [PORTRAIT, SMALL])
def test_everything_is_seen_whole_in_every_language(size: tuple[int, int]) -> None:
    async def go() -> list[str]:
        found: list[str] = []
        async with gallery(size, store_of()) as show:
            for scene in SCENES:
                words = []
                for language in LANGUAGES:
                    glass = await show(scene, language)
                    found += (f"{scene} {language}: {fault}" for fault in faults(glass, language))
                    words.append({w.text for w in shown(glass) if getattr(w, "text", "")})
                found += [f"{scene} says the same in two languages"] if words[0] in words[1:] else []
        return found

    found = asyncio.run(go())
    assert not found, "\n".join(found)


def test_a_shop_of_one_language_shows_no_choice_of_languages() -> None:
    store = store_of()
    spoken = replace(store, store=replace(store.store, languages=("nl",)))

    async def go() -> list[str]:
        async with gallery(PORTRAIT, spoken) as show:
            glass = await show("need", "nl")
            return [name for w in shown(glass) if (name := getattr(w, "test_name", ""))]

    names = asyncio.run(go())
    assert [name for name in names if name.startswith("need-")]
    assert not [name for name in names if name.startswith("language-")]


def test_no_widget_is_named_like_one_of_the_tablets() -> None:
    """Kivy's rules go by a class's bare name: two of one name would draw each other's in one process."""
    kinds = re.compile(r"^(?:class |<)(\w+)(?=\(|>|@)", re.MULTILINE)

    def names(package: str) -> set[str]:
        files = [
            path for part in ("screens", "widgets") for path in (HERE / package / part).glob("*.[pk][yv]")
        ]
        return {name for path in files for name in kinds.findall(path.read_text("utf-8"))}

    assert names("kiosk")
    assert names("kiosk") & names("staff_app") == set()


def shown(widget: Any) -> Iterator[Any]:
    """What can be seen: nothing below something that is transparent or has no size."""
    if widget.opacity and widget.width > 1 and widget.height > 1:
        yield widget
        for child in widget.children:
            yield from shown(child)


def faults(glass: Any, language: str) -> Iterator[str]:
    """What a shopper could not read or touch on this glass."""
    from kivy.uix.behaviors import ButtonBehavior

    from assets.touch import Labelled, Words

    pills = [w for w in glass.walk() if "language-" in getattr(w, "test_name", "")]
    if {w.code for w in pills} != set(LANGUAGES):
        yield "not every language is one tap away"
    if [w.code for w in pills if w.chosen] != [language]:
        yield "the language spoken is not the one chosen"

    for widget in shown(glass):
        name = getattr(widget, "test_name", "") or getattr(widget, "text", "") or type(widget).__name__
        parent = widget.parent
        if parent is not glass.parent and sticks_out(widget, parent):
            yield f"{name!r} sticks out of its {type(parent).__name__}"
        if isinstance(widget, ButtonBehavior) and min(widget.size) < SMALLEST_TOUCH * glass_unit():
            yield f"{name!r} is too small to touch: {widget.size}"
        if isinstance(widget, Words) and widget.text:
            if widget.font_size < SMALLEST_TYPE * glass_unit():
                yield f"{name!r} is set too small: {widget.font_size}"
            if lost := words_lost(widget):
                yield f"{name!r} loses {lost!r}"
            if isinstance(parent, Labelled) and len(widget._label._cached_lines) > 1:
                room = parent.width - parent.padding[0] - parent.padding[2] - parent.icon_width
                if parent.text_width <= room - 4 * glass_unit():
                    yield f"{name!r} is broken into lines for which there is no need"


def glass_unit() -> float:
    from assets.look import look

    return float(look.unit)


def sticks_out(widget: Any, parent: Any) -> bool:
    from kivy.uix.relativelayout import RelativeLayout

    x, y = (0, 0) if isinstance(parent, RelativeLayout) else parent.pos
    if "BackPill" in type(widget).__name__:
        return False  # its invisible edge reaches into the margin, so that the arrow stands in line
    return bool(
        widget.x < x - SLACK
        or widget.y < y - SLACK
        or widget.right > x + parent.width + SLACK
        or widget.top > y + parent.height + SLACK
    )


def words_lost(label: Any) -> str:
    """The words of a label that it did not draw: Kivy leaves out lines for which there is no room."""
    drawn = " ".join(word.text for line in label._label._cached_lines for word in line.words)
    return " ".join(word for word in label.text.split() if word not in drawn.split())
