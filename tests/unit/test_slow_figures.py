"""Figures that took long are shown again for a while; others are computed each time."""

from sync_server.web.manager.slow_figures import LONG_S, MAX_KEPT, REST, SlowFigures


class Work:
    """Computes figures, each time others, in `takes` seconds."""

    def __init__(self, takes: float) -> None:
        self.takes = takes
        self.now = 0.0
        self.done = 0
        self.figures: SlowFigures[int] = SlowFigures(lambda: self.now, lambda: self.now)

    def make(self) -> int:
        self.done += 1
        self.now += self.takes
        return self.done

    def get(self, key: str = "today", now: int = 0) -> tuple[int, int]:
        return self.figures.get(key, now, self.make)


def test_figures_that_are_quick_are_always_new():
    work = Work(LONG_S - 0.01)
    assert [work.get(now=at) for at in (1, 2, 3)] == [(1, 1), (2, 2), (3, 3)]


def test_figures_that_took_long_are_shown_again_with_their_own_time():
    work = Work(1.0)
    assert work.get(now=1) == (1, 1)
    work.now += REST - 0.01
    assert work.get(now=2) == (1, 1)
    work.now += 0.02
    assert work.get(now=3) == (2, 3)


def test_each_day_has_its_own_figures_and_few_are_kept():
    work = Work(1.0)
    assert work.get("monday") == (1, 0)
    assert work.get("tuesday") == (2, 0)
    assert work.get("monday") == (1, 0)
    for number in range(MAX_KEPT):
        work.now -= 1.0  # no time passes
        work.get(f"day {number}")
    assert work.get("monday")[0] == MAX_KEPT + 3
