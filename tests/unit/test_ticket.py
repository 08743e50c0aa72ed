"""Tickets, their letters and names, and ids that sort by time."""

import uuid
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from sync_server.domain.visit import ticket
from sync_server.domain.visit.ticket import TicketCounter, Tickets

DAYS = st.sampled_from(["2026-03-01", "2026-03-02", "2026-03-03"])


def test_a_ticket_code_is_letter_and_number_and_can_be_parsed():
    assert ticket.code("A", 42) == "A-42"
    assert ticket.number("A-42") == 42
    assert ticket.number("AB-7") == 7


def test_the_counter_starts_again_each_day_and_otherwise_rises():
    counter = TicketCounter().synced("2026-03-02", 0).next().next()
    assert counter == TicketCounter("2026-03-02", 2)
    assert counter.synced("2026-03-02", 0) == counter
    assert counter.synced("2026-03-02", 9).next().last == 10  # the server has seen more: a new device
    assert counter.synced("2026-03-03", 0).next() == TicketCounter("2026-03-03", 1)
    assert counter.synced("2026-03-01", 50).next().last == 51  # the clock of the server was wrong
    assert counter.synced("2026-03-01", 1).next().last == 3  # and the device gave out more


def test_the_store_knows_the_highest_number_of_each_letter_and_day():
    tickets = Tickets()
    tickets.add("2026-03-02", ["A-9", "A-10", "AB-99", "B-3"])
    tickets.add("2026-03-02", ["A-2"])
    assert [tickets.last("2026-03-02", letter) for letter in ("A", "B", "C", "AB")] == [10, 3, 0, 99]
    assert tickets.last("2026-03-03", "A") == 0
    assert tickets.is_taken("2026-03-02", "A-2")
    assert not tickets.is_taken("2026-03-03", "A-2")


@given(st.lists(st.one_of(st.none(), st.tuples(DAYS, st.integers(0, 20))), max_size=40))
def test_a_device_never_gives_a_number_twice_on_a_day(steps):
    counter, given_out = TicketCounter(), set()
    for step in steps:
        if step is None:
            counter = counter.next()
            assert (counter.day, counter.last) not in given_out
            given_out.add((counter.day, counter.last))
        else:  # the server has seen all tickets of that day, and maybe those of an earlier device
            day, others = step
            counter = counter.synced(day, max([others, *(n for on, n in given_out if on == day)]))


def test_after_a_day_far_ahead_the_numbers_start_again_each_day():
    """The server's clock was once far ahead: the counter rose until 2028, and ended at 9999."""
    counter = TicketCounter().synced("2028-01-01", 0).next().next()
    counter = counter.synced("2026-03-02", 1)
    assert counter.next() == TicketCounter("2026-03-02", 3)  # none of that day is given out again
    assert counter.synced("2026-03-03", 0).next() == TicketCounter("2026-03-03", 1)


def test_every_device_has_a_letter_of_its_own_that_is_easy_to_read():
    letters: list[str] = []
    while (letter := ticket.free_letter(letters)) is not None:
        letters.append(letter)
    assert letters[:3] == ["A", "B", "C"]
    assert letters[23:26] == ["Z", "AA", "AB"]
    assert len(set(letters)) == 600
    assert not set("".join(letters)) & set("IO")
    assert all(len(letter) <= 2 for letter in letters)


def test_the_name_of_a_ticket_is_not_repeated_for_a_long_time():
    names = [ticket.name_parts(f"A-{n}") for n in range(1, 289)]
    assert len(set(names)) == 288
    assert all(0 <= colour < 12 and 0 <= animal < 24 for colour, animal in names)


def test_neighbours_in_line_share_neither_word():
    for letter in ("A", "B", "AA"):
        names = [ticket.name_parts(f"{letter}-{n}") for n in range(1, 400)]
        for one, other in pairwise(names):
            assert one[0] != other[0]
            assert one[1] != other[1]


def test_the_same_number_of_neighbouring_kiosks_has_another_name():
    for n in range(1, 300):
        assert len({ticket.name_parts(f"{letter}-{n}") for letter in "ABCD"}) == 4


TIMES = st.integers(0, (1 << 48) - 1)
RANDOM = st.binary(min_size=10, max_size=10)


@given(TIMES, RANDOM)
def test_an_id_is_a_uuid_of_version_7_and_holds_its_time(now, randomness):
    made = ticket.uuid7(now, randomness)
    assert len(made) == 32
    assert made == made.lower()
    read = uuid.UUID(made)
    assert (read.version, read.variant) == (7, uuid.RFC_4122)
    assert read.int >> 80 == now


@given(TIMES, TIMES, RANDOM, RANDOM)
def test_ids_sort_by_the_time_they_were_made(now, later, one, other):
    if now < later:
        assert ticket.uuid7(now, one) < ticket.uuid7(later, other)


def test_ids_of_one_moment_differ():
    made = {ticket.uuid7(1_790_000_000_000, n.to_bytes(10, "big")) for n in range(5000)}
    assert len(made) == 5000
