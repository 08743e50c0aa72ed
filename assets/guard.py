"""Keeps an app alive when its own code fails: the fault is logged, and the person is told kindly."""

import logging
from collections.abc import Callable

from kivy.base import ExceptionHandler, ExceptionManager

log = logging.getLogger(__name__)


class _Guard(ExceptionHandler):
    def __init__(self, sorry: Callable[[], None]) -> None:
        super().__init__()
        self._sorry = sorry

    def handle_exception(self, inst: BaseException) -> int:
        if not isinstance(inst, Exception):
            return int(ExceptionManager.RAISE)
        log.error("a fault in the app; it goes on", exc_info=inst)
        self._sorry()
        return int(ExceptionManager.PASS)


def guard(sorry: Callable[[], None]) -> Callable[[], None]:
    """Calls `sorry()` after each fault in a touch or a clock event; the result ends the guarding."""
    handler = _Guard(sorry)
    ExceptionManager.add_handler(handler)
    return lambda: ExceptionManager.remove_handler(handler)
