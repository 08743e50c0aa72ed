"""The wait to expect, for the visits in line and for one that would join.

What a quote follows from is cached until something on the floor changes, and so are the quotes themselves.
They also depend on the time, so they are computed again after `QUOTES_LAST_MS`.
"""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from itertools import accumulate
from math import inf

from msgspec import Struct

from sync_server.domain.catalogue.catalogue import Catalogue, Need
from sync_server.domain.line_situation import LineSituation
from sync_server.domain.people import ON_THE_FLOOR, Person

from . import routing
from .line import Kind, Line
from .wait_estimate import History, Quote, quote

QUOTES_LAST_MS = 20_000  # how long a quote stands on a floor where nothing happens
DEFAULT_SERVICE_S = 240.0  # the service time of a need that has left the catalogue


class _Ahead(Struct, frozen=True):
    """The visits ahead that compete for the employees who could serve one need.

    `service_s` is their mean service time, of none that of the need itself. The first of them waits since
    `waiting_since` (ms UTC), and `same_need` of them have the same need.
    """

    count: int
    service_s: float
    waiting_since: int
    same_need: int


class CompetingVisits(Struct, frozen=True):
    """All visits in line that compete for the employees who could serve one need.

    `places` are their places in line. The lists after them are about the first n of those visits, as in
    `_Ahead`.
    """

    places: list[int]
    services_s: list[float]
    waiting_since: list[int]
    same_need: list[int]

    def ahead(self, place: int) -> _Ahead:
        """Those before this place in line."""
        count = bisect_left(self.places, place)
        return _Ahead(count, self.services_s[count], self.waiting_since[count], self.same_need[count])


class _Able(Struct, frozen=True):
    """The employees on the floor, busy or free, who could serve one need.

    `first` are those among them who are asked before the search widens.
    """

    employees: routing.AbleEmployees
    ids: list[str]
    first: frozenset[str]


class _Helpers(Struct, frozen=True):
    """Who could help with one need at one moment, `at` (ms UTC), and how long shoppers waited before.

    `idle_first` of those who are asked first have nothing to do. `idle_since` is when the last of all who
    could help became idle (ms UTC), `recent_s` the mean of the latest waits.
    """

    at: int
    idle_first: int
    idle_since: int | None
    recent_s: float | None


