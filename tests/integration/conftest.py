"""Fixtures of the tests with a real server: real sockets, files and processes, and short time-outs."""

import asyncio
import inspect
from pathlib import Path

import pytest

from sync_server.device import engine
from sync_server.protocol import messages
from sync_server.service import accounts, desk, mending
from sync_server.service import shop as shop_module
from sync_server.service.folder import Folder
from sync_server.service.verify import verify

from .house import PIN, House
from .ledger import check


@pytest.fixture(scope="session")
def pin_hash() -> str:
    return accounts.hash_pin(PIN, 6)


@pytest.fixture
def house(folder: Folder, tmp_path: Path, pin_hash: str) -> House:
    """A store whose tables are held against its log when the test is over."""
    return House(folder, tmp_path / "devices", pin_hash)


@pytest.fixture
def shop(house: House) -> House:
    """A store at which devices can be paired."""
    house.enrol_at = "127.0.0.1:0"
    return house


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same time-outs, a fifth as long: nobody has to wait for a dead link."""
    for name in ("HELLO_MS", "SILENCE_MS", "ANSWER_MS", "PING_MS", "NOT_NOW_MS"):
        monkeypatch.setattr(engine, name, getattr(engine, name) // 5)
    monkeypatch.setattr(shop_module, "STILL_MS", shop_module.STILL_MS // 5)
    monkeypatch.setattr(mending, "REST_S", mending.REST_S / 5)
    monkeypatch.setattr(messages, "HEARTBEAT_S", messages.HEARTBEAT_S / 5)
    monkeypatch.setattr(engine, "BACK_OFF_MS", (20, 500))
    monkeypatch.setattr(desk, "REFRESH_S", 0.02)


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Runs a test that is a coroutine, then puts its houses away and checks their books."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    names = pyfuncitem._fixtureinfo.argnames
    arguments = {name: pyfuncitem.funcargs[name] for name in names}
    houses = [value for value in pyfuncitem.funcargs.values() if isinstance(value, House)]

    async def run() -> None:
        try:
            await pyfuncitem.obj(**arguments)
        finally:
            for house in houses:
                await house.close()

    asyncio.run(run())
    for house in houses:
        with house.store() as db:
            check(db, house.catalogue)
            now = db.execute("SELECT coalesce(max(at_server), 0) FROM visit_events").fetchone()[0]
        assert verify(house.folder, now) == []
    return True
