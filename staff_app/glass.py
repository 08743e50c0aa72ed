"""What is seen and touched: the app, its screens, and which one is up."""

from collections.abc import Callable
from importlib import import_module
from typing import Any

from kivy.clock import Clock
from kivy.core.window import Window
from kivy.graphics import Color, Rectangle
from kivy.uix.boxlayout import BoxLayout

from assets import sound
from assets.look import look
from assets.settled import Settled, Settling
from assets.shop_app import ShopApp
from assets.wiring import wire
from assets.words import Words
from sync_server.device.around import steady_clock

from .hands import Hands
from .screen import Screen
from .told import floor, pages
from .widgets.lines import Lines
from .widgets.page import Page
from .widgets.speech import speech

UNITS = (1280, 800)  # what the screens are drawn for
SMALL = 0.6  # on a smaller window things shrink by less than the window does: a finger does not shrink
TICK_S, RING_S = 1.0, 0.1

# The module and class of each screen, and what sets it apart from others of its class.
SCREENS: dict[Screen, tuple[str, str, dict[str, Any]]] = {
    Screen.STARTING: ("calm", "CalmScreen", {}),
    Screen.WHO: ("who", "WhoScreen", {}),
    Screen.PIN: ("pin", "PinScreen", {}),
    Screen.FLOOR: ("floor", "FloorScreen", {}),
    Screen.OFFER: ("offer", "OfferScreen", {}),
    Screen.WALKING: ("walking", "WalkingScreen", {}),
    Screen.IN_HAND: ("in_hand", "InHandScreen", {}),
    Screen.AWAY: ("calm", "CalmScreen", {}),
    Screen.BREAK: ("calm", "CalmScreen", {}),
    Screen.QUICK: ("pick", "PickScreen", {"quick": True}),
    Screen.QUICK_END: ("endings", "EndingsScreen", {"quick": True}),
    Screen.SIGN_OFF: ("ask", "AskScreen", {"deed": "sign_off"}),
    Screen.NOT_HERE: ("ask", "AskScreen", {"deed": "not_here"}),
    Screen.GIVE_BACK: ("ask", "AskScreen", {"deed": "give_back"}),
    Screen.ENDINGS: ("endings", "EndingsScreen", {}),
    Screen.GIFT: ("gift", "GiftScreen", {}),
    Screen.NOTE: ("note", "NoteScreen", {}),
    Screen.HAND_OVER: ("hand_over", "HandOverScreen", {}),
    Screen.OTHER_NEED: ("pick", "PickScreen", {}),
    Screen.STORY: ("note", "NoteScreen", {"story": True}),
    Screen.SORRY: ("calm", "CalmScreen", {"sorry": True}),
}


