"""The Devices page: devices are let in by their digits or with a code."""

import contextlib
import re
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import requests
from playwright.sync_api import Locator, Page, expect

from sync_server.device.network.enrol_client import EnrolClient, PairingError, PairingFailure
from sync_server.service.enrol.requests import EXPIRES_MS
from sync_server.service.limits.numbers import PAIRING_STILL_MS

from .device_steps import HERE, ask_to_join, device_rows, post_form
from .running_server import RunningServer
from .steps import open_as_manager, sign_in, text_of

# --- letting in -----------------------------------------------------------------------------------


def card(page: Page, kind: str = "kiosk") -> Locator:
    """The card of a screen that asks."""
    return page.get_by_role("region", name=f"A {kind} at 127.0.0.1 asks")


def let_settle(running: RunningServer, page: Page) -> None:
    """The person looks at the cards for two seconds."""
    running.clock.after(PAIRING_STILL_MS / 1000)
    page.evaluate("document.fonts.ready.then(() => null)")  # letters that come late move the buttons
    expect(page.locator("[data-still].unsettled")).to_have_count(0)


def tap(running: RunningServer, page: Page, name: str) -> None:
    """Taps the card's button; again where the page moved at that moment, as it then asks people to."""
    for _ in range(3):
        if card(page).count():
            card(page).get_by_role("button", name=name).click()
        with contextlib.suppress(AssertionError):
            expect(card(page)).to_have_count(0, timeout=5000)
            return
        let_settle(running, page)
    raise AssertionError(f"{name} had no effect")


def test_a_request_appears_by_itself_and_is_approved_by_its_digits(
    running: RunningServer, desktop: Page, run_in_thread: Any
) -> None:
    open_as_manager(running, desktop, HERE)
    expect(desktop.get_by_role("heading", level=1)).to_have_text("No screen takes part yet.")
    pairing, digits = ask_to_join(running, run_in_thread)
    request = card(desktop)
    expect(request).to_contain_text("since 17:10")
    expect(request.get_by_label("Name")).to_have_value("Kiosk 1")
    expect(desktop.get_by_text(digits)).to_have_count(0)  # they are on the new screen, and nowhere else
    request.get_by_label("Digits").fill(digits)
    let_settle(running, desktop)
    request.get_by_role("button", name="Approve").click()
    expect(desktop.get_by_role("region", name="Kiosks and tablets")).to_contain_text("Kiosk 1")
    file = run_in_thread(pairing.wait())
    assert (file.device_id, file.letter) == ("kiosk-1", "A")


def test_an_update_keeps_a_name_that_is_being_typed(
    running: RunningServer, desktop: Page, run_in_thread: Any
) -> None:
    open_as_manager(running, desktop, HERE)
    _, digits = ask_to_join(running, run_in_thread)
    card(desktop).get_by_label("Digits").fill(digits)
    name = card(desktop).get_by_label("Name")
    name.fill("Front do")
    ask_to_join(running, run_in_thread, "staff")
    expect(card(desktop, "tablet")).to_be_visible()
    expect(name).to_have_value("Front do")
    expect(card(desktop).get_by_label("Digits")).to_have_value(digits)
    name.press_sequentially("or")
    let_settle(running, desktop)
    name.press("Enter")  # by keyboard alone: the first button is Approve
    expect(desktop.get_by_role("link", name="Front door")).to_be_visible()
    assert [row.device_id for row in device_rows(running)] == ["front-door"]


def test_letters_that_come_late_move_no_button_or_the_manager_is_told(
    running: RunningServer, desktop: Page, run_in_thread: Any
) -> None:
    """The fonts are asked for with the page. Should they come late all the same, a lost tap is no riddle."""
    page = get_page(running, desktop)
    for weight in ("Regular", "SemiBold", "Bold"):
        assert f'rel="preload" href="/static/fonts/Inter-{weight}.woff2" as="font"' in page
    pairing, digits = ask_to_join(running, run_in_thread)
    expect(card(desktop)).to_be_visible()
    let_settle(running, desktop)
    card(desktop).get_by_label("Digits").fill(digits)
    moved = desktop.get_by_text("so the tap did nothing")
    expect(moved).to_be_hidden()
    desktop.evaluate("document.body.style.paddingTop = '9rem'")  # as other letters would
    card(desktop).get_by_role("button", name="Approve").dispatch_event("click")
    expect(moved).to_be_visible()
    assert device_rows(running) == []
    let_settle(running, desktop)
    tap(running, desktop, "Approve")
    assert run_in_thread(pairing.wait()).name == "Kiosk 1"


