"""What is seen and touched: the app, its pages, and which one is up."""

from functools import cache
from importlib import import_module
from typing import Any

from kivy.animation import Animation
from kivy.clock import Clock
from kivy.core.window import Window
from kivy.graphics import Color, Rectangle
from kivy.uix.floatlayout import FloatLayout

from assets.look import look
from assets.settled import Settled, Settling
from assets.shop_app import ShopApp
from assets.wiring import wire
from assets.words import Words

from .hands import Hands
from .patience import STILL_THERE_MS
from .session import Screen, Sound
from .widgets.page import KioskPage

PORTRAIT, LANDSCAPE = (540, 960), (960, 540)  # units a page is drawn for
FADE_S = 0.12


class Glass(Settling, FloatLayout):
    """Shows the page that the session is on. Pages are made when first shown, and kept."""

    def __init__(self, hands: Hands, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.hands = hands
        self.page: KioskPage | None = None
        self._pages: dict[Screen, KioskPage] = {}
        self._still_there: Any = None
        self._outside: Any = None
        self.settled = Settled(hands.now)
        with self.canvas.before:
            self._paper = Color(*look.paper)
            self._ground = Rectangle()
        self.bind(pos=self._fit, size=self._fit)

    def draw(self, *_: Any) -> None:
        """Brings what is on the glass in line with the session."""
        flow, now = self.hands.flow, self.hands.now()
        words, page = _words(flow.session.language), self._page(flow.session.screen)
        page.show(flow, words, now)
        if page is not self.page:
            self._swap(page)
        outside = self.hands.outside
        asked = flow.session.still_there and not outside
        self._ask_still_there(words, flow.seconds_left(now) if asked else None)
        self._show_outside(words, outside)

    def on_touch_down(self, touch: Any) -> bool:
        self.hands.touched()
        return super().on_touch_down(touch)

    def _fit(self, *_: Any) -> None:
        self._ground.pos, self._ground.size = self.pos, self.size
        wide = self.width > self.height
        look.fit(self.width, self.height, *(LANDSCAPE if wide else PORTRAIT))

    def forget_pages(self) -> None:
        """Every page is made anew when it is next shown."""
        self._pages.clear()
        if self._still_there is not None:
            self.remove_widget(self._still_there)
            self._still_there = None

    def _page(self, screen: Screen) -> KioskPage:
        if screen not in self._pages:
            module = import_module(f".screens.{screen}", __package__)
            page = getattr(module, f"{screen.capitalize()}Page")()
            wire(page, self.hands)
            self._pages[screen] = page
        return self._pages[screen]

    def _swap(self, page: KioskPage) -> None:
        """The new page takes touches at once; only its colours come softly."""
        self.settled.changed()
        if self.page is not None:
            Animation.cancel_all(self.page, "opacity")
            self.remove_widget(self.page)
            page.opacity = 0.4
            Animation(opacity=1, d=FADE_S).start(page)
        self.page = page
        self.add_widget(page, index=len(self.children))

    def _ask_still_there(self, words: Words, seconds: int | None) -> None:
        overlay = self._still_there
        if seconds is None:
            if overlay is not None and overlay.parent:
                self.settled.changed()
                self.remove_widget(overlay)
            return
        if overlay is None:
            from .widgets.still_there import StillThere

            overlay = self._still_there = StillThere(of=STILL_THERE_MS // 1000)
            wire(overlay, self.hands)
        overlay.show(words, seconds)
        if not overlay.parent:
            self.settled.changed()
            self.add_widget(overlay)

    def _show_outside(self, words: Words, why: str) -> None:
        if not why:
            if self._outside is not None:
                self.remove_widget(self._outside)
                self._outside = None
            return
        if self._outside is None:
            from assets.pairing.outside import Outside

            self._outside = Outside(on_again=lambda _page: self.hands.pair_again())
            self._outside.bind(on_speak=lambda _page, language: self.hands.speak(language))
            self.add_widget(self._outside)
        self._outside.tell(words, why)


class KioskApp(ShopApp):
    """The kiosk's window."""

    def __init__(self, hands: Hands, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.hands = hands

    def build(self) -> Glass:
        glass = Glass(self.hands)
        self.hands.draw = Clock.create_trigger(glass.draw)
        self.hands.play = _play
        self.hands.pair_again = self.end_to_pair_again
        glass.size = Window.size
        glass.draw()
        return glass

    def on_stop(self) -> None:
        self.hands.stop()
        super().on_stop()

    def broken(self) -> None:
        self.root.forget_pages()
        self.hands.broken()


def _play(sound: Sound) -> None:
    from assets.sound import play  # opens the sound card: not before there is something to hear

    play(sound)


@cache
def _words(language: str) -> Words:
    return Words(language)
