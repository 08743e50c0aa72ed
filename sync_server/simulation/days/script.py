"""A day's script: what people will do and what will go wrong, and when.

Every item stands by itself, with a seed of its own: leaving one out leaves all others as they
are. That is what makes a long story short when something was found.
"""

from collections.abc import Iterator
from random import Random
from typing import NamedTuple

from .store_file import EMPLOYEES

VISITS = 150
RUSHES = ((4.0, 92.0), (100.0, 186.0))  # seconds after the doors open
LULLS = tuple(end for _, end in RUSHES)  # people rest here, nothing is broken, and all must agree
CLOSING_S = 203.0
DAY_S = 223.0
ITEMS_A_DAY = 100_000  # item numbers of a day begin at its number times this

GLANCE_S = 0.65  # how often an employee looks at the tablet and may do something
ARRIVALS = 141  # the other visits are opened by employees
KIOSKS = ("front", "back")

# What goes wrong in a day: how often, and how long it lasts at most.
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


class Item(NamedTuple):
    """One thing that happens. `who` is an employee, a kiosk, or nobody in particular."""

    number: int
    at: float
    kind: str
    who: str
    seed: int


def script(seed: str, day: int, faults: bool) -> list[Item]:
    """All that is to happen on this day, in order of time."""
    chance = Random(f"{seed}/{day}")
    wanted = list(_people(chance))
    if faults:
        wanted += _faults(Random(f"{seed}/{day}/faults"), day)
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


def _faults(chance: Random, day: int) -> Iterator[tuple[float, str, str, int]]:
    for kind, (times, longest) in FAULTS.items():
        for _ in range(times):
            start, end = chance.choice(RUSHES)
            # It is over before people rest: then everything must heal.
            at = chance.uniform(start, end - longest - 1)
            yield (round(at, 3), kind, chance.choice((*EMPLOYEES, *KIOSKS)), chance.getrandbits(32))
    if day % 5 == 2:
        at = chance.uniform(30, 85)
        yield (round(at, 3), "revoke", chance.choice(EMPLOYEES), chance.getrandbits(32))
