"""Takes screenshots of a demo's web pages in Chromium."""

import shutil
from pathlib import Path
from typing import Any

from sync_server.service.storage.connection import reading
from sync_server.service.storage.data_dir import DataDir

CHROMIUM_FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip


def take_screenshots(web: str, password: str, folder: DataDir, into: Path) -> list[Path]:
    """Saves a shopper's page and the manager's pages as PNG; none if Playwright or Chromium is missing."""
    browser_path = shutil.which("chromium") or shutil.which("chromium-browser")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return []
    if browser_path is None:
        return []
    into.mkdir(parents=True, exist_ok=True)
    taken: list[Path] = []

    def take(page: Any, name: str) -> None:
        page.screenshot(path=into / f"{name}.png")
        taken.append(into / f"{name}.png")

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=CHROMIUM_FLAGS)
        link = _ticket_link(folder)
        if link is not None:
            phone = browser.new_page(viewport={"width": 390, "height": 800}, device_scale_factor=2)
            phone.goto(f"{web}/v/{link}", wait_until="load")
            take(phone, "phone")
        desk = browser.new_page(viewport={"width": 1440, "height": 1000})
        desk.goto(f"{web}/manager", wait_until="load")
        desk.fill("input[type=password]", password)
        desk.press("input[type=password]", "Enter")
        desk.wait_for_url(lambda url: "sign-in" not in url)
        desk.goto(f"{web}/manager/today", wait_until="load")
        take(desk, "manager")
        desk.goto(f"{web}/manager/log", wait_until="load")
        take(desk, "visit-log")
        browser.close()
    return taken


def _ticket_link(folder: DataDir) -> str | None:
    """The link of a ticket that is in line, or else of the newest ticket."""
    with reading(folder.store) as db:
        row = db.execute(
            "SELECT json_extract(body, '$.link') FROM visits JOIN visit_events USING (visit_id)"
            " WHERE linked AND event = 'opened' ORDER BY ended_at IS NULL DESC, created_at DESC"
        ).fetchone()
    return row[0] if row else None
