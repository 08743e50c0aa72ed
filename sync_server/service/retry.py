"""Repeats work forever, whatever goes wrong with it."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

Sleep = Callable[[float], Awaitable[object]]
Work = Callable[[], Awaitable[object]]


async def retry_forever(
    work: Work,
    wait_s: Callable[[int], float],
    log_failure: Callable[[Exception, int], object],
    sleep: Sleep | None = None,
) -> None:
    """Does `work()` again and again until it is cancelled.

    `wait_s(failures)` gives the pause after each time, in seconds; `failures` counts the failures in a
    row, 0 after a success. `log_failure(error, failures)` is called after each failure.
    """
    pause = sleep or asyncio.sleep
    failures = 0
    while True:
        try:
            await work()
            failures = 0
        except Exception as error:
            failures += 1
            log_failure(error, failures)
        await pause(wait_s(failures))


def back_off(first_s: float, max_s: float) -> Callable[[int], float]:
    """A pause of `first_s`, doubled with each further failure in a row up to `max_s`."""
    return lambda failures: min(max_s, first_s * 2 ** min(max(failures - 1, 0), 30))


def log_once(log: logging.Logger, text: str) -> Callable[[Exception, int], None]:
    """Logs `text % error` as a warning at the first failure of a row, and nothing at the others."""

    def log_failure(error: Exception, failures: int) -> None:
        if failures == 1:
            log.warning(text, error)

    return log_failure
