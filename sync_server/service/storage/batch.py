"""What one unit of work writes to `store.db`."""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field

from .mapping import Row


@dataclass
class Batch:
    """The rows of one unit of work, by table. `epoch` counts the failed commits before it was made.

    `afterwards` is done in the same transaction, when all rows are written.
    """

    epoch: int
    events: list[Row] = field(default_factory=list)
    visits: dict[str, Row] = field(default_factory=dict)
    presence: list[Row] = field(default_factory=list)
    feedback: list[Row] = field(default_factory=list)
    ops: list[Row] = field(default_factory=list)
    sessions: list[Row] = field(default_factory=list)
    pages: list[Row] = field(default_factory=list)
    afterwards: list[Callable[[sqlite3.Connection], object]] = field(default_factory=list)

    @property
    def empty(self) -> bool:
        """Whether there is nothing to write. Sessions are counted with their op; the rest
        never changes without an event.
        """
        return not (self.events or self.ops or self.pages)
