"""A whole shop from an empty folder to its first visit, through pages and screens alone.

`welkom init` and `welkom server` are all that is typed into a shell. Everything else is what a manager taps
and types in a browser, and what people touch on a kiosk and a tablet, which are paired on their own screens.
"""

import contextlib
import os
import re
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, sync_playwright

from sync_server.simulation.demo.processes import free_port
from tests.web.conftest import CHROMIUM, FLAGS

from .store_processes import Window, until
from .window_process import FINDS

MAX_TAPS_AND_FIELDS, MAX_S = 40, 180
PASSWORD = "a-long-password"
DIGITS = re.compile(r"\d{3}\s?\d{3}")


class Counted:
    """Taps and types as a person does, and counts both. A PIN on a tablet is a tap for each of its digits."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.taps = self.fields = 0

    def fill(self, label: str, text: str) -> None:
        self.page.get_by_label(label, exact=True).first.fill(text)
        self.fields += 1

    def click(self, name: str, role: str = "button") -> None:
        self.page.get_by_role(role, name=name).first.click()  # type: ignore[arg-type]
        self.taps += 1

    def touch(self, window: Window, name: str) -> None:
        window.touch(name)
        self.taps += 1

    @property
    def count(self) -> int:
        return self.taps + self.fields


class NewShop:
    """The processes of a shop that begins with an empty folder."""

    def __init__(self, work: Path) -> None:
        self.work, self.folder = work, work / "shop"
        self._processes: list[subprocess.Popen] = []
        self.enrol = free_port()
        self.link = ""

    def start(self) -> None:
        """Makes the store and starts its server; `link` is the one-time link that it prints."""
        welkom = [sys.executable, "-m", "sync_server.cli"]
        subprocess.run([*welkom, "init", str(self.folder)], check=True, stdout=subprocess.DEVNULL)
        server = subprocess.Popen(
            [*welkom, "server", "--data", str(self.folder), "--sync", f"127.0.0.1:{free_port()}",
             "--web", "127.0.0.1:0", "--enrol", f"127.0.0.1:{self.enrol}"],
            stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )  # fmt: skip
        self._processes.append(server)
        assert server.stdout is not None
        for line in server.stdout:
            self.link = line.split()[-1] if "On this computer" in line else self.link
            if line.startswith("Ready"):
                return
        raise AssertionError("the server did not start")

    def open(self, which: str, size: str, at: tuple[int, int]) -> tuple[Window, "subprocess.Popen"]:
        """Opens the window of a device that nobody has paired yet."""
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.e2e.window_process", which, str(self._map(which)),
             "--data", str(self.work / which), "--size", size, "--language", "en"],
            env={**os.environ, FINDS: f"127.0.0.1:{self.enrol}"},
        )  # fmt: skip
        self._processes.append(process)
        return Window(process, self._map(which), at), process

    def again(self, which: str, process: "subprocess.Popen", at: tuple[int, int]) -> Window:
        """The same process's window after it was paired: it may be another one."""
        return Window(process, self._map(which), at)

    def completed(self) -> list[tuple[str, str]]:
        """Employee and resolution of each completed visit."""
        with contextlib.closing(sqlite3.connect(f"file:{self.folder / 'store.db'}?mode=ro", uri=True)) as db:
            return db.execute(
                "SELECT employee, resolution FROM visit_log WHERE state = 'completed'"
            ).fetchall()

    def close(self) -> None:
        for process in reversed(self._processes):
            process.terminate()
            process.wait(20)

    def _map(self, which: str) -> Path:
        return self.work / f"{which}.map.json"


@pytest.fixture
def new_shop(tmp_path: Path) -> Iterator[NewShop]:
    shop = NewShop(tmp_path)
    try:
        yield shop
    finally:
        shop.close()


@pytest.fixture
def manager() -> Iterator[Counted]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield Counted(browser.new_page(locale="en-GB"))
        browser.close()


def _set_up(shop: NewShop, manager: Counted) -> str:
    """The steps of the assistant until the screens; the PIN that the slip shows."""
    page = manager.page
    page.goto(shop.link)
    manager.fill("New password", PASSWORD)
    manager.fill("The same once more", PASSWORD)
    manager.click("Keep it")
    manager.fill("Name of the shop", "The new shop")
    page.locator("input[name=trade][value=electronics]").check()
    manager.taps += 1
    manager.click("Next")
    page.wait_for_url("**/start/hours")
    manager.click("Next")
    page.wait_for_url("**/start/people")
    manager.fill("Name 1", "Maya")
    manager.click("Next")
    pin = page.locator(".pin-digits").inner_text()
    manager.click("Written down, go on", "link")
    manager.click("Let a screen in", "link")
    return pin


def _find_shop(window: Window, shop: NewShop, manager: Counted) -> str:
    """Chooses the shop on a new screen; the six digits that it shows."""
    manager.touch(window, f"store-127.0.0.1:{shop.enrol}")

    def digits() -> str:
        return next((text for text in window.state()["texts"] if DIGITS.fullmatch(text.strip())), "")

    return until(digits, "the six digits")


def _let_in(manager: Counted, digits: str, name: str) -> None:
    page = manager.page
    page.locator(".asked.waiting").wait_for()
    manager.fill("Digits on its screen", digits)
    manager.fill("Name", name)
    page.locator(".asked.waiting button.first:not(.unsettled)").wait_for()
    manager.click("Approve")
    page.locator("#devices .devices a", has_text=name).wait_for()


def _until_it_shows(window: Window, name: str) -> None:
    until(lambda: name in window.state()["places"], f"{name} on the window")


def test_a_shop_from_an_empty_folder_to_its_first_visit(new_shop, manager, capsys):
    began = time.monotonic()
    new_shop.start()
    pin = _set_up(new_shop, manager)
    windows = {}
    for which, name, size, at in (
        ("kiosk", "Front door", "480x800", (0, 0)),
        ("staff", "Maya's tablet", "800x480", (480, 0)),
    ):
        window, process = new_shop.open(which, size, at)
        _let_in(manager, _find_shop(window, new_shop, manager), name)
        _until_it_shows(window, "need-repair" if which == "kiosk" else "who-maya")
        windows[which] = new_shop.again(which, process, at)
    kiosk, tablet = windows["kiosk"], windows["staff"]
    manager.click("Go on", "link")
    manager.click("Done, go on")
    manager.page.wait_for_url("**/start/ready")

    manager.touch(tablet, "who-maya")
    for digit in pin:
        manager.touch(tablet, f"key-{digit}")
    manager.touch(tablet, "key-last")
    until(lambda: "break" in tablet.state()["places"], "Maya on the floor")
    for name in ("need-repair", "colour-red", "join"):
        manager.touch(kiosk, name)
    manager.touch(tablet, "coming")
    until(lambda: kiosk.shows("Maya"), "the kiosk says who is coming")
    manager.touch(tablet, "with-them")
    manager.touch(tablet, "end-solved")
    until(new_shop.completed, "the visit in the log")
    took = time.monotonic() - began

    assert new_shop.completed() == [("maya", "solved")]
    with capsys.disabled():
        print(f"\na new shop: {manager.taps} taps and {manager.fields} fields, {took:.0f} s")
    assert manager.count <= MAX_TAPS_AND_FIELDS
    assert took <= MAX_S
