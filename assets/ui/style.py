"""The theme as Kivy properties: every .kv rule binds to `style` for sizes, colours and fonts.

Sizes are in logical units: a kiosk is 540 units wide, a tablet 1280. `style.unit` is the number of
pixels of one unit in this window, so that everything scales together.

    style.fit(Window.width, Window.height, 540, 960)
"""

from kivy.event import EventDispatcher
from kivy.properties import BooleanProperty, ColorProperty, NumericProperty, StringProperty

from assets import paths
from assets.theme.load import load_theme
from assets.theme.model import rgba


class Style(EventDispatcher):
    """The theme in this window."""

    unit = NumericProperty(1.0)
    landscape = BooleanProperty(False)
    paper = ColorProperty()
    card = ColorProperty()
    ink = ColorProperty()
    ink_soft = ColorProperty()
    line = ColorProperty()
    outline = ColorProperty()
    main = ColorProperty()
    over_main = ColorProperty()  # the token on_main; Kivy treats names that start with on_ as event handlers
    main_soft = ColorProperty()
    warm = ColorProperty()
    warm_soft = ColorProperty()
    good = ColorProperty()
    avatar_ink = ColorProperty("#5A2A22")
    radius = NumericProperty(28.0)
    smallest = NumericProperty(17.0)  # units: no text shrinks below it
    regular = StringProperty()
    medium = StringProperty()
    semibold = StringProperty()
    bold = StringProperty()
    figures = StringProperty()
    figures_regular = StringProperty()
    figures_bold = StringProperty()
    icons = StringProperty()

    def fit(self, width: float, height: float, units_wide: float, units_high: float) -> None:
        """Chooses the unit so that `units_wide` × `units_high` units fit into `width` × `height` pixels."""
        self.landscape = width > height
        self.unit = max(0.1, min(width / units_wide, height / units_high))


def _apply_theme(style: Style) -> None:
    theme = load_theme()
    for token in theme.light.__struct_fields__:
        setattr(style, token.replace("on_main", "over_main"), rgba(getattr(theme.light, token)))
    style.radius = theme.radius
    style.smallest = min(theme.kiosk.smallest, theme.tablet.smallest)
    for weight in theme.fonts.__struct_fields__:
        setattr(style, weight, str(paths.font(getattr(theme.fonts, weight))))
    style.icons = str(paths.ICON_FONT)


style = Style()
_apply_theme(style)
