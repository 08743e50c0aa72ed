"""When a visit in line is late."""

import pytest

from sync_server.domain.lateness import is_late
from tests.sample_store import MONDAY_10


@pytest.mark.parametrize(("waited_ms", "late"), [(0, False), (90_000, False), (90_001, True), (90_089, True)])
def test_a_visit_is_late_once_it_has_waited_longer_than_its_target(waited_ms, late):
    assert is_late(MONDAY_10, None, 90, MONDAY_10 + waited_ms) is late


def test_a_visit_of_which_the_manager_was_alerted_is_late():
    assert is_late(MONDAY_10, MONDAY_10, 90, MONDAY_10)
    assert is_late(MONDAY_10, MONDAY_10, None, MONDAY_10)


def test_a_visit_with_an_unknown_need_is_late_only_if_the_manager_was_alerted():
    assert not is_late(MONDAY_10, None, None, MONDAY_10 + 10**9)
