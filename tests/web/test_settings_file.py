"""The settings as a file, and their history: saved, refused, met by another one's change, taken back."""

import asyncio
import re

import requests
from playwright.sync_api import Page, expect

from .conftest import ConsoleErrors
from .running_server import RunningServer
from .steps import form_field, open_as_manager, sign_in_once, text_of

FILE, HISTORY = "/manager/settings/file", "/manager/settings/history"


def settings(running: RunningServer):
    return running.server.live_settings.current


def send(running: RunningServer, http: requests.Session, path: str, **fields: str) -> requests.Response:
    """Sends the form of a page as it is now, with these fields changed."""
    sign_in_once(running, http)
    page = http.get(running.address + path)
    given = {"token": form_field(page), **fields}
    if path == FILE:
        given = {"base": form_field(page, "base"), "text": settings(running).text, **given}
    return http.post(running.address + path, given, allow_redirects=False)


def renamed(running: RunningServer, name: str) -> str:
    return settings(running).text.replace('name = "Lumen & Co"', f'name = "{name}"')


def test_the_file_is_saved_and_counts_at_once(running: RunningServer, http: requests.Session) -> None:
    text = renamed(running, "Corner shop").replace("\n", "\r\n")  # as a browser sends it
    answer = send(running, http, FILE, text=text)
    assert (answer.status_code, answer.headers["location"]) == (303, f"{FILE}?saved")
    assert "Corner shop" in text_of(http.get(running.address + FILE))
    assert running.server.settings.store.name == "Corner shop"
    assert "\r" not in running.server.data_dir.settings.read_bytes().decode()


def test_what_is_wrong_is_named_and_nothing_is_saved(running: RunningServer, http: requests.Session) -> None:
    before = running.server.data_dir.settings.read_bytes()
    wrong = renamed(running, "") + "[what]\n"
    answer = send(running, http, FILE, text=wrong)
    assert answer.status_code == 400
    assert "unknown key `what`" in text_of(answer)
    assert "[what]" in answer.text  # the text is still there, to be mended
    assert running.server.data_dir.settings.read_bytes() == before


def test_a_check_saves_nothing(running: RunningServer, http: requests.Session) -> None:
    answer = send(running, http, FILE, text=renamed(running, "Corner"), check="")
    assert "All right. Nothing was saved yet." in text_of(answer)
    assert settings(running).settings.store.name == "Lumen & Co"


def test_the_second_manager_sees_what_the_first_saved_and_loses_nothing(
    running: RunningServer, http: requests.Session
) -> None:
    base, mine = settings(running).version, renamed(running, "Second")
    send(running, http, FILE, text=renamed(running, "First"))
    answer = send(running, http, FILE, text=mine, base=base)
    assert answer.status_code == 409
    assert '+ name = "First"' in text_of(answer)
    assert "name = &#34;Second&#34;" in answer.text
    assert settings(running).settings.store.name == "First"
    again = {"token": form_field(answer), "base": form_field(answer, "base"), "text": mine}
    assert http.post(running.address + FILE, again, allow_redirects=False).status_code == 303
    assert settings(running).settings.store.name == "Second"


def test_an_unreadable_file_is_said_on_every_page_and_mended_here(
    running: RunningServer, http: requests.Session
) -> None:
    path = running.server.data_dir.settings
    path.write_text("[store\n", "utf-8")
    running.run(running.server.live_settings.look())
    health = http.get(running.address + "/healthz").json()
    assert (health["ok"], health["settings_used"]) == (True, False)
    sign_in_once(running, http)
    assert "cannot be used like this" in text_of(http.get(running.address + "/manager/today"))
    page = http.get(running.address + FILE)
    assert "[store\n" in page.text
    assert "not valid TOML" in text_of(page)
    assert send(running, http, FILE, restore="").status_code == 303
    assert 'name = "Lumen & Co"' in path.read_text("utf-8")
    assert "cannot be used like this" not in text_of(http.get(running.address + "/manager/today"))


def test_a_change_is_shown_and_taken_back(
    running: RunningServer, desktop: Page, console_errors: ConsoleErrors
) -> None:
    live = running.server.live_settings
    for edit in (
        lambda d: d.set("times.offer_s", 21),
        lambda d: d.set("needs.repair.target_wait_s", 99),
        lambda d: d.set("times.offer_s", 22),
    ):
        running.run(live.change(edit, live.current.version, "Anna"))
    open_as_manager(running, desktop, HISTORY)
    rows = desktop.locator(".changes li")
    expect(rows).to_have_count(4)
    expect(rows.nth(1)).to_contain_text("Needs: Something doesn’t work")
    expect(rows.nth(1)).to_contain_text("Anna")
    rows.nth(1).get_by_role("link").click()
    expect(desktop.locator(".difference ins")).to_have_text("+ target_wait_s = 99")
    desktop.get_by_role("button", name="Take this change back").click()
    expect(desktop.get_by_text("Taken back, and live.")).to_be_visible()
    now = settings(running).settings
    assert (now.times.offer_s, now.needs[0].target_wait_s) == (22, 60)
    # The first change was built upon: nothing happens, and the page says why.
    desktop.goto(f"{running.address}{HISTORY}/2")
    desktop.get_by_role("button", name="Take this change back").click()
    expect(desktop.get_by_role("alert")).to_contain_text("later changes are about the same")
    assert settings(running).settings.times.offer_s == 22
    assert [error for error in console_errors if "409" not in error] == []
    console_errors.clear()


def test_addresses_that_mean_nothing_are_not_found(running: RunningServer, http: requests.Session) -> None:
    sign_in_once(running, http)
    for path in ("/1", "/99", "/x", "/" + "9" * 40):
        assert http.get(running.address + HISTORY + path).status_code == 404, path
    assert re.search("As they were", text_of(http.get(running.address + f"{HISTORY}?before=2")))


def test_what_waits_for_a_start_is_named_and_the_start_is_a_button(
    running: RunningServer, http: requests.Session
) -> None:
    live = running.server.live_settings
    free = live.current.settings.server.web
    running.run(live.change(lambda d: d.set("server.web", "192.0.2.1:8350"), live.current.version, "Anna"))
    sign_in_once(running, http)
    page = http.get(running.address + FILE)
    assert "used from the next start of Welkom on: server.web" in text_of(page)
    send = {"token": form_field(page)}
    refused = http.post(running.address + "/manager/settings/restart", send)
    assert refused.status_code == 409
    assert "this computer has no such address" in text_of(refused)
    assert not running.server.restart.asked.is_set()
    # Nothing waits any more, so nothing is started again.
    running.run(live.change(lambda d: d.set("server.web", free), live.current.version, "Anna"))
    assert http.post(f"{running.address}/manager/settings/restart", send).url.endswith("/manager/settings")
    assert not running.server.restart.asked.is_set()
    running.run(live.change(lambda d: d.set("server.announce", False), live.current.version, "Anna"))
    answer = http.post(f"{running.address}/manager/settings/restart", send)
    assert answer.status_code == 200, text_of(answer)
    running.run(asyncio.wait_for(running.server.restart.asked.wait(), 20))
