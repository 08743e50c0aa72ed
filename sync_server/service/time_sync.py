"""Asks the system whether it takes its time from the network (NTP)."""

import ctypes

TIME_ERROR = 5  # what adjtimex answers while the clock is not synchronized
TIMEX_BYTES = 512  # more than the system's struct has


def is_synchronized() -> bool:
    """Whether the computer's clock is synchronized. False also where the system cannot say."""
    try:
        adjtimex = ctypes.CDLL(None).adjtimex
    except (AttributeError, OSError):  # not Linux
        return False
    state: int = adjtimex(ctypes.create_string_buffer(TIMEX_BYTES))  # zeros: it changes nothing
    return 0 <= state < TIME_ERROR
