"""What is seen and touched while a device gets to know its store."""

from functools import cache
from typing import Any

from kivy.clock import Clock
from kivy.core.window import Window
from kivy.graphics import Color, Rectangle
from kivy.uix.floatlayout import FloatLayout

from assets.look import look
from assets.settled import Settled, Settling
from assets.shop_app import ShopApp
from assets.wiring import wire
from assets.words import Words

from .joining import Joining, Screen
from .pages import PairDigits, PairFind, PairNotice, PairPage, PairType

PORTRAIT, LANDSCAPE = (540, 960), (960, 540)  # units a page is drawn for
PAGES: dict[Screen, type[PairPage]] = {
    Screen.FIND: PairFind,
    Screen.ADDRESS: PairType,
    Screen.CODE: PairType,
    Screen.ASKING: PairNotice,
    Screen.DIGITS: PairDigits,
    Screen.TROUBLE: PairNotice,
}


class PairGlass(Settling, FloatLayout):
    """Shows the page that the joining is on."""

    def __init__(self, joining: Joining, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.joining = joining
        self.page: PairPage | None = None
        self._up: tuple[Any, ...] = ()  # the screen that is up, and the stores on it
        self.settled = Settled()
        with self.canvas.before:
            Color(*look.paper)
            self._ground = Rectangle()
        self.bind(pos=self._fit, size=self._fit)

    def draw(self, *_: Any) -> None:
        """Brings what is on the glass in line with the joining."""
        kind = PAGES[self.joining.screen]
        if type(self.page) is not kind:
            self.clear_widgets()
            self.page = kind()
            wire(self.page, self.joining)
            self.add_widget(self.page)
        self.page.show(self.joining, _words(self.joining.language))
        up = (self.joining.screen, *(store.address for store in self.joining.stores))
        if up != self._up:
            self._up = up
            self.settled.changed()

    def forget_page(self) -> None:
        """The page is made anew when it is next shown."""
        self.page = None

    def _fit(self, *_: Any) -> None:
        self._ground.pos, self._ground.size = self.pos, self.size
        look.fit(self.width, self.height, *(LANDSCAPE if self.width > self.height else PORTRAIT))


class PairApp(ShopApp):
    """The window in which a device is paired. `file` is what joining gave; None: it was closed before."""

    def __init__(self, joining: Joining, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.joining = joining
        self.file: Any = None

    def build(self) -> PairGlass:
        glass = PairGlass(self.joining)
        self.joining.on_change = Clock.create_trigger(glass.draw)
        self.joining.on_joined = self._joined
        glass.size = Window.size
        glass.draw()
        return glass

    def on_start(self) -> None:
        super().on_start()
        self.joining.start()

    def broken(self) -> None:
        """What is awaited goes on; only the page is made anew."""
        self.root.forget_page()
        self.joining.on_change()

    def _joined(self, file: Any) -> None:
        self.file = file
        self.stop()


@cache
def _words(language: str) -> Words:
    return Words(language)
