"""Fixtures of the web tests: a store, its server whose clock stands still, and a browser."""

import asyncio
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
from playwright.sync_api import Browser, ConsoleMessage, Page, ViewportSize, expect, sync_playwright

from sync_server.service import server as server_module
from sync_server.service.reports.exports import process
from sync_server.service.storage.data_dir import DataDir
from sync_server.service.upkeep.create_store import make_store
from tests.fake_clock import FakeClock
from tests.quick_hashes import quick_hashes
from tests.sample_store import ms

from .running_server import PASSWORD, RunningServer, running_server
from .sample_days import play_days

expect.set_options(timeout=20_000)  # enough for a busy machine; a test goes on as soon as it can

CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SATURDAY = "2026-03-07"
SATURDAY_17_10 = ms(2026, 3, 7, 16, 10)  # in Amsterdam
BEFORE = ["2026-02-07", "2026-02-14", "2026-02-21", "2026-02-28", "2026-03-06"]


@pytest.fixture(scope="package", autouse=True)
def _quick_hashes() -> Iterator[None]:
    with quick_hashes():
        yield


@pytest.fixture(scope="package")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store as `welkom init` makes it. Tests use copies."""
    return make_store(tmp_path_factory.mktemp("empty") / "store", None, PASSWORD).path


@pytest.fixture(scope="package")
def store_with_past(empty_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with visits on earlier days and on a busy Saturday until 17:10. Tests use copies."""
    path = tmp_path_factory.mktemp("old") / "store"
    shutil.copytree(empty_store, path)
    play_days(DataDir(path), [*BEFORE, SATURDAY], "17:10")
    return path


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> FakeClock:
    """The server's clock. It stands still until a test moves it."""
    clock = FakeClock(SATURDAY_17_10)
    monkeypatch.setattr(server_module, "wall_clock", clock)
    return clock


@pytest.fixture
def folder(empty_store: Path, tmp_path: Path) -> DataDir:
    return DataDir(Path(shutil.copytree(empty_store, tmp_path / "store")))


@pytest.fixture
def running(folder: DataDir, clock: FakeClock) -> Iterator[RunningServer]:
    """A server with an empty store."""
    with running_server(folder, clock) as found:
        yield found


@pytest.fixture(scope="module")
def running_with_past(
    store_with_past: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningServer]:
    """A server with the visits of several days, for tests that only read."""
    folder = DataDir(Path(shutil.copytree(store_with_past, tmp_path_factory.mktemp("shop") / "old")))
    clock = FakeClock(SATURDAY_17_10)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(server_module, "wall_clock", clock)
        with running_server(folder, clock) as found:
            yield found


@pytest.fixture
def http() -> Iterator[requests.Session]:
    """An HTTP client without a browser."""
    with requests.Session() as session:
        session.trust_env = False
        yield session


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """One browser for this folder. While it is open, Playwright's event loop runs in this thread."""
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield found
        found.close()


class ConsoleErrors(list[str]):
    """What the browser's console reports: errors, breaches of the content policy, failed loads."""


@pytest.fixture
def console_errors() -> ConsoleErrors:
    return ConsoleErrors()


PHONE = ViewportSize(width=390, height=844)
DESKTOP = ViewportSize(width=1440, height=900)


@contextmanager
def open_page(
    browser: Browser, viewport: ViewportSize, errors: ConsoleErrors, javascript: bool = True
) -> Iterator[Page]:
    """A page in a browser of its own, with the errors of its console."""

    def on_console(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            errors.append(message.text)

    with browser.new_context(
        locale="en-GB",
        timezone_id="America/New_York",
        viewport=viewport,
        java_script_enabled=javascript,
    ) as context:
        page = context.new_page()
        page.on("console", on_console)
        page.on("pageerror", lambda error: errors.append(str(error)))
        yield page


@pytest.fixture
def phone(browser: Browser, console_errors: ConsoleErrors) -> Iterator[Page]:
    """A shopper's phone. An error in its console fails the test."""
    with open_page(browser, PHONE, console_errors) as page:
        yield page
    assert console_errors == []


@pytest.fixture
def lenient_phone(browser: Browser, console_errors: ConsoleErrors) -> Iterator[Page]:
    """A phone that may have errors in its console."""
    with open_page(browser, PHONE, console_errors) as page:
        yield page


@pytest.fixture
def phone_without_js(browser: Browser, console_errors: ConsoleErrors) -> Iterator[Page]:
    """A phone without JavaScript."""
    with open_page(browser, PHONE, console_errors, javascript=False) as page:
        yield page


@pytest.fixture
def desktop(browser: Browser, console_errors: ConsoleErrors) -> Iterator[Page]:
    """The manager's computer. An error in its console fails the test."""
    with open_page(browser, DESKTOP, console_errors) as page:
        yield page
    assert console_errors == []


@pytest.fixture
def lenient_desktop(browser: Browser, console_errors: ConsoleErrors) -> Iterator[Page]:
    """The manager's computer, which may have errors in its console."""
    with open_page(browser, DESKTOP, console_errors) as page:
        yield page


@pytest.fixture
def run_in_thread() -> Iterator[Any]:
    """Runs a device's coroutine in another thread, because Playwright uses the loop of this one."""
    with ThreadPoolExecutor(1) as pool:
        # A coroutine that waits for ever ends too, or the pool would wait for it.
        yield lambda coroutine: pool.submit(asyncio.run, asyncio.wait_for(coroutine, 30)).result()


@pytest.fixture
def endless_export(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every export goes on for as long as somebody reads it."""
    (tmp_path / "endless.py").write_text("import sys\nwhile True: sys.stdout.buffer.write(bytes(65536))\n")
    monkeypatch.setattr(process, "CHILD", "endless")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
