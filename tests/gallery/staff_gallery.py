"""The tablet's scenes in a window."""

import gc
from contextlib import AbstractAsyncContextManager
from typing import Any

from .picture_window import PictureWindow, Show, gallery
from .staff_scenes import SCENES


class StaffExhibit:
    """The tablet's view of one scene."""

    def __init__(self, view: Any) -> None:
        self.view = view

    def set_language(self, language: str) -> None:
        from staff_app.widgets.ui_language import ui_language

        ui_language.choose(language)

    async def stop(self) -> None:
        self.view.stop_ringing()


def staff_gallery(size: tuple[int, int]) -> AbstractAsyncContextManager[Show]:
    """A window that shows any scene of the tablet in any language."""

    async def make_exhibit(window: PictureWindow, name: str, language: str) -> StaffExhibit:
        from staff_app.view import StaffView
        from staff_app.widgets.ui_language import ui_language

        ui_language.choose(language)
        window.clear()
        gc.collect()  # otherwise the view of the scene before would still follow the language
        scene = SCENES[name]()
        scene.controller.refresh()
        view = StaffView(scene.controller)
        window.show(view)
        view.draw()
        await window.settle()
        scene.touch(view.page)
        return StaffExhibit(view)

    return gallery(size, make_exhibit)
