"""The two clocks of a device, in milliseconds, and the name of the present start of its computer."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol


class Clocks(Protocol):
    """`wall_clock` is the store's time of day by this computer, and may jump.

    `steady_clock` never jumps and has any origin. Its times can be compared while `boot_id` is the same
    and not empty.
    """

    @property
    def wall_clock(self) -> Callable[[], int]: ...
    @property
    def steady_clock(self) -> Callable[[], int]: ...
    @property
    def pace(self) -> int: ...
    @property
    def boot_id(self) -> Callable[[], str]: ...


_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")

# CLOCK_BOOTTIME, where the system has it, also counts the time a tablet was suspended.
_STEADY = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def steady_clock() -> int:
    """A clock that never jumps, ms."""
    return time.clock_gettime_ns(_STEADY) // 1_000_000


def boot_id() -> str:
    """Names the present start of this computer; empty where the system has no such name."""
    try:
        return _BOOT_ID.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""
