"""Recursive least squares gives what solving all observations at once would give."""

import pytest

from sync_server.domain.queue.least_squares import RecursiveLeastSquares

FORGETTING = 0.9
FIRST, PRECISION = (0.5, -1.0), (2.0, 5.0)
OBSERVED = [((1.0, 2.0), 3.0), ((1.0, -1.0), 0.5), ((0.5, 4.0), -2.0), ((1.0, 0.0), 1.0)]


def solved_at_once(observed: list[tuple[tuple[float, float], float]]) -> list[float]:
    """The weights with the smallest sum of squared errors. An observation counts less by FORGETTING with
    each later one; that the weights are FIRST counts as PRECISION observations from before all others."""
    age = len(observed)
    a, b, c = PRECISION[0] * FORGETTING**age, 0.0, PRECISION[1] * FORGETTING**age
    u, v = a * FIRST[0], c * FIRST[1]
    for number, ((x, y), seen) in enumerate(observed, 1):
        share = FORGETTING ** (age - number)
        a, b, c = a + share * x * x, b + share * x * y, c + share * y * y
        u, v = u + share * x * seen, v + share * y * seen
    determinant = a * c - b * b
    return [(c * u - b * v) / determinant, (a * v - b * u) / determinant]


@pytest.mark.parametrize("count", range(len(OBSERVED) + 1))
def test_after_each_observation_the_weights_are_those_of_all_observations_at_once(count: int) -> None:
    squares = RecursiveLeastSquares(FIRST, PRECISION, FORGETTING)
    for features, seen in OBSERVED[:count]:
        squares.learn(features, seen)
    assert squares.weights == pytest.approx(solved_at_once(OBSERVED[:count]))


def test_a_prediction_is_the_weighted_sum_of_the_features() -> None:
    assert RecursiveLeastSquares((0.5, -1.0), (1.0, 1.0), 1.0).predict((4.0, 3.0)) == -1.0


def test_what_no_observation_was_about_may_become_four_times_as_uncertain_as_all_was_and_no_more() -> None:
    squares = RecursiveLeastSquares((0.0, 0.0), (1.0, 4.0), 0.5)
    for _ in range(200):
        squares.learn((1.0, 0.0), 0.0)
    uncertain = 4 * (1 / 1.0 + 1 / 4.0)
    squares.learn((0.0, 1.0), 1.0)
    assert squares.weights == pytest.approx([0.0, uncertain / (0.5 + uncertain)], abs=1e-3)
