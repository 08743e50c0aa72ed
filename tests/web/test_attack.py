"""What somebody puts into a form, an address or a cookie, and what becomes of it."""

import csv
import http.client
import io
from typing import Any

import pytest
import requests
from playwright.sync_api import Page

from sync_server.domain import ops
from sync_server.domain.events import Resolution
from tests.contract.pages import ROOT

from .running import KIOSK, Running, tablet
from .steps import SIGN_IN, come_in, come_in_at, come_in_once

SCRIPT = "<script>document.title='x'</script>"
IMAGE = "<img src=x onerror=alert(1)>"
FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1+1", "\r=1+1", '=HYPERLINK("http://x")', "=cmd|'/C calc'!A0"]
LINK = "a" * 22


@pytest.mark.attack(
    "A script as the shopper's alias, in the comment and in a note: on the phone's page and the manager's",
    "shown as the text it is, or not at all; the browser runs nothing",
)
def test_a_script_in_what_people_write_is_never_run(shop: Running, desk: Page, phone: Page) -> None:
    shop.sign_on("maya")
    visit_id = "a" * 32
    shop.yes(ops.OpenVisit(visit_id, "A-7", "repair", "en", alias=IMAGE, link=LINK))
    phone.goto(f"{shop.address}/v/{LINK}")
    come_in_at(shop, desk, "/manager/now")
    for page in (phone, desk):
        assert page.locator("img[src=x]").count() == 0
        assert IMAGE not in page.content()

    def rev() -> int:
        found: int = shop.call(lambda: shop.server.shop.floor.visits[visit_id].rev)
        return found

    maya = tablet("maya")
    shop.yes(ops.Accept(visit_id, rev()), maya)
    shop.yes(ops.Start(visit_id, rev()), maya)
    shop.yes(ops.Complete(visit_id, rev(), Resolution.SOLVED, note=SCRIPT), maya)
    shop.yes(ops.Rate(visit_id, comment=SCRIPT), KIOSK)
    desk.goto(f"{shop.address}/manager/log")
    assert desk.get_by_text(SCRIPT, exact=False).count() >= 1
    assert desk.title() != "x"
    assert SCRIPT not in desk.content()


@pytest.mark.attack(
    "A shopper's comment that a spreadsheet would take for a formula: beginning with = + - @, tab or return",
    "the CSV puts a quote before it; every other cell stays as it is",
)
@pytest.mark.parametrize("formula", FORMULAS)
def test_no_cell_of_the_csv_is_a_formula(shop: Running, http: requests.Session, formula: str) -> None:
    ticket = shop.open()
    ticket.cancel()
    shop.yes(ops.Rate(ticket.visit_id, comment=formula))
    come_in_once(shop, http)
    body = http.get(f"{shop.address}/manager/log.csv").content.decode("utf-8-sig")
    (line,) = csv.DictReader(io.StringIO(body, newline=""))
    assert line["comment"][:1] == "'"
    assert line["comment"].replace("'", "") == formula.replace("'", "")
    assert not any(cell[:1] in ("=", "+", "-", "@", "\t", "\r") for cell in line.values())


@pytest.mark.attack(
    "A formula inside a shopper's comment, for a spreadsheet that splits a line at semicolons",
    "the CSV puts a quote before it there too",
)
@pytest.mark.parametrize("before", ["nice;", 'nice;"', 'nice;""', "nice\n", "nice\t", "nice\r\n", ";;"])
def test_no_part_of_a_cell_becomes_a_formula(shop: Running, http: requests.Session, before: str) -> None:
    """Excel does so by its own language where it opens the file by a double click."""
    ticket = shop.open()
    ticket.cancel()
    shop.yes(ops.Rate(ticket.visit_id, comment=f"{before}=1+1; well - I mean it"))
    come_in_once(shop, http)
    body = http.get(f"{shop.address}/manager/log.csv").content.decode("utf-8-sig")
    (line,) = csv.DictReader(io.StringIO(body, newline=""))
    assert line["comment"] == f"{before}'=1+1; well - I mean it"
    split = csv.reader(io.StringIO(body, newline=""), delimiter=";")
    assert not any(cell.lstrip('"')[:1] in ("=", "+", "-", "@") for row in split for cell in row)


@pytest.mark.attack(
    "Session fixation: somebody leaves their own cookie in the manager's browser before the sign-in",
    "the sign-in gives another one; the cookie that was left opens nothing",
)
def test_a_cookie_from_before_the_sign_in_opens_nothing(shop: Running, http: requests.Session) -> None:
    http.get(shop.address + SIGN_IN)
    left = http.cookies["welkom"]
    assert come_in(shop, http).status_code == 303
    assert http.cookies["welkom"] != left
    assert http.get(f"{shop.address}/manager/today", allow_redirects=False).status_code == 200
    with requests.Session() as other:
        other.trust_env = False
        other.cookies.set("welkom", left, path="/manager")
        assert other.get(f"{shop.address}/manager/today", allow_redirects=False).status_code == 303


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
    "Path traversal: addresses that lead out of the folder of the pages' files",
    "not found; nothing of the store's folder or the code is ever sent",
)
@pytest.mark.parametrize("path", OUTSIDE)
def test_no_address_leads_out_of_the_static_folder(shop: Running, path: str) -> None:
    host, port = shop.server.web_address.split(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=20)
    connection.request("GET", path)  # as it stands: a browser would tidy it up
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    assert answer.status in (303, 400, 404)
    key = shop.server.folder.server_key.read_bytes().splitlines()[-1]
    for secret in (key, b"root:", b"[store]", b"import "):
        assert secret not in body


@pytest.mark.attack(
    "200 shopper links are guessed in a row, most of the right one known",
    "none is found, and the answers tell nothing; a shopper's own page is served meanwhile",
)
def test_guessing_a_shoppers_link_finds_nothing(shop: Running, http: requests.Session) -> None:
    ticket = shop.open()
    right = ticket.path.removeprefix("/v/")
    answers: set[tuple[int, int]] = set()
    for number in range(200):
        near = right[:18] + f"{number + 5000:04d}"
        answer = http.get(f"{shop.address}/v/{near}")
        answers.add((answer.status_code, len(answer.content)))
        if number % 50 == 0:
            assert ticket.code in http.get(ticket.url).text
    assert {status for status, _ in answers} == {404}
    assert len(answers) == 1


@pytest.mark.attack(
    "Markup of the touch screens in an alias or a note, such as [size=900] or [ref=...]",
    "shown as written: no label of kiosk or tablet reads markup",
)
def test_no_label_of_the_touch_screens_reads_markup() -> None:
    found: list[Any] = [
        path
        for room in ("kiosk", "staff_app", "assets")
        for path in (ROOT / room).rglob("*")
        if path.suffix in (".py", ".kv") and "markup" in path.read_text("utf-8")
    ]
    assert found == []