class LineEstimates:
    """Reads the `line` and the `people` of a floor, which calls `invalidate` after each change of them."""

    def __init__(
        self, catalogue: Catalogue, history: History, line: Line, people: Mapping[str, Person]
    ) -> None:
        self._catalogue = catalogue
        self._history = history
        self._line = line
        self._people = people
        self._present: list[frozenset[str]] | None = None
        self._wanted: dict[Kind, frozenset[str]] = {}  # the skills
        self._competing: dict[str, CompetingVisits] = {}  # by need
        self._helpers: dict[str, _Helpers] = {}  # by need
        self._able: dict[str, _Able] = {}  # by need
        self._quotes: dict[tuple[str, int | None], Quote | None] = {}  # by need and visits ahead
        self._quotes_since = 0  # ms UTC
        self._quotes_until: int | None = None  # ms UTC; None: not computed yet

    def use_catalogue(self, catalogue: Catalogue) -> None:
        """Goes by another catalogue from now on."""
        self._catalogue = catalogue
        self.invalidate(people_changed=True)

    def invalidate(self, people_changed: bool) -> None:
        """Drops what was computed. `people_changed`: somebody may have come onto the floor or left it."""
        self._competing.clear()
        self._helpers.clear()
        self._quotes.clear()
        if people_changed:
            self._able.clear()
            self._wanted.clear()
            self._present = None

    @property
    def present_skills(self) -> Sequence[frozenset[str]]:
        """The skills of each employee on the floor, busy or free."""
        if self._present is None:
            self._present = routing.present_skills(self._catalogue, self._people.values())
        return self._present

    def quote(self, need: Need, now: int, ahead: int | None = None) -> Quote | None:
        """The wait to expect with this need behind `ahead` visits, None: for one who joins now (ms UTC).

        None if nobody on the floor can help, or probably not before closing time.
        """
        if not (self._quotes and self._quotes_stand(now)):
            self._quotes.clear()
            self._quotes_since, self._quotes_until = now, None
        key = (need.code, ahead)
        if key not in self._quotes:
            behind = self._line.joins_behind(need, now) if ahead is None else ahead
            # In line what was told at arrival stands, which had been made to end at closing time.
            open_s = (self._catalogue.next_closing(now) - now) / 1000 if ahead is None else inf
            self._quotes[key] = quote(need.code, self.situation(need, now, behind), self._history, open_s)
        return self._quotes[key]

    def median_s(self, need: Need, now: int, ahead: int) -> float | None:
        """The most likely wait of such a quote, without the quote; None if nobody on the floor can help."""
        situation = self.situation(need, now, ahead)
        return self._history.median_s(need.code, situation) if situation.able else None

    def _quotes_stand(self, now: int) -> bool:
        """Whether what was quoted may be quoted again. Most quotes are not asked for again."""
        if now == self._quotes_since:
            return True
        if self._quotes_until is None:
            # The end of a pause makes an employee free, and nothing else on the floor changes then.
            ends = [p.free_at for p in self._people.values() if p.free_at > self._quotes_since]
            self._quotes_until = min([*ends, self._quotes_since + QUOTES_LAST_MS])
        return now < self._quotes_until

    def situation(self, need: Need, now: int, ahead: int) -> LineSituation:
        """The floor for a visit with this need behind `ahead` others.

        expected = (ahead + 1) × (service + wrap-up) ÷ able. Source: in an M/M/c queue with all c servers
        busy and n customers waiting, the mean wait of the next one is (n + 1) ÷ (c·µ), µ the service rate:
        while all are busy, services end at the rate c·µ, and n + 1 must end (D. Gross et al., "Fundamentals
        of Queueing Theory", 4th edition, section 2.3).
        """
        able, competing = self._able_for(need), self._ahead(need, ahead)
        count = competing.count
        takes_s = max(1.0, competing.service_s + self._catalogue.times.wrap_up_s)
        helpers = self._helpers_for(need, able, now)
        recent_s, idle_since = helpers.recent_s, helpers.idle_since
        return LineSituation(
            expected_s=round((count + 1) * takes_s / max(1, len(able.ids)), 1),
            ahead=count,
            able=len(able.ids),
            free=helpers.idle_first > count,
            head_wait_s=round(max(0, now - competing.waiting_since) / 1000, 1) if count else 0.0,
            recent_wait_s=None if recent_s is None else round(recent_s, 1),
            idle_s=None if idle_since is None else round(max(0, now - idle_since) / 1000, 1),
            same_need=round(competing.same_need / count, 3) if count else 0.0,
        )

    def competing_ahead(self, need: Need, ahead: int) -> int:
        """How many of the first `ahead` in line wait for the employees who could serve this need.

        All of them while nobody on the floor can.
        """
        return self._ahead(need, ahead).count if self._able_for(need).ids else ahead

    def _helpers_for(self, need: Need, able: _Able, now: int) -> _Helpers:
        """They are the same for every place in line."""
        if (known := self._helpers.get(need.code)) is not None and known.at == now:
            return known
        idle = [p for name in able.ids if self._has_nothing_to_do(p := self._people[name], now)]
        found = self._helpers[need.code] = _Helpers(
            at=now,
            idle_first=len([p for p in idle if p.id in able.first]),
            idle_since=max([p.idle_since for p in idle]) if idle else None,
            recent_s=self._history.recent_wait_s(need.code, self._catalogue.day(now)),
        )
        return found

    def _has_nothing_to_do(self, person: Person, now: int) -> bool:
        """Whether they could serve somebody now. They may be asked for a visit that is ahead."""
        busy = len(person.active) >= self._catalogue.times.max_active
        return person.presence in ON_THE_FLOOR and not busy and person.free_at <= now

    def _ahead(self, need: Need, place: int) -> _Ahead:
        if place == len(self._line):
            return self._ahead_of_joiner(need)
        if (competing := self._competing.get(need.code)) is None:
            competing = self._competing[need.code] = self._competing_for(need)
        return competing.ahead(place)

    def _ahead_of_joiner(self, need: Need) -> _Ahead:
        """The whole line. Each arrival asks for it, so only groups are counted, not visits."""
        compete_for, groups = self._able_for(need).employees.compete_for, self._line.groups
        kinds = [kind for kind in groups if compete_for(self._wanted_skills(kind))]
        count = sum([len(groups[kind]) for kind in kinds])
        if not count:
            return _Ahead(0, self._service_s(need.code), 0, 0)
        return _Ahead(
            count,
            sum([len(groups[kind]) * self._service_s(kind[0]) for kind in kinds]) / count,
            min([min(groups[kind].values()) for kind in kinds]),
            sum([len(groups[kind]) for kind in kinds if kind[0] == need.code]),
        )

    def _competing_for(self, need: Need) -> CompetingVisits:
        compete_for, line = self._able_for(need).employees.compete_for, self._line.visits
        kinds = [(v.need, v.ring) for v in line]
        competing = {kind for kind in self._line.groups if compete_for(self._wanted_skills(kind))}
        places = [place for place, kind in enumerate(kinds) if kind in competing]
        ahead = [line[place] for place in places]
        services_s = {code: self._service_s(code) for code in {v.need for v in ahead}}
        totals_s = accumulate([services_s[v.need] for v in ahead])
        return CompetingVisits(
            places,
            [self._service_s(need.code), *[total_s / n for n, total_s in enumerate(totals_s, 1)]],
            [0, *accumulate([v.arrived_at for v in ahead], min)],
            [0, *accumulate([v.need == need.code for v in ahead])],
        )

    def _able_for(self, need: Need) -> _Able:
        if (able := self._able.get(need.code)) is None:
            employees = routing.AbleEmployees(self._catalogue, self._people.values(), need)
            wanted = self._wanted_skills((need.code, 0))
            first = frozenset(e.id for e in employees.employees if wanted <= e.skills)
            able = _Able(employees, [e.id for e in employees.employees], first)
            self._able[need.code] = able
        return able

    def _wanted_skills(self, kind: Kind) -> frozenset[str]:
        if (wanted := self._wanted.get(kind)) is None:
            wanted = routing.wanted_skills(self._catalogue, *kind, self.present_skills)
            self._wanted[kind] = wanted
        return wanted

    def _service_s(self, need_code: str) -> float:
        need = self._catalogue.need(need_code)
        return self._history.service_s(need_code, need.target_service_s if need else DEFAULT_SERVICE_S)
