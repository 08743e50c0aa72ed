"""Live pages: each knows within 15 s that it hears nothing from the server, says so, and catches up."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import requests
from playwright.sync_api import Page, expect

from .network import dead_spot
from .running_server import PASSWORD, RunningServer
from .steps import form_field, open_as_manager, sign_in

KNOWN_WITHIN_MS = 15_000
BACK_WITHIN_MS = 5_000
HOUR = 3600
# A task of the browser that no timer delays, so that answers which have arrived are handled.
NEXT_TASK = """() => new Promise(resolve => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => { port1.close(); resolve(); };
    port2.postMessage(null);
})"""
LIVE_PAGES = ("/manager/now", "/manager/today", "/manager/log", "/manager/devices")


def pass_time(page: Page, milliseconds: int) -> None:
    """Lets the page's timers run, in steps between which it can hear from the server."""
    for _ in range(milliseconds // 500):
        page.clock.run_for(500)
        page.evaluate(NEXT_TASK)


def hear_from_server(page: Page) -> None:
    """Waits until the page is connected."""
    expect(page.locator("html")).to_have_attribute("data-live", "yes")


def set_hidden(page: Page, hidden: bool) -> None:
    """Puts the page into the background or to the front."""
    page.evaluate(
        """hidden => {
            Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
            document.dispatchEvent(new Event("visibilitychange"));
        }""",
        hidden,
    )


# --- out of reach -----------------------------------------------------------------------------------


@pytest.mark.fault("A phone is in a dead spot of the Wi-Fi", "its page says so and catches up")
def test_a_phone_in_a_dead_spot_says_so_and_catches_up(running: RunningServer, lenient_phone: Page) -> None:
    phone = lenient_phone
    running.sign_on("maya")
    ticket = running.open("repair")
    with dead_spot(running.server.pages.web) as network:
        phone.clock.install()
        phone.goto(network.address + ticket.path)
        hear_from_server(phone)
        expect(phone.locator("#offline")).to_be_hidden()
        network.begin()
        ticket.accept("maya")
        pass_time(phone, KNOWN_WITHIN_MS)
        expect(phone.locator("#offline")).to_be_visible()
        expect(phone.get_by_role("heading", level=1)).to_have_text("You’re next.")
        network.end()
        pass_time(phone, BACK_WITHIN_MS)
        expect(phone.get_by_role("heading", level=1)).to_have_text("Maya is on the way.")
        expect(phone.locator("#offline")).to_be_hidden()


@pytest.mark.parametrize("path", LIVE_PAGES)
def test_a_manager_page_out_of_reach_says_so_and_comes_back(
    running: RunningServer, lenient_desktop: Page, path: str
) -> None:
    desktop = lenient_desktop
    with dead_spot(running.server.pages.web) as network:
        desktop.goto(network.address + path)
        desktop.get_by_label("Password").fill(PASSWORD)
        desktop.clock.install()
        desktop.get_by_role("button", name="Sign in").click()
        desktop.wait_for_url(f"**{path}")
        hear_from_server(desktop)
        network.begin()
        pass_time(desktop, KNOWN_WITHIN_MS)
        expect(desktop.locator("#offline")).to_be_visible()
        network.end()
        pass_time(desktop, BACK_WITHIN_MS)
        expect(desktop.locator("#offline")).to_be_hidden()


def test_a_page_says_at_once_that_the_browser_has_lost_its_network(
    running: RunningServer, lenient_phone: Page
) -> None:
    phone = lenient_phone
    phone.goto(running.open("repair").url)
    hear_from_server(phone)
    phone.context.set_offline(True)
    expect(phone.locator("#offline")).to_be_visible()
    phone.context.set_offline(False)
    expect(phone.locator("#offline")).to_be_hidden()


@pytest.mark.parametrize("pages", ["phone", "manager"])
def test_a_page_that_comes_to_the_front_looks_anew(
    running: RunningServer, lenient_desktop: Page, pages: str
) -> None:
    page = lenient_desktop
    ticket = running.open("repair", code="A-9")
    if pages == "phone":
        page.goto(ticket.url)
    else:
        open_as_manager(running, page, "/manager/log")
    hear_from_server(page)
    page.clock.install()
    page.clock.pause_at(datetime.now(UTC) + timedelta(minutes=1))
    set_hidden(page, True)
    events = "**/events" if pages == "phone" else "**/manager/notice"
    with page.expect_request(events):
        set_hidden(page, False)
        pass_time(page, 1000)


# --- the page is over, or the person is signed out -----------------------------------------------------


def test_a_phone_that_wakes_after_its_link_expired_says_so(
    running: RunningServer, lenient_phone: Page
) -> None:
    phone = lenient_phone
    ticket = running.open("repair")
    phone.goto(ticket.url)
    hear_from_server(phone)
    set_hidden(phone, True)
    ticket.cancel()
    running.clock.after(HOUR)
    running.call(running.server.processor.tick)
    set_hidden(phone, False)
    expect(phone.get_by_role("heading", level=1)).to_have_text("We can’t find this ticket.")


@pytest.mark.parametrize("path", LIVE_PAGES)
def test_a_page_whose_session_has_ended_asks_to_sign_in_again(
    running: RunningServer, lenient_desktop: Page, path: str
) -> None:
    desktop = lenient_desktop
    desktop.clock.install()
    open_as_manager(running, desktop, path)
    hear_from_server(desktop)
    running.clock.after(13 * HOUR)
    running.open("repair")  # a change, which the pages Now and Devices hear of
    desktop.clock.fast_forward(12_000)
    expect(desktop.get_by_text("Your sign-in has ended.")).to_be_visible()
    expect(desktop.get_by_text("No connection")).to_be_hidden()
    desktop.get_by_label("Password").fill(PASSWORD)
    desktop.get_by_role("button", name="Sign in").click()
    desktop.wait_for_url(f"**{path}")


def test_the_second_of_two_sign_in_tabs_goes_on(running: RunningServer, desktop: Page) -> None:
    other = desktop.context.new_page()
    for tab in (desktop, other):
        tab.goto(running.address + "/manager/log")
        tab.get_by_label("Password").fill(PASSWORD)
    for tab in (desktop, other):
        tab.get_by_role("button", name="Sign in").click()
        tab.wait_for_url("**/manager/log")


def test_a_sign_in_form_of_before_is_shown_once_more(running: RunningServer, http: requests.Session) -> None:
    url = running.address + "/manager/sign-in"
    token = form_field(http.get(url))
    http.cookies.clear()  # as after the cookie's twelve hours
    form_field(http.get(url))
    answer = http.post(url, {"token": token, "password": PASSWORD}, allow_redirects=False)
    assert answer.status_code == 400
    assert "Please sign in once more" in answer.text
    form = {"token": form_field(answer), "password": PASSWORD}
    assert http.post(url, form, allow_redirects=False).status_code == 303


# --- without JavaScript --------------------------------------------------------------------------------


def test_without_javascript_each_live_page_loads_itself_again(
    running: RunningServer, http: requests.Session
) -> None:
    pages = [running.open("repair").url]
    sign_in(running, http)
    pages += [running.address + path for path in ("/manager/now", "/manager/devices")]
    for url in pages:
        assert re.search(
            r'<noscript><meta http-equiv="refresh" content="1[05]"></noscript>', http.get(url).text
        ), url
