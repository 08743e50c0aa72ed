"""What the server last said, kept on disk: a device that starts without its server begins from it."""

from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import replace

from sync_server.domain.catalogue import Catalogue
from sync_server.protocol.rows import PersonRow, QuoteRow, VisitRow

from .wordless import row_without_words

SIGNED_IN_MS = 8 * 3_600_000  # so long at most an employee stays signed in without the server
ROWS_MS = 86_400_000  # rows describe shoppers: a day after the server's last word they are gone


Row = VisitRow | PersonRow | QuoteRow
Rows = Mapping[tuple[str, str], Row]  # by kind, one of these, and id
KINDS: dict[str, type[Row]] = {"visit": VisitRow, "person": PersonRow, "quote": QuoteRow}


class Last(Struct, frozen=True, omit_defaults=True):
    """The rows as of `at`, when the server last spoke, by its clock in ms UTC.

    `ahead_ms` is how far that clock was ahead of this device's.
    """

    at: int
    ahead_ms: int
    visits: tuple[VisitRow, ...] = ()
    people: tuple[PersonRow, ...] = ()
    quotes: tuple[QuoteRow, ...] = ()

    def rows(self) -> dict[tuple[str, str], Row]:
        """All rows, by kind and id."""
        rows: dict[tuple[str, str], Row] = {("visit", row.visit_id): row for row in self.visits}
        rows.update((("person", row.id), row) for row in self.people)
        rows.update((("quote", row.need), row) for row in self.quotes)
        return rows

    def with_rows(self, rows: Rows) -> "Last":
        """The same with these rows."""
        return replace(
            self,
            visits=tuple(row for row in rows.values() if isinstance(row, VisitRow)),
            people=tuple(row for row in rows.values() if isinstance(row, PersonRow)),
            quotes=tuple(row for row in rows.values() if isinstance(row, QuoteRow)),
        )

    def without_rows(self) -> "Last":
        """What is still known when nothing of the floor is."""
        return replace(self, visits=(), people=(), quotes=())

    def without_words(self) -> "Last":
        """The same, with nothing said about a shopper."""
        return replace(self, visits=tuple(map(row_without_words, self.visits)))


def signed_in_until(heard_at: int, catalogue: Catalogue | None, serving: bool) -> int:
    """Until when whoever was signed in at the server's last word may work without it, ms UTC.

    Until the server signs them off: at closing time, who is `serving` somebody then a while later;
    and never longer than a working day.
    """
    latest = heard_at + SIGNED_IN_MS
    if catalogue is None:
        return latest
    stays = catalogue.store.leftovers_min * 60_000 if serving else 0
    return min(latest, catalogue.next_closing(heard_at - stays) + stays)
