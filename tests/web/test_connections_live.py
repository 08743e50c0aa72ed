"""In a browser: after a test the page says by itself what became of it."""

from playwright.sync_api import Page, expect

from .running_server import RunningServer
from .steps import open_as_manager

WEBHOOKS = "/manager/settings/webhooks"


def test_what_became_of_a_test_appears_by_itself(running: RunningServer, desktop: Page) -> None:
    open_as_manager(running, desktop, f"{WEBHOOKS}/new")
    desktop.get_by_label("Name", exact=True).fill("board")
    desktop.get_by_label("Address").fill("https://10.0.0.8/hooks")
    desktop.get_by_role("button", name="Save").click()
    expect(desktop.get_by_role("heading", name="board")).to_be_visible()
    desktop.get_by_role("button", name="Send a test").click()
    expect(desktop.get_by_text("A test is on its way.")).to_be_visible()
    expect(desktop.locator("#sent")).to_contain_text("10.0.0.8 is in the shop’s own network")
    expect(desktop.locator("#sent li")).to_have_count(1)
