"""The estimate of the wait in a line: its features, its first answers, and what one wait corrects."""

from math import exp, log, log1p

import pytest

from sync_server.domain.line_situation import LineSituation
from sync_server.domain.queue import wait_model
from sync_server.domain.queue.least_squares import RecursiveLeastSquares
from sync_server.domain.queue.wait_model import (
    Bracket,
    NeedCorrection,
    Percentiles,
    WaitModel,
    _features,
    _logarithm,
    _seconds,
    percentile,
)

HOUR_S = 3600.0
LINE = LineSituation(300.0, ahead=2, able=1, head_wait_s=45.0, recent_wait_s=85.0, idle_s=7.0, same_need=0.5)


def line(expected_s: float) -> LineSituation:
    return LineSituation(expected_s, ahead=1, able=1, head_wait_s=30.0)


def learned(*waits: tuple[str, float, float]) -> WaitModel:
    """A model that has learned waits: need, expected wait (s), and the wait that came about (s)."""
    model = WaitModel()
    for need, expected_s, wait_s in waits:
        model.learn(need, line(expected_s), wait_s)
    return model


# --- features ------------------------------------------------------------------------------------------


def test_the_eight_features_of_a_line():
    assert _features(LINE) == pytest.approx(
        [1.0, log(315.0), log1p(2), log(60.0), log(100.0), 0.0, log1p(7.0), 0.5]
    )


def test_what_is_not_known_of_a_line_has_a_stand_in():
    features = _features(LineSituation(300.0, able=1))
    assert features[4] == features[1], "without a recent wait the expected one"
    assert features[5] == 1.0, "nobody is ahead"
    assert features[6] == log1p(999.0), "nobody who could help has nothing to do"


@pytest.mark.parametrize(("idle_s", "counted"), [(-4.0, 0.0), (0.0, 0.0), (998.0, 998.0), (5000.0, 999.0)])
def test_idle_time_counts_between_none_and_the_stand_in(idle_s, counted):
    assert _features(LineSituation(300.0, able=1, idle_s=idle_s))[6] == log1p(counted)


@pytest.mark.parametrize(
    ("seconds", "counted"),
    [(-1.0, 0.0), (0.0, 0.0), (77.0, 77.0), (4 * HOUR_S, 4 * HOUR_S), (1e9, 4 * HOUR_S)],
)
def test_the_logarithm_of_a_wait_counts_it_between_nothing_and_four_hours(seconds, counted):
    assert _logarithm(seconds) == log(counted + 15.0)
    assert _seconds(_logarithm(seconds)) == pytest.approx(counted)


def test_no_logarithm_is_too_large_or_too_small_to_be_seconds():
    assert (_seconds(1e6), _seconds(-1e6)) == (4 * HOUR_S, 0.0)


# --- the bracket -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expected_s", "bracket"),
    [
        (300.0, Bracket(120.0, 300.0, 765.0)),
        (0.0, Bracket(0.0, 0.0, 45.0)),
        (3 * HOUR_S, Bracket(3 * HOUR_S / 2.5, 3 * HOUR_S, 4 * HOUR_S)),
        (9 * HOUR_S, Bracket(4 * HOUR_S / 2.5, 4 * HOUR_S, 4 * HOUR_S)),
    ],
)
def test_the_first_bracket_is_a_guess_around_the_queueing_formula(expected_s, bracket):
    found = WaitModel().bracket("repair", line(expected_s), Percentiles())
    assert (found.low_s, found.median_s, found.high_s) == pytest.approx(
        (bracket.low_s, bracket.median_s, bracket.high_s), abs=1e-6
    )


def test_the_guess_ends_with_the_thirtieth_wait():
    model = learned(*[("repair", 300.0, 300.0)] * 29)
    assert model.bracket("repair", line(300.0), Percentiles()).high_s == pytest.approx(765.0)
    model.learn("repair", line(300.0), 300.0)
    found = model.bracket("repair", line(300.0), Percentiles())
    assert (found.low_s, found.median_s, found.high_s) == pytest.approx((300.0, 300.0, 300.0))


def test_the_ends_are_the_percentiles_of_the_errors_around_the_estimate():
    model = learned(*[("repair", 300.0, 300.0)] * 30)
    model._errors = [number / 10 for number in range(-10, 20)]
    usual = model._usual_error(_features(line(300.0)))
    spread = model._needs["repair"].spread
    assert spread < 0.5
    ends = Percentiles(0.0, 1.0)
    for need, of_need in (("repair", spread), ("buy", 1.0)):
        found = model.bracket(need, line(300.0), ends)
        assert found.low_s == pytest.approx(315.0 * exp(-1.0 * usual * of_need) - 15.0)
        assert found.high_s == pytest.approx(315.0 * exp(1.9 * usual * of_need) - 15.0)


@pytest.mark.parametrize("errors", [[0.5] * 30, [-0.5] * 30])
def test_the_median_is_always_in_the_bracket(errors):
    model = learned(*[("repair", 300.0, 300.0)] * 30)
    model._errors = errors
    found = model.bracket("repair", line(300.0), Percentiles())
    assert found.low_s <= found.median_s <= found.high_s
    assert found.low_s < found.high_s


def test_the_errors_are_those_of_the_two_hundred_most_similar_estimates():
    model = WaitModel()
    model._estimates = [float(number) for number in range(500)]
    model._errors = [float(-number) for number in range(500)]
    for estimate, first in ((250.0, 150), (3.0, 0), (100.0, 0), (101.0, 1), (400.0, 300), (499.0, 300)):
        assert model._similar(estimate) == [float(-number) for number in range(first + 199, first - 1, -1)]