def get_page(running: RunningServer, desktop: Page) -> str:
    """Opens the page as the manager; its source as the server sends it."""
    open_as_manager(running, desktop, HERE)
    source: str = desktop.evaluate("fetch(location).then((answer) => answer.text())")
    return source


@pytest.mark.attack(
    "An attacker's request comes between the manager and the card that they are about to approve",
    "it comes below, nothing moves, and it needs the digits of its own screen",
)
def test_a_request_that_slides_in_is_not_approved_in_place_of_another(
    running: RunningServer, desktop: Page, run_in_thread: Any
) -> None:
    attacker = EnrolClient("kiosk")
    reveal = run_in_thread(hold_back_the_number(attacker, running.server.enrol.address))
    pairing, digits = ask_to_join(running, run_in_thread)
    open_as_manager(running, desktop, HERE)
    approve = card(desktop).get_by_role("button", name="Approve")
    card(desktop).get_by_label("Digits").fill(digits)
    card(desktop).get_by_label("Name").fill("Front door")
    let_settle(running, desktop)
    place = approve.bounding_box()
    run_in_thread(reveal())  # asked before the honest screen, and has digits only now
    expect(card(desktop)).to_have_count(2)
    expect(desktop.get_by_role("heading", level=1)).to_have_text("2 screens ask to be let in.")
    expect(desktop.get_by_text("More than one screen asks at once.")).to_be_visible()
    assert approve.first.bounding_box() == place
    approve.first.click()
    expect(desktop.get_by_role("link", name="Front door")).to_be_visible()
    assert run_in_thread(pairing.wait()).name == "Front door"
    assert len(device_rows(running)) == 1


async def hold_back_the_number(client: EnrolClient, address: str) -> Callable[[], Awaitable[object]]:
    """Asks, and gives what reveals the number later."""
    exchange: Any = client._exchange
    held: list[tuple[Any, ...]] = []

    async def first_only(*message: Any) -> Any:
        if message[1] == "/enrol":
            return await exchange(*message)
        held.append(message)
        return None

    setattr(client, "_exchange", first_only)  # noqa: B010
    await client.begin(address)
    return lambda: exchange(*held[0])


def test_a_card_keeps_its_place_when_one_above_it_is_over(
    running: RunningServer, desktop: Page, run_in_thread: Any
) -> None:
    ask_to_join(running, run_in_thread)
    ask_to_join(running, run_in_thread, "staff")
    open_as_manager(running, desktop, HERE)
    let_settle(running, desktop)
    place = card(desktop, "tablet").bounding_box()
    gone = running.call(lambda: running.server.enrol.requests.waiting(running.clock.now))[0].request
    running.call(lambda: running.server.enrol.refuse(gone))
    expect(card(desktop).get_by_text("It was refused.")).to_be_visible()
    assert card(desktop, "tablet").bounding_box() == place


def test_wrong_digits_and_a_hurried_yes_are_explained_and_nothing_typed_is_lost(
    running: RunningServer, http: requests.Session, run_in_thread: Any
) -> None:
    _, digits = ask_to_join(running, run_in_thread)
    sign_in(running, http)
    asked = running.call(lambda: running.server.enrol.requests.waiting(running.clock.now))[0].request
    wrong = f"{(int(digits.replace(' ', '')) + 1) % 1_000_000:06}"
    form = {"decision": "approve", "digits": digits, "name": "Front door"}
    answer = post_form(running, http, f"{HERE}/requests/{asked}", **form)
    assert (answer.status_code, "has only just asked" in text_of(answer)) == (400, True)
    assert f'value="{digits}"' in answer.text
    running.clock.after(PAIRING_STILL_MS / 1000)
    for typed in (wrong, ""):
        answer = post_form(running, http, f"{HERE}/requests/{asked}", **{**form, "digits": typed})
        assert answer.status_code == 400
        assert "Those are not the digits of this screen." in text_of(answer)
        assert 'value="Front door"' in answer.text
    assert device_rows(running) == []
    assert post_form(running, http, f"{HERE}/requests/{asked}", **form).status_code == 303


