"""What several of these tests begin with."""

from pathlib import Path

import argon2
import pytest

from sync_server.service.auth import password_hash
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


@pytest.fixture
def quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashes passwords and PINs with the least work that argon2 allows, where a test makes many of them."""
    least = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(password_hash, "_hasher", least)
