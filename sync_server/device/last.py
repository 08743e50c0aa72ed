"""What the server last said, kept on disk: a device that starts without its server begins from it."""

from collections.abc import Mapping

from msgspec import Struct

from sync_server.domain.catalogue import Catalogue
from sync_server.protocol.rows import PersonRow, QuoteRow, VisitRow

SIGNED_IN_MS = 8 * 3_600_000  # so long at most an employee stays signed in without the server
ROWS_MS = 86_400_000  # rows describe shoppers: a day after the server's last word they are gone


Row = VisitRow | PersonRow | QuoteRow
Key = tuple[str, str]  # of a row: its kind, one of these, and its id
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


class Heard(Struct, frozen=True):
    """What the server said and is to be written down: the rows that changed, None for one that went.

    `said` is when it last spoke; None where what is on disk is recent enough. With `anew` no other rows
    than these are left.
    """

    said: Last | None
    rows: Mapping[Key, Row | None]
    anew: bool = False


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
