"""How wrong the forecast of arrivals is on a made-up year, and what comes about where its advice is followed.

python -m tests.bench.staffing [STORE]

Every few weeks of the year, the coming two weeks are forecast from what was known before them, and advised.
The error is the difference from who came. Then the same two weeks are lived through by the product's own
rules once more, with exactly the people that the advice asks for, in copies of the store's employees. STORE
is one that `welkom simulate --write` has made; without it one is made.
"""

import contextlib
import json
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import msgspec

from sync_server.domain import ops
from sync_server.domain.catalogue.catalogue import Catalogue, Employee
from sync_server.domain.events import Presence, Record
from sync_server.domain.floor.floor import Floor
from sync_server.domain.staffing import advice
from sync_server.domain.staffing.advice import WHOLE_SHOP, Service, Slot
from sync_server.domain.staffing.forecast import WEEKS, ArrivalHistory, Cell, forecast
from sync_server.domain.staffing.team import Patience, demands, greeted
from sync_server.domain.visit.visit import Visit
from sync_server.service.config.load import load_settings
from sync_server.service.staffing.history import read_past
from sync_server.service.storage.connection import connect
from sync_server.service.storage.data_dir import DataDir
from sync_server.simulation.behaviour import ARRIVALS, Behaviour
from sync_server.simulation.history import seasons
from sync_server.simulation.history.fill import SERVICE, fill_store
from sync_server.simulation.history.shop_days import ShopDays

DAYS, VISITS, SEED = 365, 300, 3
FORTNIGHT = 14
EVERY_WEEKS = 4
SHARE = 0.8
KIOSK = ("kiosk", "K")
Totals = dict[str, float]
Roster = Mapping[tuple[date, int], Sequence[str]]  # who is there in each half-hour


class AdvisedDays(ShopDays):
    """Days on which everybody comes and goes by the half-hour, and nobody has a break."""

    def __init__(self, roster: Roster, *given: Any) -> None:
        super().__init__(*given)
        self._roster = roster

    def _live_day(self, opens: int, closes: int, quiet_from: int, shape: seasons.DayShape) -> None:
        super()._live_day(opens, closes, quiet_from, shape._replace(away=frozenset(self._tablets)))
        local = self._catalogue.local(opens)
        at, slot = opens, (local.hour * 60 + local.minute) // 30
        while at < closes:
            self._at(at, self._change_people, frozenset(self._roster.get((local.date(), slot), ())))
            at, slot = at + advice.SLOT_S * 1000, slot + 1
        for name in self._tablets:
            self._at(closes, self._go_home, name)

    def _change_people(self, wanted: frozenset[str]) -> None:
        for name in self._tablets:
            person = self.floor.people[name]
            if name in wanted and person.presence is Presence.OFF_FLOOR:
                self._sign_on(name)
            elif name not in wanted:
                self._leave(name)

    def _leave(self, name: str) -> None:
        """Signs off, after the visit in hand."""
        person = self.floor.people[name]
        if person.active or person.offer:
            self._after(30, self._leave, name)
        elif person.presence is not Presence.OFF_FLOOR:
            self._do_with(ops.SetPresence(Presence.OFF_FLOOR), name)


def measure(store: DataDir, days: int = DAYS, visits: int = VISITS, seed: int = SEED) -> dict[str, Any]:
    """The figures of a store whose `days` were made with this seed."""
    shop = load_settings(store.settings).catalogue()
    totals: Totals = defaultdict(float)
    with contextlib.closing(connect(store.store, read_only=True)) as db:
        last = date.fromisoformat(db.execute("SELECT max(day) FROM visits").fetchone()[0])
        first = last + timedelta(days=1 - days)
        shapes = seasons.year(shop, first, days, seed)
        until = first + timedelta(weeks=WEEKS + EVERY_WEEKS)
        while until + timedelta(days=FORTNIGHT - 1) <= last:
            past = read_past(db, shop, until, SHARE)
            came = read_past(db, shop, until + timedelta(days=FORTNIGHT), SHARE).history
            _add(totals, forecast_error(shop, past.history, came, until))
            slots = advised(shop, past.history, past.service, until)
            _add(totals, followed(shop, slots, shapes, until, visits, seed, past.service))
            until += timedelta(weeks=EVERY_WEEKS)
    return in_figures(totals)


