"""What holds for widgets wherever they are: lists that scroll, and buttons that cannot be touched now."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from assets.theme.checks import contrast
from tests.gallery.staff_gallery import staff_gallery

from .layout import name_of, shown
from .staff import SMALL, USUAL


def on_tablet(
    size: tuple[int, int], scenes: tuple[str, ...], look: Callable[[Any], Iterator[str]]
) -> list[str]:
    async def go() -> list[str]:
        async with staff_gallery(size) as show:
            return [f"{scene}: {what}" for scene in scenes for what in look(await show(scene, "nl"))]

    return asyncio.run(go())


@pytest.mark.parametrize("size", [USUAL, SMALL])
def test_a_list_that_scrolls_ends_between_two_rows_and_shows_that_it_goes_on(size) -> None:
    seen: list[str] = []

    def cut_through(view: Any) -> Iterator[str]:
        from staff_app.widgets.row_list import RowList

        for row_list in (w for w in view.walk() if isinstance(w, RowList) and w.overflow):
            seen.append(name_of(row_list))
            more, scroller = row_list.children
            if not (more.opacity and more.height):
                yield "nothing shows that the list goes on"
            bottom = scroller.to_window(*scroller.pos)[1]
            for row in scroller.walk(restrict=True):
                if not getattr(row, "test_name", ""):
                    continue
                low = row.to_window(*row.pos)[1]
                if low + 1 < bottom < low + row.height - 1:
                    yield f"{name_of(row)} is cut through"

    assert on_tablet(size, ("floor_long", "in_hand", "in_hand_red", "handed_over"), cut_through) == []
    assert seen


def test_the_text_of_a_button_that_cannot_be_touched_now_can_be_read() -> None:
    seen: list[str] = []

    def faint(view: Any) -> Iterator[str]:
        from assets.ui.widgets.basic import FitLabel, PrimaryButton

        for button in (w for w in shown(view) if isinstance(w, PrimaryButton) and w.disabled):
            for label in (w for w in button.walk() if isinstance(w, FitLabel) and w.text):
                seen.append(label.text)
                if (ratio := contrast(hex_of(label.disabled_color), hex_of(button.fill))) < 4.5:
                    yield f"{label.text}: {ratio:.1f} : 1"

    assert on_tablet(USUAL, ("gift_over", "note_empty"), faint) == []
    assert {"Geven", "Bewaren"} <= set(seen)


def hex_of(colour: list[float]) -> str:
    return "#" + "".join(f"{round(255 * part):02x}" for part in colour[:3])
