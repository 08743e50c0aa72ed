"""A device's copy of what it may see of the floor. It never applies an update out of order."""

from sync_server.protocol.messages import Beat, Snapshot, Update
from sync_server.protocol.rows import PersonRow, QuoteRow, VisitRow

from .last import Last


class Replica:
    """The server's rows as of update `n`. Empty and not `ready` until the first snapshot."""

    def __init__(self) -> None:
        self.ready = False
        self.n = 0
        self.visits: dict[str, VisitRow] = {}
        self.people: dict[str, PersonRow] = {}
        self.quotes: dict[str, QuoteRow] = {}

    def take(self, snapshot: Snapshot) -> None:
        """Starts over from a snapshot."""
        self.ready = True
        self.n = snapshot.n
        self.recall(snapshot)

    def recall(self, rows: Snapshot | Last) -> None:
        """Shows these rows, as they are or as they were; without a snapshot no update follows them."""
        self.visits = {row.visit_id: row for row in rows.visits}
        self.people = {row.id: row for row in rows.people}
        self.quotes = {row.need: row for row in rows.quotes}

    def apply(self, update: Update) -> bool:
        """Takes the next update in. False, and nothing applied, where one in between was missed."""
        if not self.ready or update.n != self.n + 1:
            return False
        self.n = update.n
        for row in update.visits:
            self.visits[row.visit_id] = row
        for visit_id in update.gone:
            self.visits.pop(visit_id, None)
        for person in update.people:
            self.people[person.id] = person
        for quote in update.quotes:
            self.quotes[quote.need] = quote
        return True

    def missed_before(self, beat: Beat) -> bool:
        """Whether the server is further than this copy: an update was lost at the tail."""
        return self.ready and beat.n > self.n
