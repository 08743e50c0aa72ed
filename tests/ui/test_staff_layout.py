"""Every screen of the tablet in every language, at the usual and at the smallest size: nothing is cut off."""

import asyncio

import pytest

from sync_server.domain.catalogue.languages import LANGUAGES
from tests.gallery import staff_sample
from tests.gallery.long_names import lengthened
from tests.gallery.staff_gallery import staff_gallery
from tests.gallery.staff_scenes import SCENES

from .layout import faults, language_faults, shown, texts_of
from .staff import SMALL, USUAL

PARTS = 4  # the scenes in as many tests, which can run at the same time
MIN_TOUCH = 36  # pixels: 7 mm on a seven-inch screen of 800 × 480
MIN_TYPE_UNITS = 18  # what the theme calls smallest
MIN_TYPE_UNITS_SHARED = 17  # on the pages that look like the kiosk's


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("size", [USUAL, SMALL])
def test_nothing_is_cut_off_in_any_language(size: tuple[int, int], part: int) -> None:
    async def go() -> list[str]:
        found: list[str] = []
        async with staff_gallery(size) as show:
            for scene in list(SCENES)[part::PARTS]:
                texts = []
                for language in LANGUAGES:
                    view = await show(scene, language)
                    min_type = MIN_TYPE_UNITS_SHARED if scene.startswith("outside") else MIN_TYPE_UNITS
                    found += (f"{scene} {language}: {f}" for f in faults(view, MIN_TOUCH, min_type))
                    if scene != "starting":  # its store's languages are not known yet
                        wrong = language_faults(shown(view), language, "language-", "speak-")
                        found += (f"{scene} {language}: {fault}" for fault in wrong)
                    texts.append(texts_of(view))
                if texts[0] in texts[1:]:
                    found.append(f"{scene} has the same texts in two languages")
        return found

    assert asyncio.run(go()) == []


@pytest.mark.parametrize("size", [USUAL, SMALL])
def test_long_names_end_with_an_ellipsis_and_are_never_cut_through_or_made_too_small(size) -> None:
    async def go() -> list[str]:
        found: list[str] = []
        async with staff_gallery(size) as show:
            for scene in SCENES:
                view = await show(scene, "en")
                wrong = faults(view, MIN_TOUCH, MIN_TYPE_UNITS_SHARED, may_shorten=True)
                found += (f"{scene}: {fault}" for fault in wrong)
        return found

    with staff_sample.showing(lengthened(staff_sample.catalogue())):
        found = asyncio.run(go())
    assert not found, "\n".join(found)


def test_the_button_that_accepts_takes_a_quarter_of_the_screen() -> None:
    async def go() -> None:
        async with staff_gallery(USUAL) as show:
            view = await show("offer", "en")
            button = next(w for w in shown(view) if getattr(w, "test_name", "") == "coming")
            assert button.width * button.height > 0.22 * view.width * view.height

    asyncio.run(go())


def test_a_store_with_one_language_shows_no_choice_of_languages() -> None:
    async def go() -> list[str]:
        from staff_app.widgets.ui_language import ui_language

        async with staff_gallery(USUAL) as show:
            view = await show("floor", "nl")
            ui_language.codes = ("nl",)
            try:
                return [w.test_name for w in shown(view) if getattr(w, "test_name", "")]
            finally:
                ui_language.codes = LANGUAGES

    names = asyncio.run(go())
    assert "quick" in names
    assert not [name for name in names if name.startswith("language-")]


def test_the_smallest_tablet_shows_two_visits_in_line_below_a_banner() -> None:
    async def go() -> dict[str, int]:
        seen = {}
        async with staff_gallery(SMALL) as show:
            for language in LANGUAGES:
                view = await show("offline", language)
                rows = next(w for w in view.walk() if "rows" in getattr(w, "ids", {})).ids.rows
                lowest = rows.parent.y
                seen[language] = sum(row.to_window(row.x, row.y)[1] >= lowest for row in rows.children)
        return seen

    assert asyncio.run(go()) == dict.fromkeys(LANGUAGES, 2)
