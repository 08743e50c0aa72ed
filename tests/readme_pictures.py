"""The README's pictures, made anew: `python -m tests.pictures` writes docs/pictures/."""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any
from unittest.mock import patch

from sync_server.service import server
from sync_server.service.folder import Folder
from sync_server.service.setup import make_store
from sync_server.simulation.pictures import QUIET
from sync_server.simulation.stage import display
from tests.shop import Clock
from tests.web.past import live
from tests.web.running import PASSWORD, running

OUT = Path("docs/pictures")
DAYS = ("2026-02-07", "2026-02-14", "2026-02-21", "2026-02-28", "2026-03-06", "2026-03-07")
UNTIL = "17:10"
NOW_MS = 1_772_899_800_000  # 2026-03-07, 17:10 in Amsterdam


def main() -> None:
    OUT.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        with display():
            _app(work, "kiosk", "540x960", ["--only", "need", "--languages", "en"])
            _app(work, "staff_app", "1280x800", ["--only", "offer", "--language", "en"])
        shutil.copy(work / "kiosk/need-en-540x960.png", OUT / "kiosk.png")
        shutil.copy(work / "staff/offer-en-1280x800.png", OUT / "tablet.png")
        store = make_store(work / "store", "Lumen & Co", PASSWORD)
        live(Folder(store.path), DAYS, UNTIL)
        clock = Clock(NOW_MS)
        with patch.object(server, "wall_clock", clock), running(store, clock) as shop:
            _manager(shop.address)


def _app(work: Path, app: str, size: str, arguments: list[str]) -> None:
    command = [sys.executable, "-m", f"{app}.shots", "--out", str(work), "--size", size, *arguments]
    subprocess.run(command, check=True)


def _manager(address: str) -> None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=QUIET)
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
