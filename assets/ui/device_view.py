"""The base of the root widgets of the two touch apps."""

from collections.abc import Callable
from typing import Any

from .device_controller import DeviceController
from .root_view import RootView


class DeviceView(RootView):
    """The root widget of a touch app. `draw` shows the controller's present state."""

    def __init__(self, controller: DeviceController, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.controller = controller

    def draw(self, *_: Any) -> None:
        """Shows the controller's present state. Widgets are made when first needed, and kept."""
        raise NotImplementedError

    def forget_pages(self) -> None:
        """Makes new widgets at the next `draw`, because the present ones may be broken."""
        raise NotImplementedError

    def on_touch_down(self, touch: Any) -> bool:
        self.controller.record_touch()
        return super().on_touch_down(touch)

    def new_notice(self, set_language: Callable[[str], object]) -> Any:
        """The notice over all pages. Which one is shown, the controller says."""
        from assets.ui.pairing.notices import DeviceNotice

        notice = DeviceNotice(on_try_again=lambda _page: self.controller.answer_notice())
        notice.bind(on_set_language=lambda _page, language: set_language(language))
        return notice
