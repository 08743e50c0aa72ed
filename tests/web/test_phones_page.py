"""The page Phones: a code that a phone opens, and what the page says of it."""

import re

import requests

from sync_server.web.manager.phones.phone_try import VALID_MS, PhoneTries

from .running_server import RunningServer
from .steps import form_field, sign_in_once, text_of

PHONES = "/manager/phones"


def test_a_shop_that_phones_cannot_reach_is_told_how(running: RunningServer, http: requests.Session) -> None:
    sign_in_once(running, http)
    page = http.get(running.address + PHONES)
    assert "Phones cannot reach this shop yet, so tickets carry no code." in text_of(page)
    assert 'web = "0.0.0.0:8350"' in text_of(page).replace("&#34;", '"')
    assert "<svg" not in page.text


def test_the_page_turns_when_a_phone_has_opened_the_code(
    running: RunningServer, http: requests.Session
) -> None:
    sign_in_once(running, http)
    server = running.server
    live = server.live_settings
    url = "http://192.168.1.10:8350"
    change = live.change(
        lambda document: document.set("store.public_url", url), live.current.version, "manager"
    )
    running.run(change)
    page = http.get(running.address + PHONES)
    assert "<svg" in page.text
    (shown,) = re.findall(rf"{url}(/try/[\w-]+)", page.text)
    assert "Nothing has come yet." in text_of(http.get(f"{running.address}{PHONES}/now"))
    with requests.Session() as phone:
        phone.trust_env = False
        answer = phone.get(running.address + shown, headers={"User-Agent": "iPhone Safari/605"})
        assert "This phone reaches the shop." in text_of(answer)
        assert phone.get(running.address + "/try/none").status_code == 404
    assert "The shop’s own computer opened it." in text_of(http.get(f"{running.address}{PHONES}/now"))
    code = shown.removeprefix("/try/")
    token = form_field(http.get(running.address + PHONES))
    again = http.post(running.address + PHONES, {"token": token, "do": "again"}, allow_redirects=False)
    assert again.status_code == 303
    assert code not in http.get(running.address + PHONES).text


def test_a_code_is_one_accounts_and_does_not_last() -> None:
    tries = PhoneTries()
    code = tries.code_of("Noor", 0)
    assert tries.code_of("Noor", 1) == code
    assert tries.code_of("Maya", 1) != code
    assert tries.opened(code, 2, "192.168.1.33", "Safari, iPhone")
    assert tries.find(code).address == "192.168.1.33"
    assert not tries.opened(code, VALID_MS, "192.168.1.33", "")
    assert tries.code_of("Noor", VALID_MS) != code
    tries.forget("Maya")
    assert tries.find(tries.code_of("Maya", 2)).made_at == 2
