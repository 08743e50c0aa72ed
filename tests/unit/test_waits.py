"""The wait estimate on real queues: three days of a call centre, after seventeen to learn from.

`make waits` scores all days.
"""

import pytest

from tests.waits import calls
from tests.waits.estimators import QueueingFormula, Welkom, WelkomAsTold
from tests.waits.replay import Named, Runner, replay
from tests.waits.score import Score, score


@pytest.fixture(scope="module")
def found() -> dict[str, Score]:
    """The scores of three days of February, by the estimator's name."""
    kinds: tuple[type[Named], ...] = (Welkom, WelkomAsTold, QueueingFormula)
    runners = [Runner(kind()) for kind in kinds]
    replay(calls.read(), calls.FOLDS["feb"], runners, scored_days=3)
    return {kind.name: score(runner.asked) for kind, runner in zip(kinds, runners, strict=True)}


def test_the_estimate_is_better_than_the_plain_formula(found):
    ours, formula = found[Welkom.name], found[QueueingFormula.name]
    assert ours.n == formula.n > 500
    assert ours.mae < 0.97 * formula.mae
    assert ours.interval_score < 0.9 * formula.interval_score


@pytest.mark.parametrize("name", [Welkom.name, WelkomAsTold.name])
def test_eight_of_ten_waits_come_within_the_bracket(found, name):
    assert 0.74 <= found[name].held <= 0.88
