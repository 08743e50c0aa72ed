"""Keeps an app alive when its own code fails: the fault is logged, and the person is told kindly."""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from kivy.app import App
from kivy.base import ExceptionHandler, ExceptionManager

MOST, WITHIN_S = 20, 60  # more faults than this so quickly are no accident: only a fresh start helps

log = logging.getLogger(__name__)


def guard(sorry: Callable[[], None], clock: Callable[[], float] = time.monotonic) -> Callable[[], None]:
    """Calls `sorry()` after each fault in a touch, a frame or a timer; the result ends the guarding.

    An app that fails again and again is stopped instead, so that whatever started it starts it
    afresh. Call it on the running loop.
    """
    faults = _Faults(sorry, clock)
    frames = _Frames(faults)
    ExceptionManager.add_handler(frames)
    loop = asyncio.get_running_loop()
    before = loop.get_exception_handler()
    loop.set_exception_handler(faults.in_the_loop)

    def end() -> None:
        ExceptionManager.remove_handler(frames)
        loop.set_exception_handler(before)

    return end


class _Faults:
    """Counts the faults, and says sorry for each."""

    def __init__(self, sorry: Callable[[], None], clock: Callable[[], float]) -> None:
        self._sorry = sorry
        self._clock = clock
        self._at: deque[float] = deque(maxlen=MOST)

    def happened(self, fault: Exception) -> None:
        log.error("a fault in the app; it goes on", exc_info=fault)
        now = self._clock()
        if len(self._at) == MOST and now - self._at[0] < WITHIN_S:
            log.critical("%d faults within %d s: the app ends, to be started afresh", MOST, WITHIN_S)
            if (app := App.get_running_app()) is not None:
                app.stop()
            return
        self._at.append(now)
        self._sorry()

    def in_the_loop(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """A fault in a timer, a task, or what came from the network."""
        fault = context.get("exception")
        if isinstance(fault, Exception):
            self.happened(fault)
        else:
            loop.default_exception_handler(context)


class _Frames(ExceptionHandler):
    """A fault in a touch, in drawing, or in Kivy's own clock."""

    def __init__(self, faults: _Faults) -> None:
        super().__init__()
        self._faults = faults

    def handle_exception(self, inst: BaseException) -> int:
        if not isinstance(inst, Exception):
            return int(ExceptionManager.RAISE)
        self._faults.happened(inst)
        return int(ExceptionManager.PASS)
