"""Remembers which employees the server or the manager signed off, at which tablet and when.

An op that was tapped before that may arrive after it, and then belongs to the employee of that time.
"""

from collections.abc import Iterable

from sync_server.domain.events import Presence, PresenceChanged, Record


class ServerSignOffs:
    """For each tablet the last employee whom the server signed off there. Built from the log."""

    def __init__(self) -> None:
        self._tablet_of: dict[str, str] = {}  # by employee
        self._last: dict[str, tuple[str, int]] = {}  # by tablet: the employee, and when (ms UTC)

    def apply(self, record: Record) -> None:
        """Takes in the next record of the log."""
        match record.event:
            case PresenceChanged(employee, Presence.OFF_FLOOR):
                tablet = self._tablet_of.pop(employee, None)
                if tablet is not None and not record.actor.startswith("employee"):
                    self._last[tablet] = (employee, record.at)
            case PresenceChanged(employee, _, str() as tablet):
                self._tablet_of[employee] = tablet

    def add_earlier(self, records: Iterable[Record]) -> None:
        """Takes in records that come before all those applied so far."""
        earlier = ServerSignOffs()
        for record in records:
            earlier.apply(record)
        self._last = earlier._last | self._last

    def holder_at(self, tablet: str | None, tapped: int) -> str | None:
        """The employee who held this tablet at `tapped` (ms UTC) and was signed off by the server since."""
        employee, at = self._last.get(tablet or "", (None, 0))
        return employee if tapped <= at else None
