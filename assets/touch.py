"""The shared look of both touch apps: one place for size, colour and type, and the basic widgets.

Sizes are given in logical units: a kiosk is 540 units wide, a tablet 1280. `look.unit` is how many
pixels one unit has on this window, so that everything scales together.

    look.fit(Window.width, Window.height, 540, 960)
    Primary(text=words.say("kiosk.spot.join"), icon="arrow-right")
"""

from typing import Any

from kivy.animation import Animation
from kivy.core.text import Label as CoreLabel
from kivy.event import EventDispatcher
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
from .theme import load_theme, rgba

SMALLEST_SHARE = 0.6  # text that must fit shrinks to this share of its size, not further


class Look(EventDispatcher):
    """The theme on this window. Every rule in the .kv files binds to it."""

    unit = NumericProperty(1.0)
    landscape = BooleanProperty(False)
    paper = ColorProperty()
    card = ColorProperty()
    ink = ColorProperty()
    ink_soft = ColorProperty()
    line = ColorProperty()
    outline = ColorProperty()
    main = ColorProperty()
    on_main = ColorProperty()
    main_soft = ColorProperty()
    warm = ColorProperty()
    warm_soft = ColorProperty()
    good = ColorProperty()
    avatar_ink = ColorProperty("#5A2A22")
    radius = NumericProperty(28.0)
    regular = StringProperty()
    medium = StringProperty()
    semibold = StringProperty()
    bold = StringProperty()
    figures = StringProperty()
    icons = StringProperty()

    def fit(self, width: float, height: float, units_wide: float, units_high: float) -> None:
        """Chooses the unit so that `units_wide` × `units_high` fit the window in its present shape."""
        self.landscape = width > height
        self.unit = max(0.1, min(width / units_wide, height / units_high))


look = Look()


class Words(Label):
    """Text in the theme's type.

    `points` is the size in units. With `fit` the text keeps to the widget's own size and shrinks
    until it fits, because a clipped word is no word; without, the widget grows with the text.
    """

    points = NumericProperty(20.0)
    fit = BooleanProperty(False)
    shrink = NumericProperty(1.0)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        for name in ("text", "size", "points", "font_name", "fit"):
            self.fbind(name, self._refit)
        look.fbind("unit", self._refit)
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
        return bool(high <= self.height + 1 and widest <= self.width + 1)


class Icon(Label):
    """One picture of the icon font, by name. `points` is its size in units."""

    name = StringProperty("dots")
    points = NumericProperty(28.0)

    def _glyph(self) -> str:
        return icon(self.name)

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
    ink = ColorProperty()
    icon_ink = ColorProperty()
    icon_last = BooleanProperty(False)
    icon_width = NumericProperty(0.0)
    align_left = BooleanProperty(False)
    text_width = NumericProperty(1.0)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.fbind("text", self._measure)
        self.fbind("points", self._measure)
        look.fbind("unit", self._measure)
        self._measure()

    def _measure(self, *_: Any) -> None:
        """How wide the text is on one line, pixels."""
        label = CoreLabel(font_size=self.points * look.unit, font_name=look.semibold)
        self.text_width = label.get_extents(self.text)[0] + 4 if self.text else 1


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


def _dress(look: Look) -> None:
    theme = load_theme()
    for token in (
        "paper", "card", "ink", "ink_soft", "line", "outline", "main", "on_main", "main_soft", "warm",
        "warm_soft", "good",
    ):  # fmt: skip
        setattr(look, token, rgba(getattr(theme.light, token)))
    look.radius = theme.radius
    for weight in ("regular", "medium", "semibold", "bold", "figures"):
        setattr(look, weight, str(paths.FONTS / getattr(theme.fonts, weight)))
    look.icons = str(paths.ICON_FONT)


_dress(look)
Builder.load_file(str(paths.THEME_KV))
