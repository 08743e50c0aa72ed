"""The look of this window: one place for size, colour and type, which every .kv rule binds to.

Sizes are given in logical units: a kiosk is 540 units wide, a tablet 1280. `look.unit` is how many
pixels one unit has on this window, so that everything scales together.

    look.fit(Window.width, Window.height, 540, 960)
"""

from kivy.event import EventDispatcher
from kivy.properties import BooleanProperty, ColorProperty, NumericProperty, StringProperty

from . import paths
from .theme import load_theme, rgba


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
    over_main = ColorProperty()  # the token on_main; Kivy would call a name that begins with on_
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
    figures_regular = StringProperty()
    figures_bold = StringProperty()
    icons = StringProperty()

    def fit(self, width: float, height: float, units_wide: float, units_high: float) -> None:
        """Chooses the unit so that `units_wide` × `units_high` fit the window in its present shape."""
        self.landscape = width > height
        self.unit = max(0.1, min(width / units_wide, height / units_high))


def _dress(look: Look) -> None:
    theme = load_theme()
    for token in theme.light.__struct_fields__:
        setattr(look, token.replace("on_main", "over_main"), rgba(getattr(theme.light, token)))
    look.radius = theme.radius
    for weight in theme.fonts.__struct_fields__:
        setattr(look, weight, str(paths.font(getattr(theme.fonts, weight))))
    look.icons = str(paths.ICON_FONT)


look = Look()
_dress(look)
