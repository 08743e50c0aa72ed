"""The second test bed: days of a simulated shop, in which people walk, decline, and do not answer.

Everything that the floor does is real, and so is what shoppers are told.
"""

from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from msgspec import Struct

from sync_server.domain.catalogue.catalogue import Catalogue
from sync_server.domain.events import Record
from sync_server.domain.floor.floor import Floor
from sync_server.domain.visit.visit import Visit
from sync_server.simulation.behaviour import ARRIVALS, Behaviour
from sync_server.simulation.history.shop_days import ShopDays

from .replay import Asked
from .score import Score, score

DAY_MS = 86_400_000
FIRST_VISITS = 200  # how many a new shop is seen as new
FORMULA_LOW, FORMULA_HIGH = 1 / 1.6, 2.2  # a usual guess around the formula's wait


class Waited(Struct, frozen=True):
    """A visit that was quoted a wait, and began to be served."""

    visit: Visit
    number: int  # in the order in which the visits were served

    def asked(self) -> Asked:
        """What was told, and came about."""
        v = self.visit
        return Asked(
            v.need, 0.0, (v.wait_ms or 0) / 1000,
            v.quoted_low_s or 0.0, v.quoted_median_s or 0.0, v.quoted_high_s or 0.0,
        )  # fmt: skip

    def formula(self) -> Asked:
        """What the plain formula would have told."""
        expected_s = self.visit.expected_s or 0.0
        wait_s = (self.visit.wait_ms or 0) / 1000
        return Asked(
            self.visit.need, 0.0, wait_s, expected_s * FORMULA_LOW, expected_s, expected_s * FORMULA_HIGH
        )


def live(catalogue: Catalogue, days: int, visits: int, seed: int) -> list[Waited]:
    """Lives through `days` of a shop with about `visits` on each."""
    found: list[Waited] = []
    served: set[str] = set()

    def note(floor: Floor, records: list[Record]) -> None:
        for record in records:
            visit = floor.visits.get(record.visit_id or "")
            if visit is None or visit.serving_at is None or visit.visit_id in served:
                continue
            served.add(visit.visit_id)
            if visit.quoted_high_s is not None:
                found.append(Waited(visit, len(served)))

    arrivals = tuple(rate * visits / sum(ARRIVALS) for rate in ARRIVALS)
    behaviour = Behaviour(arrivals=arrivals, wrap_up_s=catalogue.times.wrap_up_s)
    tablets = {e.id: (f"tablet-{e.id}", chr(ord("B") + n)) for n, e in enumerate(catalogue.employees)}
    shop = ShopDays(catalogue, [("kiosk", "A")], tablets, behaviour, seed)
    begin = datetime(2026, 3, 2, tzinfo=ZoneInfo(catalogue.store.timezone))
    begins = int(begin.timestamp() * 1000)
    shop.live(begins, begins + days * DAY_MS, begins + days * DAY_MS, note)
    return found


def scores(waited: Iterable[Waited]) -> dict[str, dict[str, Score]]:
    """What was told, and what the plain formula would have told: over all, and by who and when."""
    groups: dict[str, list[Waited]] = {}
    for one in waited:
        situation = one.visit.situation
        found = "somebody free" if situation is not None and situation.free else "nobody free"
        time = f"first {FIRST_VISITS} visits" if one.number <= FIRST_VISITS else "later visits"
        for name in ("all", found, time, f"{found}, {time}", f"need {one.visit.need}"):
            groups.setdefault(name, []).append(one)
    return {
        name: {
            "told": score([w.asked() for w in group]),
            "plain formula": score([w.formula() for w in group]),
        }
        for name, group in sorted(groups.items())
    }