def test_of_few_outcomes_all_are_similar():
    model = WaitModel()
    model._estimates, model._errors = [1.0, 2.0, 3.0], [7.0, 5.0, 6.0]
    assert model._similar(2.5) == [5.0, 6.0, 7.0]


@pytest.mark.parametrize(("share", "figure"), [(0.0, 10), (0.25, 15), (0.5, 20), (0.75, 30), (1.0, 40)])
def test_a_percentile_is_interpolated(share, figure):
    assert percentile([10, 20, 40], share) == figure


# --- learning --------------------------------------------------------------------------------------------


def test_one_wait_corrects_the_weights_the_need_and_the_usual_error():
    model = learned(("repair", 300.0, 615.0))
    error = log(630.0) - log(315.0)
    features = _features(line(300.0))
    precision = [1.0, *[30.0] * 7]
    for squares, first, seen in (
        (model._log_wait, [0, 1, 0, 0, 0, 0, 0, 0], log(630.0)),
        (model._log_error, [-1, 0, 0, 0, 0, 0, 0, 0], log(error + 0.1)),
    ):
        alone = RecursiveLeastSquares(first, precision, 0.9995)
        alone.learn(features, seen)
        assert squares.weights == pytest.approx(alone.weights)
    assert model._estimates == pytest.approx([log(315.0)])
    assert model._errors == pytest.approx([error / exp(-1.0)])
    assert model._needs["repair"].shift == pytest.approx(error / 21)
    assert model._needs["repair"].spread == pytest.approx((error / exp(-1.0) + 20) / 21)
    repair, buy = (model.bracket(need, line(300.0), Percentiles()).median_s for need in ("repair", "buy"))
    assert repair + 15 == pytest.approx((buy + 15) * exp(error / 21))


def test_the_error_of_a_wait_is_the_one_after_the_correction_of_its_need():
    """The need's correction itself learns what is wrong without it."""
    model = learned(("repair", 300.0, 615.0))
    features, before = _features(line(300.0)), model._needs["repair"]
    shift, spread = before.shift, before.spread
    plain = model._log_wait.predict(features)
    usual = exp(min(max(model._log_error.predict(features), -3.0), 1.0))
    model.learn("repair", line(300.0), 100.0)
    error = log(115.0) - (plain + shift)
    assert model._estimates[1] == pytest.approx(plain + shift)
    assert model._errors[1] == pytest.approx(error / (usual * spread))
    alone = NeedCorrection()
    alone.learn(log(630.0) - log(315.0), (log(630.0) - log(315.0)) / exp(-1.0))
    alone.learn(log(115.0) - plain, abs(error) / usual)
    after = model._needs["repair"]
    assert (after.shift, after.spread) == pytest.approx((alone.shift, alone.spread))


def test_a_need_begins_as_if_twenty_waits_had_shown_no_difference_and_forgets_slowly():
    correction = NeedCorrection()
    assert (correction.shift, correction.spread) == (0.0, 1.0)
    correction.learn(2.0, 3.0)
    assert (correction.shift, correction.spread) == pytest.approx((2 / 21, 23 / 21))
    correction.learn(1.0, 5.0)
    assert correction.shift == pytest.approx((0.998 * 2 + 1) / 21.998)
    assert correction.spread == pytest.approx((0.998 * 3 + 5 + 20) / 21.998)


def test_no_estimate_is_longer_than_four_hours_or_shorter_than_nothing():
    long, short = learned(("repair", 60.0, 9 * HOUR_S)), learned(("repair", 300.0, 0.0))
    for _ in range(30):
        long.learn("repair", line(60.0), 9 * HOUR_S)
        short.learn("repair", line(300.0), 0.0)
    assert long.bracket("repair", line(9 * HOUR_S), Percentiles()).median_s == pytest.approx(4 * HOUR_S)
    assert short.bracket("repair", line(0.0), Percentiles()).median_s == 0.0


@pytest.mark.parametrize(("log_error", "usual"), [(-9.0, exp(-3.0)), (-0.5, exp(-0.5)), (9.0, exp(1.0))])
def test_the_usual_error_has_bounds(log_error, usual):
    model = WaitModel()
    model._log_error.weights = [log_error, *[0.0] * 7]
    assert model._usual_error(_features(LINE)) == usual


def test_only_the_latest_outcomes_are_remembered_in_the_order_of_their_estimates(monkeypatch):
    monkeypatch.setattr(wait_model, "MAX_OUTCOMES", 20)
    waits = [("repair", 60.0 + 97 * n % 700, 30.0 + 61 * n % 500) for n in range(50)]
    model = learned(*waits)
    assert len(model._latest) == 20
    assert model._estimates == sorted(model._estimates)
    assert sorted(zip(model._estimates, model._errors, strict=True)) == sorted(model._latest)
    assert list(model._latest) == list(learned_all(waits)._latest)[-20:]


def learned_all(waits: list[tuple[str, float, float]]) -> WaitModel:
    """The same waits, with none forgotten: what is remembered does not change what is learned."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wait_model, "MAX_OUTCOMES", 10_000)
        return learned(*waits)


def test_of_equal_estimates_the_outcome_that_is_forgotten_is_the_oldest():
    model = WaitModel()
    model._estimates, model._errors = [1.0, 2.0, 2.0, 2.0, 3.0], [9.0, 5.0, 9.0, 6.0, 9.0]
    model._forget(2.0, 9.0)
    assert (model._estimates, model._errors) == ([1.0, 2.0, 2.0, 3.0], [9.0, 5.0, 6.0, 9.0])
