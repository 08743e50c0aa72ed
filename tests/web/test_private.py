"""The manager's pages without TLS, sessions, and several accounts."""

import html
import re
from collections.abc import Iterator

import pytest
import requests
from starlette.routing import Route

from sync_server.domain.ops import ActorKind
from sync_server.service.admin import client
from sync_server.service.auth import managers
from sync_server.service.config.model import ACCEPTED
from sync_server.service.storage.data_dir import DataDir
from sync_server.web.app import make_app
from sync_server.web.manager import session as sessions
from tests.fake_clock import FakeClock

from .running_server import PASSWORD, RunningServer, running_server
from .steps import SIGN_IN, form_field, sign_in, text_of

ELSEWHERE = {"X-Forwarded-For": "192.0.2.7"}


def test_from_another_computer_without_tls_the_managers_pages_are_refused(
    running: RunningServer, http: requests.Session
) -> None:
    for path in ("/manager", SIGN_IN, "/manager/today", "/manager/first-run"):
        answer = http.get(running.address + path, headers=ELSEWHERE, allow_redirects=False)
        assert answer.status_code == 403, path
        assert "Your password could be read by others here." in text_of(answer)
        assert "welkom init --tls" in text_of(answer)
        assert "set-cookie" not in answer.headers
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    answer = http.post(running.address + "/api/visits", headers=ELSEWHERE)
    assert (answer.status_code, "use https" in answer.json()["error"]) == (403, True)


def test_shoppers_pages_are_served_on_any_network(running: RunningServer, http: requests.Session) -> None:
    running.sign_on("maya")
    for path in (running.open().path, "/static/shopper/visit.css", "/health"):
        assert http.get(running.address + path, headers=ELSEWHERE).status_code == 200


def test_the_managers_pages_are_served_behind_a_tls_proxy(
    running: RunningServer, http: requests.Session
) -> None:
    headers = {**ELSEWHERE, "X-Forwarded-Proto": "https"}
    answer = http.get(running.address + SIGN_IN, headers=headers)
    assert answer.status_code == 200
    assert "secure" in answer.headers["set-cookie"].lower()


@pytest.fixture
def running_accepting_reading(folder: DataDir, clock: FakeClock) -> Iterator[RunningServer]:
    """A server whose store.toml accepts the risk in words."""
    text = folder.settings.read_text("utf-8")
    folder.settings.write_text(f'{text}\n[server]\nmanager_without_tls = "{ACCEPTED}"\n', "utf-8")
    with running_server(folder, clock) as found:
        yield found


def test_a_store_may_accept_the_risk_in_its_settings(
    running_accepting_reading: RunningServer, http: requests.Session
) -> None:
    assert http.get(running_accepting_reading.address + SIGN_IN, headers=ELSEWHERE).status_code == 200


# --- sessions ------------------------------------------------------------------------------------------


def signed_in(
    running: RunningServer, http: requests.Session, path: str = "/manager/today", **headers: str
) -> bool:
    return http.get(running.address + path, headers=headers, allow_redirects=False).status_code == 200


def use_only(http: requests.Session, cookie: str) -> None:
    """Replaces the client's cookies with this one."""
    http.cookies.clear()
    http.cookies.set("welkom", cookie, path="/manager")


def test_the_sign_in_starts_a_new_session(running: RunningServer, http: requests.Session) -> None:
    """A cookie that somebody else has set before is useless after the sign-in."""
    http.get(running.address + SIGN_IN)
    planted = http.cookies["welkom"]
    sign_in(running, http)
    assert http.cookies["welkom"] != planted
    use_only(http, planted)
    assert not signed_in(running, http)


def test_signing_in_again_ends_the_earlier_session(running: RunningServer, http: requests.Session) -> None:
    sign_in(running, http)
    copied = http.cookies["welkom"]
    sign_in(running, http)
    assert signed_in(running, http)
    use_only(http, copied)
    assert not signed_in(running, http)


