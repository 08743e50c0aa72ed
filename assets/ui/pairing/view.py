"""The window in which a device is paired: shows the page of the controller's screen."""

from functools import cache
from typing import Any

from kivy.clock import Clock
from kivy.core.window import Window
from kivy.uix.floatlayout import FloatLayout

from assets.i18n.texts import Texts
from assets.ui.bind import bind_events
from assets.ui.device_window import DeviceWindow
from assets.ui.root_view import RootView

from .controller import PairingController, PairingScreen
from .pages import PairDigits, PairFind, PairNotice, PairPage, PairType

PAGES: dict[PairingScreen, type[PairPage]] = {
    PairingScreen.FIND: PairFind,
    PairingScreen.ADDRESS: PairType,
    PairingScreen.CODE: PairType,
    PairingScreen.ASKING: PairNotice,
    PairingScreen.DIGITS: PairDigits,
    PairingScreen.ERROR: PairNotice,
}


class PairingView(RootView, FloatLayout):
    """Shows the page of the controller's screen."""

    def __init__(self, controller: PairingController, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.controller = controller
        self.page: PairPage | None = None
        self._shown: tuple[Any, ...] = ()  # the screen that is shown, and the stores on it

    def draw(self, *_: Any) -> None:
        page_class = PAGES[self.controller.screen]
        if type(self.page) is not page_class:
            self.clear_widgets()
            self.page = page_class()
            bind_events(self.page, self.controller)
            self.add_widget(self.page)
        self.page.show(self.controller, _texts(self.controller.language))
        shown = (self.controller.screen, *(store.address for store in self.controller.stores))
        if shown != self._shown:
            self._shown = shown
            self.touch_guard.screen_changed()

    def forget_page(self) -> None:
        """Makes a new page at the next `draw`."""
        self.page = None


class PairingWindow(DeviceWindow):
    """The window in which a device is paired. `file` is its identity; None while it is not paired."""

    def __init__(self, controller: PairingController, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.controller = controller
        self.file: Any = None

    def build(self) -> PairingView:
        view = PairingView(self.controller)
        self.controller.on_change = Clock.create_trigger(view.draw)
        self.controller.on_paired = self._paired
        view.size = Window.size
        view.draw()
        return view

    def on_start(self) -> None:
        super().on_start()
        self.controller.start()

    def handle_fault(self) -> None:
        """Makes a new page. A running pairing goes on."""
        self.root.forget_page()
        self.controller.on_change()

    def _paired(self, file: Any) -> None:
        self.file = file
        self.stop()


@cache
def _texts(language: str) -> Texts:
    return Texts(language)
