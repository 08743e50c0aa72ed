"""How long a tablet without its server works on for whoever was signed in."""

import pytest

from sync_server.device.last import SIGNED_IN_MS, signed_in_until
from sync_server.device.project import View
from sync_server.domain.catalogue import Store
from sync_server.protocol.rows import PersonRow, VisitRow
from tests.shop import CLOSES, MONDAY_10, catalogue

MINUTE = 60_000
SHOP = catalogue(store=Store("Shop", closes="21:00", leftovers_min=45))


@pytest.mark.parametrize(
    ("heard_at", "serving", "until"),
    [
        (MONDAY_10, False, MONDAY_10 + SIGNED_IN_MS),
        (MONDAY_10, True, MONDAY_10 + SIGNED_IN_MS),
        (CLOSES - MINUTE, False, CLOSES),
        (CLOSES - MINUTE, True, CLOSES + 45 * MINUTE),
        (CLOSES + MINUTE, True, CLOSES + 45 * MINUTE),  # the server let them go on, and was lost then
    ],
)
def test_until_the_server_signs_them_off_with_a_shopper_a_while_later(heard_at, serving, until):
    assert signed_in_until(heard_at, SHOP, serving) == until


def test_before_the_first_catalogue_a_working_day():
    assert signed_in_until(MONDAY_10, None, True) == MONDAY_10 + SIGNED_IN_MS


@pytest.mark.parametrize(
    ("state", "employee", "serving"),
    [
        ("serving", "tom", True),
        ("accepted", "tom", False),
        ("on_hold", "tom", False),
        ("serving", "kim", False),
    ],
)
def test_who_is_with_a_shopper(state, employee, serving):
    row = VisitRow("1" * 32, "A-1", 3, state, "ask", "en", MONDAY_10, employee=employee)
    view = View({row.visit_id: row}, {"tom": PersonRow("tom", "serving", MONDAY_10, "tablet")}, {})
    assert view.serving("tablet") is serving
    assert not view.serving("another")
