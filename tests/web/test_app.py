"""What holds for every page: its headers, where it leads, what it refuses; and the server's own health."""

import logging
import re
import stat

import pytest
import requests
from playwright.sync_api import Page, expect

from sync_server.service.folder import Folder, FolderError
from sync_server.web.security import LARGEST_BODY
from sync_server.web.session import session
from tests.shop import Clock

from .conftest import Complaints
from .running import Running, running
from .steps import come_in, come_in_at, full_disk, words_in

PAGES = ("/manager/sign-in", "/manager/now", "/manager/today", "/manager/log")


def test_every_answer_is_guarded(shop: Running, http: requests.Session) -> None:
    come_in(shop, http)
    for path in ("/", "/health", "/v/x", *PAGES, "/manager/log.csv", "/static/web.css", "/no"):
        answer = http.get(shop.address + path, allow_redirects=False)
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'self'"), path
        assert "frame-ancestors 'none'" in policy, path
        assert "unsafe" not in policy, path
        assert answer.headers["x-content-type-options"] == "nosniff", path
        assert answer.headers["referrer-policy"] == "no-referrer", path
        assert answer.headers["x-robots-tag"] == "noindex, nofollow", path
        assert len(answer.headers["cache-control"].split(",")) == 1, path


def test_personal_pages_are_never_kept(shop: Running, http: requests.Session) -> None:
    come_in(shop, http)
    ticket = shop.open()
    for url in (ticket.url, ticket.url + "/leave", *(shop.address + path for path in PAGES)):
        assert http.get(url).headers["cache-control"] == "no-store"


def test_pages_hold_no_script_and_no_style_of_their_own(
    shop: Running, old_shop: Running, http: requests.Session
) -> None:
    come_in(old_shop, http)
    ticket = shop.open()
    for url in (ticket.url, *(old_shop.address + path for path in PAGES)):
        html = http.get(url).text
        assert not re.search(r"\sstyle=|<style|\son\w+=|javascript:", html), url
        assert all(
            "src=" in tag or "application/json" in tag for tag in re.findall(r"<script[^>]*>", html)
        ), url
        assert not re.search(r"""(src|href|action)=["'](https?:)?//""", html), url


@pytest.mark.attack(
    "A script is put into a page", "the browser does not run it: the content policy forbids it"
)
def test_the_browser_sees_the_policy_at_work(
    shop: Running, unwatched_phone: Page, complaints: Complaints
) -> None:
    """The fixtures that forbid complaints would notice a breach."""
    ticket = shop.open()
    unwatched_phone.goto(ticket.url)
    unwatched_phone.evaluate("document.body.insertAdjacentHTML('beforeend', '<p style=\"color:red\">x</p>')")
    assert any("Content Security Policy" in said for said in complaints)


@pytest.mark.attack("A body above 16 kB to the pages", "refused before it is read")
def test_a_body_too_large_is_refused(shop: Running, http: requests.Session) -> None:
    ticket = shop.open()
    large = b"x" * (LARGEST_BODY + 1)
    as_form = {"Content-Type": "application/x-www-form-urlencoded"}
    for body in (large, iter([large[:9000], large[9000:]])):  # announced, and not
        answer = http.post(shop.address + "/manager/sign-in", data=body, headers=as_form)
        assert answer.status_code == 413
    assert http.post(ticket.url + "/rate", data=large, headers=as_form).status_code == 404
    assert "A-" in http.get(ticket.url).text


def test_the_way_in_leads_to_the_manager(shop: Running, http: requests.Session) -> None:
    for path in ("/", "/manager"):
        assert http.get(shop.address + path, allow_redirects=False).headers["location"] == "/manager/today"


def test_an_address_that_is_none_is_answered_in_words(shop: Running, http: requests.Session) -> None:
    for path in ("/no", "/manager/no", "/static/no.js", "/static/../app.py"):
        answer = http.get(shop.address + path, headers={"Accept-Language": "fi"})
        assert answer.status_code == 404
        assert "Tätä sivua ei ole." in answer.text


