"""What those in line, and whoever joins them, can expect: their place, and how long it may take.

Both follow from who is in line and who is on the floor, and not from the time: all in line have
waited longer by the same. So each is worked out once, for all who ask before something happens.
"""

from bisect import bisect_left, insort
from collections.abc import Mapping, Sequence

from msgspec import Struct

from . import routing
from .catalogue import Catalogue, Need
from .people import Person
from .visit import IN_LINE, Visit
from .wait import History, Quote, middle, quote


class Rivals(Struct, frozen=True):
    """Those in line who compete for the employees who could come for one need.

    `places` are theirs in the line. `services_s` says how long a service takes, in the middle, of
    the first 0, 1, 2 … of them; with nobody ahead it is one's own.
    """

    able: int
    places: list[int]
    services_s: list[float]


class Outlook:
    """Looks at the `visits` and `people` of a floor, which says when they have `changed`."""

    def __init__(
        self,
        catalogue: Catalogue,
        history: History,
        visits: Mapping[str, Visit],
        people: Mapping[str, Person],
    ) -> None:
        self._catalogue = catalogue
        self._history = history
        self._visits = visits
        self._people = people
        self._line: list[Visit] | None = None
        self._places: dict[str, int] | None = None
        self._asked: list[tuple[frozenset[str], float]] | None = None  # of each in line: skills, seconds
        self._rivals: dict[str, Rivals] = {}  # by need
        self._able: dict[str, routing.Able] = {}  # by need

    def changed(self, came_or_went: bool) -> None:
        """Something happened; `came_or_went`: somebody may have come onto the floor, or left it."""
        self._line = self._places = self._asked = None
        self._rivals.clear()
        if came_or_went:
            self._able.clear()

    def line(self) -> Sequence[Visit]:
        """Those waiting or being offered, in the order they will be served."""
        if self._line is None:
            in_line = (v for v in self._visits.values() if v.state in IN_LINE)
            self._line = routing.line(in_line, self._catalogue.times.credit_s)
        return self._line

    def ahead_of(self, visit_id: str) -> int:
        """How many in line come before this visit. Raises KeyError for one that is not in line."""
        if self._places is None:
            self._places = {v.visit_id: place for place, v in enumerate(self.line())}
        return self._places[visit_id]

    def quote(self, need: Need, ahead: int | None = None) -> Quote | None:
        """What to tell a shopper with this need who has so many `ahead`; None: the whole line."""
        if (rivals := self._rivals.get(need.code)) is None:
            rivals = self._rivals[need.code] = self._rivals_for(need)
        count = len(rivals.places) if ahead is None else bisect_left(rivals.places, ahead)
        return quote(count, rivals.services_s[count], rivals.able, self._history)

    def _rivals_for(self, need: Need) -> Rivals:
        if (able := self._able.get(need.code)) is None:
            able = self._able[need.code] = routing.Able(self._catalogue, self._people.values(), need)
        places: list[int] = []
        in_order: list[float] = []
        services_s = [self._service_s(need.code)]
        if self._asked is None:
            self._asked = [(routing.wanted(self._catalogue, v), self._service_s(v.need)) for v in self.line()]
        for place, (skills, service_s) in enumerate(self._asked):
            if able.compete_for(skills):
                places.append(place)
                insort(in_order, service_s)
                services_s.append(middle(in_order))
        return Rivals(len(able.employees), places, services_s)

    def _service_s(self, need_code: str) -> float:
        need = self._catalogue.need(need_code)
        return self._history.service_s(need_code, need.target_service_s if need else 240)
