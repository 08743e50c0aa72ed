"""The line: the visits that are waiting or offered, in the order in which they will be served.

The next one is that with the highest `waited + priority × credit`. All visits in line wait on by the same
time, so their order does not depend on the current time. It is kept from one change to the next: a visit
that joins or leaves does not have the others sorted again.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence

from sync_server.domain.catalogue.catalogue import Need
from sync_server.domain.visit.visit import IN_LINE, Visit


class Line:
    """Reads the open `visits` of a floor, which calls `update` after each change of one.

    `credit_s` is how many seconds of waiting one step of priority counts for.
    """

    def __init__(self, visits: Mapping[str, Visit], credit_s: float) -> None:
        self._open = visits
        self._credit_ms = credit_s * 1000
        self._order: list[str] | None = None  # visit ids
        self._visits: list[Visit] | None = None
        self._places: dict[str, int] | None = None

    def update(self, before: Visit | None, after: Visit | None) -> None:
        """A visit was opened (no `before`) or has changed; `after` is None if there is no such visit."""
        self._visits = self._places = None
        if self._order is None or after is None:
            return
        was = before is not None and before.state in IN_LINE
        if before is None:
            last = self._open.get(self._order[-1]) if self._order else None
            if last is None or self._key(last) <= self._key(after):
                self._order.append(after.visit_id)
            else:
                self._order = None
        elif was and after.state not in IN_LINE:
            self._order.remove(after.visit_id)
        elif after.state in IN_LINE and not (was and self._key(before) == self._key(after)):
            self._order = None

    @property
    def visits(self) -> Sequence[Visit]:
        """The visits in line, in order. Equal ones stay in the order in which they came."""
        if self._visits is None:
            if self._order is None:
                in_line = [v for v in self._open.values() if v.state in IN_LINE]
                self._order = [v.visit_id for v in sorted(in_line, key=self._key)]
            self._visits = [self._open[visit_id] for visit_id in self._order]
        return self._visits

    def ahead_of(self, visit_id: str) -> int:
        """How many come before this visit. Raises KeyError for one that is not in line."""
        if self._places is None:
            self._places = {v.visit_id: place for place, v in enumerate(self.visits)}
        return self._places[visit_id]

    def joins_behind(self, need: Need, now: int) -> int:
        """How many would come before a visit with this need that joins now (ms UTC).

        With priority it does not join last.
        """
        if not need.priority:
            return len(self.visits)
        own = now - need.priority * self._credit_ms
        return bisect_right(self.visits, own, key=lambda v: self._key(v)[0])

    def _key(self, visit: Visit) -> tuple[float, int]:
        return visit.arrived_at - visit.priority * self._credit_ms, visit.arrived_at
