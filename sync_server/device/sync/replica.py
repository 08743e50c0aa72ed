"""A device's copy of the part of the floor it may see. It never applies an update out of order."""

from collections.abc import Callable

from sync_server.domain.violation import InvariantViolated
from sync_server.protocol.messages import Beat, Snapshot, Update
from sync_server.protocol.rows import OverridesRow, PersonRow, QuoteRow, ToldWaitsRow, VisitRow

from .saved_rows import Row, RowKey, SavedState


class Replica:
    """The server's rows after update `n`. Empty and not `ready` until the first snapshot.

    `unsaved` holds the rows that changed since the replica was last saved, None for a deleted one.
    With `replace_all` the rows on disk are all out of date. `counts_sessions` and
    `helps` are those of the last snapshot.
    """

    def __init__(self) -> None:
        self.ready = False
        self.n = 0
        self.visits: dict[str, VisitRow] = {}
        self.people: dict[str, PersonRow] = {}
        self.quotes: dict[str, QuoteRow] = {}
        self.told_waits: ToldWaitsRow | None = None
        self.overrides = OverridesRow()
        self.counts_sessions = False
        self.helps = False
        self.unsaved: dict[RowKey, Row | None] = {}
        self.replace_all = True

    def load_snapshot(self, snapshot: Snapshot) -> None:
        """Starts again from a snapshot."""
        self.ready = True
        self.n = snapshot.n
        self.told_waits = snapshot.told_waits
        self.counts_sessions, self.helps = snapshot.counts_sessions, snapshot.helps
        self.load_rows(snapshot)

    def load_rows(self, rows: Snapshot | SavedState) -> None:
        """Replaces all rows. Saved rows alone do not make the replica ready for updates."""
        self.overrides = rows.overrides or OverridesRow()
        before, unsaved = self._rows(), self.unsaved
        self.visits, self.people, self.quotes, self.unsaved = {}, {}, {}, {}
        self._put(rows)
        deleted: dict[RowKey, Row | None] = dict.fromkeys(before.keys() - self.unsaved.keys())
        # Most rows of a snapshot are the ones already saved: write only the others.
        changed = {key: row for key, row in self.unsaved.items() if before.get(key) != row}
        self.unsaved = unsaved | deleted | changed

    def apply(self, update: Update) -> bool:
        """Applies the next update, or one that stands for the next few.

        Returns False, and applies nothing, if one in between is missing.

        Raises InvariantViolated, and applies nothing, if the update has an earlier rev of a visit.
        """
        first = update.n if update.first is None else update.first
        if not self.ready or first != self.n + 1 or update.n < first:
            return False
        for row in update.visits:
            if (present := self.visits.get(row.visit_id)) is not None and row.rev < present.rev:
                raise InvariantViolated(10, row.ticket, f"rev {row.rev} was sent after rev {present.rev}")
        self.n = update.n
        self.told_waits = update.told_waits or self.told_waits
        self.overrides = self.overrides if update.overrides is None else update.overrides
        self._put(update)
        for visit_id in update.gone:
            if self.visits.pop(visit_id, None) is not None:
                self.unsaved["visit", visit_id] = None
        return True

    def clear(self) -> None:
        """Deletes all rows."""
        self.visits, self.people, self.quotes = {}, {}, {}
        self.overrides = OverridesRow()
        self.unsaved, self.replace_all = {}, True

    def redact(self, redact_row: Callable[[VisitRow], VisitRow]) -> None:
        """Replaces each visit by what `redact_row` leaves of it."""
        for visit_id, row in self.visits.items():
            if (redacted := redact_row(row)) != row:
                self.visits[visit_id] = self.unsaved["visit", visit_id] = redacted

    def mark_saved(self) -> None:
        """Every change so far is on disk."""
        self.unsaved, self.replace_all = {}, False

    def is_behind(self, beat: Beat) -> bool:
        """Whether the server has sent updates after the last one that arrived here."""
        return self.ready and beat.n > self.n

    def _rows(self) -> dict[RowKey, Row]:
        return {
            **{("visit", key): visit for key, visit in self.visits.items()},
            **{("person", key): person for key, person in self.people.items()},
            **{("quote", key): quote for key, quote in self.quotes.items()},
        }

    def _put(self, rows: Snapshot | SavedState | Update) -> None:
        unsaved = self.unsaved
        for visit in rows.visits:
            self.visits[visit.visit_id] = unsaved["visit", visit.visit_id] = visit
        for person in rows.people:
            self.people[person.id] = unsaved["person", person.id] = person
        for quote in rows.quotes:
            self.quotes[quote.need] = unsaved["quote", quote.need] = quote
