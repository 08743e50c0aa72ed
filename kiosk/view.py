"""The kiosk's window: shows the page of the session's screen."""

from functools import cache
from importlib import import_module
from typing import Any

from kivy.animation import Animation
from kivy.clock import Clock
from kivy.core.window import Window
from kivy.uix.floatlayout import FloatLayout

from assets.i18n.texts import Texts
from assets.ui.bind import bind_events
from assets.ui.device_view import DeviceView
from assets.ui.device_window import DeviceWindow
from kiosk.session.session import KioskScreen, KioskSound
from kiosk.session.timeouts import STILL_THERE_MS
from kiosk.widgets.page import KioskPage

from .controller import KioskController

FADE_S = 0.12

# The module and class of each screen. A screen is imported when it is first shown, to keep the start quick.
SCREENS: dict[KioskScreen, tuple[str, str]] = {
    KioskScreen.LOADING: ("loading", "LoadingPage"),
    KioskScreen.NEED: ("need", "NeedPage"),
    KioskScreen.CLOSED: ("closed", "ClosedPage"),
    KioskScreen.NEED_GROUP: ("need_group", "NeedGroupPage"),
    KioskScreen.NEED_CLOSED: ("need_closed", "NeedClosedPage"),
    KioskScreen.IDENTIFY: ("identify", "IdentifyPage"),
    KioskScreen.NAME: ("name", "NamePage"),
    KioskScreen.LINE: ("line", "LinePage"),
    KioskScreen.CONFIRM_LEAVE: ("confirm_leave", "ConfirmLeavePage"),
    KioskScreen.PICK_TICKET: ("pick_ticket", "PickTicketPage"),
    KioskScreen.FIND_TICKET: ("find_ticket", "FindTicketPage"),
    KioskScreen.RATING: ("rating", "RatingPage"),
    KioskScreen.RATED: ("rated", "RatedPage"),
    KioskScreen.ERROR: ("error", "ErrorPage"),
}


class KioskView(DeviceView, FloatLayout):
    """Shows the page of the session's screen, and above it a question or a notice."""

    controller: KioskController

    def __init__(self, controller: KioskController, **kwargs: Any) -> None:
        super().__init__(controller=controller, clock=controller.now, **kwargs)
        self.page: KioskPage | None = None
        self._pages: dict[KioskScreen, KioskPage] = {}
        self._still_there: Any = None
        self._notice: Any = None

    def draw(self, *_: Any) -> None:
        flow, now = self.controller.flow, self.controller.now()
        texts, page = _texts(flow.session.language), self._page(flow.session.screen)
        page.show(flow, texts, now)
        if page is not self.page:
            self._show_page(page)
        notice = self.controller.notice
        asks = flow.session.asks_still_there and not notice
        self._ask_still_there(texts, flow.seconds_left(now) if asks else None)
        self._show_notice(texts, notice)

    def forget_pages(self) -> None:
        self._pages.clear()
        if self._still_there is not None:
            self.remove_widget(self._still_there)
            self._still_there = None

    def _page(self, screen: KioskScreen) -> KioskPage:
        if screen not in self._pages:
            module, name = SCREENS[screen]
            page = getattr(import_module(f".screens.{module}", __package__), name)()
            bind_events(page, self.controller)
            self._pages[screen] = page
        return self._pages[screen]

    def _show_page(self, page: KioskPage) -> None:
        """Replaces the page. Only its colours fade in: it can be touched at once."""
        self.touch_guard.screen_changed()
        if self.page is not None:
            Animation.cancel_all(self.page, "opacity")
            self.remove_widget(self.page)
            page.opacity = 0.4
            Animation(opacity=1, d=FADE_S).start(page)
        self.page = page
        self.add_widget(page, index=len(self.children))

    def _ask_still_there(self, texts: Texts, seconds: int | None) -> None:
        """Shows the question "Are you still there?" with the seconds left; None removes it."""
        question = self._still_there
        if seconds is None:
            if question is not None and question.parent:
                self.touch_guard.screen_changed()
                self.remove_widget(question)
            return
        if question is None:
            from kiosk.widgets.still_there import StillThere

            question = self._still_there = StillThere(of=STILL_THERE_MS // 1000)
            bind_events(question, self.controller)
        question.show(texts, seconds)
        if not question.parent:
            self.touch_guard.screen_changed()
            self.add_widget(question)

    def _show_notice(self, texts: Texts, notice: str) -> None:
        """Shows a notice over the page; an empty one removes it."""
        if not notice:
            if self._notice is not None:
                self.remove_widget(self._notice)
                self._notice = None
            return
        if self._notice is None:
            self._notice = self.new_notice(self.controller.set_language)
            self.add_widget(self._notice)
        self._notice.show_notice(texts, notice)


class KioskWindow(DeviceWindow):
    """The kiosk's window."""

    def __init__(self, controller: KioskController, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.controller = controller

    def build(self) -> KioskView:
        view = KioskView(self.controller)
        self.controller.draw = Clock.create_trigger(view.draw)
        self.controller.play = _play
        self.controller.pair_again = self.stop_to_pair_again
        view.size = Window.size
        view.draw()
        return view

    def on_stop(self) -> None:
        self.controller.stop()
        super().on_stop()

    def handle_fault(self) -> None:
        self.root.forget_pages()
        self.controller.report_fault()


def _play(sound: KioskSound) -> None:
    from assets.ui.sound import play  # opens the sound card, so only when there is something to play

    play(sound)


@cache
def _texts(language: str) -> Texts:
    return Texts(language)
