"""The Devices page: changing and revoking devices, and what is refused."""

import re
from typing import Any

import pytest
import requests
from playwright.sync_api import Page, expect

from sync_server.domain.catalogue.languages import LANGUAGES
from sync_server.service.enrol.service import UnavailableReason

from .device_steps import HERE, ask_to_join, device_rows, pair, post_form
from .running_server import RunningServer
from .steps import open_as_manager, sign_in, text_of

# --- changing -------------------------------------------------------------------------------------


def test_a_device_is_renamed_moved_and_revoked(
    running: RunningServer, desktop: Page, run_in_thread: Any
) -> None:
    file = pair(running, run_in_thread)
    open_as_manager(running, desktop, f"/manager/device/{file.device_id}")
    desktop.get_by_label("Name").fill("Side door")
    desktop.get_by_role("button", name="Rename").click()
    expect(desktop.get_by_role("heading", level=1)).to_have_text("Side door")
    desktop.get_by_role("button", name="Make it a tablet").click()
    expect(desktop.get_by_text("Tablet · tickets A")).to_be_visible()
    assert running.call(lambda: running.server.authenticator.devices[file.public_key]).kind == "staff"
    desktop.get_by_role("link", name="Revoke").click()
    desktop.get_by_role("link", name="Keep it").click()
    assert running.call(lambda: file.public_key in running.server.authenticator.devices)
    desktop.get_by_role("link", name="Revoke").click()
    desktop.get_by_role("button", name="Revoke it").click()
    expect(desktop.get_by_text("1 revoked")).to_be_visible()
    assert running.call(lambda: dict(running.server.authenticator.devices)) == {}
    (row,) = device_rows(running)
    assert row.revoked_at == running.clock.now


def test_the_list_says_which_devices_are_online_and_since_when_others_are_not(
    running: RunningServer, http: requests.Session, run_in_thread: Any
) -> None:
    file = pair(running, run_in_thread)
    sign_in(running, http)
    assert "Not here yet" in text_of(http.get(running.address + HERE))
    running.server.device_handler.last_seen.times[file.device_id] = running.clock.now
    assert "Last here 7 Mar 17:10" in text_of(http.get(running.address + HERE))


# --- what is refused --------------------------------------------------------------------------

POSTS = [f"{HERE}/requests/{'a' * 32}", f"{HERE}/codes", "/manager/device/front-door"]
POSTS += ["/manager/device/front-door/revoke"]


def test_only_a_signed_in_manager_may_see_or_change_devices(
    running: RunningServer, http: requests.Session, run_in_thread: Any
) -> None:
    pair(running, run_in_thread)
    for path in (HERE, f"{HERE}/events", "/manager/device/front-door", f"{HERE}/codes/x"):
        answer = http.get(running.address + path, allow_redirects=False)
        assert (answer.status_code, "sign-in" in answer.headers["Location"]) == (303, True), path
    for path in POSTS:
        answer = http.post(running.address + path, {"name": "X"}, allow_redirects=False)
        assert (answer.status_code, "sign-in" in answer.headers["Location"]) == (303, True), path
    assert [(row.name, row.revoked_at) for row in device_rows(running)] == [("Front door", None)]


@pytest.mark.attack(
    "Another site makes the manager's browser approve, rename or revoke a device, or change its role",
    "refused without the session's token; nothing changed",
)
def test_a_form_of_another_site_changes_nothing(
    running: RunningServer, http: requests.Session, run_in_thread: Any
) -> None:
    pair(running, run_in_thread)
    _, _ = ask_to_join(running, run_in_thread)
    sign_in(running, http)
    asked = running.call(lambda: running.server.enrol.requests.waiting(running.clock.now))[0].request
    for path in [f"{HERE}/requests/{asked}", *POSTS[1:]]:
        for token in ({}, {"token": "x" * 22}):
            form = {**token, "name": "Mine", "kind": "staff", "decision": "approve"}
            assert http.post(running.address + path, form, allow_redirects=False).status_code == 403, path
    assert [(row.name, row.kind, row.revoked_at) for row in device_rows(running)] == [
        ("Front door", "kiosk", None)
    ]


