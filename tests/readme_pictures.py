"""Takes the README's pictures: `python -m tests.readme_pictures` writes docs/pictures/."""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any
from unittest.mock import patch

from sync_server.service import server
from sync_server.service.storage.data_dir import DataDir
from sync_server.service.upkeep.create_store import make_store
from sync_server.simulation.demo.page_screenshots import CHROMIUM_FLAGS
from sync_server.simulation.demo.processes import display
from tests.web.running_server import PASSWORD, running_server
from tests.web.sample_days import play_days

from .fake_clock import FakeClock

OUT = Path("docs/pictures")
DAYS = ("2026-02-07", "2026-02-14", "2026-02-21", "2026-02-28", "2026-03-06", "2026-03-07")
UNTIL = "17:10"
NOW_MS = 1_772_899_800_000  # 2026-03-07, 17:10 in Amsterdam


def main() -> None:
    OUT.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        with display():
            _app(work, "kiosk", "540x960", "need")
            _app(work, "staff", "1280x800", "offer")
        shutil.copy(work / "kiosk/need-en-540x960.png", OUT / "kiosk.png")
        shutil.copy(work / "staff/offer-en-1280x800.png", OUT / "tablet.png")
        store = make_store(work / "store", "Lumen & Co", PASSWORD)
        play_days(DataDir(store.path), DAYS, UNTIL)
        clock = FakeClock(NOW_MS)
        with patch.object(server, "wall_clock", clock), running_server(store, clock) as running:
            _manager(running.address)


def _app(work: Path, app: str, size: str, scene: str) -> None:
    chosen = ["--size", size, "--only", scene, "--language", "en"]
    subprocess.run([sys.executable, "-m", "tests.gallery", app, "--out", str(work), *chosen], check=True)


def _manager(address: str) -> None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=CHROMIUM_FLAGS)
        page: Any = browser.new_page(viewport={"width": 1280, "height": 800})
        page.goto(f"{address}/manager")
        page.fill("input[type=password]", PASSWORD)
        page.press("input[type=password]", "Enter")
        page.wait_for_url("**/manager/today")
        page.wait_for_selector("svg")
        page.screenshot(path=OUT / "manager.png")
        browser.close()


if __name__ == "__main__":
    main()