def test_a_refused_device_is_told_so(running: RunningServer, desktop: Page, run_in_thread: Any) -> None:
    pairing, _ = ask_to_join(running, run_in_thread)
    open_as_manager(running, desktop, HERE)
    let_settle(running, desktop)
    tap(running, desktop, "Refuse")
    with pytest.raises(PairingError) as error:
        run_in_thread(pairing.wait())
    assert error.value.reason is PairingFailure.REFUSED
    assert device_rows(running) == []


def test_the_qr_code_of_a_device_leads_to_its_request(
    running: RunningServer, desktop: Page, run_in_thread: Any
) -> None:
    pairing = EnrolClient("kiosk")
    shown = run_in_thread(pairing.begin(running.server.enrol.address))
    open_as_manager(running, desktop, HERE)
    desktop.goto(shown.manager_url)
    expect(desktop.locator(".asked:target")).to_contain_text("A kiosk at 127.0.0.1 asks")


def test_the_page_works_without_javascript(
    running: RunningServer, phone_without_js: Page, run_in_thread: Any
) -> None:
    pairing, digits = ask_to_join(running, run_in_thread, "staff")
    open_as_manager(running, phone_without_js, HERE)
    request = card(phone_without_js, "tablet")
    running.clock.after(PAIRING_STILL_MS / 1000)
    request.get_by_label("Digits").fill(digits.replace(" ", ""))
    request.get_by_label("Name").fill("Maya’s tablet")
    request.get_by_role("button", name="Approve").click()
    phone_without_js.get_by_role("link", name="Maya’s tablet").click()
    phone_without_js.get_by_role("link", name="Revoke").click()
    expect(phone_without_js.get_by_role("heading", level=1)).to_have_text("Revoke Maya’s tablet?")
    phone_without_js.get_by_role("button", name="Revoke it").click()
    expect(phone_without_js.get_by_text("1 revoked")).to_be_visible()
    assert run_in_thread(pairing.wait()).name == "Maya’s tablet"  # it was let in before it was revoked


def test_a_code_is_shown_with_its_qr_code_until_it_is_used(
    running: RunningServer, desktop: Page, run_in_thread: Any
) -> None:
    open_as_manager(running, desktop, HERE)
    form = desktop.get_by_role("region", name="Let one in with a code")
    form.get_by_label("Role").select_option("Tablet")
    form.get_by_label("Name").fill("Maya’s tablet")
    form.get_by_role("button", name="Make a code").click()
    expect(desktop.get_by_role("heading", level=1)).to_have_text("Type this on the new tablet: Maya’s tablet")
    code = desktop.locator(".code .digits").inner_text()
    assert re.fullmatch(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{5}", code)
    expect(desktop.locator(".code dd").first).to_have_text(running.server.enrol.address)
    expect(desktop.locator("svg.qr path")).to_have_count(2)
    assert code not in desktop.url
    file = run_in_thread(EnrolClient("staff").with_code(running.server.enrol.address, code))
    expect(desktop.get_by_role("heading", level=1)).to_have_text("Maya’s tablet is in. The code is used up.")
    assert file.name == "Maya’s tablet"


def test_an_expired_code_says_so(running: RunningServer, http: requests.Session) -> None:
    sign_in(running, http)
    made = post_form(running, http, f"{HERE}/codes", kind="kiosk", name="Front door")
    assert made.status_code == 303
    page = running.address + made.headers["Location"]
    assert "Good for 10 more minutes" in text_of(http.get(page))
    running.clock.after(EXPIRES_MS / 1000 + 1)
    assert "This code is over." in text_of(http.get(page))
