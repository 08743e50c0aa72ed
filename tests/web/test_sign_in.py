"""The manager's door: who comes in, who does not, and for how long."""

from urllib.parse import quote, urljoin

import pytest
import requests
from playwright.sync_api import Page, expect

from sync_server.service import managers

from .running import PASSWORD, Running
from .steps import SIGN_IN, come_in, come_in_at, token_in, words_in

PAGES = ("/manager/now", "/manager/today", "/manager/log", "/manager/log.csv", "/manager/notice")


@pytest.mark.parametrize("path", [*PAGES, "/manager/now/events"])
def test_without_the_password_nothing_is_shown(shop: Running, http: requests.Session, path: str) -> None:
    answer = http.get(shop.address + path, allow_redirects=False)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith(SIGN_IN)
    assert answer.text == ""


def test_with_the_password_every_page_is(shop: Running, http: requests.Session) -> None:
    assert come_in(shop, http).status_code == 303
    for path in PAGES:
        assert http.get(shop.address + path, allow_redirects=False).status_code == 200


def test_a_wrong_password_is_told_and_the_right_one_then_works(shop: Running, unwatched_desk: Page) -> None:
    desk = unwatched_desk  # the browser itself complains of the 401
    desk.goto(shop.address + "/manager/log?search=x")
    desk.get_by_label("Password").fill("close sesame")
    desk.get_by_role("button", name="Sign in").click()
    expect(desk.get_by_role("alert")).to_have_text("That password is not right. Please try again.")
    desk.get_by_label("Password").fill(PASSWORD)
    desk.get_by_role("button", name="Sign in").click()
    desk.wait_for_url("**/manager/log?search=x")
    expect(desk.get_by_role("link", name="Visit log")).to_have_attribute("aria-current", "page")


@pytest.mark.attack(
    "A link to the sign-in that leads elsewhere afterwards", "it leads to the manager's pages"
)
def test_the_way_back_stays_in_the_house(shop: Running, http: requests.Session) -> None:
    for wanted in ("https://elsewhere.example/", "//elsewhere.example", "/v/x", "/manager/../control"):
        http.cookies.clear()
        address = f"{shop.address}{SIGN_IN}?next={quote(wanted, safe='')}"
        form = {"token": token_in(http.get(address)), "password": PASSWORD}
        location = http.post(address, form, allow_redirects=False).headers["location"]
        assert urljoin(shop.address + SIGN_IN, location).startswith(shop.address), wanted
        assert location.startswith("/manager/"), wanted


def test_signing_out_ends_it(shop: Running, desk: Page) -> None:
    come_in_at(shop, desk, "/manager/today")
    desk.get_by_role("button", name="Sign out").click()
    expect(desk.get_by_role("status")).to_have_text("You are signed out.")
    desk.goto(shop.address + "/manager/today")
    expect(desk.get_by_label("Password")).to_be_visible()


def test_a_changed_password_ends_every_session(shop: Running, http: requests.Session) -> None:
    come_in(shop, http)
    hashed = managers.hash_password("another secret")

    async def change() -> None:
        await shop.server.shop.store.call(lambda db: managers.set_password(db, hashed, shop.clock.after(1)))

    shop.wait_for(change())
    assert http.get(shop.address + "/manager/today", allow_redirects=False).status_code == 303
    assert come_in(shop, http).status_code == 401
    assert come_in(shop, http, "another secret").status_code == 303


def test_after_five_wrong_passwords_there_is_a_pause(shop: Running, http: requests.Session) -> None:
    for _ in range(4):
        assert come_in(shop, http, "guess").status_code == 401
    paused = come_in(shop, http, "guess")
    assert paused.status_code == 429
    assert paused.headers["retry-after"] == "15"
    assert "Please wait 15 seconds." in words_in(paused)
    shop.clock.after(14)
    early = come_in(shop, http)
    assert early.status_code == 429
    assert "Please wait 1 second." in words_in(early)
    shop.clock.after(1)
    assert come_in(shop, http).status_code == 303


@pytest.mark.attack(
    "CSRF: another site's form, or a form without the page's token", "refused; nothing happens"
)
def test_a_form_of_another_site_does_nothing(shop: Running, http: requests.Session) -> None:
    address = shop.address + SIGN_IN
    right = {"token": token_in(http.get(address)), "password": PASSWORD}
    for form, headers in (
        ({**right, "token": "made up"}, {}),
        ({"password": PASSWORD}, {}),
        (right, {"Sec-Fetch-Site": "cross-site"}),
    ):
        refused = http.post(address, form, headers=headers, allow_redirects=False)
        assert refused.status_code == 403
        assert "Please go back, reload it and try once more." in words_in(refused)
    assert http.post(address, right, allow_redirects=False).status_code == 303
    assert http.post(shop.address + "/manager/sign-out", {"token": "x"}).status_code == 403
    assert http.get(shop.address + "/manager/today", allow_redirects=False).status_code == 200


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(shop: Running, http: requests.Session) -> None:
    cookie = come_in(shop, http).headers["set-cookie"].lower()
    for part in ("httponly", "samesite=lax", "path=/manager", f"max-age={12 * 3600}"):
        assert part in cookie


@pytest.mark.attack("A session cookie with a made-up signature", "leads to the sign-in")
def test_a_forged_cookie_opens_nothing(shop: Running, http: requests.Session) -> None:
    come_in(shop, http)
    signed = http.cookies["welkom"]
    body, _, _ = signed.partition(".")
    http.cookies.clear()
    http.cookies.set("welkom", body + ".AAAA.AAAA", path="/manager")
    assert http.get(shop.address + "/manager/today", allow_redirects=False).status_code == 303


def test_a_page_left_open_leads_to_the_door(shop: Running, http: requests.Session) -> None:
    answer = http.get(shop.address + "/manager/notice", headers={"HX-Request": "true"}, allow_redirects=False)
    assert answer.status_code == 401
    assert answer.headers["hx-redirect"] == SIGN_IN
