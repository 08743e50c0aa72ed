"""What several of these tests begin with."""

import pytest

from .shopper import Shopper


@pytest.fixture
def shopper() -> Shopper:
    """A shopper before a kiosk that knows its store."""
    shopper = Shopper()
    shopper.see()
    return shopper