def test_a_copied_cookie_is_useless_after_the_sign_out(
    running: RunningServer, http: requests.Session
) -> None:
    sign_in(running, http)
    copied = http.cookies["welkom"]
    token = form_field(http.get(running.address + "/manager/today"))
    http.post(running.address + "/manager/sign-out", {"token": token}, allow_redirects=False)
    use_only(http, copied)
    assert not signed_in(running, http)


def test_a_session_ends_after_two_idle_hours_or_half_a_day(
    running: RunningServer, http: requests.Session
) -> None:
    sign_in(running, http)
    running.clock.after(sessions.MAX_IDLE_MS / 1000 - 1)
    assert signed_in(running, http)
    running.clock.after(sessions.MAX_IDLE_MS / 1000 - 1)
    assert signed_in(
        running, http, "/manager/notice", **{"HX-Request": "true"}
    )  # the page polls: this is no sign of a person
    running.clock.after(1)
    assert not signed_in(running, http)
    sign_in(running, http)
    for _ in range(8):
        assert signed_in(running, http)
        running.clock.after(sessions.MAX_AGE_MS / 1000 / 8)
    assert not signed_in(running, http)


def test_the_event_stream_ends_with_the_session(running: RunningServer, http: requests.Session) -> None:
    sign_in(running, http)
    token = form_field(http.get(running.address + "/manager/now"))
    with http.get(running.address + "/manager/now/events", stream=True) as news:
        lines = news.iter_lines(decode_unicode=True)
        assert any(line.startswith("data:") for line in lines)
        http.post(running.address + "/manager/sign-out", {"token": token}, allow_redirects=False)
        running.sign_on("maya")  # a change that the stream would report
        rest = list(lines)
    assert "event: signed-out" in rest
    assert not any("Maya" in line for line in rest)


def test_too_many_sessions_end_the_oldest() -> None:
    found = sessions.ManagerSessions()
    account = managers.Account("manager", ActorKind.MANAGER, 1, "")
    first, *others = [found.begin(account, 1) for _ in range(sessions.MAX_SESSIONS + 1)]
    assert found.find(first, 1) is None
    assert all(found.find(key, 1) for key in others)
    assert len(set(others)) == sessions.MAX_SESSIONS


# --- several accounts ----------------------------------------------------------------------------------


def test_a_readonly_account_sees_every_page_but_cannot_change_anything(
    running: RunningServer, http: requests.Session
) -> None:
    client.run(running.server.data_dir, "add_manager", name="owner", role="readonly", password="looking only")
    page = http.get(running.address + SIGN_IN)
    assert "Name" in text_of(page)
    assert sign_in(running, http).status_code == 401  # without a name
    form = {"token": form_field(http.get(running.address + SIGN_IN)), "password": "looking only"}
    wrong = http.post(running.address + SIGN_IN, {**form, "name": "manager"})
    assert wrong.status_code == 401
    assert "That name and password do not belong together." in text_of(wrong)
    assert 'name="name" value="manager"' in wrong.text  # it need not be typed again
    answer = http.post(running.address + SIGN_IN, {**form, "name": "owner"}, allow_redirects=False)
    assert answer.status_code == 303
    front = client.add_device(running.server.data_dir, "kiosk", "Front door", "tcp://x:1").device_id
    for path in ("/manager/now", "/manager/today", "/manager/log", "/manager/log.csv", "/manager/devices"):
        assert signed_in(running, http, path)
    listed = http.get(running.address + "/manager/devices").text
    assert "Front door" in listed
    assert f'href="/manager/device/{front}"' not in listed
    token = form_field(http.get(running.address + "/manager/devices"))  # of the form to sign out
    for path in posts_of_managers(running):
        refused = http.post(running.address + path, {"token": token, "kind": "kiosk", "name": "Mine"})
        assert refused.status_code == 403, path
        assert "You may look at everything here, but not change it." in text_of(refused)
    code = running.call(lambda: running.server.enrol.make_code("kiosk", "Second"))
    for path in (f"/manager/devices/codes/{code.id}", f"/manager/devices/codes/{code.id}/now"):
        refused = http.get(running.address + path)
        assert (refused.status_code, code.code in refused.text) == (403, False), path
    assert f"/manager/device/{front}" in _as_manager(running)
    client.run(running.server.data_dir, "remove_manager", name="owner")
    assert not signed_in(running, http)
    assert sign_in(running, http).status_code == 303


