"""The basic widgets of both touch apps, in the theme's look.

Primary(text=words.say("kiosk.spot.join"), icon="arrow-right")
"""

import logging
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

from . import paths
from .icon import icon
from .look import look

log = logging.getLogger(__name__)

SMALLEST_SHARE = 0.6  # text that must fit shrinks to this share of its size, not further


class Words(Label):
    """Text in the theme's type.

    `points` is the size in units, `unit` the look's: its rule lets go of it when the widget is gone.
    With `fit` the text keeps to the widget's own size and shrinks until it fits, because a clipped
    word is no word; without, the widget grows with the text.
    """

    points = NumericProperty(20.0)
    unit = NumericProperty(1.0)
    fit = BooleanProperty(False)
    shrink = NumericProperty(1.0)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        for name in ("text", "size", "points", "unit", "font_name", "fit"):
            self.fbind(name, self._refit)
        self._refit()

    def _refit(self, *_: Any) -> None:
        if not self.fit or not self.text or self.width <= 1 or self.height <= 1:
            self.shrink = 1.0
            return
        share = 1.0
        while share > SMALLEST_SHARE and not self._fits(share):
            share -= 0.05
        self.shrink = share

    def _fits(self, share: float) -> bool:
        size = self.points * look.unit * share
        label = CoreLabel(
            text=self.text,
            font_size=size,
            font_name=self.font_name,
            text_size=(self.width, None),
            line_height=self.line_height,
        )
        label.resolve_font_name()
        high = label.render()[1]
        widest = max((label.get_extents(word)[0] for word in self.text.split()), default=0)
        return bool(high <= self.height and widest < self.width)  # at its very width a word breaks


class Icon(Label):
    """One picture of the icon font, by name. `points` is its size in units.

    It is as wide as it is high, unless `wide` says how many pixels. A name that is not among ours,
    as a store may write one, draws a plain point.
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
    """A quiet surface with round corners."""

    fill = ColorProperty()
    edge = ColorProperty((0, 0, 0, 0))
    edge_width = NumericProperty(1.0)
    round = NumericProperty(28.0)
    corner = NumericProperty(1.0)


class Tap(ButtonBehavior, Card):
    """Anything one can touch: says so by its edge, and answers at once by its colour.

    A touch counts when it is let go on the widget, as people expect.
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


class Labelled(Tap):
    """A touchable thing with an icon and a text side by side."""

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
        """How wide the text is on one line, and on the lines there is room for, pixels."""
        label = CoreLabel(font_size=self.points * look.unit, font_name=look.semibold)

        def wide(text: str) -> float:
            return float(label.get_extents(text)[0]) if text else 0

        self.text_width = wide(self.text) + 4
        room = self.width - self.padding[0] - self.padding[2] - self.icon_width - 4 * look.unit
        # On one line the text stands as it is written; broken, words are one space apart.
        widest, line = 0.0, ""
        for word in [self.text] if self.text_width <= room else self.text.split():
            longer = f"{line} {word}".strip()
            line = longer if wide(longer) <= room else word
            widest = max(widest, wide(line))
        self.lines_width = max(1, min(widest + 4, room))


class Primary(Labelled):
    """The one next step."""


class Quiet(Labelled):
    """Another way on."""


class Pill(Labelled):
    """A small choice; `chosen` shows which."""


class Tile(Tap):
    """A large choice: an icon above a text of up to three lines."""

    text = StringProperty("")
    icon = StringProperty("dots")
    points = NumericProperty(22.0)


class Avatar(Label):
    """Somebody's initial in their own colour."""

    name = StringProperty("")
    colour = ColorProperty("#F2C7A7")


Builder.load_file(str(paths.THEME_KV))
