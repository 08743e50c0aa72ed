"""Screens that ask to be wall displays: codes, limits, expiry."""

import pytest

from sync_server.service.enrol.wall_requests import EXPIRES_MS, TooManyWrong, WallRequests
from sync_server.service.limits.numbers import (
    PAIRING_SILENT_MS,
    PAIRING_WINDOW_MS,
    WALLS_ASKING,
    WALLS_ASKING_PER_ADDRESS,
    WRONG_WALL_CODES,
)


def other_than(code: str) -> str:
    return f"{(int(code.replace(' ', '')) + 1) % 1_000_000:06d}"


def test_a_code_is_taken_once_with_or_without_its_blank() -> None:
    requests = WallRequests()
    asked = requests.ask("tv", 0)
    assert requests.take(other_than(asked.code), 1) is None
    assert requests.take(f" {asked.code.replace(' ', '')} ", 2) is asked
    assert requests.take(asked.code, 3) is None
    asked.taken = False  # its name was not good
    assert requests.take(asked.code, 4) is asked


def test_a_screen_that_is_gone_has_no_code_any_more() -> None:
    requests = WallRequests()
    asked = requests.ask("tv", 0)
    assert requests.find(asked.id, PAIRING_SILENT_MS) is asked
    assert requests.take(asked.code, 2 * PAIRING_SILENT_MS + 1) is None
    assert requests.find(asked.id, 2 * PAIRING_SILENT_MS + 1) is None


def test_a_code_is_good_for_ten_minutes_however_long_the_screen_asks() -> None:
    requests = WallRequests()
    asked = requests.ask("tv", 0)
    for now in range(0, EXPIRES_MS + 1, PAIRING_SILENT_MS):
        assert requests.find(asked.id, now) is asked
    assert requests.find(asked.id, EXPIRES_MS + 1) is None


def test_one_address_asks_with_few_screens_and_all_together_with_some_more() -> None:
    requests = WallRequests()
    assert all(requests.ask("greedy", 0) for _ in range(WALLS_ASKING_PER_ADDRESS))
    assert requests.ask("greedy", 0) is None
    others = [requests.ask(f"tv-{n}", 0) for n in range(WALLS_ASKING)]
    assert [bool(one) for one in others].count(True) == WALLS_ASKING - WALLS_ASKING_PER_ADDRESS
    assert requests.ask("greedy", PAIRING_SILENT_MS + 1)
    assert len({one.code for one in others if one}) == len([one for one in others if one])


def test_after_many_wrong_codes_none_is_looked_at_for_ten_minutes() -> None:
    requests = WallRequests()
    wrong = other_than(requests.ask("tv", 0).code)
    for _ in range(WRONG_WALL_CODES):
        assert requests.take(wrong, 0) is None
    with pytest.raises(TooManyWrong):
        requests.take(wrong, 1)
    again = requests.ask("tv", PAIRING_WINDOW_MS)
    assert requests.take(again.code, PAIRING_WINDOW_MS) is again
