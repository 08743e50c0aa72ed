"""What holds for all pages: headers, redirects, error pages; and the health check."""

import logging
import re
import stat
import threading

import pytest
import requests
from playwright.sync_api import Page

from sync_server.service.limits.numbers import WEB_BODY_BYTES
from sync_server.service.storage.data_dir import DataDir
from sync_server.web.http.templates import environment
from sync_server.web.manager.session import session_middleware
from tests.fake_clock import FakeClock

from .conftest import ConsoleErrors
from .running_server import RunningServer, running_server
from .steps import full_disk, sign_in, text_of

PAGES = ("/manager/sign-in", "/manager/now", "/manager/today", "/manager/log")


def test_every_answer_has_the_security_headers(running: RunningServer, http: requests.Session) -> None:
    sign_in(running, http)
    for path in ("/", "/health", "/v/x", *PAGES, "/manager/log.csv", "/static/shared/base.css", "/no"):
        answer = http.get(running.address + path, allow_redirects=False)
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'self'"), path
        assert "frame-ancestors 'none'" in policy, path
        assert "unsafe" not in policy, path
        assert answer.headers["x-content-type-options"] == "nosniff", path
        assert answer.headers["referrer-policy"] == "no-referrer", path
        assert answer.headers["x-robots-tag"] == "noindex, nofollow", path
        assert len(answer.headers["cache-control"].split(",")) == 1, path


def test_the_pages_bring_their_own_font(running: RunningServer, phone: Page) -> None:
    phone.goto(running.open().url)
    loaded = phone.evaluate(
        """() => document.fonts.ready.then(() => [...document.fonts]
            .filter(font => font.status === "loaded" && font.family === "Inter").map(font => font.weight))"""
    )
    assert {"400", "600", "700"} <= set(loaded)


def test_only_the_fonts_of_the_pages_are_served(running: RunningServer, http: requests.Session) -> None:
    found = http.get(running.address + "/static/fonts/Inter-Regular.woff2")
    assert (found.status_code, found.headers["content-type"]) == (200, "font/woff2")
    for name in ("Inter-Thin.woff2", "Inter-Regular.otf", "..%2FOFL.txt", "..%2f..%2ftheme%2ftheme.woff2"):
        assert http.get(f"{running.address}/static/fonts/{name}").status_code == 404, name


def test_personal_pages_are_never_cached(running: RunningServer, http: requests.Session) -> None:
    sign_in(running, http)
    ticket = running.open()
    for url in (ticket.url, ticket.url + "/leave", *(running.address + path for path in PAGES)):
        assert http.get(url).headers["cache-control"] == "no-store"


def test_pages_have_no_inline_script_or_style(
    running: RunningServer, running_with_past: RunningServer, http: requests.Session
) -> None:
    sign_in(running_with_past, http)
    ticket = running.open()
    for url in (ticket.url, *(running_with_past.address + path for path in PAGES)):
        html = http.get(url).text
        assert not re.search(r"\sstyle=|<style|\son\w+=|javascript:", html), url
        assert all(
            "src=" in tag or "application/json" in tag for tag in re.findall(r"<script[^>]*>", html)
        ), url
        assert not re.search(r"""(src|href|action)=["'](https?:)?//""", html), url


@pytest.mark.attack(
    "A script is inserted into a page",
    "the browser does not run it: the content policy forbids it",
)
def test_the_browser_reports_a_breach_of_the_content_policy(
    running: RunningServer, lenient_phone: Page, console_errors: ConsoleErrors
) -> None:
    """Proves that the fixtures that allow no console errors notice a breach."""
    ticket = running.open()
    lenient_phone.goto(ticket.url)
    lenient_phone.evaluate("document.body.insertAdjacentHTML('beforeend', '<p style=\"color:red\">x</p>')")
    assert any("Content Security Policy" in message for message in console_errors)


@pytest.mark.attack("A body above 16 kB to the pages", "refused before it is read")
def test_a_body_too_large_is_refused(running: RunningServer, http: requests.Session) -> None:
    ticket = running.open()
    large = b"x" * (WEB_BODY_BYTES + 1)
    as_form = {"Content-Type": "application/x-www-form-urlencoded"}
    for body in (large, iter([large[:9000], large[9000:]])):  # with and without an announced length
        answer = http.post(running.address + "/manager/sign-in", data=body, headers=as_form)
        assert answer.status_code == 413
    assert http.post(ticket.url + "/rate", data=large, headers=as_form).status_code == 404
    assert "A-" in http.get(ticket.url).text


