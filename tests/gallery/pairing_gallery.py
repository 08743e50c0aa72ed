"""The scenes of pairing in a window."""

from contextlib import AbstractAsyncContextManager
from typing import Any

from assets.ui.pairing.controller import PairingController

from .pairing_scenes import SCENES, FakePairing
from .picture_window import PictureWindow, Show, gallery


class PairingExhibit:
    """The pairing view of one scene."""

    def __init__(self, view: Any) -> None:
        self.view = view

    def set_language(self, language: str) -> None:
        self.view.controller.set_language(language)

    async def stop(self) -> None:
        await self.view.controller.stop()


def pairing_gallery(size: tuple[int, int]) -> AbstractAsyncContextManager[Show]:
    """A window that shows any scene of pairing in any language."""

    async def make_exhibit(window: PictureWindow, name: str, language: str) -> PairingExhibit:
        from assets.ui.pairing.view import PairingView

        stores, prompt, reach_scene = SCENES[name]
        network = FakePairing(list(stores), prompt)
        controller = PairingController(network.ports(), language)
        await reach_scene(controller, network)
        view = PairingView(controller)
        window.show(view)
        return PairingExhibit(view)

    return gallery(size, make_exhibit)
