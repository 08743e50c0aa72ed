"""Recursive least squares with forgetting: a weighted sum that every observation corrects."""

from collections.abc import Iterator, Sequence
from operator import mul

MAX_TRACE = 4.0  # the uncertainty may grow to this many times its first value


class RecursiveLeastSquares:
    """Predicts `weights · features`, and corrects the weights after each observation.

    `precision` says how sure the first weights are: 1 ÷ their variance, one for each. `forgetting` is the
    factor by which an observation counts less with each later one, so the memory is 1 ÷ (1 − forgetting).
    Source: S. Haykin, "Adaptive Filter Theory", chapter "Recursive least-squares".
    """

    def __init__(self, weights: Sequence[float], precision: Sequence[float], forgetting: float) -> None:
        self.weights = list(weights)
        self._forgetting = forgetting
        size = len(weights)
        self._covariance = [[1 / precision[i] if i == j else 0.0 for j in range(size)] for i in range(size)]
        self._max_trace = MAX_TRACE * sum(1 / p for p in precision)

    def predict(self, features: Sequence[float]) -> float:
        products: Iterator[float] = map(mul, self.weights, features)
        return sum(products)

    def learn(self, features: Sequence[float], observed: float) -> None:
        """Corrects the weights: for these features `observed` came about."""
        covariance = self._covariance
        projected = [sum(map(mul, row, features)) for row in covariance]
        divisor = self._forgetting + sum(map(mul, projected, features))
        step = (observed - self.predict(features)) / divisor
        self.weights = [w + step * p for w, p in zip(self.weights, projected, strict=True)]
        for row, gain in zip(covariance, projected, strict=True):
            share = gain / divisor
            row[:] = [(c - share * p) / self._forgetting for c, p in zip(row, projected, strict=True)]
        # While all observations look alike, forgetting alone would make the uncertainty grow without end.
        trace = sum(row[i] for i, row in enumerate(covariance))
        if trace > self._max_trace:
            shrink = self._max_trace / trace
            for row in covariance:
                row[:] = [c * shrink for c in row]
