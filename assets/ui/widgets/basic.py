"""The basic widgets of both touch apps, in the theme's style.

PrimaryButton(text=texts.say("kiosk.spot.join"), icon="arrow-right")
"""

import logging
from pathlib import Path
from typing import Any

from kivy.animation import Animation
from kivy.core.text import Label as CoreLabel
from kivy.lang import Builder
from kivy.properties import (
    AliasProperty,
    BooleanProperty,
    ColorProperty,
    NumericProperty,
    StringProperty,
)
from kivy.uix.behaviors import ButtonBehavior
from kivy.uix.boxlayout import BoxLayout
from kivy.uix.label import Label

from assets.theme.drawing import font_for
from assets.ui.icons import icon
from assets.ui.style import style

log = logging.getLogger(__name__)

MIN_SHRINK = 0.6  # text that must fit shrinks to this share of its size, not further


class FitLabel(Label):
    """Text in the theme's font.

    `points` is the size in units. `unit` is the style's unit: it is bound in the .kv rule, because Kivy
    removes that binding with the widget. With `fit` the text shrinks until it fits into the widget, but not
    below what can be read; what is then still too long ends with an ellipsis, and `drawn` is what is shown
    of it. Without `fit` the widget grows with the text.
    """

    font_name: str  # Kivy's property
    points = NumericProperty(20.0)
    unit = NumericProperty(1.0)
    fit = BooleanProperty(False)
    shrink = NumericProperty(1.0)
    drawn = StringProperty("")

    def __init__(self, **kwargs: Any) -> None:
        self._too_long = False
        self._wanted_font = self._chosen_font = ""
        super().__init__(**kwargs)
        for name in ("text", "font_name"):
            self.fbind(name, self._choose_font)
        for name in ("text", "size", "points", "unit", "font_name", "fit"):
            self.fbind(name, self._refit)
        self._choose_font()
        self._refit()

    def _choose_font(self, *_: Any) -> None:
        """Takes another font where the one of the .kv rule does not have the letters of the text."""
        given = self.font_name
        if given != self._chosen_font:
            self._wanted_font = given
        self._chosen_font = font_for(self.text, self._wanted_font)
        self.font_name = self._chosen_font

    def texture_update(self, *_: Any) -> None:
        self._label.text = self.drawn = self._shortened() if self._too_long else self.text
        super().texture_update()

    def _refit(self, *_: Any) -> None:
        measured = self.fit and bool(self.text) and self.width > 1 and self.height > 1
        least = max(MIN_SHRINK, min(1.0, style.smallest / self.points))
        share = 1.0
        while measured and share > least and not self._fits(self.text, share):
            share = max(least, share - 0.05)
        self.shrink = share
        self._too_long = measured and share == least and not self._fits(self.text, share)
        self._trigger_texture()

    def _shortened(self) -> str:
        """As much of the text as fits, with an ellipsis; the text itself where not even one letter fits."""
        fitting, too_long = 0, len(self.text)
        while too_long - fitting > 1:
            middle = (fitting + too_long) // 2
            if self._fits(_cut(self.text, middle), self.shrink):
                fitting = middle
            else:
                too_long = middle
        return _cut(self.text, fitting) if fitting else self.text

    def _room(self) -> tuple[float, float]:
        """The width and height for the text."""
        left, top, right, bottom = self.padding
        return self.width - left - right, self.height - top - bottom

    def _fits(self, text: str, share: float) -> bool:
        width, height = self._room()
        label = CoreLabel(
            text=text,
            font_size=self.points * style.unit * share,
            font_name=self.font_name,
            text_size=(max(1, width), None),
            line_height=self.line_height,
        )
        label.resolve_font_name()
        widest = max((float(label.get_extents(word)[0]) for word in text.split()), default=0.0)
        # A word of exactly this width breaks.
        return bool(label.render()[1] <= height and widest < width)


def _cut(text: str, length: int) -> str:
    return f"{text[:length].rstrip(' ·,.-')}…"


class Icon(Label):
    """One icon of the icon font, by name. `points` is its size in units.

    It is square, unless `wide` gives its width in pixels. A name that does not exist, as in a store.toml
    with a mistake, draws a plain point.
    """

    name = StringProperty("dots")
    points = NumericProperty(28.0)
    wide = NumericProperty(-1.0)

    def _glyph(self) -> str:
        try:
            return icon(self.name)
        except KeyError as error:
            log.warning("%s", error.args[0])
            return icon("point")

    glyph = AliasProperty(_glyph, None, bind=["name"])


class Card(BoxLayout):
    """A surface with round corners."""

    fill = ColorProperty()
    edge = ColorProperty((0, 0, 0, 0))
    edge_width = NumericProperty(1.0)
    round = NumericProperty(28.0)
    corner = NumericProperty(1.0)


class Tappable(ButtonBehavior, Card):
    """Anything that can be touched. It has an edge, and gets darker while it is pressed.

    A touch counts if it ends on the widget.
    """

    test_name = StringProperty("")
    chosen = BooleanProperty(False)
    pressed_shade = NumericProperty(0.0)

    def on_state(self, _widget: Any, state: str) -> None:
        Animation.cancel_all(self, "pressed_shade")
        if state == "down":
            self.pressed_shade = 0.10
        else:
            Animation(pressed_shade=0.0, d=0.12).start(self)


class LabelledButton(Tappable):
    """A button with an icon and a text side by side."""

    text = StringProperty("")
    icon = StringProperty("")
    points = NumericProperty(22.0)
    unit = NumericProperty(1.0)
    ink = ColorProperty()
    icon_ink = ColorProperty()
    icon_last = BooleanProperty(False)
    icon_width = NumericProperty(0.0)
    gap = NumericProperty(0.0)
    align_left = BooleanProperty(False)
    text_width = NumericProperty(1.0)
    lines_width = NumericProperty(1.0)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        for name in ("text", "points", "unit", "width", "padding", "icon_width"):
            self.fbind(name, self._measure)
        self._measure()

    def _measure(self, *_: Any) -> None:
        """Sets the width of the text on one line, and on as many lines as it needs, pixels."""
        font = font_for(self.text, style.semibold)
        label = CoreLabel(font_size=self.points * style.unit, font_name=font)

        def width_of(text: str) -> float:
            return float(label.get_extents(text)[0]) if text else 0

        self.text_width = width_of(self.text) + 4
        room = self.width - self.padding[0] - self.padding[2] - self.icon_width - 4 * style.unit
        # A text on one line keeps its spaces; a wrapped text has one space between words.
        widest, line = 0.0, ""
        for word in [self.text] if self.text_width <= room else self.text.split():
            longer = f"{line} {word}".strip()
            line = longer if width_of(longer) <= room else word
            widest = max(widest, width_of(line))
        self.lines_width = max(1, min(widest + 4, room))


class PrimaryButton(LabelledButton):
    """The button of the next step."""


class SecondaryButton(LabelledButton):
    """A button of another choice."""


class Pill(LabelledButton):
    """A small choice. `chosen` marks the present one."""


class Tile(Tappable):
    """A large choice: an icon above a text of up to three lines, and perhaps a small note below it.

    `quiet`: it can be touched, and is not what is meant to be chosen.
    """

    text = StringProperty("")
    note = StringProperty("")
    quiet = BooleanProperty(False)
    icon = StringProperty("dots")
    points = NumericProperty(22.0)


class Avatar(Label):
    """The initial of an employee in their own colour."""

    name = StringProperty("")
    colour = ColorProperty("#F2C7A7")


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
