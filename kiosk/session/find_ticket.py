"""Finds a shopper's ticket again by the colour and the animal that name it. Nobody sees a list of tickets."""

from collections.abc import Iterable

from msgspec.structs import replace

from sync_server.domain.visit.ticket import name_parts
from sync_server.domain.visit.visit import OPEN
from sync_server.protocol.rows import VisitRow

from .session import KioskScreen, ShopperSession

MAX_TRIES = 3  # wrong pairs, of 288, until the kiosk asks to speak to a colleague
PAUSE_MS = 60_000  # how long it then takes no others


def choose(session: ShopperSession, colour: int | None, animal: int | None) -> ShopperSession:
    """Chooses one of the two words; the other stays as it is."""
    if session.screen is not KioskScreen.FIND_TICKET:
        return session
    colour = session.ticket_colour if colour is None else colour
    animal = session.ticket_animal if animal is None else animal
    return replace(session, ticket_colour=colour, ticket_animal=animal, not_found=False)


def find(session: ShopperSession, rows: Iterable[VisitRow]) -> VisitRow | None:
    """The visit of this kiosk whose ticket has the two words: one that is open, else the latest."""
    words = (session.ticket_colour, session.ticket_animal)
    named = [row for row in rows if name_parts(row.ticket) == words]
    return max(named, key=lambda row: (row.state in OPEN, row.created_at), default=None)


class Tries:
    """Counts wrong pairs of words, so that nobody finds another shopper's ticket by trying. `now` in ms."""

    def __init__(self) -> None:
        self._wrong = 0
        self._until = 0

    def may_try(self, now: int) -> bool:
        if now >= self._until and self._wrong >= MAX_TRIES:
            self._wrong = 0
        return self._wrong < MAX_TRIES

    def wrong(self, now: int) -> None:
        self._wrong += 1
        self._until = now + PAUSE_MS
