"""A device's copy of what it may see of the floor. It never applies an update out of order."""

from collections.abc import Callable

from sync_server.protocol.messages import Beat, Snapshot, Update
from sync_server.protocol.rows import PersonRow, QuoteRow, VisitRow

from .last import Key, Last, Row


class Replica:
    """The server's rows as of update `n`. Empty and not `ready` until the first snapshot.

    `unkept` are the rows that changed since the copy on disk was made, None for one that went; with
    `anew` nothing that is on disk counts any more.
    """

    def __init__(self) -> None:
        self.ready = False
        self.n = 0
        self.visits: dict[str, VisitRow] = {}
        self.people: dict[str, PersonRow] = {}
        self.quotes: dict[str, QuoteRow] = {}
        self.unkept: dict[Key, Row | None] = {}
        self.anew = True

    def take(self, snapshot: Snapshot) -> None:
        """Starts over from a snapshot."""
        self.ready = True
        self.n = snapshot.n
        self.recall(snapshot)

    def recall(self, rows: Snapshot | Last) -> None:
        """Shows these rows, as they are or as they were; without a snapshot no update follows them."""
        before, unkept = self._rows(), self.unkept
        self.visits, self.people, self.quotes, self.unkept = {}, {}, {}, {}
        self._put(rows)
        gone: dict[Key, Row | None] = dict.fromkeys(before.keys() - self.unkept.keys())
        changed = {key: row for key, row in self.unkept.items() if before.get(key) != row}
        self.unkept = unkept | gone | changed  # most of a snapshot is known already

    def apply(self, update: Update) -> bool:
        """Takes the next update in. False, and nothing applied, where one in between was missed."""
        if not self.ready or update.n != self.n + 1:
            return False
        self.n = update.n
        self._put(update)
        for visit_id in update.gone:
            if self.visits.pop(visit_id, None) is not None:
                self.unkept["visit", visit_id] = None
        return True

    def clear(self) -> None:
        """Shows nothing."""
        self.visits, self.people, self.quotes = {}, {}, {}
        self.unkept, self.anew = {}, True

    def reword(self, changed: Callable[[VisitRow], VisitRow]) -> None:
        """Shows the visits with other words, or none."""
        for visit_id, row in self.visits.items():
            if (after := changed(row)) != row:
                self.visits[visit_id] = self.unkept["visit", visit_id] = after

    def kept(self) -> None:
        """All of it is on disk now."""
        self.unkept, self.anew = {}, False

    def _rows(self) -> dict[Key, Row]:
        return {
            **{("visit", key): visit for key, visit in self.visits.items()},
            **{("person", key): person for key, person in self.people.items()},
            **{("quote", key): quote for key, quote in self.quotes.items()},
        }

    def _put(self, rows: Snapshot | Last | Update) -> None:
        unkept = self.unkept
        for visit in rows.visits:
            self.visits[visit.visit_id] = unkept["visit", visit.visit_id] = visit
        for person in rows.people:
            self.people[person.id] = unkept["person", person.id] = person
        for quote in rows.quotes:
            self.quotes[quote.need] = unkept["quote", quote.need] = quote

    def missed_before(self, beat: Beat) -> bool:
        """Whether the server is further than this copy: an update was lost at the tail."""
        return self.ready and beat.n > self.n
