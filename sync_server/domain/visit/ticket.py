"""Tickets: the short code that a shopper sees, the name beside it, and the ids that devices make.

A device numbers its own tickets, so it needs no server to give one out. Each device of a store has a
letter of its own; its counter starts again each store-day and otherwise only rises.
"""

from collections.abc import Container, Iterable
from itertools import chain

from msgspec import Struct

LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"  # without I and O, which look like 1 and 0
COLOURS_OF_NAMES = 12
ANIMALS_OF_NAMES = 24


class TicketCounter(Struct, frozen=True):
    """The last ticket number that a device gave out, and on which store-day (`YYYY-MM-DD`)."""

    day: str = ""
    last: int = 0

    def next(self) -> "TicketCounter":
        return TicketCounter(self.day, self.last + 1)

    def synced(self, day: str, last: int) -> "TicketCounter":
        """The counter after the server sent its store-day and the last number it has seen.

        No number is given out twice on one day, whichever side knew of it. An earlier day means that a
        clock was wrong: then the counter goes on above the highest number of both, for that day only. If
        it kept the later day, it would rise until that day comes, and run out of numbers.
        """
        return TicketCounter(day, last if day > self.day else max(self.last, last))


class Tickets:
    """The tickets given out in the store, by store-day."""

    def __init__(self) -> None:
        self._days: dict[str, set[str]] = {}
        self._last: dict[tuple[str, str], int] = {}  # the highest number of a day and letter

    def add(self, day: str, tickets: Iterable[str]) -> None:
        taken = self._days.setdefault(day, set())
        for ticket in tickets:
            taken.add(ticket)
            key = day, ticket.partition("-")[0]
            self._last[key] = max(self._last.get(key, 0), number(ticket))

    def is_taken(self, day: str, ticket: str) -> bool:
        return ticket in self._days.get(day, ())

    def last(self, day: str, letter: str) -> int:
        """The highest number given out with this letter on this day; 0 if none."""
        return self._last.get((day, letter), 0)

    def forget_before(self, day: str) -> None:
        """Drops the tickets of the days before `day`."""
        if self._days and min(self._days) < day:
            self._days = {d: tickets for d, tickets in self._days.items() if d >= day}
            self._last = {key: last for key, last in self._last.items() if key[0] >= day}


def code(letter: str, number: int) -> str:
    """`A-42` for letter A and number 42."""
    return f"{letter}-{number}"


def number(ticket: str) -> int:
    """42 for `A-42`."""
    return int(ticket.rpartition("-")[2])


def free_letter(taken: Container[str]) -> str | None:
    """The first letter that is not taken: A to Z, then AA, AB, … to ZZ. None where all 600 are."""
    pairs = (first + second for first in LETTERS for second in LETTERS)
    return next((letter for letter in chain(LETTERS, pairs) if letter not in taken), None)


def name_parts(ticket: str) -> tuple[int, int]:
    """The numbers of the colour word and the animal word that name a ticket (A-42 is the Blue Heron).

    A pair repeats only after 288 tickets of one letter. Two consecutive tickets share neither word.
    """
    letter = sum(ord(c) for c in ticket.partition("-")[0])
    n = number(ticket) + 7 * letter
    return (n + n // ANIMALS_OF_NAMES) % COLOURS_OF_NAMES, (n * 5) % ANIMALS_OF_NAMES


def uuid7(now: int, randomness: bytes) -> str:
    """A UUID version 7 as 32 hex digits, which sorts by creation time (RFC 9562, section 5.7).

    `now` is ms since 1970, `randomness` ten random bytes.
    """
    value = (now & ((1 << 48) - 1)) << 80 | int.from_bytes(randomness[:10], "big")
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return f"{value:032x}"