def of_new_store(work: Path) -> dict[str, Any]:
    """The figures of a year that is made for it."""
    fill_store(work / "year", DAYS, VISITS, SEED)
    return measure(DataDir(work / "year"))


def _add(totals: Totals, more: Mapping[str, float]) -> None:
    for name, number in more.items():
        totals[name] += number


def in_figures(totals: Mapping[str, float]) -> dict[str, Any]:
    """Shares of 1. The forecast's error is a share of the visits that came."""
    came, visits = totals["came"], totals["visits"]
    return {
        "forecast": {
            "visits": round(came),
            "off_by_half_hour_and_skill": round(totals["off"] / came, 3),
            "off_by_day": round(totals["off_by_day"] / came, 3),
            "too_high": round(totals["expected"] / came - 1, 3),
        },
        "advice": {
            "visits": round(visits),
            "wanted": SHARE,
            "greeted_in_time": round(totals["in_time"] / visits, 3),
            "predicted": round(totals["predicted"] / totals["reckoned"], 3),
            "by_skill": {
                skill: round(totals[f"in time for {skill}"] / number, 3)
                for key, number in sorted(totals.items())
                if (skill := key.removeprefix("visits for ")) != key
            },
            "people_hours": round(totals["people"] / 2),
            "busy": round(totals["busy_s"] / (totals["people"] * advice.SLOT_S), 3),
        },
    }


def reached(figures: Mapping[str, Any]) -> dict[str, bool]:
    """What is to be reached."""
    found = figures["advice"]
    return {"advice_greets_wanted_share_within_2_points": found["greeted_in_time"] >= found["wanted"] - 0.02}


def _dates(until: date) -> list[date]:
    return [until + timedelta(days=n) for n in range(FORTNIGHT)]


def forecast_error(shop: Catalogue, known: ArrivalHistory, came: ArrivalHistory, until: date) -> Totals:
    """How far the two weeks from `until` on were off, in visits."""
    totals: Totals = defaultdict(float)
    for day in _dates(until):
        actual = came.days.get(day) or {}
        guess = _opened(shop, forecast(known, day, until), day)
        totals["came"] += sum(actual.values())
        totals["expected"] += sum(guess.values())
        totals["off"] += sum(abs(guess.get(c, 0.0) - actual.get(c, 0)) for c in guess.keys() | actual.keys())
        totals["off_by_day"] += abs(sum(guess.values()) - sum(actual.values()))
    return totals


def _opened(shop: Catalogue, expected: Mapping[Cell, float], day: date) -> dict[Cell, float]:
    opened = set(advice.open_slots(shop, day, shop.zone))
    return {cell: visits for cell, visits in expected.items() if cell[1] in opened}


def advised(shop: Catalogue, known: ArrivalHistory, service: Service, until: date) -> list[Slot]:
    """The half-hours of the two weeks with the people that they need."""
    return [
        slot
        for day in _dates(until)
        for slot in advice.needed_slots(
            day, forecast(known, day, until), advice.open_slots(shop, day, shop.zone), service, shop.employees
        )
    ]


