"""The manager signs in and out: passwords, forms, cookies."""

from urllib.parse import quote, urljoin

import pytest
import requests
from playwright.sync_api import Page, expect

from sync_server.service.auth import managers

from .running_server import PASSWORD, RunningServer
from .steps import SIGN_IN, form_field, open_as_manager, sign_in, text_of

PAGES = ("/manager/now", "/manager/today", "/manager/log", "/manager/log.csv", "/manager/notice")


@pytest.mark.parametrize("path", [*PAGES, "/manager/now/events"])
def test_without_the_password_nothing_is_shown(
    running: RunningServer, http: requests.Session, path: str
) -> None:
    answer = http.get(running.address + path, allow_redirects=False)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith(SIGN_IN)
    assert answer.text == ""


def test_with_the_password_every_page_is_shown(running: RunningServer, http: requests.Session) -> None:
    assert sign_in(running, http).status_code == 303
    for path in PAGES:
        assert http.get(running.address + path, allow_redirects=False).status_code == 200


def test_a_wrong_password_is_refused_and_the_right_one_then_works(
    running: RunningServer, lenient_desktop: Page
) -> None:
    desktop = lenient_desktop  # the browser itself reports the 401
    desktop.goto(running.address + "/manager/log?search=x")
    desktop.get_by_label("Password").fill("close sesame")
    desktop.get_by_role("button", name="Sign in").click()
    expect(desktop.get_by_role("alert")).to_have_text("That password is not right. Please try again.")
    desktop.get_by_label("Password").fill(PASSWORD)
    desktop.get_by_role("button", name="Sign in").click()
    desktop.wait_for_url("**/manager/log?search=x")
    expect(desktop.get_by_role("link", name="Visit log")).to_have_attribute("aria-current", "page")


@pytest.mark.attack(
    "A link to the sign-in that redirects to another site afterwards",
    "it redirects to the manager's pages",
)
def test_the_sign_in_leads_to_the_managers_pages_only(running: RunningServer, http: requests.Session) -> None:
    for wanted in ("https://elsewhere.example/", "//elsewhere.example", "/v/x", "/manager/../control"):
        http.cookies.clear()
        address = f"{running.address}{SIGN_IN}?next={quote(wanted, safe='')}"
        form = {"token": form_field(http.get(address)), "password": PASSWORD}
        location = http.post(address, form, allow_redirects=False).headers["location"]
        assert urljoin(running.address + SIGN_IN, location).startswith(running.address), wanted
        assert location.startswith("/manager/"), wanted


def test_signing_out_ends_it(running: RunningServer, desktop: Page) -> None:
    open_as_manager(running, desktop, "/manager/today")
    desktop.get_by_role("button", name="Sign out").click()
    expect(desktop.get_by_role("status")).to_have_text("You are signed out.")
    desktop.goto(running.address + "/manager/today")
    expect(desktop.get_by_label("Password")).to_be_visible()


def test_a_changed_password_ends_every_session(running: RunningServer, http: requests.Session) -> None:
    sign_in(running, http)
    hashed = managers.hash_manager_password("another secret")

    async def change() -> None:
        await running.server.processor.writer.call(
            lambda db: managers.set_password(db, hashed, running.clock.after(1))
        )

    running.run(change())
    assert http.get(running.address + "/manager/today", allow_redirects=False).status_code == 303
    assert sign_in(running, http).status_code == 401
    assert sign_in(running, http, "another secret").status_code == 303


def test_after_five_wrong_passwords_the_next_attempt_must_wait(
    running: RunningServer, http: requests.Session
) -> None:
    for _ in range(4):
        assert sign_in(running, http, "guess").status_code == 401
    paused = sign_in(running, http, "guess")
    assert paused.status_code == 429
    assert paused.headers["retry-after"] == "15"
    assert "Please wait 15 seconds." in text_of(paused)
    running.clock.after(14)
    early = sign_in(running, http)
    assert early.status_code == 429
    assert "Please wait 1 second." in text_of(early)
    running.clock.after(1)
    assert sign_in(running, http).status_code == 303


@pytest.mark.attack(
    "CSRF: another site's form, or a form without the page's token", "refused; nothing happens"
)
def test_a_form_of_another_site_does_nothing(running: RunningServer, http: requests.Session) -> None:
    address = running.address + SIGN_IN
    right = {"token": form_field(http.get(address)), "password": PASSWORD}
    for form in ({**right, "token": "made up"}, {"password": PASSWORD}):
        refused = http.post(address, form, allow_redirects=False)
        assert refused.status_code == 400
        assert "Please sign in once more." in text_of(refused)
        assert http.get(running.address + "/manager/today", allow_redirects=False).status_code == 303
    refused = http.post(address, right, headers={"Sec-Fetch-Site": "cross-site"}, allow_redirects=False)
    assert refused.status_code == 403
    assert "Nothing was done" in text_of(refused)
    assert http.post(address, right, allow_redirects=False).status_code == 303
    assert http.post(running.address + "/manager/sign-out", {"token": "x"}).status_code == 403
    assert http.get(running.address + "/manager/today", allow_redirects=False).status_code == 200


def test_scripts_and_other_sites_cannot_use_the_cookie(
    running: RunningServer, http: requests.Session
) -> None:
    cookie = sign_in(running, http).headers["set-cookie"].lower()
    for part in ("httponly", "samesite=lax", "path=/manager", f"max-age={12 * 3600}"):
        assert part in cookie


@pytest.mark.attack(
    "A session cookie with an invented signature",
    "redirected to the sign-in",
)
def test_a_forged_cookie_opens_nothing(running: RunningServer, http: requests.Session) -> None:
    sign_in(running, http)
    signed = http.cookies["welkom"]
    body, _, _ = signed.partition(".")
    http.cookies.clear()
    http.cookies.set("welkom", body + ".AAAA.AAAA", path="/manager")
    assert http.get(running.address + "/manager/today", allow_redirects=False).status_code == 303


def test_a_page_left_open_gets_no_more_pieces(running: RunningServer, http: requests.Session) -> None:
    answer = http.get(
        running.address + "/manager/notice", headers={"HX-Request": "true"}, allow_redirects=False
    )
    assert answer.status_code == 401
    page = http.get(running.address + SIGN_IN + "?ended=")  # live.js goes there
    assert "Your sign-in has ended." in text_of(page)
