"""Without TLS the manager's pages answer on this computer only; sessions end as they should."""

import html
import re
from collections.abc import Iterator

import pytest
import requests
from starlette.routing import Route

from sync_server.service import control, managers
from sync_server.service.folder import Folder
from sync_server.service.settings import ACCEPTED
from sync_server.web import session as sessions
from sync_server.web.app import make_app
from tests.shop import Clock

from .running import PASSWORD, Running, running
from .steps import SIGN_IN, come_in, token_in, words_in

ELSEWHERE = {"X-Forwarded-For": "192.0.2.7"}


def test_from_another_computer_the_managers_pages_say_why_not(shop: Running, http: requests.Session) -> None:
    for path in ("/manager", SIGN_IN, "/manager/today", "/manager/first-run"):
        answer = http.get(shop.address + path, headers=ELSEWHERE, allow_redirects=False)
        assert answer.status_code == 403, path
        assert "Your password could be read by others here." in words_in(answer)
        assert "welkom init --tls" in words_in(answer)
        assert "set-cookie" not in answer.headers
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    told = http.post(shop.address + "/api/visits", headers=ELSEWHERE)
    assert (told.status_code, "use https" in told.json()["error"]) == (403, True)


def test_shoppers_and_their_phones_are_answered_everywhere(shop: Running, http: requests.Session) -> None:
    shop.sign_on("maya")
    for path in (shop.open().path, "/static/phone.css", "/health"):
        assert http.get(shop.address + path, headers=ELSEWHERE).status_code == 200


def test_behind_a_proxy_with_tls_they_answer(shop: Running, http: requests.Session) -> None:
    headers = {**ELSEWHERE, "X-Forwarded-Proto": "https"}
    answer = http.get(shop.address + SIGN_IN, headers=headers)
    assert answer.status_code == 200
    assert "secure" in answer.headers["set-cookie"].lower()


@pytest.fixture
def careless(folder: Folder, clock: Clock) -> Iterator[Running]:
    """A shop that accepts it in plain words."""
    text = folder.settings.read_text("utf-8")
    folder.settings.write_text(f'{text}\n[server]\nmanager_without_tls = "{ACCEPTED}"\n', "utf-8")
    with running(folder, clock) as found:
        yield found


def test_a_shop_may_accept_it_in_plain_words(careless: Running, http: requests.Session) -> None:
    assert http.get(careless.address + SIGN_IN, headers=ELSEWHERE).status_code == 200


# --- sessions ------------------------------------------------------------------------------------------


def signed_in(shop: Running, http: requests.Session, path: str = "/manager/today", **headers: str) -> bool:
    return http.get(shop.address + path, headers=headers, allow_redirects=False).status_code == 200


def test_a_session_is_a_new_one_after_the_sign_in(shop: Running, http: requests.Session) -> None:
    """A cookie that somebody planted before is worth nothing after."""
    http.get(shop.address + SIGN_IN)
    planted = http.cookies["welkom"]
    come_in(shop, http)
    assert http.cookies["welkom"] != planted
    http.cookies.clear()
    http.cookies.set("welkom", planted, path="/manager")
    assert not signed_in(shop, http)


def test_whoever_signs_in_anew_ends_what_they_were_signed_in_with(
    shop: Running, http: requests.Session
) -> None:
    come_in(shop, http)
    copied = http.cookies["welkom"]
    come_in(shop, http)
    assert signed_in(shop, http)
    http.cookies.clear()
    http.cookies.set("welkom", copied, path="/manager")
    assert not signed_in(shop, http)


def test_a_copied_cookie_is_worth_nothing_after_the_sign_out(shop: Running, http: requests.Session) -> None:
    come_in(shop, http)
    copied = http.cookies["welkom"]
    token = token_in(http.get(shop.address + "/manager/today"))
    http.post(shop.address + "/manager/sign-out", {"token": token}, allow_redirects=False)
    http.cookies.clear()
    http.cookies.set("welkom", copied, path="/manager")
    assert not signed_in(shop, http)


def test_a_session_ends_when_nobody_asks_for_a_page_and_after_half_a_day(
    shop: Running, http: requests.Session
) -> None:
    come_in(shop, http)
    shop.clock.after(sessions.IDLE_MS / 1000 - 1)
    assert signed_in(shop, http)
    shop.clock.after(sessions.IDLE_MS / 1000 - 1)
    assert signed_in(shop, http, "/manager/notice", **{"HX-Request": "true"})  # by itself: nobody is there
    shop.clock.after(1)
    assert not signed_in(shop, http)
    come_in(shop, http)
    for _ in range(8):
        assert signed_in(shop, http)
        shop.clock.after(sessions.LONGEST_MS / 1000 / 8)
    assert not signed_in(shop, http)


def test_news_of_the_floor_end_with_the_session(shop: Running, http: requests.Session) -> None:
    come_in(shop, http)
    token = token_in(http.get(shop.address + "/manager/now"))
    with http.get(shop.address + "/manager/now/events", stream=True) as news:
        lines = news.iter_lines(decode_unicode=True)
        assert any(line.startswith("data:") for line in lines)
        http.post(shop.address + "/manager/sign-out", {"token": token}, allow_redirects=False)
        shop.sign_on("maya")  # something to tell
        rest = list(lines)
    assert rest[-3:-1] == ["event: over", "data: over"] or "event: over" in rest
    assert not any("Maya" in line for line in rest)


def test_too_many_sessions_end_the_oldest() -> None:
    found = sessions.Sessions()
    account = managers.Account("manager", managers.ActorKind.MANAGER, 1, "")
    first, *others = [found.begin(account, 1) for _ in range(sessions.MOST + 1)]
    assert found.find(first, 1) is None
    assert all(found.find(key, 1) for key in others)
    assert len(set(others)) == sessions.MOST


