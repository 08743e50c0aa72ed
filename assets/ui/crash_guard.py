"""Keeps an app running when its own code fails: logs the fault and has an apology shown."""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from kivy.app import App
from kivy.base import ExceptionHandler, ExceptionManager

MAX_FAULTS, WITHIN_S = 20, 60  # after more faults than this in this time only a restart helps

log = logging.getLogger(__name__)


def install_crash_guard(
    on_fault: Callable[[], None], clock: Callable[[], float] = time.monotonic
) -> Callable[[], None]:
    """Calls `on_fault()` after each exception in a touch, a frame or a timer. Returns how to uninstall it.

    An app with too many faults is stopped instead, so that its service manager restarts it. Call this
    on the running loop.
    """
    counter = _FaultCounter(on_fault, clock)
    kivy_handler = _KivyHandler(counter)
    ExceptionManager.add_handler(kivy_handler)
    loop = asyncio.get_running_loop()
    before = loop.get_exception_handler()
    loop.set_exception_handler(counter.handle_loop_fault)

    def uninstall() -> None:
        ExceptionManager.remove_handler(kivy_handler)
        loop.set_exception_handler(before)

    return uninstall


class _FaultCounter:
    """Logs and counts the faults, and reports each one until there are too many."""

    def __init__(self, on_fault: Callable[[], None], clock: Callable[[], float]) -> None:
        self._on_fault = on_fault
        self._clock = clock
        self._times: deque[float] = deque(maxlen=MAX_FAULTS)

    def handle(self, fault: Exception) -> None:
        log.error("a fault in the app; it goes on", exc_info=fault)
        now = self._clock()
        if len(self._times) == MAX_FAULTS and now - self._times[0] < WITHIN_S:
            log.critical("%d faults within %d s: the app ends, to be started afresh", MAX_FAULTS, WITHIN_S)
            if (app := App.get_running_app()) is not None:
                app.stop()
            return
        self._times.append(now)
        self._on_fault()

    def handle_loop_fault(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """A fault in a timer, in a task, or in what handles a message from the network."""
        fault = context.get("exception")
        if isinstance(fault, Exception):
            self.handle(fault)
        else:
            loop.default_exception_handler(context)


class _KivyHandler(ExceptionHandler):
    """A fault in a touch, in drawing, or in Kivy's own clock."""

    def __init__(self, counter: _FaultCounter) -> None:
        super().__init__()
        self._counter = counter

    def handle_exception(self, inst: BaseException) -> int:
        if not isinstance(inst, Exception):
            return int(ExceptionManager.RAISE)
        self._counter.handle(inst)
        return int(ExceptionManager.PASS)