class Glass(Settling, BoxLayout):
    """Shows the lines above, and the screen that the board is on. Screens are made when first shown.

    `ring(True)` is called when an offer comes, `ring(False)` when it is answered or over.
    """

    def __init__(self, hands: Hands, clock: Callable[[], int] = steady_clock, **kwargs: Any) -> None:
        super().__init__(orientation="vertical", **kwargs)
        self.hands = hands
        self.page: Page | None = None
        self._pages: dict[Screen, Page] = {}
        self._up: tuple[Screen, str] | None = None  # the screen that is up, and the visit it is about
        self.settled = Settled(clock)
        self._ringing: Any = None
        self._outside: Any = None
        self.ring: Callable[[bool], None] = lambda _on: None
        self._lines = self._new_lines()
        self.add_widget(self._lines)
        with self.canvas.before:
            Color(*look.paper)
            self._ground = Rectangle()
        self.bind(pos=self._fit, size=self._fit)

    def draw(self, *_: Any) -> None:
        """Brings what is on the glass in line with the board."""
        self._speak()
        board, words = self.hands.board, speech.words
        if self._show_outside(words, self.hands.outside):
            return
        self._lines.show(floor.lines(board, words))
        page = self._page(board.screen)
        page.show(pages.tell(board, words))
        up = (board.screen, board.visit.visit_id if board.visit else "")
        if up != self._up:
            self._up = up
            self._swap(page)

    def _show_outside(self, words: Words, why: str) -> bool:
        """Whether this device has no part in its store: then nothing else is shown."""
        if why:
            if self._outside is None:
                from assets.pairing.outside import Outside

                self.rest()
                self.clear_widgets()
                self._outside = Outside(on_again=lambda _page: self.hands.pair_again())
                self._outside.bind(on_speak=lambda _page, language: speech.choose(language))
                self.add_widget(self._outside)
            self._outside.tell(words, why)
        elif self._outside is not None:
            self.clear_widgets()
            self._outside = self.page = self._up = None
            self.add_widget(self._lines)
        return bool(why)

    def on_touch_down(self, touch: Any) -> bool:
        self.hands.touched()
        return super().on_touch_down(touch)

    def _fit(self, *_: Any) -> None:
        self._ground.pos, self._ground.size = self.pos, self.size
        share = min(self.width / UNITS[0], self.height / UNITS[1])
        grow = share ** (SMALL - 1) if 0 < share < 1 else 1
        look.fit(self.width, self.height, UNITS[0] / grow, UNITS[1] / grow)

    def _speak(self) -> None:
        catalogue = self.hands.device.catalogue
        if catalogue is not None:
            speech.codes = catalogue.store.languages
            if not speech.chosen:
                speech.speak(speech.codes[0])
        self.hands.language = speech.words.language

    def _page(self, screen: Screen) -> Page:
        if screen not in self._pages:
            module, name, values = SCREENS[screen]
            page: Page = getattr(import_module(f".screens.{module}", __package__), name)(**values)
            self._wired(page)
            self._pages[screen] = page
        return self._pages[screen]

    def _new_lines(self) -> Lines:
        lines = Lines()
        lines.bind(height=self._moved, note=self._moved)  # what is below moves; a note is another one
        return self._wired(lines)

    def _wired(self, page: Page) -> Page:
        wire(page, self.hands)
        page.bind(on_moved=self._moved)
        return page

    def _moved(self, *_: Any) -> None:
        """Something that can be touched is elsewhere now."""
        self.settled.changed()

    def forget_pages(self) -> None:
        """All that is shown is made anew when it is next shown."""
        self.rest()
        self.clear_widgets()
        self._pages.clear()
        self._outside = self.page = self._up = None
        self._lines = self._new_lines()
        self.add_widget(self._lines)

    def rest(self) -> None:
        """Nothing rings or moves any more."""
        if self._ringing is not None:
            self._ringing.cancel()
            self._ringing = None
            self.ring(False)

    def _swap(self, page: Page) -> None:
        page.clear()
        self.settled.changed()
        if page is not self.page:
            if self.page is not None:
                self.remove_widget(self.page)
            self.page = page
            self.add_widget(page)
        self.rest()
        if self.hands.screen is Screen.OFFER:
            self.ring(True)
            self._ringing = Clock.schedule_interval(lambda _dt: self.hands.look(), RING_S)


class StaffApp(ShopApp):
    """The tablet's window."""

    pointer = True  # a tablet may be a computer at the counter

    def __init__(
        self, hands: Hands, language: str = "", clock: Callable[[], int] = steady_clock, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.hands = hands
        self._clock = clock
        if language:
            speech.choose(language)

    def build(self) -> Glass:
        glass = Glass(self.hands, self._clock)
        glass.ring = _ring
        self.hands.draw = Clock.create_trigger(glass.draw)
        self.hands.pair_again = self.end_to_pair_again
        glass.size = Window.size
        glass.draw()
        return glass

    def on_start(self) -> None:
        super().on_start()
        self._tick = Clock.schedule_interval(lambda _dt: self.hands.look(), TICK_S)
        speech.fbind("words", self.hands.draw)

    def on_stop(self) -> None:
        speech.funbind("words", self.hands.draw)
        self._tick.cancel()
        super().on_stop()
        self.root.rest()

    def broken(self) -> None:
        self.root.forget_pages()
        self.hands.broken()


def _ring(on: bool) -> None:
    if on:
        sound.play("offer", loop=True)
    else:
        sound.stop("offer")
