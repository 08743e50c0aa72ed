"""The tablet's window: shows the banners, and below them the present screen."""

from collections.abc import Callable
from importlib import import_module
from typing import Any

from kivy.clock import Clock
from kivy.core.window import Window
from kivy.uix.boxlayout import BoxLayout

from assets.i18n.texts import Texts
from assets.ui import sound
from assets.ui.bind import bind_events
from assets.ui.device_view import DeviceView
from assets.ui.device_window import DeviceWindow
from assets.ui.style import style
from staff_app.presenters.banners import banners
from staff_app.presenters.present import present
from staff_app.widgets.banners import Banners
from staff_app.widgets.page import Page
from staff_app.widgets.ui_language import ui_language
from sync_server.device.clocks import steady_clock

from .controller import StaffController
from .navigation import StaffScreen
from .snapshot import TabletSnapshot

UNITS = (1280, 800)  # the size in units that screens are designed for
SHRINK = 0.6  # exponent: in a smaller window buttons shrink less than the window, because fingers do not
CALL_BACK_MS = 20_000
REFRESH_S, OFFER_REFRESH_S = 1.0, 0.1

# The module and class of each screen, and the properties that distinguish screens of the same class.
SCREENS: dict[StaffScreen, tuple[str, str, dict[str, Any]]] = {
    StaffScreen.LOADING: ("message", "MessageScreen", {}),
    StaffScreen.WHO: ("who", "WhoScreen", {}),
    StaffScreen.PIN: ("pin", "PinScreen", {}),
    StaffScreen.FLOOR: ("floor", "FloorScreen", {}),
    StaffScreen.OFFER: ("offer", "OfferScreen", {}),
    StaffScreen.ON_THE_WAY: ("on_the_way", "OnTheWayScreen", {}),
    StaffScreen.SERVING: ("serving", "ServingScreen", {}),
    StaffScreen.AWAY: ("message", "MessageScreen", {}),
    StaffScreen.BREAK: ("message", "MessageScreen", {}),
    StaffScreen.QUICK: ("pick", "PickScreen", {"quick": True}),
    StaffScreen.QUICK_RESOLUTIONS: ("resolutions", "ResolutionsScreen", {"quick": True}),
    StaffScreen.SIGN_OFF: ("confirm", "ConfirmScreen", {"action": "sign_off"}),
    StaffScreen.NOT_HERE: ("confirm", "ConfirmScreen", {"action": "mark_no_show"}),
    StaffScreen.GIVE_BACK: ("confirm", "ConfirmScreen", {"action": "give_back"}),
    StaffScreen.RESOLUTIONS: ("resolutions", "ResolutionsScreen", {}),
    StaffScreen.GOODWILL: ("goodwill", "GoodwillScreen", {}),
    StaffScreen.NOTE: ("note", "NoteScreen", {}),
    StaffScreen.HAND_OVER: ("hand_over", "HandOverScreen", {}),
    StaffScreen.OTHER_NEED: ("pick", "PickScreen", {}),
    StaffScreen.HANDOVER_NOTE: ("note", "NoteScreen", {"for_handover": True}),
    StaffScreen.ERROR: ("message", "MessageScreen", {"is_error": True}),
}


