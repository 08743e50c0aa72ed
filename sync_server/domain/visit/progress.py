"""How far a visit is for its shopper, on the kiosk and on the phone."""

from enum import StrEnum

from .visit import ENDED, State

MINUTE_MS = 60_000
MIN_PER_PERSON_S = 30.0  # for each person before a shopper, or place and wait contradict each other


class Stage(StrEnum):
    """How far a visit is for its shopper."""

    FINDING = "finding"
    COMING = "coming"
    CALLED = "called"
    WITH_YOU = "with_you"
    HELD = "held"
    OVER = "over"


def place_to_tell(ahead: int | None, high_s: float | None) -> int | None:
    """How many are before a shopper, where it fits the wait that they are told; None where it does not.

    `ahead` is how many wait before them for the same employees, `high_s` the longest wait, seconds. Without
    a wait nobody can say whether they are next. And so many people within so short a time look like a
    mistake, even if enough employees are there.
    """
    if ahead is None or high_s is None or ahead * MIN_PER_PERSON_S > high_s:
        return None
    return ahead


def wait_to_tell(
    estimate: tuple[float, float] | None, promised: tuple[int, int] | None, now: int
) -> tuple[float, float] | None:
    """The wait from `now` on (ms UTC) as a shopper in line is told it, low and high end in seconds.

    It is never longer than what was `promised`, from when to when (ms UTC). If the present `estimate` is
    shorter, the shopper hears so. None if there is no estimate. Once the promise is over, the estimate is
    all there is (see `is_overdue`).
    """
    if estimate is None or promised is None or is_overdue(promised, now):
        return estimate
    low_s = max(0, (promised[0] - now) // MINUTE_MS) * 60.0
    high_s = -((now - promised[1]) // MINUTE_MS) * 60.0
    high_s = min(high_s, estimate[1])
    return min(low_s, estimate[0], high_s), high_s


def is_overdue(promised: tuple[int, int] | None, now: int) -> bool:
    """Whether the wait that was promised, from when to when (ms UTC), is over at `now`."""
    return promised is not None and promised[1] <= now


def longer_wait_key(because: str | None, promised: tuple[int, int] | None, now: int) -> str | None:
    """The key of the text that says why a wait is longer than was told at first; None if it is not."""
    if is_overdue(promised, now):
        return "common.wait.longer.overdue"
    return None if because is None else f"common.wait.longer.{because}"


def stage_of(state: str, recalled_at: int | None) -> Stage:
    """The stage of a visit in this state. `recalled_at`: when its ticket was called again, None if not."""
    if state in ENDED:
        return Stage.OVER
    if state == State.SERVING:
        return Stage.WITH_YOU
    if state == State.ON_HOLD:
        return Stage.HELD
    if recalled_at is not None:
        return Stage.CALLED
    return Stage.COMING if state == State.ACCEPTED else Stage.FINDING
