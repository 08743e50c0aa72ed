"""The Devices page: who asks and who takes part, let in by one tap or a code, changed and revoked."""

import asyncio
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
from playwright.sync_api import Page, expect

from sync_server.device.enrol import Pairing, PairingError, Reason
from sync_server.protocol.device_file import DeviceFile
from sync_server.service import accounts
from sync_server.service.enrol import Off
from sync_server.service.pairing import EXPIRES_MS
from sync_server.service.store import reading

from .running import Running
from .steps import come_in, come_in_at, token_in, words_in

HERE = "/manager/devices"


@pytest.fixture
def apart() -> Iterator[Any]:
    """Runs a device's coroutine, in a thread: the browser has taken this one's loop."""
    with ThreadPoolExecutor(1) as pool:
        yield lambda coroutine: pool.submit(asyncio.run, coroutine).result(30)


def begin(shop: Running, apart: Any, kind: str = "kiosk") -> tuple[Pairing, str]:
    """A new device asks; and the digits on its screen."""
    pairing = Pairing(kind)
    return pairing, apart(pairing.begin(shop.server.enrolment.address)).digits


def paired(shop: Running, apart: Any, name: str = "Front door", kind: str = "kiosk") -> DeviceFile:
    code = shop.call(lambda: shop.server.enrolment.make_code(kind, name))
    file: DeviceFile = apart(Pairing(kind).with_code(shop.server.enrolment.address, code.code))
    return file


def rows(shop: Running) -> list[dict[str, object]]:
    with reading(shop.server.folder.store) as db:
        return accounts.list_devices(db)


def send(shop: Running, http: requests.Session, path: str, **form: str) -> requests.Response:
    """A form of the page at the beginning of `path`, sent."""
    token = token_in(http.get(shop.address + HERE))
    return http.post(shop.address + path, {"token": token, **form}, allow_redirects=False)


# --- letting in -----------------------------------------------------------------------------------


def test_who_asks_appears_by_itself_and_is_let_in_by_one_tap(shop: Running, desk: Page, apart: Any) -> None:
    come_in_at(shop, desk, HERE)
    expect(desk.get_by_role("heading", level=1)).to_have_text("No screen takes part yet.")
    pairing, digits = begin(shop, apart)
    request = desk.get_by_role("region", name=digits)
    expect(request).to_contain_text("A kiosk at 127.0.0.1")
    expect(request.get_by_label("Name")).to_have_value("Kiosk 1")
    request.get_by_role("button", name="Approve").click()
    expect(desk.get_by_role("region", name="Kiosks and tablets")).to_contain_text("Kiosk 1")
    file = apart(pairing.wait())
    assert (file.device_id, file.letter) == ("kiosk-1", "A")


def test_a_name_that_is_being_typed_is_not_taken_away_by_news(shop: Running, desk: Page, apart: Any) -> None:
    come_in_at(shop, desk, HERE)
    _, digits = begin(shop, apart)
    name = desk.get_by_role("region", name=digits).get_by_label("Name")
    name.fill("Front do")
    _, other = begin(shop, apart, "staff")
    expect(desk.get_by_role("region", name=other)).to_be_visible()
    expect(name).to_have_value("Front do")
    name.press_sequentially("or")
    name.press("Enter")  # by keyboard alone: the first button is Approve
    expect(desk.get_by_role("link", name="Front door")).to_be_visible()
    assert [row["device_id"] for row in rows(shop)] == ["front-door"]


def test_who_is_refused_is_told_so(shop: Running, desk: Page, apart: Any) -> None:
    pairing, digits = begin(shop, apart)
    come_in_at(shop, desk, HERE)
    desk.get_by_role("region", name=digits).get_by_role("button", name="Refuse").click()
    expect(desk.get_by_role("region", name=digits)).to_have_count(0)
    with pytest.raises(PairingError) as error:
        apart(pairing.wait())
    assert error.value.reason is Reason.REFUSED
    assert rows(shop) == []


def test_the_qr_code_of_a_device_leads_to_its_request(shop: Running, desk: Page, apart: Any) -> None:
    pairing = Pairing("kiosk")
    shown = apart(pairing.begin(shop.server.enrolment.address))
    come_in_at(shop, desk, HERE)
    desk.goto(shown.manager_url)
    expect(desk.locator(".asked:target")).to_contain_text(shown.digits)