def roster_of(slots: Iterable[Slot], employees: Sequence[Employee]) -> tuple[Roster, dict[str, Employee]]:
    """Who comes in each half-hour, and all who ever come: enough for each skill and for the whole shop.

    They are copies of the store's employees: again and again the one who has most of the missing skills.
    """
    wanted: dict[tuple[date, int], Counter[str]] = {}
    for slot in slots:
        wanted.setdefault((slot.day, slot.slot), Counter())[slot.skill] = slot.needed
    copies: dict[str, Employee] = {}
    roster: dict[tuple[date, int], Sequence[str]] = {}
    for at, missing in wanted.items():
        there: Counter[str] = Counter()
        while any(number > 0 for number in missing.values()):
            best = max(
                employees,
                key=lambda e: (sum(missing[s] > 0 for s in e.skills), sum(missing[s] for s in e.skills)),
            )
            there[best.id] += 1
            missing.subtract([WHOLE_SHOP, *best.skills])
        roster[at] = [f"{who}-{n}" for who, number in there.items() for n in range(number)]
        for name in roster[at]:
            original = next(e for e in employees if name.startswith(f"{e.id}-"))
            copies.setdefault(name, msgspec.structs.replace(original, id=name, name=name))
    return roster, copies


def followed(
    shop: Catalogue,
    slots: Sequence[Slot],
    shapes: Mapping[date, seasons.DayShape],
    until: date,
    visits: int,
    seed: int,
    service: Service,
) -> Totals:
    """What comes about in the two weeks from `until` on with the people that are advised."""
    roster, people = roster_of(slots, shop.employees)
    staffed = msgspec.structs.replace(shop, employees=tuple(people.values()))
    target_ms = shop.times.service_level_s * 1000
    totals: Totals = defaultdict(float)
    ended: set[str] = set()

    def note(floor: Floor, records: list[Record]) -> None:
        for record in records:
            visit = floor.visits.get(record.visit_id or "")
            if visit is not None and visit.ended_at is not None and visit.visit_id not in ended:
                ended.add(visit.visit_id)
                _add(totals, _outcome(visit, advice.skill_of(shop, visit.need) or "anything", target_ms))

    behaviour = Behaviour(arrivals=tuple(rate * visits / sum(ARRIVALS) for rate in ARRIVALS))
    behaviour = replace(behaviour, wrap_up_s=shop.times.wrap_up_s, service=SERVICE)
    tablets = {name: (name, f"T{n}") for n, name in enumerate(people)}
    days = AdvisedDays(roster, staffed, [KIOSK], tablets, behaviour, seed + until.toordinal(), dict(shapes))
    begin, end = (seasons.at_hour(shop, day, 0) for day in (until, until + timedelta(days=FORTNIGHT)))
    days.live(begin, end, end, note)
    totals["people"] += sum(len(there) for there in roster.values())
    patience = Patience(service.leave_per_s, service.within_s)
    for at, there in roster.items():
        per_s = {s.skill: s.visits / advice.SLOT_S for s in slots if (s.day, s.slot) == at and s.skill}
        wanted = demands(service.kinds, per_s)
        shares = greeted(wanted, [people[name].skills for name in there], patience)
        totals["predicted"] += sum(one.per_s * share for one, share in zip(wanted, shares, strict=True))
        totals["reckoned"] += sum(one.per_s for one in wanted)
    return totals


def _outcome(visit: Visit, skill: str, target_ms: float) -> dict[str, float]:
    if visit.source == "staff":
        return {}  # a quick resolution has no wait
    in_time = visit.accepted_at is not None and visit.accepted_at - visit.created_at <= target_ms
    busy_ms = 0 if visit.accepted_at is None or visit.ended_at is None else visit.ended_at - visit.accepted_at
    by_skill = {f"visits for {skill}": 1, f"in time for {skill}": in_time}
    return {"visits": 1, "in_time": in_time, "busy_s": busy_ms / 1000, **by_skill}


if __name__ == "__main__":
    if sys.argv[1:]:
        print(json.dumps(measure(DataDir(Path(sys.argv[1]))), indent=2))
    else:
        with tempfile.TemporaryDirectory(prefix="welkom-bench-") as place:
            print(json.dumps(of_new_store(Path(place)), indent=2))
