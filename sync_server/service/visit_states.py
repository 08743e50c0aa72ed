"""A visit as other programs see it: in the HTTP API and in webhooks.

What shoppers and colleagues wrote is apart from the rest, because most programs may not read it.
"""

from datetime import UTC, datetime
from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from sync_server.domain.visit.visit import State, Visit

Day = Annotated[str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}$", description="a local date of the store")]


class Words(Struct, frozen=True):
    """What was said about a shopper, for tokens with the scope `words:read`; gone a day after the end."""

    alias: str | None = None
    colour: str | None = None
    place: str | None = None
    notes: tuple[str, ...] = ()
    comment: str | None = None


class VisitState(Struct, frozen=True):
    """One visit as it is now. `employee` is the id of who has it, or had it at its end."""

    visit_id: str
    ticket: str
    day: Day
    source: str
    need: str
    language: str
    party_size: int
    state: State
    rev: int
    created_at: datetime
    resolution: str | None = None
    employee: str | None = None
    offered_at: datetime | None = None
    accepted_at: datetime | None = None
    serving_at: datetime | None = None
    ended_at: datetime | None = None
    words: Words | UnsetType = UNSET


def utc(at: int) -> datetime:
    """An instant in ms UTC as a date and time."""
    return datetime.fromtimestamp(at / 1000, UTC)


def visit_state(visit: Visit, with_words: bool) -> VisitState:
    """The visit as it is."""

    def when(at: int | None) -> datetime | None:
        return None if at is None else utc(at)

    return VisitState(
        visit_id=visit.visit_id,
        ticket=visit.ticket,
        day=visit.day,
        source=visit.source,
        need=visit.need,
        language=visit.language,
        party_size=visit.party_size,
        state=visit.state,
        rev=visit.rev,
        created_at=utc(visit.created_at),
        resolution=visit.resolution,
        employee=visit.employee,
        offered_at=when(visit.offered_at),
        accepted_at=when(visit.accepted_at),
        serving_at=when(visit.serving_at),
        ended_at=when(visit.ended_at),
        words=words_of(visit) if with_words else UNSET,
    )


def words_of(visit: Visit) -> Words:
    """What was said about the shopper, as far as it is still kept."""
    notes = tuple(note for note in visit.notes if note)
    return Words(visit.alias, visit.colour, visit.place, notes, visit.comment)
