"""A share of visits, with what may honestly be said about it: its interval, or that there are too few."""

from math import sqrt

from msgspec import Struct

MIN_TO_SAY = 20  # a share of fewer visits may be what it is by chance
Z = 1.959964  # of 95 % of a normal distribution


class Interval(Struct, frozen=True):
    """From 0 to 1."""

    low: float
    high: float


class Share(Struct, frozen=True):
    """`part` of `whole`, both counts."""

    part: int
    whole: int

    @property
    def value(self) -> float | None:
        """part ÷ whole to four decimals; None of nothing."""
        return round(self.part / self.whole, 4) if self.whole else None

    @property
    def is_enough(self) -> bool:
        """Whether there are enough visits to say the share. With fewer only the two counts are shown."""
        return self.whole >= MIN_TO_SAY

    @property
    def interval(self) -> Interval | None:
        """Where the share is with 95 % confidence, if these visits are a sample of how the shop works.

        Wilson's score interval, which stays within 0 and 1 and is sane near both (E. B. Wilson, Journal of
        the American Statistical Association 22, 1927). None of nothing.
        """
        if not self.whole:
            return None
        n, p = self.whole, self.part / self.whole
        middle = (p + Z * Z / (2 * n)) / (1 + Z * Z / n)
        half = Z / (1 + Z * Z / n) * sqrt(p * (1 - p) / n + Z * Z / (4 * n * n))
        return Interval(round(max(0.0, middle - half), 4), round(min(1.0, middle + half), 4))


def share_of(outcomes: list[bool]) -> Share:
    """The share of those that are true."""
    return Share(sum(outcomes), len(outcomes))


def clearly_differ(one: Share, other: Share) -> bool:
    """Whether two shares differ by more than chance alone explains nineteen times out of twenty.

    The test of two proportions with their common variance (K. Pearson, Philosophical Magazine 50, 1900).
    """
    if not one.is_enough or not other.is_enough:
        return False
    common = (one.part + other.part) / (one.whole + other.whole)
    variance = common * (1 - common) * (1 / one.whole + 1 / other.whole)
    return abs(one.part / one.whole - other.part / other.whole) > Z * sqrt(variance)
