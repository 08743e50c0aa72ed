"""One unit of work: the ops done together, the rows to write, and what is sent once they are on disk."""

from collections.abc import Callable
from dataclasses import dataclass, field

from sync_server.domain.events import Record
from sync_server.service.storage.batch import Batch

Send = Callable[[], None]


@dataclass(slots=True)
class UnitOfWork:
    """What was done, and what to send after the commit: first the updates, then the replies.

    When the commit fails, nothing of it is sent. `on_rollback` is called instead, with the reason.
    """

    batch: Batch
    now: int  # the time of everything in it, ms UTC
    records: list[Record] = field(default_factory=list)
    due: set[str] = field(default_factory=set)  # visits whose words were due before they were written
    op_ids: list[str] = field(default_factory=list)
    updates: list[Send] = field(default_factory=list)
    replies: list[Send] = field(default_factory=list)
    on_rollback: list[Callable[[str], None]] = field(default_factory=list)
    published: int = 0  # how many of the records have been given to the listener already
