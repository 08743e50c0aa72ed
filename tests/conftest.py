"""What unit and integration tests share."""

import shutil
from pathlib import Path

import pytest

from sync_server.service.folder import Folder
from sync_server.service.queries import last_written_at
from sync_server.service.setup import make_store
from sync_server.service.store import reading
from sync_server.service.verify import verify
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


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> None:
    """After each fault and attack `welkom verify` finds every store of that test sound."""
    if item.get_closest_marker("fault") or item.get_closest_marker("attack"):
        work: Path | None = getattr(item, "funcargs", {}).get("tmp_path")
        for path in work.rglob("store.db") if work else ():
            with reading(path) as db:
                now = last_written_at(db)
            assert verify(Folder(path.parent), now) == [], path
