"""Steps of several tests: read a page's text or form, sign in as the manager, make the disk full."""

import contextlib
import html
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psutil
import requests
from playwright.sync_api import BrowserContext, Page

from sync_server.service.reports.exports import process

from .running_server import PASSWORD, RunningServer

SIGN_IN = "/manager/sign-in"


def text_of(page: requests.Response) -> str:
    """The text that a person reads on a page, without markup; each run of white space becomes one blank."""
    body = re.sub(r"<head>.*?</head>|<script.*?</script>", " ", page.text, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())


def form_field(page: requests.Response, name: str = "token") -> str:
    """The value of a field in a page's form."""
    found = re.search(rf'name="{name}" value="([^"]+)"', page.text)
    assert found, page.text
    return found[1]


def sign_in(
    running: RunningServer, http: requests.Session, password: str = PASSWORD, name: str = ""
) -> requests.Response:
    """Signs in as the manager without a browser. The `name` is needed where there are several accounts."""
    token = form_field(http.get(running.address + SIGN_IN))
    form = {"token": token, "name": name, "password": password}
    return http.post(running.address + SIGN_IN, form, allow_redirects=False)


def sign_in_once(running: RunningServer, http: requests.Session) -> None:
    """The same for tests about other things: checks the password once for each server, as that takes long."""
    if not running.cookies:
        assert sign_in(running, http, name="manager").status_code == 303
        running.cookies = http.cookies.get_dict()
    if "welkom" not in http.cookies:  # the cookie of this client also has its language
        http.cookies.set("welkom", running.cookies["welkom"], path="/manager")


def open_as_manager(running: RunningServer, desktop: Page, path: str) -> None:
    """The manager, who has just signed in, opens a page in the browser.

    They sign in without it: that would be two more pages for a browser to open and draw in each test.
    """
    with requests.Session() as http:
        http.trust_env = False
        http.headers["Accept-Language"] = "en-GB"  # as the browser's
        assert sign_in(running, http, name="manager").status_code == 303
        use_cookies(desktop.context, running, http.cookies.get_dict())
    desktop.goto(running.address + path)
    desktop.wait_for_url(f"**{path}")


def use_cookies(context: BrowserContext, running: RunningServer, cookies: dict[str, str]) -> None:
    """Gives a browser the cookies of another client."""
    # The path is that of the server's own cookie, which else would be another one beside this.
    domain, path = running.server.pages.web.rpartition(":")[0], "/manager"
    context.add_cookies([{"name": n, "value": v, "domain": domain, "path": path} for n, v in cookies.items()])


@contextmanager
def full_disk(running: RunningServer) -> Iterator[None]:
    """Nothing can be written to the store during the block."""

    async def do(sql: str) -> None:
        await running.server.processor.writer.call(lambda db: db.execute(sql))

    full = "SELECT RAISE(FAIL, 'database or disk is full')"
    running.run(do(f"CREATE TRIGGER full_disk BEFORE INSERT ON visit_events BEGIN {full}; END"))
    try:
        yield
    finally:
        running.run(do("DROP TRIGGER full_disk"))


def until(condition: Callable[[], bool]) -> None:
    """Waits for it, at most 20 s."""
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def exporting() -> list[psutil.Process]:
    """The processes of exports that run."""
    found = []
    for child in psutil.Process().children():
        with contextlib.suppress(psutil.NoSuchProcess):  # also one that has just ended
            found += [child] if process.CHILD in " ".join(child.cmdline()) else []
    return found
