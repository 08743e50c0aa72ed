"""One turn of the shop: what it did, and what is to be said of it."""

from collections.abc import Callable
from dataclasses import dataclass, field

from sync_server.domain.events import Record

from .store import Batch

Say = Callable[[], None]


@dataclass(slots=True)
class Turn:
    """What one turn did, and what to say once it is on disk: news first, then answers."""

    batch: Batch
    now: int  # when all of it happens, ms UTC
    records: list[Record] = field(default_factory=list)
    op_ids: list[str] = field(default_factory=list)
    news: list[Say] = field(default_factory=list)
    answers: list[Say] = field(default_factory=list)
    if_lost: list[Callable[[str], None]] = field(default_factory=list)
    told: int = 0  # how many of the records have become news already