def test_without_scripts_the_page_does_the_same(shop: Running, plain_phone: Page, apart: Any) -> None:
    pairing, digits = begin(shop, apart, "staff")
    come_in_at(shop, plain_phone, HERE)
    request = plain_phone.get_by_role("region", name=digits)
    request.get_by_label("Name").fill("Maya’s tablet")
    request.get_by_role("button", name="Approve").click()
    plain_phone.get_by_role("link", name="Maya’s tablet").click()
    plain_phone.get_by_role("link", name="Revoke").click()
    expect(plain_phone.get_by_role("heading", level=1)).to_have_text("Revoke Maya’s tablet?")
    plain_phone.get_by_role("button", name="Revoke it").click()
    expect(plain_phone.get_by_text("1 revoked")).to_be_visible()
    assert apart(pairing.wait()).name == "Maya’s tablet"  # it was let in, and hears of the rest by itself


def test_a_code_is_shown_with_its_qr_code_and_what_became_of_it(
    shop: Running, desk: Page, apart: Any
) -> None:
    come_in_at(shop, desk, HERE)
    form = desk.get_by_role("region", name="Let one in with a code")
    form.get_by_label("Role").select_option("Tablet")
    form.get_by_label("Name").fill("Maya’s tablet")
    form.get_by_role("button", name="Make a code").click()
    expect(desk.get_by_role("heading", level=1)).to_have_text("Type this on the new tablet: Maya’s tablet")
    code = desk.locator(".code .digits").inner_text()
    assert re.fullmatch(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{5}", code)
    expect(desk.locator(".code dd").first).to_have_text(shop.server.enrolment.address)
    expect(desk.locator("svg.qr path")).to_have_count(2)
    assert code not in desk.url
    file = apart(Pairing("staff").with_code(shop.server.enrolment.address, code))
    expect(desk.get_by_role("heading", level=1)).to_have_text("Maya’s tablet is in. The code is used up.")
    assert file.name == "Maya’s tablet"


def test_a_code_that_is_over_says_so(shop: Running, http: requests.Session) -> None:
    come_in(shop, http)
    made = send(shop, http, f"{HERE}/codes", kind="kiosk", name="Front door")
    assert made.status_code == 303
    page = shop.address + made.headers["Location"]
    assert "Good for 10 more minutes" in words_in(http.get(page))
    shop.clock.after(EXPIRES_MS / 1000 + 1)
    assert "This code is over." in words_in(http.get(page))


# --- changing -------------------------------------------------------------------------------------


def test_a_device_is_renamed_moved_and_revoked(shop: Running, desk: Page, apart: Any) -> None:
    file = paired(shop, apart)
    come_in_at(shop, desk, f"/manager/device/{file.device_id}")
    desk.get_by_label("Name").fill("Side door")
    desk.get_by_role("button", name="Rename").click()
    expect(desk.get_by_role("heading", level=1)).to_have_text("Side door")
    desk.get_by_role("button", name="Make it a tablet").click()
    expect(desk.get_by_text("Tablet · tickets A")).to_be_visible()
    assert shop.call(lambda: shop.server.gate.devices[file.public_key]).kind == "staff"
    desk.get_by_role("link", name="Revoke").click()
    desk.get_by_role("link", name="Keep it").click()
    assert shop.call(lambda: file.public_key in shop.server.gate.devices)
    desk.get_by_role("link", name="Revoke").click()
    desk.get_by_role("button", name="Revoke it").click()
    expect(desk.get_by_text("1 revoked")).to_be_visible()
    assert shop.call(lambda: dict(shop.server.gate.devices)) == {}
    (row,) = rows(shop)
    assert row["revoked_at"] == shop.clock.now


def test_who_is_here_and_who_was_is_told(shop: Running, http: requests.Session, apart: Any) -> None:
    file = paired(shop, apart)
    come_in(shop, http)
    assert "Not here yet" in words_in(http.get(shop.address + HERE))
    shop.server.desk.seen[file.device_id] = shop.clock.now
    assert "Last here 7 Mar 17:10" in words_in(http.get(shop.address + HERE))


# --- what is turned away --------------------------------------------------------------------------

POSTS = [f"{HERE}/requests/{'a' * 32}", f"{HERE}/codes", "/manager/device/front-door"]
POSTS += ["/manager/device/front-door/revoke"]


def test_nothing_of_it_is_for_anybody_but_the_manager(
    shop: Running, http: requests.Session, apart: Any
) -> None:
    paired(shop, apart)
    for path in (HERE, f"{HERE}/events", "/manager/device/front-door", f"{HERE}/codes/x"):
        answer = http.get(shop.address + path, allow_redirects=False)
        assert (answer.status_code, "sign-in" in answer.headers["Location"]) == (303, True), path
    for path in POSTS:
        answer = http.post(shop.address + path, {"name": "X"}, allow_redirects=False)
        assert (answer.status_code, "sign-in" in answer.headers["Location"]) == (303, True), path
    assert [(row["name"], row["revoked_at"]) for row in rows(shop)] == [("Front door", None)]


@pytest.mark.attack(
    "Another site has the manager's browser approve, rename, move or revoke a device",
    "refused without the session's token; nothing changed",
)
def test_a_form_from_elsewhere_changes_nothing(shop: Running, http: requests.Session, apart: Any) -> None:
    paired(shop, apart)
    _, _ = begin(shop, apart)
    come_in(shop, http)
    asked = shop.call(lambda: shop.server.enrolment.pairing.waiting(shop.clock.now))[0].request
    for path in [f"{HERE}/requests/{asked}", *POSTS[1:]]:
        for token in ({}, {"token": "x" * 22}):
            form = {**token, "name": "Mine", "kind": "staff", "decision": "approve"}
            assert http.post(shop.address + path, form, allow_redirects=False).status_code == 403, path
    assert [(row["name"], row["kind"], row["revoked_at"]) for row in rows(shop)] == [
        ("Front door", "kiosk", None)
    ]


def test_what_cannot_be_done_is_said_in_words(shop: Running, http: requests.Session, apart: Any) -> None:
    paired(shop, apart)
    come_in(shop, http)
    gone = send(shop, http, f"{HERE}/requests/{'a' * 32}", decision="approve", name="X")
    assert (gone.status_code, "That screen asks no more." in words_in(gone)) == (400, True)
    for path, form in (
        (f"{HERE}/codes", {"kind": "kiosk", "name": " "}),
        (f"{HERE}/codes", {"kind": "robot", "name": "X"}),
        ("/manager/device/front-door", {"name": "x" * 41}),
        ("/manager/device/front-door", {"name": "two\nlines"}),
        ("/manager/device/front-door", {"kind": "robot"}),
    ):
        answer = send(shop, http, path, **form)
        assert answer.status_code == 400, form
        assert "A name has 1 to 40 characters." in words_in(answer)
    for path in ("/manager/device/nobody", "/manager/device/nobody/revoke"):
        assert http.get(shop.address + path).status_code == 404
        assert send(shop, http, path, name="X").status_code == 404


@pytest.mark.attack(
    "A device is named with a script",
    "the Devices page shows it as text",
)
def test_a_name_is_never_taken_for_markup(shop: Running, desk: Page, apart: Any) -> None:
    paired(shop, apart, "<script>alert(1)</script>")
    come_in_at(shop, desk, HERE)
    expect(desk.get_by_role("link", name="<script>alert(1)</script>")).to_be_visible()


def test_the_list_is_readable_on_a_phone_in_every_language(shop: Running, desk: Page, apart: Any) -> None:
    file = paired(shop, apart)
    shop.server.desk.seen[file.device_id] = shop.clock.now
    come_in_at(shop, desk, HERE)
    desk.set_viewport_size({"width": 390, "height": 844})
    for language in ("en", "nl", "fi"):
        desk.goto(f"{shop.address}{HERE}?lang={language}")
        box = desk.get_by_role("link", name="Front door").bounding_box()
        assert box, language
        assert box["height"] < 30, language  # one line


def test_a_port_for_new_devices_that_is_taken_is_told_in_every_language(
    shop: Running, http: requests.Session
) -> None:
    come_in(shop, http)
    shop.call(lambda: setattr(shop.server.enrolment, "off", Off("port", "cannot listen", "0.0.0.0:8351")))
    for language, told in (
        ("en", "uses 0.0.0.0:8351"),
        ("nl", "gebruikt 0.0.0.0:8351"),
        ("fi", "0.0.0.0:8351"),
    ):
        said = words_in(http.get(f"{shop.address}{HERE}?lang={language}"))
        assert told in said
        assert "cannot listen" not in said
