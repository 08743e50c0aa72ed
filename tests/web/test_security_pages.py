"""What all pages do so that they are safe: answers, methods, passwords, the way out."""

import re
from pathlib import Path

import requests
from starlette.routing import Route

from sync_server.service.admin import client
from sync_server.service.audit.audit_log import read_lines
from sync_server.service.storage.connection import reading
from sync_server.web.app import make_app

from .running_server import PASSWORD, RunningServer
from .steps import SIGN_IN, form_field, sign_in, sign_in_once, text_of

STATIC = Path(__file__).parents[2] / "sync_server/web/static"
PAGES = (
    "/manager/now", "/manager/today", "/manager/report", "/manager/log", "/manager/devices",
    "/manager/settings", "/manager/repairs", "/manager/backups", "/manager/accounts", "/manager/account",
    "/manager/audit", "/manager/phones", "/manager/updates",
)  # fmt: skip


def test_every_answer_says_what_it_is(running: RunningServer, http: requests.Session) -> None:
    sign_in_once(running, http)
    for path in (*PAGES, "/health", "/robots.txt", "/static/theme.css", "/manager/log.csv", "/nowhere"):
        kind = http.get(running.address + path).headers["content-type"]
        assert "charset=utf-8" in kind.lower() or kind == "application/json", (path, kind)


def test_every_page_of_the_manager_has_the_way_out(running: RunningServer, http: requests.Session) -> None:
    sign_in_once(running, http)
    for path in PAGES:
        assert 'action="/manager/sign-out"' in http.get(running.address + path).text, path


def test_no_other_origin_may_read_an_answer(running: RunningServer, http: requests.Session) -> None:
    sign_in_once(running, http)
    for path in ("/manager/today", "/health", "/api/v1/visits", "/v/none"):
        answer = http.get(running.address + path, headers={"Origin": "https://elsewhere.example"})
        assert "access-control-allow-origin" not in answer.headers


def test_no_folder_is_listed_and_no_other_method_answered(
    running: RunningServer, http: requests.Session
) -> None:
    for path in ("/static/", "/static/manager", "/static/manager/"):
        assert http.get(running.address + path).status_code == 404
    for method in ("TRACE", "CONNECT", "PROPFIND"):
        for path in ("/health", "/manager/sign-in", "/static/theme.css"):
            assert http.request(method, running.address + path).status_code in (400, 404, 405), (method, path)


def test_no_page_changes_anything_when_it_is_only_opened(
    running: RunningServer, http: requests.Session
) -> None:
    """Each address that is only for forms answers nothing to a GET."""
    sign_in_once(running, http)
    routes = [route for route in make_app(running.server).routes if isinstance(route, Route)]
    opened = {route.path for route in routes if "GET" in (route.methods or ())}
    changing = [
        route.path for route in routes if "POST" in (route.methods or ()) and route.path not in opened
    ]
    assert len(changing) > 20
    for path in changing:
        answer = http.get(running.address + re.sub(r"\{[^}]+\}", "1", path), allow_redirects=False)
        assert answer.status_code in (303, 401, 403, 404, 405), path


def test_quotes_in_a_search_change_no_query(running: RunningServer, http: requests.Session) -> None:
    sign_in_once(running, http)
    running.open("repair")
    for search in ("' OR '1'='1", "'; DROP TABLE visits; --", '" UNION SELECT 1', "%", "_"):
        answer = http.get(running.address + "/manager/log", params={"search": search})
        assert answer.status_code == 200
        assert "A-1" not in re.sub(r"<form.*?</form>", "", answer.text, flags=re.DOTALL), search
    assert "A-1" in http.get(running.address + "/manager/log").text


def test_password_fields_are_masked_and_known_to_password_managers(
    running: RunningServer, http: requests.Session
) -> None:
    page = http.get(running.address + SIGN_IN).text
    sign_in_once(running, http)
    own = http.get(running.address + "/manager/account").text
    fields = re.findall(r"<input[^>]*(?:password|old|again)[^>]*>", page + own)
    assert len(fields) >= 4
    for field in fields:
        assert 'type="password"' in field or 'name="username"' in field
        assert "autocomplete=" in field
        assert "onpaste" not in field
        assert "maxlength" not in field
    assert "hint" not in page.lower()


def test_a_long_password_counts_to_its_last_character(running: RunningServer, http: requests.Session) -> None:
    long = "a few words that only you know, " * 40 + "ÄÖ密码"
    client.run(running.server.data_dir, "set_password", password=long, name="manager")
    assert sign_in(running, http, long[:-1]).status_code == 401
    assert sign_in(running, http, long.swapcase()).status_code == 401
    assert sign_in(running, http, long).status_code == 303


def test_a_password_in_an_address_does_not_count(running: RunningServer, http: requests.Session) -> None:
    token = form_field(http.get(running.address + SIGN_IN))
    answer = http.post(
        f"{running.address}{SIGN_IN}?password={PASSWORD}", {"token": token}, allow_redirects=False
    )
    assert answer.status_code == 401
    assert PASSWORD not in answer.text


def test_signing_out_clears_what_the_browser_has_kept(running: RunningServer, http: requests.Session) -> None:
    sign_in(running, http)
    token = form_field(http.get(running.address + "/manager/today"))
    answer = http.post(running.address + "/manager/sign-out", {"token": token}, allow_redirects=False)
    assert answer.headers["clear-site-data"] == '"cache", "storage"'


def test_no_script_uses_the_browsers_storage() -> None:
    for path in STATIC.rglob("*.js"):
        if "vendor" not in path.parts:
            assert not re.search("localStorage|indexedDB|document.cookie", path.read_text("utf-8")), path


def test_what_somebody_may_not_do_is_in_the_audit_log(running: RunningServer, http: requests.Session) -> None:
    client.run(running.server.data_dir, "add_manager", name="owner", role="readonly", password="looking only")
    sign_in(running, http, "looking only", "owner")
    assert "You may look" in text_of(http.get(running.address + "/manager/backups"))
    with reading(running.server.data_dir.store) as db:
        ((_, line),) = read_lines(db, 1)
    assert (line.who, line.action, line.about) == ("owner", "not_allowed", "/manager/backups")
