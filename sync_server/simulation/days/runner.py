"""Many shops, on all cores: the same seed gives the same result on any number of them."""

import gc
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path

from .shop_life import Lived, Plan, ShopLife

DAYS_A_SHOP = 5
SELDOM = 100_000  # objects made before any is collected


@dataclass
class Result:
    """What all shops together came to, under the names of `welkom simulate --json`."""

    days: int = 0
    visits: int = 0
    ops: int = 0
    kills: int = 0
    cuts: int = 0
    violations: int = 0
    lost_acknowledged: int = 0
    duplicate_effects: int = 0
    diverged: int = 0
    seconds: float = 0.0
    found: list[Lived] = field(default_factory=list)

    def add(self, lived: Lived) -> None:
        self.days += lived.days
        self.visits += lived.visits
        self.ops += lived.ops
        self.kills += lived.kills
        self.cuts += lived.cuts
        if lived.violation is not None:
            self.found.append(lived)
            invariant = lived.violation.invariant
            self.violations += 1
            self.lost_acknowledged += lived.lost_acknowledged or (invariant == 1)
            self.duplicate_effects += invariant == 2
            self.diverged += invariant == 10


def plans(days: int, seed: int, faults: bool) -> Iterator[Plan]:
    """The shops that live these days together; each lives five of them, the last one the rest."""
    for shop, first in enumerate(range(0, days, DAYS_A_SHOP)):
        yield Plan(seed, shop, min(DAYS_A_SHOP, days - first), faults)


def live(plan: Plan) -> Lived:
    """One shop's life. Its databases are in memory."""
    usual = gc.get_threshold()
    # A shop makes little that needs collecting, and much that would have to be looked at.
    gc.set_threshold(SELDOM, *usual[1:])
    try:
        with tempfile.TemporaryDirectory(prefix="welkom-simulate-") as folder:
            return ShopLife(plan, Path(folder)).live()
    finally:
        gc.set_threshold(*usual)


def simulate(
    days: int,
    seed: int,
    faults: bool = True,
    processes: int | None = None,
    tell: Callable[[Lived], None] = lambda _lived: None,
) -> Result:
    """Lives that many store-days. `tell` hears of each shop whose life is over, in order."""
    started = time.monotonic()
    result = Result()
    wanted = list(plans(days, seed, faults))
    count = min(len(wanted), processes or os.cpu_count() or 1)

    def all_of(lives: Iterator[Lived]) -> None:
        for lived in lives:
            result.add(lived)
            tell(lived)

    if count <= 1:
        all_of(map(live, wanted))
    else:
        with ProcessPoolExecutor(count, mp_context=get_context("fork")) as pool:
            all_of(pool.map(live, wanted))
    result.seconds = round(time.monotonic() - started, 1)
    return result
