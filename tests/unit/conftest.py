"""What several of these tests begin with."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.quick_hashes import quick_hashes
from tests.sample_store import STORE_TOML

from .shopper import Shopper


@pytest.fixture
def shopper() -> Shopper:
    """A shopper before a kiosk that knows its store."""
    shopper = Shopper()
    shopper.update()
    return shopper


@pytest.fixture
def template(tmp_path: Path) -> Path:
    """The settings of a store, to make it from."""
    path = tmp_path / "template.toml"
    path.write_text(STORE_TOML, "utf-8")
    return path


@pytest.fixture(name="quick_hashes")
def _quick_hashes() -> Iterator[None]:
    with quick_hashes():
        yield
