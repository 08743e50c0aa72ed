"""These tests open windows."""

import pytest


@pytest.fixture(scope="session", autouse=True)
def _with_display(display: None) -> None:
    pass
