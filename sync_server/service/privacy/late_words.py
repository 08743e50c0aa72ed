"""Leaves out words about a shopper that were due to be removed before they arrived.

An op that waited for days in an outbox may be about a visit that ended as long ago. Written and removed
later, its words would be in the store for some minutes longer than anybody was promised.
"""

from msgspec.structs import replace

from sync_server.domain import events as ev
from sync_server.domain.events import Event
from sync_server.domain.visit.visit import Visit

from .retention import LINK_MS


def words_are_due(visit: Visit, now: int, keep_ms: int) -> bool:
    """Whether words about this visit's shopper may not be stored any longer. `now` in ms UTC."""
    return visit.ended_at is not None and visit.ended_at <= now - keep_ms


def link_is_due(visit: Visit, now: int) -> bool:
    """Whether the link of its ticket may not be stored any longer."""
    return visit.ended_at is not None and visit.ended_at <= now - LINK_MS


def anything_is_due(visit: Visit, now: int, keep_ms: int) -> bool:
    """Whether words or link are due. A setting may keep words for less time than links."""
    return words_are_due(visit, now, keep_ms) or link_is_due(visit, now)


def event_without_due(event: Event, visit: Visit, now: int, keep_ms: int) -> Event:
    """The event as it may be written, about the visit as it is after it."""
    if isinstance(event, ev.Opened) and link_is_due(visit, now):
        event = replace(event, link=None)
    if not words_are_due(visit, now, keep_ms):
        return event
    match event:
        case ev.Opened():
            return replace(event, alias=None, colour=None, place=None)
        case ev.Noted() | ev.HandedOver():
            return replace(event, note="")
        case ev.Completed() | ev.Corrected() | ev.FoundCompleted():
            return replace(event, note=None)
        case ev.Rated():
            return replace(event, comment=None)
        case _:
            return event


def visit_without_due(visit: Visit, now: int, keep_ms: int) -> Visit:
    """The visit as it may be kept in memory."""
    return _without(visit, words_are_due(visit, now, keep_ms), link_is_due(visit, now))


def _without(visit: Visit, words: bool, link: bool) -> Visit:
    if visit.before_expiry is not None:
        visit = replace(visit, before_expiry=_without(visit.before_expiry, words, link))
    if link:
        visit = replace(visit, link=None)
    return replace(visit, alias=None, colour=None, place=None, notes=(), comment=None) if words else visit
