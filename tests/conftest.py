"""What unit and integration tests share."""

import shutil
from pathlib import Path

import pytest

from sync_server.service.folder import Folder
from sync_server.service.setup import make_store
from tests.shop import PASSWORD, STORE_TOML


@pytest.fixture(scope="session")
def finished_store(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    """A store as `welkom init` makes it. Hashing its password takes a while, so it is made once."""
    path = tmp_path_factory.mktemp("finished")
    (path / "template.toml").write_text(STORE_TOML, "utf-8")
    return make_store(path / "store", None, PASSWORD, path / "template.toml")


@pytest.fixture
def folder(finished_store: Folder, tmp_path: Path) -> Folder:
    """A store of the test's own: a whole copy of the finished one."""
    return Folder(shutil.copytree(finished_store.path, tmp_path / "store"))
