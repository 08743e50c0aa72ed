"""The line: the visits that are waiting or offered, in the order in which they will be served.

The next one is that with the highest `waited + priority × credit`. All visits in line wait on by the same
time, so their order does not depend on the current time. It is kept from one change to the next: a visit
that joins or leaves does not have the others sorted again. So are the groups of visits that want the same,
because each quote asks for them.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence

from sync_server.domain.catalogue.catalogue import Need
from sync_server.domain.visit.visit import IN_LINE, Visit

Kind = tuple[str, int]  # the need and the skill ring of a visit: what it wants follows from them


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
        self._groups: dict[Kind, dict[str, int]] = {}
        for visit in visits.values():
            if visit.state in IN_LINE:
                self._join_group(visit)

    def update(self, before: Visit | None, after: Visit | None) -> None:
        """A visit was opened (no `before`) or has changed; `after` is None if there is no such visit."""
        self._visits = self._places = None
        was = before is not None and before.state in IN_LINE
        if before is not None and was:
            self._leave_group(before)
        if after is None:
            return
        if after.state in IN_LINE:
            self._join_group(after)
        if self._order is None:
            return
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

    def use_credit(self, credit_s: float) -> None:
        """One step of priority counts for this many seconds from now on."""
        self._credit_ms = credit_s * 1000
        self._order = self._visits = self._places = None

    def __len__(self) -> int:
        return sum(map(len, self._groups.values()))

    @property
    def visits(self) -> Sequence[Visit]:
        """The visits in line, in order. Equal ones stay in the order in which they came."""
        if self._visits is None:
            if self._order is None:
                in_line = [v for v in self._open.values() if v.state in IN_LINE]
                self._order = [v.visit_id for v in sorted(in_line, key=self._key)]
            self._visits = [self._open[visit_id] for visit_id in self._order]
        return self._visits

    @property
    def groups(self) -> Mapping[Kind, Mapping[str, int]]:
        """The visits in line that want the same: when each arrived (ms UTC), by visit id. None is empty."""
        return self._groups

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
            return len(self)
        own = now - need.priority * self._credit_ms
        return bisect_right(self.visits, own, key=lambda v: self._key(v)[0])

    def _join_group(self, visit: Visit) -> None:
        self._groups.setdefault((visit.need, visit.ring), {})[visit.visit_id] = visit.arrived_at

    def _leave_group(self, visit: Visit) -> None:
        group = self._groups[kind := (visit.need, visit.ring)]
        del group[visit.visit_id]
        if not group:
            del self._groups[kind]

    def _key(self, visit: Visit) -> tuple[float, int]:
        return visit.arrived_at - visit.priority * self._credit_ms, visit.arrived_at
