"""Every screen of the tablet in every language, at the usual and the smallest size: all of it is there."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from staff_app.scenes import SCENES
from staff_app.shots import gallery
from sync_server.domain.catalogue import LANGUAGES

from .staff import SMALL, USUAL

SLACK = 2.0  # pixels, for rounding
SMALLEST_TOUCH = 36  # pixels: on a seven-inch screen of 800 × 480, 7 mm
SMALLEST_TYPE = 18 * 0.65  # units: what the theme calls smallest, shrunk almost as far as text ever is


@pytest.mark.parametrize("size", [USUAL, SMALL])
def test_everything_is_seen_whole_in_every_language(size: tuple[int, int]) -> None:
    async def go() -> list[str]:
        found = []
        async with gallery(size) as show:
            for scene in SCENES:
                said = []
                for language in LANGUAGES:
                    glass = await show(scene, language)
                    found += [f"{scene} {language}: {fault}" for fault in faults(glass)]
                    if scene != "starting":  # before the store is known, neither are its languages
                        found += [f"{scene} {language}: {fault}" for fault in unspoken(glass, language)]
                    said.append({w.text for w in shown(glass) if getattr(w, "text", "")})
                if any(said[0] == other for other in said[1:]):
                    found.append(f"{scene} says the same in two languages")
        return found

    assert asyncio.run(go()) == []


def test_coming_takes_a_quarter_of_the_screen() -> None:
    async def go() -> None:
        async with gallery(USUAL) as show:
            glass = await show("offer", "en")
            coming = next(w for w in shown(glass) if getattr(w, "test_name", "") == "coming")
            assert coming.width * coming.height > 0.22 * glass.width * glass.height

    asyncio.run(go())


def test_a_shop_of_one_language_shows_no_choice_of_languages() -> None:
    async def go() -> list[str]:
        from staff_app.widgets.speech import speech

        async with gallery(USUAL) as show:
            glass = await show("floor", "nl")
            speech.codes = ("nl",)
            try:
                return [w.test_name for w in shown(glass) if getattr(w, "test_name", "")]
            finally:
                speech.codes = LANGUAGES

    names = asyncio.run(go())
    assert "quick" in names
    assert not [name for name in names if name.startswith("language-")]


def shown(widget: Any) -> Iterator[Any]:
    """What can be seen: nothing below something that is transparent or has no size."""
    if widget.opacity and widget.width > 1 and widget.height > 1:
        yield widget
        for child in widget.children:
            yield from shown(child)


def unspoken(glass: Any, language: str) -> Iterator[str]:
    """What is wrong with the choice of languages."""
    pills = [w for w in shown(glass) if getattr(w, "test_name", "").startswith(("language-", "speak-"))]
    if {w.code for w in pills} != set(LANGUAGES):
        yield "not every language is one touch away"
    if [w.code for w in pills if w.chosen] != [language]:
        yield "it does not show which language it speaks"


def faults(glass: Any) -> Iterator[str]:
    """What a person could not read or touch on this glass."""
    from kivy.uix.scrollview import ScrollView

    from assets.look import look
    from assets.touch import Tap, Words

    for widget in shown(glass):
        name = getattr(widget, "test_name", "") or getattr(widget, "text", "") or type(widget).__name__
        parent = widget.parent
        if parent is not glass.parent and not isinstance(parent, ScrollView) and sticks_out(widget, parent):
            yield f"{name!r} sticks out of its {type(parent).__name__}"
        if isinstance(widget, Tap) and min(widget.size) < SMALLEST_TOUCH:
            yield f"{name!r} is too small to touch: {widget.size}"
        if isinstance(widget, Words) and widget.text:
            if widget.font_size < SMALLEST_TYPE * look.unit:
                yield f"{name!r} is set too small: {widget.font_size / look.unit:.1f} units"
            if lost := words_lost(widget):
                yield f"{name!r} loses {lost!r}"


def sticks_out(widget: Any, parent: Any) -> bool:
    return bool(
        widget.x < parent.x - SLACK
        or widget.y < parent.y - SLACK
        or widget.right > parent.right + SLACK
        or widget.top > parent.top + SLACK
    )


def words_lost(label: Any) -> str:
    """The words of a label that it did not draw whole: Kivy leaves out lines for which there is no room."""
    drawn = " ".join(word.text for line in label._label._cached_lines for word in line.words)
    return " ".join(word for word in label.text.split() if word not in drawn.split())
