"""Whether one set of numbers is larger than another: the rank-sum test, computed from histograms.

H. B. Mann and D. R. Whitney, On a test of whether one of two random variables is stochastically larger than
the other, Annals of Mathematical Statistics 18, 1947. It needs no assumption about how durations spread.
"""

from math import sqrt

from msgspec import Struct

from sync_server.domain.share import Z

from .histogram import Counts, count


class RankSumTest(Struct, frozen=True):
    """`chance` is how likely a number of the one is larger than one of the other; a tie counts half.

    `z` is how many standard deviations that is from one half; ties are allowed for.
    """

    chance: float
    z: float

    @property
    def is_clear(self) -> bool:
        """Whether chance alone gives such a difference less than once in twenty times."""
        return abs(self.z) > Z


def compare(one: Counts, other: Counts) -> RankSumTest:
    """How the numbers of `one` compare with those of `other`. Of nothing: no difference."""
    n, m = count(one), count(other)
    if not n or not m:
        return RankSumTest(0.5, 0.0)
    larger, below, ties = 0.0, 0, 0
    for number in sorted(one.keys() | other.keys()):
        mine, theirs = one.get(number, 0), other.get(number, 0)
        larger += mine * (below + theirs / 2)
        below += theirs
        ties += (mine + theirs) ** 3 - (mine + theirs)
    every = n + m
    variance = n * m / 12 * (every + 1 - ties / (every * (every - 1)))
    z = (larger - n * m / 2) / sqrt(variance) if variance > 0 else 0.0
    return RankSumTest(larger / (n * m), z)
