"""Every screen of the kiosk in every language, at a tall and at the smallest wide size: it fits."""

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from sync_server.domain.catalogue.languages import LANGUAGES
from tests.gallery.fake_kiosk_device import store_of
from tests.gallery.kiosk_gallery import kiosk_gallery
from tests.gallery.kiosk_scenes import SCENES
from tests.gallery.long_names import lengthened

from .kiosk import PORTRAIT, SMALL
from .layout import faults, language_faults, name_of, shown, style_unit, texts_of

HERE = Path(__file__).parents[2]
MIN_TOUCH_UNITS = 40  # 10 mm on a ten-inch screen
CALLED = {"en": "A-7 Blue Dolphin", "nl": "A-7 Blauwe Dolfijn", "fi": "A-7 Sininen delfiini"}
MIN_TYPE_UNITS = 17  # what the theme calls smallest


@pytest.mark.parametrize("size", [PORTRAIT, SMALL])
def test_nothing_is_cut_off_in_any_language(size: tuple[int, int]) -> None:
    async def go() -> list[str]:
        found: list[str] = []
        async with kiosk_gallery(size, store_of()) as show:
            for scene in SCENES:
                texts = []
                for language in LANGUAGES:
                    view = await show(scene, language)
                    found += (f"{scene} {language}: {fault}" for fault in kiosk_faults(view, language))
                    texts.append(texts_of(view))
                found += [f"{scene} has the same texts in two languages"] if texts[0] in texts[1:] else []
        return found

    found = asyncio.run(go())
    assert not found, "\n".join(found)


@pytest.mark.parametrize("size", [PORTRAIT, SMALL])
def test_long_names_end_with_an_ellipsis_and_are_never_cut_through_or_made_too_small(size) -> None:
    async def go() -> list[str]:
        found: list[str] = []
        async with kiosk_gallery(size, lengthened(store_of())) as show:
            for scene in SCENES:
                view = await show(scene, "en")
                wrong = faults(view, MIN_TOUCH_UNITS * style_unit(), MIN_TYPE_UNITS, may_shorten=True)
                found += (f"{scene}: {fault}" for fault in wrong)
        return found

    found = asyncio.run(go())
    assert not found, "\n".join(found)


def kiosk_faults(view: Any, language: str) -> Iterator[str]:
    yield from faults(view, MIN_TOUCH_UNITS * style_unit(), MIN_TYPE_UNITS)
    yield from language_faults(view.walk(), language, "language-")
    yield from needless_line_breaks(view)


def needless_line_breaks(view: Any) -> Iterator[str]:
    """Buttons whose text would fit on one line and has several."""
    from assets.ui.widgets.basic import FitLabel, LabelledButton

    for label in shown(view):
        button = label.parent
        if not (isinstance(label, FitLabel) and label.text and isinstance(button, LabelledButton)):
            continue
        width = button.width - button.padding[0] - button.padding[2] - button.icon_width - 4 * style_unit()
        if len(label._label._cached_lines) > 1 and button.text_width <= width:
            yield f"{name_of(label)!r} is broken into lines without need"


def test_a_store_with_one_language_shows_no_choice_of_languages() -> None:
    store = store_of()
    dutch = replace(store, store=replace(store.store, languages=("nl",)))

    async def go() -> list[str]:
        async with kiosk_gallery(PORTRAIT, dutch) as show:
            view = await show("need", "nl")
            return [name for w in shown(view) if (name := getattr(w, "test_name", ""))]

    names = asyncio.run(go())
    assert [name for name in names if name.startswith("need-")]
    assert not [name for name in names if name.startswith("language-")]


def test_no_widget_has_the_name_of_one_of_the_tablets() -> None:
    """Kivy finds a rule by the bare class name: two classes of one name would get each other's rules."""
    class_names = re.compile(r"^(?:class |<)(\w+)(?=\(|>|@)", re.MULTILINE)

    def names(package: str) -> set[str]:
        files = [
            path for part in ("screens", "widgets") for path in (HERE / package / part).glob("*.[pk][yv]")
        ]
        return {name for path in files for name in class_names.findall(path.read_text("utf-8"))}

    assert names("kiosk")
    assert names("kiosk") & names("staff_app") == set()


@pytest.mark.parametrize("size", [PORTRAIT, SMALL])
def test_a_call_is_shown_over_another_shoppers_session_and_takes_nothing_from_it(size) -> None:
    """What can be touched is where it was; the line at the top names the first of those who are called."""

    async def go() -> list[str]:
        found = []
        async with kiosk_gallery(size, store_of()) as show:
            for scene in ("more", "keyboard", "line-finding", "leave", "thanks", "closed"):
                for language in LANGUAGES:
                    before = touchable(await show(scene, language))
                    view = await show(f"{scene}-called", language)
                    if touchable(view) != before:
                        found.append(f"{scene} {language}: something that can be touched has moved")
                    if not any(
                        label.text.endswith(CALLED[language])
                        for label in shown(view)
                        if hasattr(label, "text")
                    ):
                        found.append(f"{scene} {language}: the call is not there")
        return found

    found = asyncio.run(go())
    assert not found, "\n".join(found)


def touchable(view: Any) -> dict[str, tuple[int, ...]]:
    named = ((getattr(widget, "test_name", ""), widget) for widget in shown(view))
    return {name: tuple(map(round, (*w.to_window(*w.pos), *w.size))) for name, w in named if name}
