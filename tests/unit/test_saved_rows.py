"""How long an employee stays signed in on a tablet without its server."""

import pytest

from sync_server.device.sync.optimistic_view import OptimisticView
from sync_server.device.sync.saved_rows import MAX_SIGNED_IN_MS, signed_in_until
from sync_server.domain.catalogue.catalogue import StoreInfo
from sync_server.protocol.rows import PersonRow, VisitRow
from tests.sample_store import CLOSES, MONDAY_10, catalogue

MINUTE = 60_000
SHOP = catalogue(store=StoreInfo("Shop", closes="21:00", leftovers_min=45))


@pytest.mark.parametrize(
    ("last_contact_at", "serving", "until"),
    [
        (MONDAY_10, False, MONDAY_10 + MAX_SIGNED_IN_MS),
        (MONDAY_10, True, MONDAY_10 + MAX_SIGNED_IN_MS),
        (CLOSES - MINUTE, False, CLOSES),
        (CLOSES - MINUTE, True, CLOSES + 45 * MINUTE),
        # After closing time the server had let them finish before the connection was lost.
        (CLOSES + MINUTE, True, CLOSES + 45 * MINUTE),
    ],
)
def test_signed_in_until_the_server_would_sign_them_off(last_contact_at, serving, until):
    assert signed_in_until(last_contact_at, SHOP, serving) == until


def test_without_a_catalogue_for_a_working_day():
    assert signed_in_until(MONDAY_10, None, True) == MONDAY_10 + MAX_SIGNED_IN_MS


@pytest.mark.parametrize(
    ("state", "employee", "serving"),
    [
        ("serving", "tom", True),
        ("accepted", "tom", False),
        ("on_hold", "tom", False),
        ("serving", "kim", False),
    ],
)
def test_serving_is_about_the_holder_of_the_tablet(state, employee, serving):
    row = VisitRow("1" * 32, "A-1", 3, state, "ask", "en", MONDAY_10, employee=employee)
    view = OptimisticView({row.visit_id: row}, {"tom": PersonRow("tom", "serving", MONDAY_10, "tablet")}, {})
    assert view.serving("tablet") is serving
    assert not view.serving("another")
