"""Fixtures for tests with a real server: real sockets, files and processes, and short time-outs."""

import asyncio
import inspect
from collections.abc import Iterator
from pathlib import Path

import pytest

from sync_server.device.sync import engine
from sync_server.protocol import heartbeat
from sync_server.service.auth import pins
from sync_server.service.processing import processor, recovery
from sync_server.service.storage.data_dir import DataDir
from sync_server.service.sync import publisher
from sync_server.service.upkeep.verify import verify
from tests.quick_hashes import quick_hashes

from .harness import PIN, StoreHarness
from .store_checks import check_store


@pytest.fixture(scope="package", autouse=True)
def _quick_hashes() -> Iterator[None]:
    with quick_hashes():
        yield


@pytest.fixture(scope="package")
def pin_hash() -> str:
    return pins.hash_pin(PIN, 6)


@pytest.fixture
def house(folder: DataDir, tmp_path: Path, pin_hash: str) -> StoreHarness:
    """A store. At the end of the test its tables are compared with its log."""
    return StoreHarness(folder, tmp_path / "devices", pin_hash)


@pytest.fixture
def shop(house: StoreHarness) -> StoreHarness:
    """The same store, with an enrolment port."""
    house.enrol_at = "127.0.0.1:0"
    return house


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes all time-outs a fifth as long, so that tests do not wait for a dead link."""
    for name in ("HELLO_MS", "SILENCE_MS", "ANSWER_MS", "PING_MS", "NOT_NOW_MS"):
        monkeypatch.setattr(engine, name, getattr(engine, name) // 5)
    monkeypatch.setattr(processor, "SETTLE_MS", processor.SETTLE_MS // 5)
    monkeypatch.setattr(recovery, "BACK_OFF_S", recovery.BACK_OFF_S / 5)
    monkeypatch.setattr(heartbeat, "HEARTBEAT_S", heartbeat.HEARTBEAT_S / 5)
    monkeypatch.setattr(engine, "BACK_OFF_MS", (20, 500))
    monkeypatch.setattr(publisher, "POSITIONS_S", 0.02)


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Runs a test that is a coroutine, then closes its stores and verifies them."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    names = pyfuncitem._fixtureinfo.argnames
    arguments = {name: pyfuncitem.funcargs[name] for name in names}
    houses = [value for value in pyfuncitem.funcargs.values() if isinstance(value, StoreHarness)]

    async def run() -> None:
        try:
            await pyfuncitem.obj(**arguments)
        finally:
            for house in houses:
                await house.close()

    asyncio.run(run())
    for house in houses:
        with house.store() as db:
            check_store(db, house.catalogue)
            now = db.execute("SELECT coalesce(max(at_server), 0) FROM visit_events").fetchone()[0]
        assert verify(house.data_dir, now) == []
    return True