def test_the_root_leads_to_the_managers_first_page(running: RunningServer, http: requests.Session) -> None:
    for path in ("/", "/manager"):
        assert http.get(running.address + path, allow_redirects=False).headers["location"] == "/manager/today"


def test_an_unknown_address_is_explained(running: RunningServer, http: requests.Session) -> None:
    for path in ("/no", "/manager/no", "/static/no.js", "/static/../app.py"):
        answer = http.get(running.address + path, headers={"Accept-Language": "fi"})
        assert answer.status_code == 404
        assert "Tätä sivua ei ole." in answer.text


def test_errors_are_explained_in_the_chosen_language(running: RunningServer, http: requests.Session) -> None:
    sign_in(running, http)
    http.get(running.address + "/manager/today?lang=fi")
    for answer, link, link_text in (
        (http.post(running.address + "/manager/devices/codes", {"token": "x"}), "devices", "Yritä uudelleen"),
        (http.get(running.address + "/manager/nowhere"), "today", "Tänään"),
    ):
        assert "Se ei onnistunut." in text_of(answer)
        assert f'href="/manager/{link}">{link_text}' in answer.text
        assert '<html lang="fi">' in answer.text


def test_the_theme_and_the_icons_are_served(running: RunningServer, http: requests.Session) -> None:
    theme = http.get(running.address + "/static/theme.css")
    assert theme.headers["content-type"].startswith("text/css")
    assert "--ink-soft:" in theme.text
    assert "prefers-color-scheme: dark" in theme.text.replace(":dark", ": dark")
    assert http.get(running.address + "/static/icons.ttf").content[:4] == b"\x00\x01\x00\x00"


def test_health_says_whether_the_server_is_well(running: RunningServer, http: requests.Session) -> None:
    well = http.get(running.address + "/health")
    assert (well.status_code, well.json()["ok"], well.json()["unwell"]) == (200, True, None)
    ticket = running.open()
    with full_disk(running):
        http.post(ticket.url + "/leave")
        ill = http.get(running.address + "/health")
    assert (ill.status_code, ill.json()["ok"]) == (503, False)
    assert "the disk is full" in ill.json()["unwell"]
    assert str(running.server.data_dir.path) not in ill.text


def test_an_exception_shows_a_page_without_details(
    running: RunningServer, http: requests.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket = running.open()
    monkeypatch.setattr("sync_server.web.shopper.pages.headline", lambda *_: 1 / 0)
    answer = http.get(ticket.url)
    assert answer.status_code == 500
    assert "Something went wrong on our side" in answer.text
    assert "Traceback" not in answer.text
    assert "ZeroDivisionError" not in answer.text
    assert answer.headers["content-security-policy"]


def test_the_server_stops_at_once_while_a_page_listens(
    folder: DataDir, clock: FakeClock, http: requests.Session, caplog: pytest.LogCaptureFixture
) -> None:
    with running_server(folder, clock) as running:
        ticket = running.open()
        stream = http.get(ticket.url + "/events", stream=True, timeout=20)
        next(stream.iter_lines())
    assert [r for r in caplog.records if r.levelno >= logging.ERROR] == []
    stream.close()


# --- the secret of the sessions --------------------------------------------------------------------


def test_only_the_owner_can_read_the_secret_and_it_stays_the_same(
    folder: DataDir, clock: FakeClock, http: requests.Session
) -> None:
    key = folder.path / "session.key"
    assert not key.exists()
    with running_server(folder, clock) as running:
        http.get(running.address + "/health")
        secret = key.read_text()
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    with running_server(folder, clock) as running:
        http.get(running.address + "/health")
        assert key.read_text() == secret


@pytest.mark.parametrize("damaged", [b"", b"x", b"\x00" * 60, b"\xff\xfe" * 30, b"a b" * 20])
@pytest.mark.fault(
    "The file with the secret of the manager's sessions is damaged",
    "it is made anew and logged; managers sign in again",
)
def test_a_damaged_secret_is_made_anew(
    folder: DataDir, damaged: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    key = folder.path / "session.key"
    key.write_bytes(damaged)
    key.chmod(0o644)
    session_middleware(folder)
    assert re.fullmatch(r"[\w-]{43}\n", key.read_text())
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert "session.key: was damaged and is made anew; managers sign in again" in caplog.text


def test_no_page_waits_until_its_template_is_compiled(folder: DataDir, clock: FakeClock) -> None:
    assert environment.cache is not None
    environment.cache.clear()
    with running_server(folder, clock):
        for thread in threading.enumerate():
            if thread.name == "warm-up":
                thread.join(30)
        compiled = {name for _, name in environment.cache}
    assert compiled >= set(environment.list_templates(extensions=["html"]))
