"""What a device has around it: its clocks, chance, its disk, and the way to its server."""

import random
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from sync_server.protocol.device_file import DeviceFile

from .link import Link
from .outbox import Outbox
from .whereabouts import Find


class Way(Protocol):
    """One connection at a time to the server; a fresh one with each `open`."""

    def open(self) -> None: ...
    def send(self, frame: bytes) -> None: ...
    def close(self) -> None: ...


def wall_clock() -> int:
    """This device's idea of the time, ms UTC."""
    return time.time_ns() // 1_000_000


# A tablet that slept in a pocket has aged all the same, where the system counts that.
_AGE = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def steady_clock() -> int:
    """A clock that never jumps, ms."""
    return time.clock_gettime_ns(_AGE) // 1_000_000


@dataclass(frozen=True)
class Around:
    """The real things by default; a simulated shop puts its own in their place."""

    wall_clock: Callable[[], int] = wall_clock
    steady_clock: Callable[[], int] = steady_clock
    random_bytes: Callable[[int], bytes] = secrets.token_bytes
    jitter: Callable[[], float] = random.random
    link: Callable[[DeviceFile, Callable[[bytes], None]], Way] = Link
    outbox: Callable[[Path], Outbox] = Outbox
    find: Find | None = None  # how a store that moved is looked for, on a real network
