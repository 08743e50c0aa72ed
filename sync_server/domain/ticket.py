"""Tickets: the short code a shopper sees, the friendly name beside it, and the ids devices make.

A device numbers its own tickets, so a ticket exists without asking the server. Its letter is
its own in the store; its counter starts over each store-day and otherwise only rises.
"""

from collections.abc import Iterable

from msgspec import Struct

LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"  # without I and O, which read as 1 and 0
COLOURS_OF_NAMES = 12
ANIMALS_OF_NAMES = 24


class Counter(Struct, frozen=True):
    """The last ticket number a device gave out, and on which store-day."""

    day: str = ""
    last: int = 0

    def next(self) -> "Counter":
        return Counter(self.day, self.last + 1)

    def seen(self, day: str, last: int) -> "Counter":
        """The counter after the server said which store-day it is and the last number it knows.

        A number already given out on that day is never given again, whichever side knew of it. A day
        before can only come where a clock was wrong: then it counts on above what both have known.
        """
        return Counter(day, last) if day > self.day else Counter(self.day, max(self.last, last))


class Tickets:
    """The tickets given out in the store, by store-day."""

    def __init__(self) -> None:
        self._days: dict[str, set[str]] = {}

    def add(self, day: str, tickets: Iterable[str]) -> None:
        self._days.setdefault(day, set()).update(tickets)

    def taken(self, day: str, ticket: str) -> bool:
        return ticket in self._days.get(day, ())

    def last(self, day: str, letter: str) -> int:
        """The highest number given out with this letter on this day; 0 if none."""
        return max((number(t) for t in self._days.get(day, ()) if t.startswith(f"{letter}-")), default=0)

    def forget_before(self, day: str) -> None:
        self._days = {kept: tickets for kept, tickets in self._days.items() if kept >= day}


def code(letter: str, number: int) -> str:
    """`A-42` for letter A and number 42."""
    return f"{letter}-{number}"


def number(ticket: str) -> int:
    """42 for `A-42`."""
    return int(ticket.rpartition("-")[2])


def letter_for(index: int) -> str:
    """The letter of the store's device number `index` (0 is A; after Z come AA, AB, …)."""
    size = len(LETTERS)
    return LETTERS[index] if index < size else LETTERS[index // size - 1] + LETTERS[index % size]


def name_parts(ticket: str) -> tuple[int, int]:
    """Which colour word and which animal word name this ticket (A-42 is the Blue Heron).

    The pair repeats only after 288 tickets of one letter, and neighbours share neither word.
    """
    letter = sum(ord(c) for c in ticket.partition("-")[0])
    turn = number(ticket) + 7 * letter
    return (turn + turn // ANIMALS_OF_NAMES) % COLOURS_OF_NAMES, (turn * 5) % ANIMALS_OF_NAMES


def uuid7(now: int, randomness: bytes) -> str:
    """A UUID version 7 as 32 hex digits: it sorts by the time it was made (RFC 9562, 5.7).

    `now` is ms since 1970, `randomness` ten random bytes.
    """
    value = (now & ((1 << 48) - 1)) << 80 | int.from_bytes(randomness[:10], "big")
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return f"{value:032x}"
