"""What the wait estimate knows of the floor at one moment. It is logged with each quote, to learn from it."""

from msgspec import Struct


class LineSituation(Struct, frozen=True, gc=False, omit_defaults=True):
    """The floor as one shopper finds it who joins the line, or stands in it.

    expected_s     the queueing formula's wait, seconds (see `LineEstimates`)
    ahead          visits before this one that compete for the same employees
    able           employees on the floor with the skills, busy or not
    free           one of them has nothing to do and would be asked at once, and nobody ahead competes for
                   them
    head_wait_s    how long the one who waits longest of those ahead has waited
    recent_wait_s  the mean of today's latest waits with this need; None: there were none
    idle_s         how long ago the last of those who have nothing to do became free; None: nobody
    same_need      the share of those ahead who have the same need, 0 to 1
    """

    expected_s: float
    ahead: int = 0
    able: int = 1
    free: bool = False
    head_wait_s: float = 0.0
    recent_wait_s: float | None = None
    idle_s: float | None = None
    same_need: float = 0.0
