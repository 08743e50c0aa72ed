"""The durations of a visit, computed from its times. The report and the visit log both show these.

The view `visit_log` computes the same in SQL; a contract test compares the two.
"""

from msgspec import Struct


class VisitTimes(Struct, frozen=True):
    """What the durations are computed from. Times are ms UTC.

    `said_service_s` is how long a quick resolution took, as its employee said; None if they did not.
    """

    source: str
    created_at: int
    offered_at: int | None
    accepted_at: int | None
    serving_at: int | None
    ended_at: int | None
    held_ms: int = 0
    left_open: bool = False
    said_service_s: int | None = None

    @property
    def is_quick(self) -> bool:
        """Whether it is a quick resolution. See `is_quick`."""
        return is_quick(self.source, self.created_at, self.serving_at)


class Durations(Struct, frozen=True):
    """Seconds; None while not known. A quick resolution has no durations but the service that was said.

    wait_s           serving − created; ended − created for a visit that was never served
    offer_latency_s  first offered − created
    response_s       accepted − first offered
    walk_s           serving − accepted
    greet_s          accepted − created: until the shopper sees who is coming
    service_s        ended − serving, less the time on hold; None if the visit was left open
    held_s           time on hold
    visit_s          ended − created; None if the visit was left open
    """

    wait_s: float | None
    offer_latency_s: float | None
    response_s: float | None
    walk_s: float | None
    greet_s: float | None
    service_s: float | None
    held_s: float
    visit_s: float | None


def durations(visit: VisitTimes) -> Durations:
    """The durations of a visit with these times."""
    if visit.is_quick:
        said = visit.said_service_s
        return Durations(None, None, None, None, None, None if said is None else float(said), 0, None)
    created_at, accepted_at, serving_at = visit.created_at, visit.accepted_at, visit.serving_at
    return Durations(
        wait_s=_seconds(wait_ms(created_at, serving_at, visit.ended_at)),
        offer_latency_s=_seconds(_between(created_at, visit.offered_at)),
        response_s=_seconds(_between(visit.offered_at, accepted_at)),
        walk_s=_seconds(_between(accepted_at, serving_at)),
        greet_s=_seconds(_between(created_at, accepted_at)),
        service_s=_seconds(service_ms(serving_at, visit.ended_at, visit.held_ms, visit.left_open)),
        held_s=visit.held_ms / 1000,
        visit_s=None if visit.left_open else _seconds(_between(created_at, visit.ended_at)),
    )


def waited_s(visit: VisitTimes) -> float | None:
    """The wait alone, for less work: a day of ten thousand visits is asked for it several times."""
    if visit.is_quick:
        return None
    return _seconds(wait_ms(visit.created_at, visit.serving_at, visit.ended_at))


def is_quick(source: str, created_at: int, serving_at: int | None) -> bool:
    """Whether an employee logged the visit after the shopper had walked up to them: a quick resolution.

    One tap opens, starts and completes it, so it is served from the moment of its opening. Nobody saw when
    the shopper came or how long it took, so it has no durations but the one that the employee said. (Not
    even if they take the end back and complete it again later.)
    """
    return source == "staff" and created_at == serving_at


def wait_ms(created_at: int, serving_at: int | None, ended_at: int | None) -> int | None:
    """Until an employee was with the shopper, or until the visit ended unserved. None while waiting."""
    return _between(created_at, serving_at if serving_at is not None else ended_at)


def service_ms(serving_at: int | None, ended_at: int | None, held_ms: int, left_open: bool) -> int | None:
    """From the first moment together to the end, less the time on hold.

    None for a visit that was never served, has not ended, or was left open: nobody knows when it ended.
    """
    served = None if left_open else _between(serving_at, ended_at)
    return None if served is None else served - held_ms


def _between(start: int | None, end: int | None) -> int | None:
    return None if start is None or end is None else end - start


def _seconds(ms: int | None) -> float | None:
    return None if ms is None else ms / 1000
