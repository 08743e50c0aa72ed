"""Ops that had to wait in a device's outbox: when the tap was, and what it means that late.

The time of a tap is for figures and for what people are shown. What comes first is decided by
the order in which the server hears of it, and no device's clock has a say in that.
"""

from collections.abc import Sequence

from msgspec.structs import replace

from . import events as ev

LATE_MS = 5_000  # an op that was on its way no longer than this happened when it was heard of
OLDEST_MS = 31 * 86_400_000  # longer ago than any outage: that clock was simply wrong

Change = tuple[str | None, ev.Event]


def tapped_at(at_device: int | None, ahead_ms: int | None, now: int) -> int | None:
    """When the tap was, by the server's clock; None for one that is not late, or where nobody knows."""
    if at_device is None or ahead_ms is None:
        return None
    tapped = at_device + ahead_ms
    return tapped if LATE_MS < now - tapped <= OLDEST_MS else None


def as_late(changes: Sequence[Change], tapped: int, last_closing: int) -> list[Change]:
    """The changes of an op tapped at `tapped`.

    Its shopper was quoted no wait by the server; and where the store has closed since the tap, a
    visit that nobody took ends at once, as it would have at closing time.
    """
    told = [(vid, _unquoted(event) if isinstance(event, ev.Opened) else event) for vid, event in changes]
    if told and isinstance(told[-1][1], ev.Opened) and tapped < last_closing:
        told.append((told[-1][0], ev.Expired()))
    return told


def _unquoted(event: ev.Opened) -> ev.Opened:
    return replace(event, quoted_low_s=None, quoted_median_s=None, quoted_high_s=None, expected_s=None)
