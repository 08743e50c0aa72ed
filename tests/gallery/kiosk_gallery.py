"""The kiosk's scenes in a window."""

from contextlib import AbstractAsyncContextManager
from typing import Any

from msgspec.structs import replace

from sync_server.domain.catalogue.catalogue import Catalogue

from .fake_kiosk_device import FakeKioskDevice
from .kiosk_scenes import SCENES, KioskScene
from .picture_window import PictureWindow, Show, gallery


class KioskExhibit:
    """The kiosk's view of one scene."""

    def __init__(self, view: Any) -> None:
        self.view = view

    def set_language(self, language: str) -> None:
        controller = self.view.controller
        controller.flow.session = replace(controller.session, language=language)

    async def stop(self) -> None:
        self.view.controller.stop()


def kiosk_gallery(size: tuple[int, int], catalogue: Catalogue) -> AbstractAsyncContextManager[Show]:
    """A window that shows any scene of the kiosk in any language."""

    async def make_exhibit(window: PictureWindow, name: str, _language: str) -> KioskExhibit:
        from kiosk.view import KioskView

        scene = KioskScene(FakeKioskDevice(None if name == "moment" else catalogue))
        SCENES[name](scene)
        view = KioskView(scene.controller)
        window.show(view)
        return KioskExhibit(view)

    return gallery(size, make_exhibit)
