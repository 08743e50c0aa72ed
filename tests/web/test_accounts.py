"""People of the pages: invitations, roles, sign-ins, a second step, and what the audit log says of it."""

import re

import pyotp
import requests

from sync_server.service.audit.audit_log import read_lines
from sync_server.service.auth.second_factor import STEP_MS
from sync_server.service.storage.connection import reading

from .running_server import PASSWORD, RunningServer
from .steps import SIGN_IN, form_field, sign_in, text_of

ACCOUNTS = "/manager/accounts"
NEW_PASSWORD = "seven blue kettles"


def press(running: RunningServer, http: requests.Session, path: str, **fields: str) -> requests.Response:
    """Sends a form of the manager's pages."""
    token = form_field(http.get(running.address + "/manager/account"))
    return http.post(running.address + path, {"token": token, **fields}, allow_redirects=False)


def client() -> requests.Session:
    found = requests.Session()
    found.trust_env = False
    return found


def log_of(running: RunningServer) -> list[tuple[str, str]]:
    """Who did what, the latest first."""
    with reading(running.server.data_dir.store) as db:
        return [(line.who, line.action) for _, line in read_lines(db, 50)]


def test_somebody_is_invited_gets_a_role_and_is_removed(
    running: RunningServer, http: requests.Session
) -> None:
    sign_in(running, http)
    answer = press(running, http, ACCOUNTS, name="Noor", role="readonly")
    (link,) = re.findall(r"<code>(.*?)</code>", answer.text)
    path = link.removeprefix(running.address)
    assert "Noor" in text_of(http.get(running.address + ACCOUNTS))
    assert link not in http.get(running.address + ACCOUNTS).text  # it is shown once
    assert press(running, http, ACCOUNTS, name="manager", role="manager").status_code == 400
    with client() as noor:
        form = {"token": form_field(noor.get(running.address + path)), "password": NEW_PASSWORD}
        differs = noor.post(running.address + path, {**form, "again": "seven"}, allow_redirects=False)
        assert differs.status_code == 400
        common = {**form, "password": "password1", "again": "password1"}
        assert noor.post(running.address + path, common, allow_redirects=False).status_code == 400
        joined = noor.post(running.address + path, {**form, "again": NEW_PASSWORD}, allow_redirects=False)
        assert joined.headers["location"] == "/manager/today"
        assert client().get(running.address + path).status_code == 403  # the link is used up
        assert noor.get(running.address + ACCOUNTS).status_code == 403  # they only look
        assert noor.get(running.address + "/manager/account").status_code == 200
        press(running, http, f"{ACCOUNTS}/Noor", role="manager")
        assert noor.get(running.address + ACCOUNTS).status_code == 200
        assert press(running, http, f"{ACCOUNTS}/manager", role="readonly").status_code == 303
        assert (
            press(running, noor, f"{ACCOUNTS}/Noor", role="readonly").status_code == 400
        )  # the only manager
        press(running, noor, f"{ACCOUNTS}/manager", role="manager")
        assert press(running, http, f"{ACCOUNTS}/Noor", do="remove").status_code == 303
        assert noor.get(running.address + "/manager/today", allow_redirects=False).status_code == 303
    assert press(running, http, f"{ACCOUNTS}/nobody", do="remove").status_code == 404
    said = log_of(running)
    for line in (
        ("manager", "invited"),
        ("Noor", "joined"),
        ("manager", "role_changed"),
        ("manager", "account_removed"),
    ):
        assert line in said
    page = text_of(http.get(running.address + "/manager/audit"))
    assert "manager: removed an account Noor" in page
    assert "Noor: joined" not in text_of(http.get(running.address + "/manager/audit?who=manager"))


def test_a_sign_in_elsewhere_is_listed_and_ended(running: RunningServer, http: requests.Session) -> None:
    sign_in(running, http)
    with client() as other:
        other.headers["User-Agent"] = "Mozilla/5.0 (Windows NT 10.0) Gecko/20100101 Firefox/140.0"
        sign_in(running, other)
        page = http.get(running.address + ACCOUNTS)
        assert "Firefox, Windows" in text_of(page)
        assert "from 127.0.0.1" in text_of(page)
        at = re.search(
            r"Firefox, Windows.*?action=\"(/manager/accounts/sessions/\d+)\"", page.text, re.DOTALL
        )
        press(running, http, at[1])
        assert other.get(running.address + "/manager/today", allow_redirects=False).status_code == 303
    assert ("manager", "session_ended") in log_of(running)
    running.clock.after(601)
    refused = press(running, http, f"{ACCOUNTS}/sessions/1")
    assert refused.headers["location"] == "/manager/confirm?next=%2Fmanager%2Faccounts"


def test_another_password_ends_every_other_sign_in(running: RunningServer, http: requests.Session) -> None:
    sign_in(running, http)
    form = {"old": PASSWORD, "password": NEW_PASSWORD, "again": NEW_PASSWORD}
    with client() as other:
        sign_in(running, other)
        assert press(running, http, "/manager/account", **{**form, "old": "wrong"}).status_code == 400
        assert press(running, http, "/manager/account", **{**form, "again": "x"}).status_code == 400
        assert (
            press(running, http, "/manager/account", **form).headers["location"]
            == "/manager/account?password"
        )
        assert other.get(running.address + "/manager/today", allow_redirects=False).status_code == 303
    assert http.get(running.address + "/manager/today", allow_redirects=False).status_code == 200
    assert sign_in(running, http, NEW_PASSWORD).status_code == 303


