"""The estimators that are compared: the product's own, and what else is in use."""

from collections import defaultdict, deque

from sync_server.domain.line_situation import LineSituation
from sync_server.domain.queue.wait_estimate import History
from sync_server.domain.queue.wait_model import percentile

from .calls import pool
from .replay import State

TARGET_S = 180.0  # the target service time of all needs
Answer = tuple[float, float, float]


class Welkom:
    """The product's estimate: the 10th to 90th percentile, to the second."""

    name = "Welkom"

    def __init__(self) -> None:
        self.history = History()
        self._asked: dict[int, tuple[LineSituation, tuple[float, float] | None]] = {}
        self._day = ""

    def new_day(self, day: str) -> None:
        self._asked.clear()
        self._day = day

    def quote(self, state: State) -> Answer:
        situation = self._situation(state)
        self._asked[state.visit] = (situation, None)
        bracket = self.history.bracket(state.need, situation)
        return bracket.low_s, bracket.median_s, bracket.high_s

    def started(self, visit: int, need: str, wait_s: float, _queued: bool, _at: float) -> None:
        situation, told = self._asked.pop(visit, (LineSituation(0.0, free=True), None))
        self.history.add_wait(need, self._day, situation, wait_s, told)

    def left(self, visit: int, _need: str, _wait_s: float, _at: float) -> None:
        self._asked.pop(visit, None)

    def ended(self, need: str, _agent: str, service_s: float, _at: float) -> None:
        self.history.add_service(need, service_s)

    def _situation(self, state: State) -> LineSituation:
        mine = [v for v in state.waiting if pool(v[1]) == pool(state.need)]
        services_s = [self.history.service_s(v[1], TARGET_S) for v in mine]
        own_s = self.history.service_s(state.need, TARGET_S)
        takes_s = sum(services_s) / len(services_s) if mine else own_s
        idle = [since for agent, since in state.idle if state.need in state.skills[agent]]
        return LineSituation(
            expected_s=(state.ahead + 1) * takes_s / max(1, state.active),
            ahead=state.ahead,
            able=state.active,
            head_wait_s=max((v[3] for v in mine), default=0.0),
            recent_wait_s=self.history.recent_wait_s(state.need, state.day),
            idle_s=min(idle, default=None),
            same_need=sum(v[1] == state.need for v in mine) / len(mine) if mine else 0.0,
        )


class WelkomAsTold(Welkom):
    """The product's estimate in whole minutes, as a shopper is told."""

    name = "Welkom, in whole minutes"

    def quote(self, state: State) -> Answer:
        quote = self.history.quote(state.need, self._situation(state))
        self._asked[state.visit] = (quote.situation, (quote.low_s, quote.high_s))
        return quote.low_s, quote.median_s, quote.high_s


class Formula:
    """A simple rule. Its bracket is the 10th to 90th percentile of the latest 500 waits ÷ estimates, the same
    for all rules, so that their estimates are compared."""

    name = ""

    def __init__(self) -> None:
        self._asked: dict[int, float] = {}
        self._ratios: deque[float] = deque(maxlen=500)
        self._ends = (0.3, 2.2)

    def new_day(self, _day: str) -> None:
        self._asked.clear()

    def quote(self, state: State) -> Answer:
        point_s = max(0.0, self.point(state))
        base_s = self._asked[state.visit] = max(point_s, 5.0)
        if len(self._ratios) >= 30 and state.visit % 10 == 0:
            ordered = sorted(self._ratios)
            self._ends = percentile(ordered, 0.1), percentile(ordered, 0.9)
        return base_s * self._ends[0], point_s, base_s * self._ends[1]

    def started(self, visit: int, need: str, wait_s: float, _queued: bool, _at: float) -> None:
        if (base_s := self._asked.pop(visit, None)) is not None:
            self._ratios.append(wait_s / base_s)
        self.seen(need, wait_s)

    def left(self, visit: int, _need: str, _wait_s: float, _at: float) -> None:
        self._asked.pop(visit, None)

    def ended(self, need: str, agent: str, service_s: float, at: float) -> None:
        """Most rules learn nothing from it."""

    def seen(self, need: str, wait_s: float) -> None:
        """Most rules learn nothing from it."""

    def point(self, state: State) -> float:
        raise NotImplementedError


