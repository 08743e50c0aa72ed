"""Attacks by what somebody puts into a form, an address or a cookie."""

import csv
import http.client
import io
from typing import Any

import pytest
import requests
from playwright.sync_api import Page

from sync_server.domain import ops
from sync_server.domain.floor import commands
from sync_server.domain.resolution import Resolution
from tests.contract.docs_pages import ROOT

from .running_server import KIOSK, RunningServer, tablet
from .steps import SIGN_IN, open_as_manager, sign_in, sign_in_once

SCRIPT = "<script>document.title='x'</script>"
IMAGE = "<img src=x onerror=alert(1)>"
FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1+1", "\r=1+1", '=HYPERLINK("http://x")', "=cmd|'/C calc'!A0"]
LINK = "a" * 22


@pytest.mark.attack(
    "A script in the shopper's alias, comment and notes: on the phone's page and the manager's pages",
    "shown as text, or not at all; the browser runs nothing",
)
def test_a_script_in_a_text_from_people_is_never_run(
    running: RunningServer, desktop: Page, phone: Page
) -> None:
    running.sign_on("maya")
    visit_id = "a" * 32
    running.submit_ok(ops.OpenVisit(visit_id, "A-7", "repair", "en", alias=IMAGE, link=LINK))
    phone.goto(f"{running.address}/v/{LINK}")
    open_as_manager(running, desktop, "/manager/now")
    for page in (phone, desktop):
        assert page.locator("img[src=x]").count() == 0
        assert IMAGE not in page.content()

    def rev() -> int:
        found: int = running.call(lambda: running.server.processor.floor.visits[visit_id].rev)
        return found

    maya = tablet("maya")
    running.submit_ok(ops.Accept(visit_id, rev()), maya)
    running.submit_ok(ops.Start(visit_id, rev()), maya)
    running.submit_ok(ops.Complete(visit_id, rev(), Resolution.SOLVED, note=SCRIPT), maya)
    running.submit_ok(ops.Rate(visit_id, comment=SCRIPT), KIOSK)
    desktop.goto(f"{running.address}/manager/log")
    assert desktop.get_by_text(SCRIPT, exact=False).count() >= 1
    assert desktop.title() != "x"
    assert SCRIPT not in desktop.content()


@pytest.mark.attack(
    "A shopper's comment that a spreadsheet would treat as a formula: beginning with = + - @, tab or return",
    "the CSV puts a quote before it; every other cell is unchanged",
)
@pytest.mark.parametrize("formula", FORMULAS)
def test_no_cell_of_the_csv_is_a_formula(
    running: RunningServer, http: requests.Session, formula: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands, "visible_words", lambda text: text)  # an earlier version kept tabs
    ticket = running.open()
    ticket.cancel()
    running.submit_ok(ops.Rate(ticket.visit_id, comment=formula))
    sign_in_once(running, http)
    body = http.get(f"{running.address}/manager/log.csv").content.decode("utf-8-sig")
    (line,) = csv.DictReader(io.StringIO(body, newline=""))
    assert line["comment"][:1] == "'"
    assert line["comment"].replace("'", "") == formula.replace("'", "")
    assert not any(cell[:1] in ("=", "+", "-", "@", "\t", "\r") for cell in line.values())


@pytest.mark.attack(
    "A formula inside a shopper's comment, for a spreadsheet that splits a line at semicolons",
    "the CSV puts a quote before it there as well",
)
@pytest.mark.parametrize("before", ["nice;", 'nice;"', 'nice;""', "nice\n", "nice\t", "nice\r\n", ";;"])
def test_no_part_of_a_cell_becomes_a_formula(
    running: RunningServer, http: requests.Session, before: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In some languages, Excel splits at semicolons when the file is opened with a double click."""
    monkeypatch.setattr(commands, "visible_words", lambda text: text)  # an earlier version kept line ends
    ticket = running.open()
    ticket.cancel()
    running.submit_ok(ops.Rate(ticket.visit_id, comment=f"{before}=1+1; well - I mean it"))
    sign_in_once(running, http)
    body = http.get(f"{running.address}/manager/log.csv").content.decode("utf-8-sig")
    (line,) = csv.DictReader(io.StringIO(body, newline=""))
    assert line["comment"] == f"{before}'=1+1; well - I mean it"
    split = csv.reader(io.StringIO(body, newline=""), delimiter=";")
    assert not any(cell.lstrip('"')[:1] in ("=", "+", "-", "@") for row in split for cell in row)


@pytest.mark.attack(
    "Session fixation: an attacker sets a cookie in the manager's browser before the sign-in",
    "the sign-in makes a new cookie; the attacker's cookie gives no access",
)
def test_a_cookie_from_before_the_sign_in_opens_nothing(
    running: RunningServer, http: requests.Session
) -> None:
    http.get(running.address + SIGN_IN)
    left = http.cookies["welkom"]
    assert sign_in(running, http).status_code == 303
    assert http.cookies["welkom"] != left
    assert http.get(f"{running.address}/manager/today", allow_redirects=False).status_code == 200
    with requests.Session() as other:
        other.trust_env = False
        other.cookies.set("welkom", left, path="/manager")
        assert other.get(f"{running.address}/manager/today", allow_redirects=False).status_code == 303


OUTSIDE = [
    "/static/../server.key",
    "/static/..%2f..%2fserver.key",
    "/static/%2e%2e/%2e%2e/store.toml",
    "/static/....//....//store.toml",
    "/static/..%5c..%5cstore.toml",
    "/static//etc/passwd",
    "/static/%00",
    "/static/vendor/../../app.py",
    "/v/..%2f..%2fserver.key",
    "/manager/..%2f..%2fstore.toml",
    "//etc/passwd",
]


@pytest.mark.attack(
    "Path traversal: addresses outside of the folder with the pages' files",
    "not found; no file of the store's folder or the code is sent",
)
@pytest.mark.parametrize("path", OUTSIDE)
def test_no_address_leads_out_of_the_static_folder(running: RunningServer, path: str) -> None:
    host, port = running.server.pages.web.split(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=20)
    connection.request("GET", path)  # unchanged: a browser would normalise it
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    assert answer.status in (303, 400, 404)
    key = running.server.data_dir.server_key.read_bytes().splitlines()[-1]
    for secret in (key, b"root:", b"[store]", b"import "):
        assert secret not in body


@pytest.mark.attack(
    "200 guesses of a shopper's link of which most characters are known",
    "none is found, and the answers reveal nothing; a shopper's own page is served meanwhile",
)
def test_guessing_a_shoppers_link_finds_nothing(running: RunningServer, http: requests.Session) -> None:
    ticket = running.open()
    right = ticket.path.removeprefix("/v/")
    answers: set[tuple[int, int]] = set()
    for number in range(200):
        near = right[:18] + f"{number + 5000:04d}"
        answer = http.get(f"{running.address}/v/{near}")
        answers.add((answer.status_code, len(answer.content)))
        if number % 50 == 0:
            assert ticket.code in http.get(ticket.url).text
    assert {status for status, _ in answers} == {404}
    assert len(answers) == 1


@pytest.mark.attack(
    "Kivy markup in an alias or a note, such as [size=900] or [ref=...]",
    "shown as written: no label of kiosk or tablet interprets markup",
)
def test_no_label_of_the_touch_screens_reads_markup() -> None:
    found: list[Any] = [
        path
        for folder in ("kiosk", "staff_app", "assets")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in (".py", ".kv") and "markup" in path.read_text("utf-8")
    ]
    assert found == []
