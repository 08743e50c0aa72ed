"""Which skills a visit waits for, depending on who is on the floor."""

import pytest

from sync_server.domain.queue.routing import wanted_skills
from tests.sample_store import catalogue

SHOP = catalogue()
MAYA, TOM, LEA, KIM = (employee.skills for employee in SHOP.employees)


@pytest.mark.parametrize(
    ("present", "wanted"),
    [
        ([MAYA, TOM], {"repair", "phone", "sales"}),
        ([TOM | {"phone"}, LEA], {"repair", "phone"}),
        ([TOM, LEA], {"repair"}),
        ([LEA, KIM], {"repair"}),
        ([], {"repair"}),
    ],
)
def test_preferred_skills_count_as_far_as_one_employee_on_the_floor_has_them_all(present, wanted):
    assert wanted_skills(SHOP, "repair_phone", 0, present) == wanted


def test_a_search_that_has_widened_does_not_become_narrower():
    assert wanted_skills(SHOP, "repair_phone", 1, [MAYA]) == {"repair", "phone"}
    assert wanted_skills(SHOP, "repair_phone", 2, [MAYA]) == {"repair"}


def test_a_need_without_preferred_skills_wants_the_required_ones_whoever_is_here():
    assert wanted_skills(SHOP, "buy", 0, [TOM]) == {"sales"}
    assert wanted_skills(SHOP, "ask", 0, []) == frozenset()
