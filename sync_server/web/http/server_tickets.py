"""Tickets and ids of visits that the server opens itself, for a program of the store or from a phone."""

import hashlib
import secrets

from sync_server.domain import ops
from sync_server.domain.visit import ticket
from sync_server.service.server import Server

LETTER = "ON"  # of these tickets; no device has it, because devices' letters leave out the O
MAX_TICKETS_PER_DAY = 9999  # the numbers that a ticket can have


def open_visit_op(
    server: Server,
    visit_id: str,
    need: str,
    language: str,
    alias: str | None = None,
    colour: str | None = None,
    place: str | None = None,
    party_size: int = 1,
) -> ops.OpenVisit | None:
    """The op with the next ticket; None if the day's tickets are used up.

    For a visit that is open already, because the request was sent again, it is the same op as before.
    """
    floor, day = server.processor.floor, server.processor.catalogue.day(server.processor.clock())
    existing = floor.visits.get(visit_id)
    number = floor.tickets.last(day, LETTER) + 1
    if existing is None and number > MAX_TICKETS_PER_DAY:
        return None
    return ops.OpenVisit(
        visit_id=visit_id,
        ticket=existing.ticket if existing else ticket.code(LETTER, number),
        need=need,
        language=language,
        alias=alias,
        colour=colour,
        place=place,
        party_size=party_size,
        link=existing.link if existing else secrets.token_urlsafe(16),
    )


def derived_id(*parts: str) -> str:
    """The same id for the same parts, so that a request sent twice opens one visit.

    It sorts before every id that begins with a time, so that its stored answer is deleted by age alone.
    """
    return "0" * 12 + hashlib.sha256("\0".join(parts).encode()).hexdigest()[:20]
