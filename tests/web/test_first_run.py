"""The first visit: somebody chooses the first password with the link that the server shows, once."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Page, expect

from sync_server.domain.ops import ActorKind
from sync_server.service.admin import client
from sync_server.service.storage.data_dir import DataDir
from sync_server.service.upkeep.create_store import make_store
from tests.fake_clock import FakeClock

from .running_server import RunningServer, running_server
from .steps import form_field, sign_in, text_of

FIRST_RUN = "/manager/first-run"
ELSEWHERE = {"X-Forwarded-For": "192.0.2.7", "X-Forwarded-Proto": "https"}  # as a proxy sends it
NEW = "a whole new secret"


@pytest.fixture
def fresh(tmp_path: Path, clock: FakeClock) -> Iterator[RunningServer]:
    """A server with a store that has no password yet."""
    with running_server(DataDir(make_store(tmp_path / "fresh", None, None).path), clock) as found:
        yield found


def link(running: RunningServer) -> str:
    """The path of the link that the server shows."""
    code = running.server.setup_code()
    assert code
    return f"{FIRST_RUN}/{code}"


def choose(
    running: RunningServer,
    http: requests.Session,
    headers: Mapping[str, str] | None = None,
    **more: str,
) -> requests.Response:
    """Sends the form with the first password; `more` changes its fields."""
    path = link(running)
    form = {
        "token": form_field(http.get(running.address + path, headers=headers)),
        "password": NEW,
        "again": NEW,
    }
    for cookie in http.cookies:
        cookie.secure = False  # there is no https between the proxy and the server
    return http.post(running.address + path, {**form, **more}, headers=headers, allow_redirects=False)


def test_the_first_password_is_chosen_with_the_link(fresh: RunningServer, desktop: Page) -> None:
    desktop.goto(fresh.address + link(fresh))
    expect(desktop.get_by_role("heading")).to_have_text("Choose a password")
    desktop.get_by_label("New password").fill(NEW)
    desktop.get_by_label("The same once more").fill(NEW)
    desktop.get_by_role("button", name="Keep it").click()
    desktop.wait_for_url("**/manager/settings/start/shop")
    desktop.goto(fresh.address + FIRST_RUN)  # only once
    desktop.wait_for_url("**/manager/sign-in")


def test_a_short_a_common_and_two_different_passwords_are_refused(
    fresh: RunningServer, http: requests.Session
) -> None:
    short = choose(fresh, http, password="short", again="short")
    assert (short.status_code, "Take 8 characters or more." in text_of(short)) == (400, True)
    for common in ("12345678", "Welkom2026!", "password1", "manager manager"):
        guessed = choose(fresh, http, password=common, again=common)
        assert (guessed.status_code, "Others would guess that" in text_of(guessed)) == (400, True), common
    differ = choose(fresh, http, again="another one")
    assert (differ.status_code, "The two are not the same." in text_of(differ)) == (400, True)
    assert choose(fresh, http).status_code == 303
    http.cookies.clear()
    assert sign_in(fresh, http, NEW).status_code == 303


def test_the_link_works_once(fresh: RunningServer, http: requests.Session) -> None:
    path = link(fresh)
    assert choose(fresh, http).headers["location"] == "/manager/settings/start"
    assert not fresh.server.data_dir.setup_code.exists()
    assert fresh.server.setup_code() is None
    http.cookies.clear()
    again = http.get(fresh.address + path, allow_redirects=False)
    assert again.headers["location"] == "/manager/sign-in"


@pytest.mark.attack(
    "The first-visit page without its link: at the server, by another name, and through proxies",
    "refused: a proxy can make any request look as if it came from the server itself",
)
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Host": "localhost"},
        {"Host": "evil.example"},
        {"Host": "127.0.0.1.evil.example:8350"},
        {"Host": "localhost", "X-Forwarded-Proto": "https"},
        {"Host": "localhost", "X-Real-IP": "192.0.2.7"},
        {"Host": "localhost", "Connection": "close"},
        ELSEWHERE,
    ],
)
def test_without_the_link_nobody_chooses_the_first_password(
    fresh: RunningServer, http: requests.Session, headers: dict[str, str]
) -> None:
    for path in (FIRST_RUN, f"{FIRST_RUN}/made-up"):
        answer = http.get(fresh.address + path, headers=headers)
        assert answer.status_code == 403, path
        assert 'name="password"' not in answer.text
    assert fresh.server.setup_code() is not None


def test_the_page_says_where_the_link_is(fresh: RunningServer, http: requests.Session) -> None:
    text = text_of(http.get(fresh.address + "/manager"))
    assert "the link that Welkom shows when it starts on the shop’s computer" in text
    assert "welkom manager password" in text


def test_the_link_works_behind_a_tls_proxy(fresh: RunningServer, http: requests.Session) -> None:
    assert choose(fresh, http, headers=ELSEWHERE).headers["location"] == "/manager/settings/start"


@pytest.mark.parametrize("code", ["", " \n", "short"])
def test_a_damaged_link_is_replaced(fresh: RunningServer, http: requests.Session, code: str) -> None:
    fresh.server.data_dir.setup_code.write_text(code)
    assert http.get(f"{fresh.address}{FIRST_RUN}/{code.strip()}").status_code in (403, 404)
    assert choose(fresh, http).status_code == 303


# --- accounts that only look -----------------------------------------------------------------------


def test_an_account_that_only_looks_does_not_take_the_managers_place(
    fresh: RunningServer, http: requests.Session
) -> None:
    add_owner(fresh)
    page = http.get(fresh.address + "/manager/sign-in")
    assert "This shop has no manager yet." in text_of(page)
    assert choose(fresh, http, name="owner").status_code == 400  # that name is taken
    chosen = choose(fresh, http, name="Kim")
    assert chosen.headers["location"] == "/manager/settings/start"
    assert http.get(fresh.address + "/manager/devices").text.count("/manager/devices/codes") == 1
    http.cookies.clear()
    page = http.get(fresh.address + "/manager/sign-in")
    assert "no manager yet" not in text_of(page)
    form = {"token": form_field(page), "name": "Kim", "password": NEW}
    assert http.post(fresh.address + "/manager/sign-in", form, allow_redirects=False).status_code == 303


def test_the_command_for_a_password_makes_the_missing_manager(fresh: RunningServer) -> None:
    add_owner(fresh)
    client.run(fresh.server.data_dir, "set_password", password=NEW)
    account, _ = fresh.run(fresh.server.credential_checker.check_password("here", NEW, "manager"))
    assert account.role is ActorKind.MANAGER
    assert fresh.server.setup_code() is None


def test_an_account_that_only_looks_may_sign_in_before_there_is_a_manager(
    fresh: RunningServer, http: requests.Session
) -> None:
    add_owner(fresh)
    assert sign_in(fresh, http, "looking only").status_code == 303
    assert http.get(fresh.address + "/manager/today", allow_redirects=False).status_code == 200


def add_owner(running: RunningServer) -> None:
    client.run(running.server.data_dir, "add_manager", name="owner", role="readonly", password="looking only")


# --- nobody yet ---------------------------------------------------------------------------------------


def test_nobody_can_sign_in_before_there_is_a_password(fresh: RunningServer, http: requests.Session) -> None:
    token = form_field(http.get(fresh.address + link(fresh)))
    for password in ("", "nobody's password", "welkom"):
        answer = http.post(
            fresh.address + "/manager/sign-in", {"token": token, "password": password}, allow_redirects=False
        )
        assert answer.headers["location"] == FIRST_RUN
    assert http.get(fresh.address + "/manager/today", allow_redirects=False).status_code == 303


def test_a_form_of_another_site_sets_no_password(fresh: RunningServer, http: requests.Session) -> None:
    assert choose(fresh, http, token="made up").status_code == 403
    assert choose(fresh, http, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert fresh.server.setup_code() is not None
