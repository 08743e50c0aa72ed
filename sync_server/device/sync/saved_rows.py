"""The server's rows as a device saves them, so that it can start without its server."""

from collections.abc import Mapping

from msgspec import Struct

from sync_server.domain.catalogue.catalogue import Catalogue
from sync_server.protocol.rows import OverridesRow, PersonRow, QuoteRow, VisitRow

MAX_SIGNED_IN_MS = 8 * 3_600_000  # an employee stays signed in without the server for at most this long
ROWS_RETENTION_MS = 86_400_000  # rows describe shoppers: a day after the last contact they are deleted

Row = VisitRow | PersonRow | QuoteRow
RowKey = tuple[str, str]  # the row's kind, a key of ROW_TYPES, and its id
ROW_TYPES: dict[str, type[Row]] = {"visit": VisitRow, "person": PersonRow, "quote": QuoteRow}


class SavedState(Struct, frozen=True, omit_defaults=True):
    """The rows at the last contact with the server.

    `at` is the time of that contact by the server's clock, ms UTC. `ahead_ms` is how far that clock
    was ahead of this device's. `steady` is the device's steady clock at that contact, if it was in the
    start of the computer that `boot` names. `overrides` is what a kiosk offers and says, as it was last told.
    """

    at: int
    ahead_ms: int
    visits: tuple[VisitRow, ...] = ()
    people: tuple[PersonRow, ...] = ()
    quotes: tuple[QuoteRow, ...] = ()
    boot: str = ""
    steady: int = 0
    overrides: OverridesRow | None = None


class SavedUpdate(Struct, frozen=True):
    """A change to the saved state: the rows that changed, None for a deleted one.

    `header` is the state without its rows; None if the saved one is recent enough. With `replace_all`
    every saved row that is not in `rows` is deleted.
    """

    header: SavedState | None
    rows: Mapping[RowKey, Row | None]
    replace_all: bool = False


def signed_in_until(last_contact_at: int, catalogue: Catalogue | None, serving: bool) -> int:
    """Until when an employee may work on without the server, ms UTC.

    That is the time at which the server would sign them off: closing time, or some minutes later
    for an employee who is `serving` a shopper. It is never later than a working day after the last contact.
    """
    latest = last_contact_at + MAX_SIGNED_IN_MS
    if catalogue is None:
        return latest
    extra = catalogue.store.leftovers_min * 60_000 if serving else 0
    return min(latest, catalogue.next_closing(last_contact_at - extra) + extra)
