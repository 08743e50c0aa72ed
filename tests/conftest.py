"""What all tests share: their order, a display, and a finished store."""

import gc
import logging
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sync_server.service.storage.connection import reading
from sync_server.service.storage.data_dir import DataDir
from sync_server.service.storage.event_log import last_written_at
from sync_server.service.upkeep.create_store import make_store
from sync_server.service.upkeep.verify import verify
from sync_server.simulation.demo import processes

from . import cpu_time
from .examples import register_profiles
from .order import sort_by_folder
from .sample_store import PASSWORD, STORE_TOML

# Kivy, once imported, lets every level through the root logger. A test that reads the log reads ours.
logging.getLogger("asyncio").setLevel(logging.INFO)
register_profiles()

MEMORY = Path("/dev/shm")  # a disk in memory, on Linux
ENOUGH = 2 << 30  # bytes: the files of all tests together take less than half of it


def pytest_configure(config: pytest.Config) -> None:
    """Tests keep their files in memory where there is room: stores wait for the disk with every commit."""
    config.pluginmanager.register(cpu_time)
    if os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ENOUGH:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    sort_by_folder(items)


def pytest_collection_finish() -> None:
    """Modules and tests stay until the end: the garbage collector need not look at them again and again."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    from .scheduler import GroupScheduler  # only where xdist is at work

    return GroupScheduler(config, log)


@pytest.fixture(scope="session")
def display() -> Iterator[None]:
    """A display: the one that is there, or a virtual one. Each of several workers has its own."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        os.environ.pop("DISPLAY", None)
        os.environ.pop("WAYLAND_DISPLAY", None)
    with processes.display("1280x1024"):
        yield


@pytest.fixture(scope="session")
def finished_store(tmp_path_factory: pytest.TempPathFactory) -> DataDir:
    """A store as `welkom init` makes it. Hashing its password takes a while, so it is made once."""
    path = tmp_path_factory.mktemp("finished")
    (path / "template.toml").write_text(STORE_TOML, "utf-8")
    return make_store(path / "store", None, PASSWORD, path / "template.toml")


@pytest.fixture
def folder(finished_store: DataDir, tmp_path: Path) -> DataDir:
    """A store of the test's own: a whole copy of the finished one."""
    return DataDir(shutil.copytree(finished_store.path, tmp_path / "store"))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> None:
    """After each fault and attack `welkom verify` finds every store of that test sound."""
    if item.get_closest_marker("fault") or item.get_closest_marker("attack"):
        work: Path | None = getattr(item, "funcargs", {}).get("tmp_path")
        # os.walk and not rglob: a server that still runs may make or remove a backup meanwhile.
        walked = os.walk(work or "")
        for path in [Path(at, "store.db") for at, _, files in walked if "store.db" in files]:
            if path.parent.suffix == ".part":
                continue  # a backup that is being made
            with reading(path) as db:
                now = last_written_at(db)
            assert verify(DataDir(path.parent), now) == [], path
