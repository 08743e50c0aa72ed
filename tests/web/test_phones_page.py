"""The page Phones: a code that a phone opens, and what the page says of it."""

import html
import re
from pathlib import Path

import pytest
import requests

from sync_server.service.storage.data_dir import DataDir
from sync_server.web.manager.phones import phones_page
from sync_server.web.manager.phones.phone_try import VALID_MS, PhoneTries
from tests.fake_clock import FakeClock

from .running_server import RunningServer, running_server
from .steps import form_field, sign_in_once, text_of

PHONES = "/manager/phones"
ROOT = Path(__file__).parents[2]


def test_a_shop_that_phones_cannot_reach_is_told_how(running: RunningServer, http: requests.Session) -> None:
    sign_in_once(running, http)
    page = http.get(running.address + PHONES)
    assert "Phones cannot reach this shop yet, so tickets carry no code." in text_of(page)
    assert "<svg" not in page.text


def test_one_button_lets_the_pages_answer_in_the_network_from_the_next_start_on(
    running: RunningServer, http: requests.Session
) -> None:
    sign_in_once(running, http)
    page = http.get(running.address + PHONES)
    port = running.address.rpartition(":")[2]
    done = http.post(running.address + PHONES, {"token": form_field(page), "do": "listen"})
    assert running.server.live_settings.current.settings.server.web == f"0.0.0.0:{port}"
    assert "used from the next start of Welkom on: server.web" in text_of(done)
    assert 'value="listen"' not in done.text


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


def test_a_phone_that_got_there_is_named_with_its_address(
    folder: DataDir, clock: FakeClock, http: requests.Session
) -> None:
    """A proxy on this computer says whose request it is."""
    text = folder.settings.read_text("utf-8") + '\n[server]\nproxies = ["127.0.0.1"]\n'
    text = text.replace("[store]", '[store]\npublic_url = "https://shop.example"', 1)
    folder.settings.write_text(text, "utf-8")
    with running_server(folder, clock) as running:
        sign_in_once(running, http)
        page = http.get(running.address + PHONES)
        assert "Phones come with encryption." in text_of(page)
        path = re.search(r"https://shop\.example(/try/[\w-]+)", page.text)[1]
        phone = {
            "X-Forwarded-For": "192.168.1.33",
            "X-Forwarded-Proto": "https",
            "User-Agent": "iPhone Safari/6",
        }
        assert http.get(running.address + path, headers=phone).status_code == 200
        said = text_of(http.get(f"{running.address}{PHONES}/now"))
        assert "It works: a phone opened it at 17:10, from 192.168.1.33. (Safari, iPhone)" in said


def test_the_address_that_was_tried_goes_onto_the_tickets_by_one_button(
    running: RunningServer, http: requests.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = "http://192.168.1.10:8350"
    monkeypatch.setattr(phones_page, "address_to_try", lambda _server: url)
    sign_in_once(running, http)
    page = http.get(running.address + PHONES)
    assert f"Put {url} on the tickets" in text_of(page)
    form = {"token": form_field(page), "do": "use_address"}
    assert http.post(running.address + PHONES, form, allow_redirects=False).status_code == 303
    assert running.server.settings.store.public_url == url
    assert running.server.processor.catalogue.store.public_url == url


def test_what_the_page_says_of_a_proxy_is_the_example_that_is_tested() -> None:
    """tests/web/test_proxy.py runs the examples of docs/shop/proxy.md."""
    page = html.unescape((ROOT / "sync_server/web/templates/manager/phones/phones.html").read_text("utf-8"))
    example = (ROOT / "docs/shop/proxy.md").read_text("utf-8")
    for line in ("reverse_proxy 127.0.0.1:8350", 'web = "127.0.0.1:8350"', 'proxies = ["127.0.0.1"]'):
        assert line in page
        assert line in example