class StaffView(DeviceView, BoxLayout):
    """Shows the banners and the present screen.

    `ring(True)` is called when an offer appears, `ring(False)` when it is answered or over; `call_back()`
    now and then while a shopper waits for an employee who does not respond, and once when a colleague asks
    for help and this employee is not with a shopper.
    """

    controller: StaffController

    def __init__(
        self, controller: StaffController, clock: Callable[[], int] = steady_clock, **kwargs: Any
    ) -> None:
        super().__init__(controller=controller, clock=clock, orientation="vertical", **kwargs)
        self.page: Page | None = None
        self._pages: dict[StaffScreen, Page] = {}
        self._shown: tuple[StaffScreen, str] | None = None  # the present screen, and the visit it is about
        self._ring_timer: Any = None
        self._notice: Any = None
        self._called_back_at: int | None = None
        self._heard: tuple[str, int | None] | None = None  # who asked for help when it was last heard
        self.ring: Callable[[bool], None] = lambda _on: None
        self.call_back: Callable[[], None] = lambda: None
        self._banners = self._new_banners()
        self.add_widget(self._banners)

    def fit_style(self) -> None:
        share = min(self.width / UNITS[0], self.height / UNITS[1])
        grow = share ** (SHRINK - 1) if 0 < share < 1 else 1
        style.fit(self.width, self.height, UNITS[0] / grow, UNITS[1] / grow)

    def draw(self, *_: Any) -> None:
        self._follow_language()
        state, texts = self.controller.state, ui_language.texts
        if self._show_notice(texts, self.controller.notice):
            return
        self._banners.show(banners(state, texts))
        page = self._page(state.screen)
        page.show(present(state, texts))
        self._hear_help(state.snapshot)
        self._call_back(state.snapshot.waits_for_me is not None and state.screen is StaffScreen.AWAY)
        shown = (state.screen, state.visit.visit_id if state.visit else "")
        if shown != self._shown:
            self._shown = shown
            self._show_page(page)

    def forget_pages(self) -> None:
        self.stop_ringing()
        self.clear_widgets()
        self._pages.clear()
        self._notice = self.page = self._shown = None
        self._banners = self._new_banners()
        self.add_widget(self._banners)

    def stop_ringing(self) -> None:
        """Ends the sound and the fast refresh of an offer."""
        if self._ring_timer is not None:
            self._ring_timer.cancel()
            self._ring_timer = None
            self.ring(False)

    def _call_back(self, wanted: bool) -> None:
        """Plays the sound of an offer now and then, while a shopper waits for an employee who is away."""
        if not wanted:
            self._called_back_at = None
            return
        snapshot, before = self.controller.state.snapshot, self._called_back_at
        if before is None or snapshot.now - before >= CALL_BACK_MS * snapshot.pace:
            self._called_back_at = snapshot.now
            self.call_back()

    def _hear_help(self, snapshot: TabletSnapshot) -> None:
        asked = snapshot.asks_for_help
        heard = (asked[0].id, asked[0].help_since) if asked is not None else None
        if heard is not None and heard != self._heard and snapshot.in_hand is None:
            self.call_back()
        self._heard = heard

    def _show_notice(self, texts: Texts, reason: str) -> bool:
        """Shows only why this device may not take part; an empty `reason` removes that. Whether it did."""
        if reason:
            if self._notice is None:
                self.stop_ringing()
                self.clear_widgets()
                self._notice = self.new_notice(ui_language.choose)
                self.add_widget(self._notice)
            self._notice.show_notice(texts, reason)
        elif self._notice is not None:
            self.clear_widgets()
            self._notice = self.page = self._shown = None
            self.add_widget(self._banners)
        return bool(reason)

    def _follow_language(self) -> None:
        """Takes over the store's languages, and tells the controller the present one."""
        catalogue = self.controller.device.catalogue
        if catalogue is not None:
            ui_language.codes = catalogue.store.languages
            if not ui_language.chosen:
                ui_language.set_language(ui_language.codes[0])
        self.controller.language = ui_language.texts.language

    def _page(self, screen: StaffScreen) -> Page:
        if screen not in self._pages:
            module, name, values = SCREENS[screen]
            page: Page = getattr(import_module(f".screens.{module}", __package__), name)(**values)
            self._bind(page)
            self._pages[screen] = page
        return self._pages[screen]

    def _new_banners(self) -> Banners:
        new = Banners()
        # Another height moves the screen below, and another message has another button.
        new.bind(height=self._buttons_moved, message=self._buttons_moved)
        self._bind(new)
        return new

    def _bind(self, page: Page) -> None:
        bind_events(page, self.controller)
        page.bind(on_moved=self._buttons_moved)

    def _buttons_moved(self, *_: Any) -> None:
        self.touch_guard.screen_changed()

    def _show_page(self, page: Page) -> None:
        page.reset()
        self.touch_guard.screen_changed()
        if page is not self.page:
            if self.page is not None:
                self.remove_widget(self.page)
            self.page = page
            self.add_widget(page)
        self.stop_ringing()
        if self.controller.screen is StaffScreen.OFFER:
            self.ring(True)
            self._ring_timer = Clock.schedule_interval(lambda _dt: self.controller.refresh(), OFFER_REFRESH_S)


class StaffWindow(DeviceWindow):
    """The tablet's window."""

    pointer = True  # the tablet may be a computer with a mouse

    def __init__(
        self,
        controller: StaffController,
        language: str = "",
        clock: Callable[[], int] = steady_clock,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.controller = controller
        self._clock = clock
        if language:
            ui_language.choose(language)

    def build(self) -> StaffView:
        view = StaffView(self.controller, self._clock)
        view.ring = _ring
        view.call_back = lambda: sound.play("offer")
        self.controller.draw = Clock.create_trigger(view.draw)
        self.controller.pair_again = self.stop_to_pair_again
        view.size = Window.size
        view.draw()
        return view

    def on_start(self) -> None:
        super().on_start()
        self._refresh_timer = Clock.schedule_interval(lambda _dt: self.controller.refresh(), REFRESH_S)
        ui_language.fbind("texts", self.controller.draw)

    def on_stop(self) -> None:
        ui_language.funbind("texts", self.controller.draw)
        self._refresh_timer.cancel()
        super().on_stop()
        self.root.stop_ringing()

    def handle_fault(self) -> None:
        self.root.forget_pages()
        self.controller.report_fault()


def _ring(on: bool) -> None:
    if on:
        sound.play("offer", loop=True)
    else:
        sound.stop("offer")