def test_a_form_that_cannot_be_done_is_explained(
    running: RunningServer, http: requests.Session, run_in_thread: Any
) -> None:
    pair(running, run_in_thread)
    sign_in(running, http)
    gone = post_form(running, http, f"{HERE}/requests/{'a' * 32}", decision="approve", name="X")
    assert (gone.status_code, "That screen asks no more." in text_of(gone)) == (400, True)
    for path, form in (
        (f"{HERE}/codes", {"kind": "kiosk", "name": " "}),
        (f"{HERE}/codes", {"kind": "robot", "name": "X"}),
        ("/manager/device/front-door", {"name": "x" * 41}),
        ("/manager/device/front-door", {"name": "two\nlines"}),
        ("/manager/device/front-door", {"kind": "robot"}),
    ):
        answer = post_form(running, http, path, **form)
        assert answer.status_code == 400, form
        assert "A name has 1 to 40 characters." in text_of(answer)
    for path in ("/manager/device/nobody", "/manager/device/nobody/revoke"):
        assert http.get(running.address + path).status_code == 404
        assert post_form(running, http, path, name="X").status_code == 404


@pytest.mark.attack(
    "A device's name contains a script",
    "the Devices page shows it as text",
)
def test_a_name_is_shown_as_text_not_as_markup(
    running: RunningServer, desktop: Page, run_in_thread: Any
) -> None:
    pair(running, run_in_thread, "<script>alert(1)</script>")
    open_as_manager(running, desktop, HERE)
    expect(desktop.get_by_role("link", name="<script>alert(1)</script>")).to_be_visible()


def test_the_list_is_readable_on_a_phone_in_every_language(
    running: RunningServer, desktop: Page, run_in_thread: Any
) -> None:
    file = pair(running, run_in_thread)
    running.server.device_handler.last_seen.times[file.device_id] = running.clock.now
    open_as_manager(running, desktop, HERE)
    desktop.set_viewport_size({"width": 390, "height": 844})
    for language in ("en", "nl", "fi"):
        desktop.goto(f"{running.address}{HERE}?lang={language}")
        box = desktop.get_by_role("link", name="Front door").bounding_box()
        assert box, language
        assert box["height"] < 30, language  # one line


def test_a_server_in_two_networks_shows_both_addresses(
    running: RunningServer, http: requests.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_in(running, http)
    enrol = running.server.enrol
    running.call(lambda: setattr(enrol, "address", "0.0.0.0:8351"))
    hosts = ["192.168.1.10", "10.0.0.5"]
    monkeypatch.setattr("sync_server.network_addresses.shop_addresses", lambda: hosts)
    for language, word in (("en", "or"), ("nl", "of"), ("fi", "tai")):
        text = text_of(http.get(f"{running.address}{HERE}?lang={language}"))
        assert f"192.168.1.10:8351 {word} 10.0.0.5:8351" in text
    code = running.call(lambda: enrol.make_code("staff", "Maya"))
    text = text_of(http.get(f"{running.address}{HERE}/codes/{code.id}"))
    assert "192.168.1.10:8351" in text
    assert "10.0.0.5:8351" in text


def test_pairing_that_is_switched_off_is_no_alarm_and_says_how_to_switch_it_on(
    running: RunningServer, http: requests.Session
) -> None:
    sign_in(running, http)
    off = UnavailableReason("empty", "server.enrol is empty in store.toml")
    running.call(lambda: setattr(running.server.enrol, "unavailable", off))
    for language in LANGUAGES:
        page = http.get(f"{running.address}{HERE}?lang={language}")
        text = text_of(page)
        assert str(running.server.data_dir.settings) in text
        assert 'enrol = "0.0.0.0:8351"' in text
        # Those of a lost connection and of a tap that a moved button did not take, both hidden.
        shown = [tag for tag in re.findall(r'class="notice"[^>]*', page.text) if "hidden" not in tag]
        assert shown == []


def test_an_enrolment_port_in_use_is_reported_in_every_language(
    running: RunningServer, http: requests.Session
) -> None:
    sign_in(running, http)
    running.call(
        lambda: setattr(
            running.server.enrol, "unavailable", UnavailableReason("port", "cannot listen", "0.0.0.0:8351")
        )
    )
    for language, expected in (
        ("en", "uses 0.0.0.0:8351"),
        ("nl", "gebruikt 0.0.0.0:8351"),
        ("fi", "0.0.0.0:8351"),
    ):
        text = text_of(http.get(f"{running.address}{HERE}?lang={language}"))
        assert expected in text
        assert str(running.server.data_dir.settings) in text
        assert "cannot listen" not in text
