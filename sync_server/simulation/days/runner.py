"""Runs many simulated stores on all processors. The same seed gives the same result on any number of them."""

import gc
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path

from .plan import Outcome, Plan
from .store_simulation import StoreSimulation

DAYS_A_SHOP = 5
COLLECT_AFTER = 100_000  # objects


@dataclass
class Result:
    """The sums over all stores, under the names of `welkom simulate --json`."""

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
    found: list[Outcome] = field(default_factory=list)

    def add(self, outcome: Outcome) -> None:
        self.days += outcome.days
        self.visits += outcome.visits
        self.ops += outcome.ops
        self.kills += outcome.kills
        self.cuts += outcome.cuts
        if outcome.violation is not None:
            self.found.append(outcome)
            invariant = outcome.violation.invariant
            self.violations += 1
            self.lost_acknowledged += outcome.lost_acknowledged or (invariant == 1)
            self.duplicate_effects += invariant == 2
            self.diverged += invariant == 10


def plans(days: int, seed: int, faults: bool) -> Iterator[Plan]:
    """The plans of the stores that share these days: five days each, the last one the rest."""
    for shop, first in enumerate(range(0, days, DAYS_A_SHOP)):
        yield Plan(seed, shop, min(DAYS_A_SHOP, days - first), faults)


def run_plan(plan: Plan) -> Outcome:
    """Runs one store. Its databases are in memory."""
    usual = gc.get_threshold()
    # The garbage collector finds little here, and looks at much.
    gc.set_threshold(COLLECT_AFTER, *usual[1:])
    try:
        with tempfile.TemporaryDirectory(prefix="welkom-simulate-") as folder:
            return StoreSimulation(plan, Path(folder)).run()
    finally:
        gc.set_threshold(*usual)


def simulate(
    days: int,
    seed: int,
    faults: bool = True,
    processes: int | None = None,
    on_outcome: Callable[[Outcome], None] = lambda _outcome: None,
) -> Result:
    """Runs that many store-days. Calls `on_outcome` for each store, in order."""
    started = time.monotonic()
    result = Result()
    wanted = list(plans(days, seed, faults))
    count = min(len(wanted), processes or os.cpu_count() or 1)

    def add_all(outcomes: Iterator[Outcome]) -> None:
        for outcome in outcomes:
            result.add(outcome)
            on_outcome(outcome)

    if count <= 1:
        add_all(map(run_plan, wanted))
    else:
        with ProcessPoolExecutor(count, mp_context=get_context("fork")) as pool:
            add_all(pool.map(run_plan, wanted))
    result.seconds = round(time.monotonic() - started, 1)
    return result
