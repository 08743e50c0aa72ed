"""What a device may see of the floor: rows, made from the domain's values for one audience.

A kiosk gets its own shoppers' rows and nothing that describes a person; a tablet gets the whole
line. Which fields are filled is decided here and nowhere else.
"""

from msgspec import Struct
from msgspec.structs import replace

from sync_server.domain.floor import Floor
from sync_server.domain.people import Person
from sync_server.domain.visit import IN_LINE, Visit


class VisitRow(Struct, frozen=True, gc=False, omit_defaults=True):
    """One visit as a device knows it. Times are ms UTC by the server's clock.

    `place_in_line` counts from 1; `low_s` and `high_s` are the bracket of the wait from now, in
    seconds. `alias`, `colour`, `place`, `notes` and `offer_*` reach tablets only.
    """

    visit_id: str
    ticket: str
    rev: int
    state: str
    need: str
    language: str
    created_at: int
    employee: str | None = None
    recalled_at: int | None = None
    accepted_at: int | None = None
    serving_at: int | None = None
    ended_at: int | None = None
    place_in_line: int | None = None
    low_s: float | None = None
    high_s: float | None = None
    rated: bool = False

    alias: str | None = None
    colour: str | None = None
    place: str | None = None
    party_size: int = 1
    offer_to: str | None = None
    offer_until: int | None = None
    alerted_at: int | None = None
    stint_at: int | None = None
    held_ms: int = 0
    handovers: int = 0
    notes: tuple[str, ...] = ()


class PersonRow(Struct, frozen=True, gc=False, omit_defaults=True):
    """One employee as colleagues see them. `visit_id` is the visit in hand or being offered."""

    id: str
    presence: str
    since: int
    device_id: str | None = None
    visit_id: str | None = None


class QuoteRow(Struct, frozen=True, gc=False, omit_defaults=True):
    """The bracket for somebody who joins the line for `need` now, seconds; without figures: not known."""

    need: str
    low_s: float | None = None
    high_s: float | None = None


def _for_everybody(visit: Visit) -> VisitRow:
    """What any device may know of a visit."""
    return VisitRow(
        visit_id=visit.visit_id,
        ticket=visit.ticket,
        rev=visit.rev,
        state=visit.state.value,
        need=visit.need,
        language=visit.language,
        created_at=visit.created_at,
        employee=visit.employee,
        recalled_at=visit.recalled_at,
        accepted_at=visit.accepted_at,
        serving_at=visit.serving_at,
        ended_at=visit.ended_at,
    )


def staff_visit(visit: Visit) -> VisitRow:
    """A visit for the tablets."""
    return replace(
        _for_everybody(visit),
        alias=visit.alias,
        colour=visit.colour,
        place=visit.place,
        party_size=visit.party_size,
        offer_to=visit.offer_to,
        offer_until=visit.offer_until,
        alerted_at=visit.alerted_at,
        stint_at=visit.stint_at,
        held_ms=visit.held_ms,
        handovers=visit.handovers,
        notes=visit.notes,
    )


def kiosk_visit(visit: Visit, floor: Floor, known: VisitRow | None = None) -> VisitRow:
    """A visit for the kiosk that opened it: where it stands and who comes, nothing of who the shopper is.

    `known` is the row the kiosk has; where it still holds it is given back.
    """
    place, low, high = None, None, None
    if visit.state in IN_LINE:
        ahead = floor.ahead_of(visit.visit_id)
        place = ahead + 1
        quote = floor.quote(visit.need, ahead)
        low, high = (quote.low_s, quote.high_s) if quote else (None, None)
    moves = (visit.rev, place, low, high)
    if known is not None and moves == (known.rev, known.place_in_line, known.low_s, known.high_s):
        return known
    return replace(
        _for_everybody(visit),
        place_in_line=place,
        low_s=low,
        high_s=high,
        rated=visit.ces is not None or visit.nps is not None,
    )


def person_row(person: Person) -> PersonRow:
    return PersonRow(
        id=person.id,
        presence=person.presence.value,
        since=person.since,
        device_id=person.device_id,
        visit_id=person.active[-1] if person.active else person.offer,
    )


def quote_row(need: str, floor: Floor) -> QuoteRow:
    quote = floor.quote(need)
    return QuoteRow(need, quote.low_s, quote.high_s) if quote else QuoteRow(need)
