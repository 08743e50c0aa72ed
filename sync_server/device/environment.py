"""What a device needs from the computer it runs on: clocks, randomness, a database and a network."""

import random
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from sync_server.device.clocks import boot_id, steady_clock
from sync_server.device.network.link import Link
from sync_server.device.network.server_locator import BrowserFactory
from sync_server.device.storage.outbox import Outbox
from sync_server.protocol.device_file import DeviceFile
from sync_server.store_clock import wall_clock


class Transport(Protocol):
    """One connection at a time to the server. Each `open` starts a new one."""

    def open(self) -> None: ...
    def send(self, frame: bytes) -> None: ...
    def close(self) -> None: ...


@dataclass(frozen=True)
class Environment:
    """The defaults are the real ones. The simulation, the demo and the tests replace single fields.

    While `steady_clock` goes on by 1 ms, the store's time goes on by `pace` ms: 1 except in a demo.
    """

    wall_clock: Callable[[], int] = wall_clock
    steady_clock: Callable[[], int] = steady_clock
    boot_id: Callable[[], str] = boot_id
    run_id: Callable[[], str] = lambda: secrets.token_hex(8)
    random_bytes: Callable[[int], bytes] = secrets.token_bytes
    jitter: Callable[[], float] = random.random
    link: Callable[[DeviceFile, Callable[[bytes], None]], Transport] = Link
    outbox: Callable[[Path], Outbox] = Outbox
    pace: int = 1
    find: BrowserFactory | None = None  # searches the network for a store that has moved