def test_what_goes_wrong_is_told_in_the_language_chosen_before(shop: Running, http: requests.Session) -> None:
    come_in(shop, http)
    http.get(shop.address + "/manager/today?lang=fi")
    for answer in (
        http.post(shop.address + "/manager/devices/codes", {"token": "x"}),
        http.get(shop.address + "/manager/nowhere"),
    ):
        assert "Se ei onnistunut." in words_in(answer)
        assert "Tänään" in words_in(answer)  # the way on
        assert '<html lang="fi">' in answer.text


def test_static_files_carry_the_theme_and_the_icons(shop: Running, http: requests.Session) -> None:
    theme = http.get(shop.address + "/static/theme.css")
    assert theme.headers["content-type"].startswith("text/css")
    assert "--ink-soft:" in theme.text
    assert "prefers-color-scheme: dark" in theme.text.replace(":dark", ": dark")
    assert http.get(shop.address + "/static/icons.ttf").content[:4] == b"\x00\x01\x00\x00"


def test_health_tells_whether_all_is_well(shop: Running, http: requests.Session) -> None:
    well = http.get(shop.address + "/health")
    assert (well.status_code, well.json()["ok"], well.json()["unwell"]) == (200, True, None)
    ticket = shop.open()
    with full_disk(shop):
        http.post(ticket.url + "/leave")
        ill = http.get(shop.address + "/health")
    assert (ill.status_code, ill.json()["ok"]) == (503, False)
    assert "the disk is full" in ill.json()["unwell"]
    assert str(shop.server.folder.path) not in ill.text


def test_a_fault_of_our_own_is_one_calm_page(
    shop: Running, http: requests.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket = shop.open()
    monkeypatch.setattr("sync_server.web.phone.headline", lambda *_: 1 / 0)
    answer = http.get(ticket.url)
    assert answer.status_code == 500
    assert "Something went wrong on our side" in answer.text
    assert "Traceback" not in answer.text
    assert "ZeroDivisionError" not in answer.text
    assert answer.headers["content-security-policy"]


def test_the_server_stops_at_once_though_somebody_listens(
    folder: Folder, clock: Clock, http: requests.Session, caplog: pytest.LogCaptureFixture
) -> None:
    with running(folder, clock) as shop:
        ticket = shop.open()
        stream = http.get(ticket.url + "/events", stream=True, timeout=20)
        next(stream.iter_lines())
    assert [r for r in caplog.records if r.levelno >= logging.ERROR] == []
    stream.close()


# --- the secret of the sessions --------------------------------------------------------------------


def test_the_secret_is_its_owner_s_alone_and_stays(
    folder: Folder, clock: Clock, http: requests.Session
) -> None:
    key = folder.path / "session.key"
    assert not key.exists()
    with running(folder, clock) as shop:
        http.get(shop.address + "/health")
        secret = key.read_text()
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    with running(folder, clock) as shop:
        http.get(shop.address + "/health")
        assert key.read_text() == secret


def test_a_damaged_secret_is_named_with_the_way_out(folder: Folder) -> None:
    (folder.path / "session.key").write_text("x")
    with pytest.raises(FolderError, match=r"session\.key: is damaged; delete it"):
        session(folder)


def test_a_page_that_only_asks_now_and_then_says_when_nobody_answers(
    shop: Running, unwatched_desk: Page
) -> None:
    desk = unwatched_desk
    desk.clock.install()
    come_in_at(shop, desk, "/manager/log")
    told = desk.locator("#offline")
    expect(told).to_be_hidden()
    desk.route("**/manager/notice", lambda route: route.abort())
    desk.clock.run_for(31_000)
    expect(told).to_be_visible()
    desk.unroute("**/manager/notice")
    desk.clock.run_for(31_000)
    expect(told).to_be_hidden()
