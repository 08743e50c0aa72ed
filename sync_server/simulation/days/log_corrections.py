"""The manager's page of one visit: now and then somebody corrects what it says, or two do at once."""

from collections.abc import Iterable
from random import Random

from sync_server.domain.events import CorrectedBecause, RootCause
from sync_server.domain.ops import Correct, LookInto
from sync_server.domain.resolution import Resolution
from sync_server.domain.visit.visit import State, Visit

from .actions import ALIAS
from .store_settings import EMPLOYEES

FOLLOWED_UP = 0.25
OF_LATE = 0.7  # how often it is one of the last visits; else any that there ever was


def corrections(visits: Iterable[Visit], day: int, number: int, chance: Random) -> list[Correct | LookInto]:
    """What one or two managers correct about the same visit, or say about why, as both of them saw it.

    `visits` are those of the log on disk. Some are open, and some corrections change nothing.
    """
    known = sorted(visits, key=lambda visit: (visit.created_at, visit.visit_id))
    if not known:
        return []
    visit = chance.choice(known[-30:] if chance.random() < OF_LATE else known)
    if chance.random() < FOLLOWED_UP:
        cause = chance.choice(list(RootCause))
        return [LookInto(visit.visit_id, visit.rev, cause, chance.random() < 0.5) for _ in range(2)]
    return [
        Correct(
            visit.visit_id,
            visit.rev,
            chance.choice(list(CorrectedBecause)),
            resolution=chance.choice((None, *Resolution))
            if visit.resolution or visit.state is State.EXPIRED
            else None,
            employee=chance.choice((None, *EMPLOYEES)) if visit.employee else None,
            need=None,
            note=ALIAS.format(day=day, number=number) if chance.random() < 0.5 else None,
        )
        for _ in range(chance.choice((1, 1, 2)))
    ]
