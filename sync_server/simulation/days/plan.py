"""What one simulated store is to do, and what came of it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sync_server.simulation.checks.invariant_checker import Violation

from .script import CLOSING_S, Item

ZONE = ZoneInfo("Europe/Amsterdam")


@dataclass(frozen=True)
class Plan:
    """Which store, for how many days, and which items of its script: all if `keep` is None.

    `clock_error_ms` is that of the first device; each further device errs in the other direction, by less.
    """

    seed: int
    shop: int
    days: int
    faults: bool = True
    keep: frozenset[int] | None = None
    clock_error_ms: int = 0

    @property
    def name(self) -> str:
        return f"{self.seed}/{self.shop}"


@dataclass
class Outcome:
    """The result of a plan. The first violation ends it.

    `items` are the items of the script that were done, if there was a violation. `log` is what the server
    wrote, line by line, without the ids that devices made.
    """

    plan: Plan
    days: int = 0
    ops: int = 0
    visits: int = 0
    kills: int = 0
    cuts: int = 0
    lost_acknowledged: int = 0
    violation: Violation | None = None
    items: tuple[Item, ...] = ()
    log: tuple[str, ...] = ()


def opening_ms(day: datetime) -> int:
    """When the store opens on this day, ms UTC: so that the compressed day ends at closing time, 18:00."""
    closing = day.replace(hour=18, minute=0, second=0, microsecond=0)
    return int(closing.timestamp() * 1000) - int(CLOSING_S * 1000)


def next_opening_ms(now_ms: int) -> int:
    """When the store opens on the day after `now_ms`, ms UTC."""
    return opening_ms(datetime.fromtimestamp(now_ms / 1000, ZONE) + timedelta(1))
