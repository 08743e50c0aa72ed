"""Decides which fields of a visit, a person or a quote each kind of device may see.

A kiosk gets the rows of its own shoppers, without the fields that describe a person. A tablet gets all
visits. Only this module fills rows; `sessions.py` of the server decides which visits a device gets.
"""

from msgspec.structs import replace

from sync_server.domain.floor.floor import Floor
from sync_server.domain.people import Person
from sync_server.domain.queue.hindrance import hindrance
from sync_server.domain.visit.visit import IN_LINE, State, Visit

from .rows import AnnouncementRow, ClosedNeedRow, OverridesRow, PersonRow, QuoteRow, VisitRow


def _common_row(visit: Visit) -> VisitRow:
    """The fields that every device may see."""
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


def staff_visit(visit: Visit, phone: bool = False) -> VisitRow:
    """The row of a visit for the tablets. `phone`: one has opened the ticket's page."""
    return replace(
        _common_row(visit),
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
        phone=phone,
    )


def kiosk_visit(visit: Visit, floor: Floor, previous: VisitRow | None = None) -> VisitRow:
    """The row of a visit for the kiosk that opened it, without the fields that describe the shopper.

    `previous` is the row that the kiosk has. If nothing in it has changed, it is returned itself.
    """
    place, low, high = None, None, None
    if visit.state in IN_LINE:
        ahead = floor.ahead_of(visit.visit_id)
        place = floor.competing_ahead(visit) + 1
        quote = floor.quote(visit.need, ahead)
        low, high = (quote.low_s, quote.high_s) if quote else (None, None)
    waits_first = visit.state in IN_LINE and visit.serving_at is None
    kept = ""
    if visit.state is State.WAITING and visit.alerted_at is not None:
        kept = hindrance(floor.catalogue, floor.people.values(), visit.need, visit.ring).kind.value
    changing = (visit.rev, place, low, high, kept)
    if previous is not None and changing == (
        previous.rev, previous.place_in_line, previous.low_s, previous.high_s, previous.hindrance
    ):  # fmt: skip
        return previous
    return replace(
        _common_row(visit),
        place_in_line=place,
        low_s=low,
        high_s=high,
        promised_from=visit.promised_from if waits_first else None,
        promised_until=visit.promised_until if waits_first else None,
        extended_because=visit.extended_because if waits_first else None,
        rated=visit.ces is not None or visit.nps is not None,
        hindrance=kept,
    )


def person_row(person: Person) -> PersonRow:
    return PersonRow(
        id=person.id,
        presence=person.presence.value,
        since=person.since,
        device_id=person.device_id,
        visit_id=person.active[-1] if person.active else person.offer,
        help_visit=person.help.visit_id if person.help is not None else None,
        help_since=person.help.since if person.help is not None else None,
        helper=person.help.by if person.help is not None else None,
    )


def quote_row(need: str, floor: Floor) -> QuoteRow:
    if quote := floor.quote(need):
        return QuoteRow(need, quote.low_s, quote.high_s)
    if floor.catalogue.need(need) is None:
        return QuoteRow(need)
    return QuoteRow(need, hindrance=hindrance(floor.catalogue, floor.people.values(), need).kind.value)


def overrides_row(floor: Floor, kiosk: str, now: int) -> OverridesRow:
    """What this kiosk offers and says at `now` (ms UTC). Who decided it is not sent."""
    closed = floor.overrides.closed_needs(now)
    shown = floor.overrides.shown_at(kiosk, now)
    return OverridesRow(
        tuple(ClosedNeedRow(one.need, one.until, one.back.value, one.words) for one in closed),
        AnnouncementRow(shown.words, shown.until) if shown else None,
    )
