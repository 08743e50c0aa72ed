"""Replays days of calls: asks estimators at each arrival, and tells them afterwards what came about."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from msgspec import Struct

from .calls import NO_NAME, OPENS_S, Call, Skills, pool

SEEN_S = 900  # an employee without a call counts as present this long after their last


class State(Struct, frozen=True):
    """What is known at the moment somebody calls. Nothing in it lies in the future.

    visit    number of this call           at        seconds since midnight
    waiting  (visit, need, priority, waited_s) in order of arrival
    serving  (agent, need, elapsed_s)      idle      (agent, since_s): had a call in the last 900 s
    skills   of all in serving and idle    active    how many of those have the skill
    ahead    how many in `waiting` are served before this call by the same employees
    """

    visit: int
    day: str
    at: float
    need: str
    priority: int
    waiting: list[tuple[int, str, int, float]]
    serving: list[tuple[str, str, float]]
    idle: list[tuple[str, float]]
    skills: Mapping[str, frozenset[str]]
    ahead: int
    active: int


class Estimator(Protocol):
    """What is replayed to. Made anew for each fold."""

    def new_day(self, day: str, /) -> None: ...

    def quote(self, state: State, /) -> tuple[float, float, float]:
        """Low end, most likely wait and high end, seconds."""

    def started(self, visit: int, need: str, wait_s: float, queued: bool, at: float, /) -> None:
        """Somebody's wait is over."""

    def left(self, visit: int, need: str, wait_s: float, at: float, /) -> None:
        """Somebody gave up."""

    def ended(self, need: str, agent: str, service_s: float, at: float, /) -> None:
        """A service is over."""


class Named(Protocol):
    """An estimator with a name."""

    name: str


class Asked(Struct, frozen=True):
    """What an estimator said to one caller who queued, and the wait that came about."""

    need: str
    at: float
    wait_s: float
    low_s: float
    point_s: float
    high_s: float


class Runner:
    """Runs one estimator through a replay and notes what it said in the fold."""

    def __init__(self, estimator: Any) -> None:
        self.estimator: Estimator = estimator
        self.asked: list[Asked] = []


def replay(
    days: Mapping[str, Sequence[Call]],
    fold: tuple[str, str],
    runners: Sequence[Runner],
    scored_days: int | None = None,
) -> None:
    """Replays all days up to the fold's last; only the fold is scored, or its first `scored_days`."""
    first, last = fold
    inside = [day for day in days if first <= day <= last][:scored_days]
    skills = Skills()
    visit = 0
    for day, calls in days.items():
        if day > inside[-1]:
            break
        for runner in runners:
            runner.estimator.new_day(day)
        _Day(day, calls, visit, skills, runners, scored=day in inside).run()
        visit += len(calls)
        skills.learn(list(calls))


class _Day:
    def __init__(
        self,
        day: str,
        calls: Sequence[Call],
        first_visit: int,
        skills: Skills,
        runners: Sequence[Runner],
        scored: bool,
    ) -> None:
        self._day, self._calls, self._first, self._skills = day, calls, first_visit, skills
        self._runners, self._scored = runners, scored
        self._waiting: dict[int, Call] = {}
        self._busy: dict[int, Call] = {}
        self._seen: dict[str, float] = {}  # when each employee ended their last call

    def run(self) -> None:
        for at, kind, n in _steps(self._calls):
            call, visit = self._calls[n], self._first + n
            estimators = [runner.estimator for runner in self._runners]
            if kind == "join" and call.queued:
                self._ask(visit, call)
                self._waiting[n] = call
            elif kind == "start" and call.start is not None:
                self._waiting.pop(n, None)
                self._busy[n] = call
                for e in estimators:
                    e.started(visit, call.need, float(call.start - call.arrival), call.queued, at)
            elif kind == "end" and call.start is not None:
                del self._busy[n]
                if call.agent != NO_NAME:
                    self._seen[call.agent] = at
                for e in estimators:
                    e.ended(call.need, call.agent, float(call.end - call.start), at)
            elif kind == "left":
                self._waiting.pop(n, None)
                for e in estimators:
                    e.left(visit, call.need, float(call.end - call.arrival), at)

    def _ask(self, visit: int, call: Call) -> None:
        state = self._state(visit, call)
        scored = self._scored and call.start is not None and call.arrival >= OPENS_S
        for runner in self._runners:
            low_s, point_s, high_s = runner.estimator.quote(state)
            if scored and call.start is not None:
                wait_s = float(call.start - call.arrival)
                runner.asked.append(Asked(call.need, state.at, wait_s, low_s, point_s, high_s))

    def _state(self, visit: int, call: Call) -> State:
        at = float(call.arrival)
        serving = [(c.agent, c.need, at - (c.start or 0)) for c in self._busy.values()]
        busy = {agent for agent, _, _ in serving}
        idle = [(a, at - seen) for a, seen in self._seen.items() if at - seen <= SEEN_S and a not in busy]
        present = {agent for agent, _ in idle} | busy - {NO_NAME}
        skills = {agent: self._skills.of(agent) for agent in present}
        return State(
            visit=visit,
            day=self._day,
            at=at,
            need=call.need,
            priority=call.priority,
            waiting=[(self._first + n, c.need, c.priority, at - c.arrival) for n, c in self._waiting.items()],
            serving=serving,
            idle=idle,
            skills=skills,
            ahead=sum(
                pool(c.need) == pool(call.need) and c.counts_from <= call.counts_from
                for c in self._waiting.values()
            ),
            active=sum(call.need in known for known in skills.values()),
        )


def _steps(calls: Sequence[Call]) -> Iterator[tuple[float, str, int]]:
    """Time, kind and call: services end, then waits end, then people call; a stay of no length comes after
    its own arrival."""
    steps: list[tuple[float, int, str, int]] = []
    for n, call in enumerate(calls):
        steps.append((call.arrival, 2, "join", n))
        if call.start is None:
            steps.append((call.end, 3 if call.end <= call.arrival else 1, "left", n))
        else:
            steps.append((call.start, 3 if call.start == call.arrival else 1, "start", n))
            steps.append((call.end, 4 if call.end == call.start else 0, "end", n))
    steps.sort(key=lambda step: step[:2])
    return ((at, kind, n) for at, _, kind, n in steps)