class ThreeMinutesEach(Formula):
    name = "ahead × 3 min"

    def point(self, state: State) -> float:
        return state.ahead * 180.0


class LastToEnterService(Formula):
    name = "last to enter service"

    def new_day(self, day: str) -> None:
        super().new_day(day)
        self._last: dict[str, float] = {}

    def seen(self, need: str, wait_s: float) -> None:
        self._last[pool(need)] = wait_s

    def point(self, state: State) -> float:
        return self._last.get(pool(state.need), 0.0)


class HeadOfLine(Formula):
    name = "head of line"

    def point(self, state: State) -> float:
        return max((w for _, need, _, w in state.waiting if pool(need) == pool(state.need)), default=0.0)


class LastTen(Formula):
    name = "mean of the last ten"

    def new_day(self, day: str) -> None:
        super().new_day(day)
        self._last: dict[str, deque[float]] = defaultdict(lambda: deque(maxlen=10))

    def seen(self, need: str, wait_s: float) -> None:
        self._last[pool(need)].append(wait_s)

    def point(self, state: State) -> float:
        last = self._last[pool(state.need)]
        return sum(last) / len(last) if last else 0.0


class MovingAverage(Formula):
    name = "Asterisk's hold time (moving average, 1/4)"

    def new_day(self, day: str) -> None:
        super().new_day(day)
        self._average: dict[str, float] = defaultdict(float)

    def seen(self, need: str, wait_s: float) -> None:
        self._average[pool(need)] = (3 * self._average[pool(need)] + wait_s) / 4

    def point(self, state: State) -> float:
        return self._average[pool(state.need)]


class MeanOfDay(Formula):
    name = "QSystem, the day's mean by need"

    def new_day(self, day: str) -> None:
        super().new_day(day)
        self._waits: dict[str, list[float]] = defaultdict(list)

    def seen(self, need: str, wait_s: float) -> None:
        self._waits[need].append(wait_s)

    def point(self, state: State) -> float:
        waits = self._waits[state.need]
        return sum(waits) / len(waits) if waits else 0.0


class LastHour(Formula):
    name = "Genesys EWT: (ahead + 1) × mean of the last hour ÷ on the floor"

    def new_day(self, day: str) -> None:
        super().new_day(day)
        self._services: dict[str, deque[tuple[float, float]]] = defaultdict(deque)

    def ended(self, need: str, _agent: str, service_s: float, at: float) -> None:
        self._services[pool(need)].append((at, service_s))

    def point(self, state: State) -> float:
        services = self._services[pool(state.need)]
        while services and state.at - services[0][0] > 3600:
            services.popleft()
        mean_s = sum(s for _, s in services) / len(services) if services else 90.0
        return mean_s * (state.ahead + 1) / max(state.active, 1)


class QueueingFormula(Formula):
    name = "the plain formula: (ahead + 1) × mean ÷ on the floor"

    def __init__(self) -> None:
        super().__init__()
        self._services: deque[float] = deque(maxlen=20_000)
        self._sum = 0.0

    def ended(self, _need: str, _agent: str, service_s: float, _at: float) -> None:
        if len(self._services) == self._services.maxlen:
            self._sum -= self._services[0]
        self._services.append(service_s)
        self._sum += service_s

    def point(self, state: State) -> float:
        mean_s = self._sum / len(self._services) if self._services else TARGET_S
        return mean_s * (state.ahead + 1) / max(state.active, 1)


BASELINES: tuple[type[Formula], ...] = (
    ThreeMinutesEach, LastToEnterService, HeadOfLine, LastTen, MovingAverage, MeanOfDay, LastHour,
    QueueingFormula,
)  # fmt: skip
OURS: tuple[type[Welkom], ...] = (Welkom, WelkomAsTold)