OF_EVERYBODY = "sign-(in|out)|first-run|confirm|join|manager/account|log/(views|columns)"


def posts_of_managers(running: RunningServer) -> list[str]:
    """Every address that takes a form of the manager, except those that are everybody's.

    Nor the filters and columns of the log that each account keeps: they change nothing in the shop.
    """
    routes = [route for route in make_app(running.server).routes if isinstance(route, Route)]
    found = [
        re.sub(r"\{\w+\}", "x", route.path)
        for route in routes
        if route.path.startswith("/manager") and "POST" in (route.methods or ())
    ]
    others = [path for path in found if not re.search(OF_EVERYBODY, path)]
    assert len(others) >= 4
    return others


def _as_manager(running: RunningServer) -> str:
    with requests.Session() as http:
        form = {
            "token": form_field(http.get(running.address + SIGN_IN)),
            "password": PASSWORD,
            "name": "manager",
        }
        http.post(running.address + SIGN_IN, form)
        return http.get(running.address + "/manager/devices").text


def test_guessing_from_many_addresses_is_slowed_down(running: RunningServer, http: requests.Session) -> None:
    """Somebody who signed in from their own address before does not have to wait."""
    assert sign_in(running, http).status_code == 303
    checker = running.server.credential_checker
    waits = [running.run(checker.check_password(f"192.0.2.{n}", "guess"))[1] for n in range(25)]
    assert waits[:19] == [0] * 19
    assert min(waits[19:]) > 0
    assert running.run(checker.check_password("192.0.2.99", PASSWORD))[0] is None
    assert (
        running.run(checker.check_password("::1", PASSWORD))[0] is not None
    )  # from the server's own computer
    assert sign_in(running, http).status_code == 303
    running.clock.after(60)
    assert running.run(checker.check_password("192.0.2.99", PASSWORD))[0] is not None


# --- every page ------------------------------------------------------------------------------------------


def test_no_page_has_an_inline_script_and_every_manager_form_has_a_token(
    running: RunningServer, http: requests.Session
) -> None:
    """Follows all links. The content policy would block an inline script, so there may be none."""
    running.sign_on("maya")
    ticket = running.open()
    sign_in(running, http)
    due, seen = ["/manager/now", ticket.path, ticket.path + "/leave", "/nowhere"], set[str]()
    while due:
        path = due.pop()
        if path in seen or len(seen) > 200:
            continue
        seen.add(path)
        answer = http.get(running.address + path)
        if not answer.headers["content-type"].startswith("text/html"):
            continue
        policy = answer.headers["content-security-policy"]
        assert "default-src 'self'" in policy, path
        assert "unsafe" not in policy, path
        for script in re.findall(r"<script\b([^>]*)>(.*?)</script>", answer.text, re.DOTALL):
            assert "src=" in script[0] or 'type="application/json"' in script[0], path
        assert not re.search(r"<[^>]+\s(on\w+|style)=", answer.text), path
        assert not re.search(r"""=["']?\s*javascript:""", answer.text), path
        if path.startswith("/manager"):
            for form in re.findall(r"<form\b[^>]*method=\"post\".*?</form>", answer.text, re.DOTALL):
                assert 'name="token"' in form, path
        due += [html.unescape(link) for link in re.findall(r'href="(/[^"]*)"', answer.text)]
    assert {"/manager/now", "/manager/devices", "/manager/today", "/manager/log", ticket.path} <= seen
