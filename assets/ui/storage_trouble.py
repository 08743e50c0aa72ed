"""The window of a device that can save nothing: says why, until it can."""

import asyncio
import contextlib
import signal
from collections.abc import Callable
from functools import cache
from typing import Any

from assets.i18n.texts import Texts
from assets.i18n.translations import FALLBACK
from assets.ui.window import prepare
from sync_server.device.storage.outbox_errors import OutboxError

RETRY_S = 5.0


async def wait_for_storage(
    problem: OutboxError,
    look_again: Callable[[], OutboxError | None],
    size: tuple[int, int] | None,
    fullscreen: bool,
    language: str,
) -> bool:
    """Shows the problem and looks again every RETRY_S, until the device can save. False: it was closed.

    Raises NoDisplay.
    """
    prepare(size, fullscreen)
    window = _make_window(problem, look_again, language or FALLBACK, fullscreen)
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # Windows has no signal handlers
            asyncio.get_running_loop().add_signal_handler(number, window.stop)
    await window.async_run("asyncio")
    return bool(window.solved)


def _make_window(
    problem: OutboxError, look_again: Callable[[], OutboxError | None], language: str, alone: bool
) -> Any:
    # Imported here: Kivy is configured before any part of it is imported.
    from kivy.core.window import Window
    from kivy.uix.floatlayout import FloatLayout

    from assets.ui.device_window import DeviceWindow
    from assets.ui.pairing.notices import DeviceNotice
    from assets.ui.root_view import RootView

    class Root(RootView, FloatLayout):
        """Holds the notice."""

    class StorageWindow(DeviceWindow):
        """`solved` is true once the device can save."""

        def __init__(self) -> None:
            super().__init__(alone=alone)
            self.solved = False
            self._language = language
            self._problem = problem
            self._timer: asyncio.TimerHandle | None = None

        def build(self) -> Any:
            root = Root()
            root.size = Window.size
            root.fit_style()
            self._show(root)
            return root

        def on_start(self) -> None:
            super().on_start()
            self._look_later()

        def on_stop(self) -> None:
            if self._timer is not None:
                self._timer.cancel()
            super().on_stop()

        def handle_fault(self) -> None:
            self._show(self.root)

        def _look_later(self) -> None:
            self._timer = asyncio.get_running_loop().call_later(RETRY_S, self._look)

        def _look(self) -> None:
            found = look_again()
            if found is None:
                self.solved = True
                self.stop()
                return
            self._problem = found
            self._show(self.root)
            self._look_later()

        def _show(self, root: Any) -> None:
            root.clear_widgets()
            notice = DeviceNotice()
            notice.bind(on_set_language=self._speak)
            notice.show_storage_problem(_texts(self._language), self._problem.cause)
            root.add_widget(notice)

        def _speak(self, _notice: Any, language: str) -> None:
            self._language = language
            self._show(self.root)

    return StorageWindow()


@cache
def _texts(language: str) -> Texts:
    return Texts(language)
