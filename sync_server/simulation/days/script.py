"""The script of a day: what people do and which faults happen, and when.

Every item has a seed of its own, so leaving one out leaves all others as they are. `shrink` needs that.
"""

from collections.abc import Iterator
from random import Random
from typing import NamedTuple

from .store_settings import EMPLOYEES

VISITS = 150
RUSHES = ((4.0, 92.0), (100.0, 186.0))  # seconds after the store opens
LULLS = tuple(end for _, end in RUSHES)  # nobody does anything, there is no fault, and all must agree
CLOSING_S = 203.0
DAY_S = 223.0
ITEMS_A_DAY = 100_000  # item numbers of a day begin at its number times this

GLANCE_S = 0.65  # how often an employee looks at the tablet and may do something
ARRIVALS = 141  # the other visits are opened by employees
KIOSKS = ("front", "back")
SETTINGS_CHANGES = 4  # in a rush: how often somebody changes the settings
MANAGER_LOOKS = 24  # in a rush: how often the manager does something on the page Now

# The faults of a day: how often, and how long one lasts at most.
FAULTS = {
    "kill_server": (3, 4.0),
    "kill_device": (4, 5.0),
    "cut": (4, 12.0),
    "half_open": (3, 10.0),
    "slow": (2, 12.0),
    "repeat": (2, 12.0),
    "disk_full": (1, 2.0),
    "slow_disk": (1, 12.0),
    "device_disk_full": (1, 8.0),
    "freeze": (2, 11.0),
    "device_clock": (2, 0.0),
    "server_clock": (1, 0.0),
}
RESTARTS = 4  # of a device's computer, with a clock that is wrong afterwards
FAR_AHEAD_EVERY = (
    3  # days: the server's computer starts with a clock that is far ahead, and is set right later
)
FAR_AHEAD_S = 10.0
BURST_EVERY = 3  # days: a kiosk is used without the server, and then sends a whole outbox
BURST_AT_S = 191.5  # in a lull, so that nothing else can be why the connection is lost
BURST_S = 1.0
BURST_OPS = 500
BURST_SENT_S = 2.0  # after this time all are answered
RESTART_S = 8.0  # how long it is without the server afterwards, at most


class Item(NamedTuple):
    """An action or a fault. `who` is an employee, a kiosk, or empty."""

    number: int
    at: float
    kind: str
    who: str
    seed: int


def script(seed: str, day: int, faults: bool) -> list[Item]:
    """The items of this day, in order of time."""
    chance = Random(f"{seed}/{day}")
    wanted = list(_people(chance))
    wanted += _manager(Random(f"{seed}/{day}/manager"))
    wanted += _settings(Random(f"{seed}/{day}/settings"))
    if faults:
        wanted += _faults(Random(f"{seed}/{day}/faults"), day)
        wanted += _restarts(Random(f"{seed}/{day}/restarts"))
        wanted += _far_ahead(Random(f"{seed}/{day}/far ahead"), day)
        wanted += _burst(Random(f"{seed}/{day}/burst"), day)
    wanted.sort()
    first = day * ITEMS_A_DAY
    return [Item(first + n, at, kind, who, seed_of) for n, (at, kind, who, seed_of) in enumerate(wanted)]


def _people(chance: Random) -> Iterator[tuple[float, str, str, int]]:
    def item(at: float, kind: str, who: str) -> tuple[float, str, str, int]:
        return (round(at, 3), kind, who, chance.getrandbits(32))

    rushes = [*RUSHES, (196.0, CLOSING_S + 3)]
    for _ in range(ARRIVALS):
        start, end = chance.choice(RUSHES)
        yield item(chance.uniform(start, end - 3), "arrive", chance.choice(KIOSKS))
    for start, end in rushes:
        for kiosk in KIOSKS:
            for _ in range(int((end - start) / 4.5)):
                yield item(chance.uniform(start, end), "kiosk", kiosk)
        for _ in range(int((end - start) / 14)):
            yield item(chance.uniform(start, end), "phone", "")
        for who in EMPLOYEES:
            for _ in range(int((end - start) / GLANCE_S)):
                yield item(chance.uniform(start, end), "glance", who)


def _manager(chance: Random) -> Iterator[tuple[float, str, str, int]]:
    for start, end in RUSHES:
        for _ in range(MANAGER_LOOKS):
            yield (round(chance.uniform(start, end), 3), "manager", "", chance.getrandbits(32))


def _settings(chance: Random) -> Iterator[tuple[float, str, str, int]]:
    for start, end in RUSHES:
        for _ in range(SETTINGS_CHANGES):
            yield (round(chance.uniform(start, end), 3), "settings", "", chance.getrandbits(32))


def _faults(chance: Random, day: int) -> Iterator[tuple[float, str, str, int]]:
    for kind, (times, longest) in FAULTS.items():
        for _ in range(times):
            start, end = chance.choice(RUSHES)
            # It ends before the lull, in which everything must recover.
            at = chance.uniform(start, end - longest - 1)
            yield (round(at, 3), kind, chance.choice((*EMPLOYEES, *KIOSKS)), chance.getrandbits(32))
    if day % 5 == 2:
        at = chance.uniform(30, 85)
        yield (round(at, 3), "revoke", chance.choice(EMPLOYEES), chance.getrandbits(32))


def _restarts(chance: Random) -> Iterator[tuple[float, str, str, int]]:
    for _ in range(RESTARTS):
        start, end = chance.choice(RUSHES)
        at = chance.uniform(start, end - RESTART_S - 3)
        who = chance.choice((*EMPLOYEES, *KIOSKS, *KIOSKS))
        yield (round(at, 3), "restart", who, chance.getrandbits(32))


def _far_ahead(chance: Random, day: int) -> Iterator[tuple[float, str, str, int]]:
    if day % FAR_AHEAD_EVERY == 0:
        start, end = chance.choice(RUSHES)
        at = chance.uniform(start, end - FAR_AHEAD_S - 3)
        yield (round(at, 3), "far_ahead", KIOSKS[0], chance.getrandbits(32))


def _burst(chance: Random, day: int) -> Iterator[tuple[float, str, str, int]]:
    if day % BURST_EVERY == 0:
        yield (BURST_AT_S, "burst", chance.choice(KIOSKS), chance.getrandbits(32))
