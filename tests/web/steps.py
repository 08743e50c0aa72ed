"""Steps that several tests take: reading a page's text, coming in as the manager, breaking the disk."""

import html
import re
from collections.abc import Iterator
from contextlib import contextmanager

import requests
from playwright.sync_api import Page

from .running import PASSWORD, Running

SIGN_IN = "/manager/sign-in"


def words_in(page: requests.Response) -> str:
    """What a person reads of a page: its text without markup, each run of white space one blank."""
    body = re.sub(r"<head>.*?</head>|<script.*?</script>", " ", page.text, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())


def token_in(page: requests.Response, name: str = "token") -> str:
    """The hidden field of a page's form."""
    found = re.search(rf'name="{name}" value="([^"]+)"', page.text)
    assert found, page.text
    return found[1]


def come_in(shop: Running, http: requests.Session, password: str = PASSWORD) -> requests.Response:
    """The manager's sign-in by a client without a browser."""
    token = token_in(http.get(shop.address + SIGN_IN))
    return http.post(shop.address + SIGN_IN, {"token": token, "password": password}, allow_redirects=False)


def come_in_once(shop: Running, http: requests.Session) -> None:
    """The same, for tests that are about other things: one check of the password a server is enough."""
    if not shop.cookies:
        assert come_in(shop, http).status_code == 303
        shop.cookies = http.cookies.get_dict()
    http.cookies.set("welkom", shop.cookies["welkom"], path="/manager")


def come_in_at(shop: Running, desk: Page, path: str) -> None:
    """The manager opens a page, and signs in on the way."""
    desk.goto(shop.address + path)
    desk.get_by_label("Password").fill(PASSWORD)
    desk.get_by_role("button", name="Sign in").click()
    desk.wait_for_url(f"**{path}")


@contextmanager
def full_disk(shop: Running) -> Iterator[None]:
    """For the length of the block nothing can be written to the store."""

    async def do(sql: str) -> None:
        await shop.server.shop.store.call(lambda db: db.execute(sql))

    full = "SELECT RAISE(FAIL, 'database or disk is full')"
    shop.wait_for(do(f"CREATE TRIGGER full_disk BEFORE INSERT ON visit_events BEGIN {full}; END"))
    try:
        yield
    finally:
        shop.wait_for(do("DROP TRIGGER full_disk"))
