"""A visit as the API shows it. What shoppers and colleagues wrote is there only for who may read it."""

import asyncio
import sqlite3
from datetime import UTC, datetime

from msgspec import UNSET

from sync_server.domain.floor.offline_ops import rebuild_visit
from sync_server.domain.visit.visit import Visit
from sync_server.service.server import Server
from sync_server.service.storage import event_log
from sync_server.service.storage.connection import reading

from .models import VisitState, Words


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


def read_visit(server: Server, visit_id: str) -> Visit | None:
    """The visit as the log has it, also one that ended long ago; None if there is none. Reads the disk."""
    with reading(server.data_dir.store) as db:
        return visit_in_log(db, visit_id)


def visit_in_log(db: sqlite3.Connection, visit_id: str) -> Visit | None:
    """The same, with a connection."""
    records = event_log.records_of(db, visit_id)
    return rebuild_visit(records) if records else None


async def read_visit_of(server: Server, visit_id: str) -> Visit | None:
    """The visit as it is on the floor, or as the log has it."""
    found = server.processor.floor.visits.get(visit_id)
    return found or await asyncio.to_thread(read_visit, server, visit_id)
