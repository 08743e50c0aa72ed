"""Finds what a person could not read or touch on a view."""

from collections.abc import Iterable, Iterator
from typing import Any

from sync_server.domain.catalogue.languages import LANGUAGES

SLACK = 2.0  # pixels, for rounding


def shown(widget: Any) -> Iterator[Any]:
    """The visible widgets: nothing inside a widget that is transparent or has no size."""
    if widget.opacity and widget.width > 1 and widget.height > 1:
        yield widget
        for child in widget.children:
            yield from shown(child)


def texts_of(view: Any) -> set[str]:
    """The visible texts."""
    return {widget.text for widget in shown(view) if getattr(widget, "text", "")}


def style_unit() -> float:
    """The pixels of one unit."""
    from assets.ui.style import style

    return float(style.unit)


def faults(view: Any, min_touch: float, min_type: float, *, may_shorten: bool = False) -> Iterator[str]:
    """What is cut off, too small to touch (`min_touch`, pixels) or too small to read (`min_type`, units).

    With `may_shorten` a text may end with an ellipsis.
    """
    from kivy.uix.behaviors import ButtonBehavior

    from assets.ui.widgets.basic import FitLabel

    for widget in shown(view):
        name = name_of(widget)
        if widget.parent is not view.parent and _sticks_out(widget, widget.parent):
            yield f"{name!r} sticks out of its {type(widget.parent).__name__}"
        if isinstance(widget, ButtonBehavior) and min(widget.size) < min_touch:
            yield f"{name!r} is too small to touch: {widget.size}"
        if isinstance(widget, FitLabel) and widget.text:
            if widget.font_size < min_type * style_unit() - 0.01:
                yield f"{name!r} is set too small: {widget.font_size / style_unit():.1f} units"
            if lost := _lost_words(widget):
                yield f"{name!r} loses {lost!r}"
            if widget.drawn != widget.text and not may_shorten:
                yield f"{name!r} is shortened to {widget.drawn!r}"


def language_faults(widgets: Iterable[Any], language: str, *prefixes: str) -> Iterator[str]:
    """What is wrong with the choice of languages. The buttons' test names start with one of `prefixes`."""
    buttons = [w for w in widgets if getattr(w, "test_name", "").startswith(prefixes)]
    if {button.code for button in buttons} != set(LANGUAGES):
        yield "not every language can be chosen with one touch"
    if [button.code for button in buttons if button.chosen] != [language]:
        yield "the present language is not the chosen one"


def name_of(widget: Any) -> str:
    """How a widget is named in a failure."""
    return getattr(widget, "test_name", "") or getattr(widget, "text", "") or type(widget).__name__


def _sticks_out(widget: Any, parent: Any) -> bool:
    from kivy.uix.relativelayout import RelativeLayout
    from kivy.uix.scrollview import ScrollView

    if isinstance(parent, ScrollView):
        return False  # its content is larger than itself
    if "BackPill" in type(widget).__name__:
        return False  # its invisible edge is in the margin, so that its arrow is in line with the title
    x, y = (0, 0) if isinstance(parent, RelativeLayout) else parent.pos
    return bool(
        widget.x < x - SLACK
        or widget.y < y - SLACK
        or widget.right > x + parent.width + SLACK
        or widget.top > y + parent.height + SLACK
    )


def _lost_words(label: Any) -> str:
    """The words that a label did not draw: Kivy leaves out lines for which there is no space."""
    drawn = " ".join(word.text for line in label._label._cached_lines for word in line.words)
    return " ".join(word for word in label.drawn.split() if word not in drawn.split())
