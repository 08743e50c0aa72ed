"""No password comes with the product: the first visit chooses one, at the server or by a link, once."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Page, expect

from sync_server.service import first_run
from sync_server.service.folder import Folder
from sync_server.service.setup import make_store
from tests.shop import Clock

from .running import Running, running
from .steps import come_in, token_in, words_in

FIRST_RUN = "/manager/first-run"
ELSEWHERE = {"X-Forwarded-For": "192.0.2.7", "X-Forwarded-Proto": "https"}  # as a proxy says it
NEW = "a whole new secret"


@pytest.fixture
def fresh(tmp_path: Path, clock: Clock) -> Iterator[Running]:
    """A server on a store that nobody has a password for."""
    with running(Folder(make_store(tmp_path / "fresh", None, None).path), clock) as found:
        yield found


def choose(shop: Running, http: requests.Session, path: str = FIRST_RUN, **more: object) -> requests.Response:
    headers = more.pop("headers", {})
    form = {"token": token_in(http.get(shop.address + path, headers=headers)), "password": NEW, "again": NEW}
    for cookie in http.cookies:
        cookie.secure = False  # between the proxy and us there is no https
    return http.post(shop.address + path, {**form, **more}, headers=headers, allow_redirects=False)


def test_the_first_visit_at_the_server_chooses_the_password(fresh: Running, desk: Page) -> None:
    desk.goto(fresh.address + "/manager")
    expect(desk.get_by_role("heading")).to_have_text("Choose a password")
    desk.get_by_label("New password").fill(NEW)
    desk.get_by_label("The same once more").fill(NEW)
    desk.get_by_role("button", name="Keep it").click()
    desk.wait_for_url("**/manager/today")
    desk.goto(fresh.address + FIRST_RUN)  # and never again
    desk.wait_for_url("**/manager/sign-in")


def test_a_short_password_or_two_that_differ_are_told(fresh: Running, http: requests.Session) -> None:
    short = choose(fresh, http, password="short", again="short")
    assert (short.status_code, "Take 8 characters or more." in words_in(short)) == (400, True)
    differ = choose(fresh, http, again="another one")
    assert (differ.status_code, "The two are not the same." in words_in(differ)) == (400, True)
    assert choose(fresh, http).status_code == 303
    http.cookies.clear()
    assert come_in(fresh, http, NEW).status_code == 303


def test_from_elsewhere_only_the_link_opens_it_and_only_once(fresh: Running, http: requests.Session) -> None:
    closed = http.get(fresh.address + FIRST_RUN, headers=ELSEWHERE)
    assert closed.status_code == 403
    assert "on the shop’s own computer" in words_in(closed)
    assert http.get(f"{fresh.address}{FIRST_RUN}/made-up", headers=ELSEWHERE).status_code == 403
    http.cookies.clear()
    link = f"{FIRST_RUN}/{first_run.code(fresh.server.folder)}"
    assert choose(fresh, http, link, headers=ELSEWHERE).headers["location"] == "/manager/today"
    assert not fresh.server.folder.first_run.exists()
    assert fresh.server.first_run_code() is None
    http.cookies.clear()
    again = http.get(fresh.address + link, headers=ELSEWHERE, allow_redirects=False)
    assert again.headers["location"] == "/manager/sign-in"


def test_a_name_that_leads_to_this_computer_by_a_trick_is_not_this_computer(
    fresh: Running, http: requests.Session
) -> None:
    """Another site can make its own name lead to 127.0.0.1; the browser then says that name."""
    for host in ("evil.example", "evil.example:8350", "127.0.0.1.evil.example"):
        answer = http.get(fresh.address + FIRST_RUN, headers={"Host": host})
        assert answer.status_code == 403, host
    assert http.get(fresh.address + FIRST_RUN, headers={"Host": "localhost"}).status_code == 200


@pytest.mark.attack(
    "Somebody elsewhere asks a proxy on the server for the first visit at `localhost`",
    "refused: what a proxy passed on is not from this computer",
)
def test_what_a_proxy_passed_on_is_not_this_computer(fresh: Running, http: requests.Session) -> None:
    for said in ({"X-Forwarded-Proto": "https"}, {"X-Forwarded-Proto": "http"}, {"X-Real-IP": "192.0.2.7"}):
        answer = http.get(fresh.address + FIRST_RUN, headers={"Host": "localhost", **said})
        assert answer.status_code == 403, said


def test_nobody_signs_in_before_there_is_a_password(fresh: Running, http: requests.Session) -> None:
    token = token_in(http.get(fresh.address + FIRST_RUN))
    for password in ("", "nobody's password", "welkom"):
        answer = http.post(
            fresh.address + "/manager/sign-in", {"token": token, "password": password}, allow_redirects=False
        )
        assert answer.headers["location"] == FIRST_RUN
    assert http.get(fresh.address + "/manager/today", allow_redirects=False).status_code == 303


def test_a_form_of_another_site_chooses_nothing(fresh: Running, http: requests.Session) -> None:
    assert choose(fresh, http, token="made up").status_code == 403
    assert choose(fresh, http, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert fresh.server.first_run_code() is not None
