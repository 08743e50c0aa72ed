"""What a shopper was told stands: it is made longer at most once, early, and with a reason.

The wait that is told at arrival is a promise. When the floor's present estimate says that it will probably
be missed, the shopper is told a longer one, and why.
"""

from math import ceil, floor

from sync_server.domain.events import ExtendedBecause, QuoteExtended
from sync_server.domain.visit.visit import State, Visit

from .wait_estimate import MINUTE_S, Quote

CHECK_MS = 20_000  # how often the promises are compared with the estimates

_WAITING = State.WAITING  # a member of an enum is slow to look up, and this is asked all the time


def can_be_extended(visit: Visit) -> bool:
    """Whether a visit has a promise that could still be made longer: its shopper waits for the first time."""
    return (
        visit.state is _WAITING
        and visit.quoted_high_s is not None
        and visit.extended_high_s is None
        and visit.serving_at is None
    )


def may_be_too_short(visit: Visit, median_s: float, now: int) -> bool:
    """Whether `is_too_short` could be true with this most likely wait. A quote's low end is no more."""
    return visit.quoted_high_s is not None and _waited_s(visit, now) + median_s + 1 > visit.quoted_high_s


def is_too_short(visit: Visit, quote: Quote, now: int) -> bool:
    """Whether three in four waits like this one would be longer than was told; `quote` is the rest of it."""
    three_in_four_s = (quote.low_s + quote.median_s) / 2  # between the 10th and the 50th percentile
    return visit.quoted_high_s is not None and _waited_s(visit, now) + three_in_four_s > visit.quoted_high_s


def _waited_s(visit: Visit, now: int) -> float:
    return max(0, now - visit.created_at) / 1000


def extension(visit: Visit, quote: Quote | None, overtaken: bool, now: int) -> QuoteExtended | None:
    """The longer promise that a visit needs at `now` (ms UTC), or None.

    `quote` is the wait to expect from now on; None if nobody on the floor can help. `overtaken`: somebody
    who came later is before it in the line. It is needed once three in four such waits would be too long.
    """
    if quote is None or not can_be_extended(visit) or visit.quoted_high_s is None:
        return None
    if not is_too_short(visit, quote, now):
        return None
    waited_s = _waited_s(visit, now)
    low_s = floor((waited_s + quote.low_s) / MINUTE_S) * MINUTE_S
    high_s = ceil((waited_s + quote.high_s) / MINUTE_S) * MINUTE_S
    return QuoteExtended(
        low_s=max(low_s, visit.quoted_low_s or 0.0),
        high_s=max(high_s, visit.quoted_high_s + MINUTE_S),
        because=_because(visit, quote, overtaken),
    )


def _because(visit: Visit, quote: Quote, overtaken: bool) -> ExtendedBecause:
    if visit.situation is not None and quote.situation.able < visit.situation.able:
        return ExtendedBecause.FEWER_COLLEAGUES
    return ExtendedBecause.MORE_URGENT if overtaken else ExtendedBecause.LONGER_VISITS
