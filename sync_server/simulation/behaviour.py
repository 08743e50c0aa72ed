"""How the simulated people of a real store act: how often they come, how long things take, what they choose.

The demo's people and those of a made-up past share it, so what the estimator learned from the past is
true of the demo.
"""

from collections.abc import Collection
from dataclasses import dataclass
from random import Random

from sync_server.domain.catalogue.catalogue import Catalogue, Need
from sync_server.domain.resolution import Resolution

OPENS, CLOSES = 9, 19  # local hours
# Shoppers in each hour of a local day, from midnight: a rush before noon and another after work.
ARRIVALS = (*(0.0,) * OPENS, 5.0, 8.0, 10.0, 10.0, 8.0, 7.0, 8.0, 9.0, 10.0, 5.0, *(0.0,) * 5)

LONG_WAIT_S = 480


@dataclass(frozen=True)
class Behaviour:
    """Durations are those of a real store, in seconds; `about` divides them by `speed`.

    Shares are of 1. `service` is the mean service time as a multiple of the need's target.
    """

    speed: float = 1.0
    arrivals: tuple[float, ...] = ARRIVALS
    at_the_kiosk_s: float = 15.0
    reaction_s: float = 4.0
    walk_s: float = 15.0
    service: float = 1.1
    wrap_up_s: float = 20.0
    patience_s: float = 1800.0
    declines: float = 0.05
    rates: float = 0.5

    def about(self, chance: Random, mean_s: float) -> float:
        """A random duration with this mean, sometimes much longer, divided by the speed."""
        return chance.gammavariate(3, mean_s / 3) / self.speed

    def next_arrival_s(self, chance: Random, hour: int, share: float) -> float | None:
        """The time until the next shopper comes, in this local hour. `share` of all come this way.

        None if nobody comes in this hour.
        """
        rate = self.arrivals[hour] * share
        return chance.expovariate(rate / 3600) / self.speed if rate else None

    def service_s(self, chance: Random, need: Need | None) -> float:
        return self.about(chance, self.service * (need.target_service_s if need else 240))


def frequency(place: int) -> float:
    """How often shoppers come for the need at a place of the store's list, relative to the others."""
    return 1 / (4 + place)


def chosen_need(needs: list[Need], chance: Random) -> Need:
    """What a shopper comes for. Needs that come first in the store's list are the most frequent."""
    return chance.choices(needs, [frequency(place) for place in range(len(needs))])[0]


def needs_met_by(catalogue: Catalogue, employees: Collection[str]) -> list[Need]:
    """The needs that a shopper can choose and one of these employees can serve."""
    skills = [employee.skills for employee in catalogue.employees if employee.id in employees]
    found = [need for need in catalogue.needs if catalogue.need(need.code)]
    return [need for need in found if any(set(need.skills) <= able for able in skills)]


def chosen_resolution(need: Need | None, chance: Random) -> Resolution:
    """A resolution of the need; each is half as likely as the one before."""
    endings = need.endings if need else ("solved",)
    return Resolution(chance.choices(endings, [2.0**-place for place in range(len(endings))])[0])


def chosen_ces(served: bool, chance: Random, waited_s: float = 0) -> int:
    """How easy it was, from 1 to 5. Who has waited long is not as pleased with it."""
    ces = chance.choice((5, 5, 4, 4, 3) if served else (3, 2, 1))
    return max(1, ces - int(waited_s > LONG_WAIT_S) - int(waited_s > 2 * LONG_WAIT_S))
