"""Pictures of a demo's web pages, taken in Chromium."""

import shutil
from pathlib import Path
from typing import Any

from sync_server.service.folder import Folder
from sync_server.service.store import reading

QUIET = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip


def picture_pages(web: str, password: str, folder: Folder, into: Path) -> list[Path]:
    """A shopper's page and the manager's pages as they are now; nothing where there is no browser."""
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
        browser = playwright.chromium.launch(executable_path=browser_path, args=QUIET)
        link = _a_link(folder)
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


def _a_link(folder: Folder) -> str | None:
    """The ticket's link of somebody in line, or else of the latest shopper."""
    with reading(folder.store) as db:
        row = db.execute(
            "SELECT json_extract(body, '$.link') FROM visits JOIN visit_events USING (visit_id)"
            " WHERE linked AND event = 'opened' ORDER BY ended_at IS NULL DESC, created_at DESC"
        ).fetchone()
    return row[0] if row else None
