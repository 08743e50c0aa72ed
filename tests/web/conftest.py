"""A store that stands still in time at a quarter past ten on a Saturday, its server, and a browser."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright

from sync_server.service import server as server_module
from sync_server.service.folder import Folder
from sync_server.service.setup import make_store
from tests.shop import Clock, ms

from .past import live
from .running import PASSWORD, Running, running

expect.set_options(timeout=20_000)  # what a busy machine may take; nothing waits longer than it must

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


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store as `welkom init` makes it. Tests use copies."""
    return make_store(tmp_path_factory.mktemp("empty") / "store", None, PASSWORD).path


@pytest.fixture(scope="session")
def old_store(empty_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with a past, and a lively Saturday until ten past five. Tests use copies."""
    path = tmp_path_factory.mktemp("old") / "store"
    shutil.copytree(empty_store, path)
    live(Folder(path), [*BEFORE, SATURDAY], "17:10")
    return path


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The server's time. It stands still until a test moves it."""
    clock = Clock(SATURDAY_17_10)
    monkeypatch.setattr(server_module, "wall_clock", clock)
    return clock


@pytest.fixture
def folder(empty_store: Path, tmp_path: Path) -> Folder:
    return Folder(Path(shutil.copytree(empty_store, tmp_path / "store")))


@pytest.fixture
def shop(folder: Folder, clock: Clock) -> Iterator[Running]:
    """A server on a store without a past."""
    with running(folder, clock) as found:
        yield found


@pytest.fixture(scope="module")
def old_shop(old_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server on a store with a past, for tests that only look."""
    folder = Folder(Path(shutil.copytree(old_store, tmp_path_factory.mktemp("shop") / "old")))
    clock = Clock(SATURDAY_17_10)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(server_module, "wall_clock", clock)
        with running(folder, clock) as found:
            yield found


@pytest.fixture
def http() -> Iterator[requests.Session]:
    """A client without a browser around it."""
    with requests.Session() as session:
        session.trust_env = False
        yield session


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield found
        found.close()


class Complaints(list[str]):
    """What the browser's console complained of: errors, warnings of the content policy, failed loads."""


@pytest.fixture
def complaints() -> Complaints:
    return Complaints()


def listen(page: Page, complaints: Complaints) -> Page:
    def on_console(said: ConsoleMessage) -> None:
        if said.type in ("error", "warning"):
            complaints.append(said.text)

    page.on("console", on_console)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    return page


@pytest.fixture
def phone(browser: Browser, complaints: Complaints) -> Iterator[Page]:
    """A shopper's phone. Whatever its console complains of fails the test."""
    with _context(browser, viewport={"width": 390, "height": 844}) as context:
        yield listen(context.new_page(), complaints)
    assert complaints == []


@pytest.fixture
def unwatched_phone(browser: Browser, complaints: Complaints) -> Iterator[Page]:
    """A phone whose console may complain."""
    with _context(browser, viewport={"width": 390, "height": 844}) as context:
        yield listen(context.new_page(), complaints)


@pytest.fixture
def plain_phone(browser: Browser) -> Iterator[Page]:
    """A phone without JavaScript."""
    with _context(browser, viewport={"width": 390, "height": 844}, java_script_enabled=False) as context:
        yield context.new_page()


@pytest.fixture
def desk(browser: Browser, complaints: Complaints) -> Iterator[Page]:
    """The manager's computer. Whatever its console complains of fails the test."""
    with _context(browser, viewport={"width": 1440, "height": 900}) as context:
        yield listen(context.new_page(), complaints)
    assert complaints == []


@pytest.fixture
def unwatched_desk(browser: Browser) -> Iterator[Page]:
    """The manager's computer, where the console may complain."""
    with _context(browser, viewport={"width": 1440, "height": 900}) as context:
        yield context.new_page()


def _context(browser: Browser, **options: object) -> BrowserContext:
    return browser.new_context(locale="en-GB", timezone_id="America/New_York", **options)  # type: ignore[arg-type]