# --- several accounts ----------------------------------------------------------------------------------


def test_who_only_looks_sees_every_page_and_is_asked_for_a_name(
    shop: Running, http: requests.Session
) -> None:
    control.run(shop.server.folder, "add_manager", name="owner", role="readonly", password="looking only")
    page = http.get(shop.address + SIGN_IN)
    assert "Name" in words_in(page)
    assert come_in(shop, http).status_code == 401  # no name: nobody
    form = {"token": token_in(http.get(shop.address + SIGN_IN)), "password": "looking only"}
    wrong = http.post(shop.address + SIGN_IN, {**form, "name": "manager"})
    assert wrong.status_code == 401
    assert "That name and password do not belong together." in words_in(wrong)
    assert 'name="name" value="manager"' in wrong.text  # nobody types it twice
    answer = http.post(shop.address + SIGN_IN, {**form, "name": "owner"}, allow_redirects=False)
    assert answer.status_code == 303
    front = control.add_device(shop.server.folder, "kiosk", "Front door", "tcp://x:1").device_id
    for path in ("/manager/now", "/manager/today", "/manager/log", "/manager/log.csv", "/manager/devices"):
        assert signed_in(shop, http, path)
    listed = http.get(shop.address + "/manager/devices").text
    assert "Front door" in listed
    assert f'href="/manager/device/{front}"' not in listed
    token = token_in(http.get(shop.address + "/manager/devices"))  # of the sign-out
    for path in posts_of_managers(shop):
        refused = http.post(shop.address + path, {"token": token, "kind": "kiosk", "name": "Mine"})
        assert refused.status_code == 403, path
        assert "You may look at everything here, but not change it." in words_in(refused)
    code = shop.call(lambda: shop.server.enrolment.make_code("kiosk", "Second"))
    for path in (f"/manager/devices/codes/{code.id}", f"/manager/devices/codes/{code.id}/now"):
        refused = http.get(shop.address + path)
        assert (refused.status_code, code.code in refused.text) == (403, False), path
    assert f"/manager/device/{front}" in _as_manager(shop)
    control.run(shop.server.folder, "remove_manager", name="owner")
    assert not signed_in(shop, http)
    assert come_in(shop, http).status_code == 303


def posts_of_managers(shop: Running) -> list[str]:
    """Where the manager's pages post to, each and every one but the way in and out."""
    routes = [route for route in make_app(shop.server).routes if isinstance(route, Route)]
    found = [
        re.sub(r"\{\w+\}", "x", route.path)
        for route in routes
        if route.path.startswith("/manager") and "POST" in (route.methods or ())
    ]
    others = [path for path in found if not re.search("sign-(in|out)|first-run", path)]
    assert len(others) >= 4
    return others


def _as_manager(shop: Running) -> str:
    with requests.Session() as http:
        form = {"token": token_in(http.get(shop.address + SIGN_IN)), "password": PASSWORD, "name": "manager"}
        http.post(shop.address + SIGN_IN, form)
        return http.get(shop.address + "/manager/devices").text


def test_guessing_from_many_addresses_is_slowed_down_too(shop: Running, http: requests.Session) -> None:
    """And whoever signed in from their own address before does not have to wait for the guesser."""
    assert come_in(shop, http).status_code == 303
    doorman = shop.server.doorman
    waits = [shop.wait_for(doorman.check_password(f"192.0.2.{n}", "guess"))[1] for n in range(25)]
    assert waits[:19] == [0] * 19
    assert min(waits[19:]) > 0
    assert shop.wait_for(doorman.check_password("192.0.2.99", PASSWORD))[0] is None
    assert shop.wait_for(doorman.check_password("::1", PASSWORD))[0] is not None  # at the server itself
    assert come_in(shop, http).status_code == 303
    shop.clock.after(60)
    assert shop.wait_for(doorman.check_password("192.0.2.99", PASSWORD))[0] is not None


# --- every page ------------------------------------------------------------------------------------------


def test_no_page_runs_a_script_of_its_own_and_every_form_of_the_managers_has_its_token(
    shop: Running, http: requests.Session
) -> None:
    """Walks all pages by their links; the content policy would stop such scripts, so none may be there."""
    shop.sign_on("maya")
    ticket = shop.open()
    come_in(shop, http)
    due, seen = ["/manager/now", ticket.path, ticket.path + "/leave", "/nowhere"], set()
    while due:
        path = due.pop()
        if path in seen or len(seen) > 200:
            continue
        seen.add(path)
        answer = http.get(shop.address + path)
        if not answer.headers["content-type"].startswith("text/html"):
            continue
        policy = answer.headers["content-security-policy"]
        assert "default-src 'self'" in policy, path
        assert "unsafe" not in policy, path
        for script in re.findall(r"<script\b([^>]*)>(.*?)</script>", answer.text, re.DOTALL):
            assert "src=" in script[0] or 'type="application/json"' in script[0], path
        assert not re.search(r"<[^>]+\s(on\w+|style)=", answer.text), path
        assert "javascript:" not in answer.text, path
        if path.startswith("/manager"):
            for form in re.findall(r"<form\b[^>]*method=\"post\".*?</form>", answer.text, re.DOTALL):
                assert 'name="token"' in form, path
        due += [html.unescape(link) for link in re.findall(r'href="(/[^"]*)"', answer.text)]
    assert {"/manager/now", "/manager/devices", "/manager/today", "/manager/log", ticket.path} <= seen
