"""How good what was said was: error, how often the bracket held, and how wide it was."""

from collections.abc import Iterable, Sequence
from statistics import fmean

from msgspec import Struct

from .replay import Asked

MIN_IN_STRATUM = 300  # a smaller group of waits says too little
MISS_COSTS = 10.0  # 2 ÷ the share that may lie outside: 1 − 0.8


class Score(Struct, frozen=True):
    """Seconds and shares.

    mae      mean absolute error           bias      mean of estimate − wait
    held     share of waits inside the bracket, 0.8 is aimed at; `below` and `above`: the others
    width    mean width of the bracket     interval_score  width + 10 × what sticks out: lower is better
    """

    n: int
    mae: float
    bias: float
    held: float
    below: float
    above: float
    width: float
    interval_score: float


def score(asked: Sequence[Asked]) -> Score:
    errors = [a.point_s - a.wait_s for a in asked]
    outside = [max(a.low_s - a.wait_s, 0.0) + max(a.wait_s - a.high_s, 0.0) for a in asked]
    widths = [a.high_s - a.low_s for a in asked]
    return Score(
        n=len(asked),
        mae=round(fmean(abs(e) for e in errors), 2),
        bias=round(fmean(errors), 2),
        held=round(fmean(a.low_s <= a.wait_s <= a.high_s for a in asked), 4),
        below=round(fmean(a.wait_s < a.low_s for a in asked), 4),
        above=round(fmean(a.wait_s > a.high_s for a in asked), 4),
        width=round(fmean(widths), 2),
        interval_score=round(fmean(w + MISS_COSTS * o for w, o in zip(widths, outside, strict=True)), 2),
    )


def mean_of(scores: Sequence[Score]) -> Score:
    """The mean of the folds; `n` is their sum."""

    def mean(name: str) -> float:
        return round(fmean(getattr(s, name) for s in scores), 4)

    shares = {name: mean(name) for name in Score.__struct_fields__ if name != "n"}
    return Score(n=sum(s.n for s in scores), **shares)


def strata(asked: Iterable[Asked]) -> dict[str, Score]:
    """The scores of each need and each hour with enough waits."""
    groups: dict[str, list[Asked]] = {}
    for one in asked:
        for name in (f"need {one.need}", f"hour {int(one.at // 3600):02}"):
            groups.setdefault(name, []).append(one)
    return {name: score(group) for name, group in sorted(groups.items()) if len(group) >= MIN_IN_STRATUM}