def test_a_second_step_is_added_asked_for_and_removed(running: RunningServer, http: requests.Session) -> None:
    sign_in(running, http)
    page = http.get(running.address + "/manager/account/second-step")
    (secret,) = (text.replace(" ", "") for text in re.findall(r"<code>(.*?)</code>", page.text))
    totp = pyotp.TOTP(secret)

    def code(drift: int = 0) -> str:
        return totp.generate_otp(running.clock.now // STEP_MS + drift)

    def second(typed: str) -> requests.Response:
        assert sign_in(running, http).headers["location"] == "/manager/sign-in/code"
        assert http.get(running.address + "/manager/today", allow_redirects=False).status_code == 303
        token = form_field(http.get(running.address + "/manager/sign-in/code"))
        return http.post(
            running.address + "/manager/sign-in/code", {"token": token, "code": typed}, allow_redirects=False
        )

    wrong = press(running, http, "/manager/account/second-step", code="000000")
    assert wrong.status_code == 400
    far = press(running, http, "/manager/account/second-step", code=code(10))
    assert "about 5 minutes off" in text_of(far)
    codes = press(running, http, "/manager/account/second-step", code=code())
    recovery = re.findall(r"<li>(\w{4}-\w{4})</li>", codes.text)
    assert len(recovery) == 8
    assert secret not in str(http.cookies)
    replayed = second(code())
    assert (replayed.status_code, "was used already" in text_of(replayed)) == (401, True)
    running.clock.after(30)
    late = second(code(1))  # of a phone that is half a minute ahead
    assert late.headers["location"] == "/manager/account?clock"
    assert "about 30 seconds ahead" in text_of(http.get(running.address + "/manager/account?clock"))
    assert second(recovery[0].lower()).headers["location"] == "/manager/account?recovery"
    assert second(recovery[0]).status_code == 401
    running.clock.after(7200)
    assert second(code()).headers["location"] == "/manager/today"
    running.clock.after(601)
    answer = press(running, http, "/manager/account/second-step/remove")
    assert answer.headers["location"].startswith("/manager/confirm")
    back = "/manager/confirm?next=/manager/account"
    assert press(running, http, back, password=PASSWORD).status_code == 401  # without the code
    assert press(running, http, back, password=PASSWORD, code=code()).status_code == 303
    press(running, http, "/manager/account/second-step/remove")
    assert sign_in(running, http).headers["location"] == "/manager/today"
    said = {action for _, action in log_of(running)}
    assert {"factor_added", "code_refused", "recovery_used", "confirmed", "factor_removed"} <= said


def test_wrong_codes_are_slowed_down(running: RunningServer, http: requests.Session) -> None:
    sign_in(running, http)
    page = http.get(running.address + "/manager/account/second-step")
    (secret,) = (text.replace(" ", "") for text in re.findall(r"<code>(.*?)</code>", page.text))
    now = pyotp.TOTP(secret).generate_otp(running.clock.now // STEP_MS)
    press(running, http, "/manager/account/second-step", code=now)
    sign_in(running, http)
    token = form_field(http.get(running.address + "/manager/sign-in/code"))
    answers = [
        http.post(running.address + "/manager/sign-in/code", {"token": token, "code": "not it"})
        for _ in range(6)
    ]
    assert [answer.status_code for answer in answers] == [401] * 4 + [429] * 2
    assert "Too many tries" in text_of(answers[-1])


def test_a_wrong_password_is_in_the_log_with_its_name_and_address(
    running: RunningServer, http: requests.Session
) -> None:
    token = form_field(http.get(running.address + SIGN_IN))
    http.post(running.address + SIGN_IN, {"token": token, "password": "no", "name": "Mallory"})
    with reading(running.server.data_dir.store) as db:
        ((_, line),) = read_lines(db, 1)
    assert (line.who, line.action, line.address) == ("Mallory", "sign_in_refused", "127.0.0.1")


def test_over_https_the_cookie_is_this_hosts_alone_and_an_old_one_goes_on(
    running: RunningServer, http: requests.Session
) -> None:
    """A proxy on this computer says that the browser uses https."""
    sign_in(running, http)
    old = http.cookies["welkom"]
    with client() as other:
        other.headers["X-Forwarded-Proto"] = "https"
        answer = other.get(
            running.address + "/manager/today?lang=nl",
            headers={"Cookie": f"welkom={old}"},
            allow_redirects=False,
        )
        assert answer.status_code == 200
        cookie = answer.headers["set-cookie"].lower()
        assert cookie.startswith("__host-welkom=")
        for mark in ("path=/;", "httponly", "secure", "samesite=lax"):
            assert mark in cookie
        assert "domain" not in cookie
        assert answer.headers["strict-transport-security"].startswith("max-age=31536000")
    assert "strict-transport-security" not in http.get(running.address + "/manager/today").headers
