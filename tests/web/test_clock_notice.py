"""Each page of the manager says that the store does not go by the computer's clock."""

import pytest
from playwright.sync_api import Page

from sync_server.service import time_sync

from .running_server import RunningServer
from .steps import open_as_manager

YEAR_S = 400 * 86_400


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "This shop’s computer says that it is 11 Apr 2027"),
        ("nl", "Volgens de computer van de winkel is het 11 apr 2027"),
        ("fi", "Myymälän tietokoneen mukaan nyt on 11. huhtikuuta 2027"),
    ],
)
def test_a_clock_that_is_not_believed_is_named_with_the_way_out(
    running: RunningServer, desktop: Page, monkeypatch: pytest.MonkeyPatch, language: str, said: str
) -> None:
    monkeypatch.setattr(time_sync, "is_synchronized", lambda: False)
    running.clock.after(YEAR_S)
    open_as_manager(running, desktop, f"/manager/today?lang={language}")
    notice = desktop.locator(".notice", has_text="welkom clock --trust")
    assert said in notice.inner_text()
    if language == "en":
        notice.get_by_role("link", name="See what to do").click()
        desktop.get_by_role("button", name="The computer is right").click()
        desktop.wait_for_url("**/manager/repairs?trust_clock")
        assert desktop.locator(".notice", has_text="welkom clock --trust").count() == 0
