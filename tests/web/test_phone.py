"""The shopper's page: how far the visit is, how long it takes, leaving, and its link."""

import re

import pytest
import requests
from playwright.sync_api import Page, expect

from sync_server.domain.visit.visit import State

from .running_server import RunningServer
from .steps import form_field, full_disk, text_of

MINUTE = 60
HOUR = 3600


# --- how far the visit is ----------------------------------------------------------------------------------


def test_the_page_shows_place_wait_and_self_help(running: RunningServer, http: requests.Session) -> None:
    running.sign_on("maya")
    ticket = running.open("repair", code="A-42")
    text = text_of(http.get(ticket.url))
    assert "Lumen & Co" in text
    assert "A-42 · Blue Heron" in text
    assert "You’re next." in text
    assert re.search(r"Someone is with you (within|in) .*minute", text)
    assert "In line since 17:10" in text
    assert "It won’t charge? Try another cable." in text


def test_the_page_says_when_there_is_no_estimate(running: RunningServer, http: requests.Session) -> None:
    ticket = running.open("repair")
    assert "We don’t know yet how long" in text_of(http.get(ticket.url))


def test_the_page_shows_how_many_are_before(running: RunningServer, http: requests.Session) -> None:
    running.sign_on("maya")
    running.open("repair")
    running.clock.after(1)
    ticket = running.open("repair")
    assert "1 person before you." in text_of(http.get(ticket.url))
    running.clock.after(1)
    later = running.open("repair")
    assert "2 people before you." in text_of(http.get(later.url))


def test_each_stage_has_its_headline(running: RunningServer, http: requests.Session) -> None:
    running.sign_on("maya")
    ticket = running.open("repair")
    ticket.recall("maya")
    assert "Maya is looking for you." in text_of(http.get(ticket.url))
    ticket.accept("maya")
    assert "Maya is on the way." in text_of(http.get(ticket.url))
    ticket.start("maya")
    assert "Maya is with you." in text_of(http.get(ticket.url))
    ticket.hold("maya")
    assert "Maya will be right back." in text_of(http.get(ticket.url))


def test_the_page_changes_by_itself_as_things_happen(running: RunningServer, phone: Page) -> None:
    running.sign_on("maya")
    ticket = running.open("repair")
    phone.goto(ticket.url)
    expect(phone.get_by_role("heading", level=1)).to_have_text("You’re next.")
    phone.evaluate("window.never_reloaded = true")
    ticket.accept("maya")
    expect(phone.get_by_role("heading", level=1)).to_have_text("Maya is on the way.")
    expect(phone).to_have_title(re.compile("Maya is on the way"))
    ticket.recall("maya")
    expect(phone.get_by_role("heading", level=1)).to_have_text("Maya is looking for you.")
    ticket.start("maya")
    expect(phone.get_by_role("heading", level=1)).to_have_text("Maya is with you.")
    expect(phone.get_by_text("Leave the line")).to_be_hidden()
    ticket.complete("maya")
    expect(phone.get_by_text("Maya helped you.")).to_be_visible()
    expect(phone.get_by_text("How easy was it to get what you came for?")).to_be_visible()
    assert phone.evaluate("window.never_reloaded") is True


def test_a_page_that_could_not_connect_says_so_and_tries_again(
    running: RunningServer, lenient_phone: Page
) -> None:
    phone = lenient_phone  # the browser itself reports the failed connection
    ticket = running.open("repair")
    phone.route("**/events", lambda route: route.abort())
    phone.clock.install()
    phone.goto(ticket.url)
    expect(phone.get_by_text("No connection just now")).to_be_visible()
    phone.unroute("**/events")
    phone.clock.run_for(6000)
    expect(phone.get_by_text("No connection just now")).to_be_hidden()
    ticket.cancel()
    expect(phone.get_by_text("You left the line.")).to_be_visible()


def test_an_error_answer_does_not_replace_the_page(running: RunningServer, lenient_phone: Page) -> None:
    phone = lenient_phone
    running.sign_on("maya")
    ticket = running.open("repair")
    phone.route("**/events", lambda route: route.fulfill(status=503, body="<h1>Bad gateway</h1>"))
    phone.goto(ticket.url)
    expect(phone.get_by_text("No connection just now")).to_be_visible()
    expect(phone.get_by_role("heading", level=1)).to_have_text("You’re next.")


def test_an_open_page_says_when_its_link_expires(running: RunningServer, lenient_phone: Page) -> None:
    phone = lenient_phone
    ticket = running.open("repair")
    phone.route("**/events", lambda route: route.abort())
    phone.clock.install()
    phone.goto(ticket.url)
    expect(phone.get_by_text("No connection just now")).to_be_visible()
    ticket.cancel()
    running.clock.after(HOUR)
    phone.unroute("**/events")
    phone.clock.run_for(6000)
    expect(phone.get_by_role("heading", level=1)).to_have_text("We can’t find this ticket.")


def test_the_events_end_with_the_visit(running: RunningServer, http: requests.Session) -> None:
    running.sign_on("maya")
    ticket = running.open("repair")
    with http.get(ticket.url + "/events", stream=True, timeout=20) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        lines = stream.iter_lines(decode_unicode=True)
        assert any("You’re next." in line for line in lines)
        ticket.serve("maya")
        rest = list(lines)
    assert any("Maya helped you." in line for line in rest)
    assert "event: over" in rest


def test_without_javascript_the_page_renews_itself(running: RunningServer, http: requests.Session) -> None:
    running.sign_on("maya")
    ticket = running.open("repair")
    renews = '<noscript><meta http-equiv="refresh"'
    assert renews in http.get(ticket.url).text
    ticket.serve("maya")
    assert renews not in http.get(ticket.url).text  # a reload would interrupt the answer


# --- leaving ---------------------------------------------------------------------------------------


def leave(page: Page, url: str) -> None:
    page.goto(url)
    page.get_by_role("link", name="Leave the line").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Leave the line?")
    page.get_by_role("button", name="Yes, leave the line").click()
    expect(page.get_by_text("You left the line.")).to_be_visible()


def test_a_shopper_leaves_the_line(running: RunningServer, phone: Page) -> None:
    ticket = running.open("repair")
    leave(phone, ticket.url)
    assert ticket.visit.state is State.CANCELLED


def test_a_shopper_leaves_the_line_without_javascript(running: RunningServer, phone_without_js: Page) -> None:
    ticket = running.open("repair")
    leave(phone_without_js, ticket.url)
    assert ticket.visit.state is State.CANCELLED


def test_a_shopper_may_stay_in_line_after_all(running: RunningServer, phone: Page) -> None:
    ticket = running.open("repair")
    phone.goto(ticket.url + "/leave")
    phone.get_by_role("link", name="No, I’ll stay").click()
    phone.wait_for_url(ticket.url)
    assert ticket.visit.state is State.WAITING


def test_the_leave_form_sent_twice_has_one_effect(running: RunningServer, http: requests.Session) -> None:
    ticket = running.open("repair")
    form = {"once": form_field(http.get(ticket.url + "/leave"), "once")}
    for _ in range(2):
        assert "You left the line." in text_of(http.post(ticket.url + "/leave", form))
    assert ticket.visit.rev == 2


def test_an_old_page_cannot_end_a_visit_that_is_being_served(
    running: RunningServer, http: requests.Session
) -> None:
    running.sign_on("maya")
    ticket = running.open("repair")
    form = {"once": form_field(http.get(ticket.url + "/leave"), "once")}
    ticket.accept("maya")
    ticket.start("maya")
    assert "Maya is with you." in text_of(http.post(ticket.url + "/leave", form))
    assert ticket.visit.state is State.SERVING


# --- the link --------------------------------------------------------------------------------------


@pytest.mark.attack("A shopper's link is opened long after the visit", "not found")
def test_a_link_expires_an_hour_after_the_end(running: RunningServer, http: requests.Session) -> None:
    ticket = running.open("repair")
    ticket.cancel()
    running.clock.after(HOUR - MINUTE)
    assert http.get(ticket.url).status_code == 200
    running.clock.after(MINUTE)
    dead = http.get(ticket.url)
    assert dead.status_code == 404
    assert "We can’t find this ticket." in text_of(dead)
    for path in ("/leave", "/events"):
        assert http.get(ticket.url + path).status_code == 404
    assert http.post(ticket.url + "/rate", {"effort": "5"}).status_code == 404
    assert ticket.visit.ces is None


@pytest.mark.attack(
    "Invented shopper links",
    "the same page as for an expired link: nothing shows a difference",
)
def test_an_unknown_link_looks_like_an_expired_one(running: RunningServer, http: requests.Session) -> None:
    ticket = running.open("repair")
    ticket.cancel()
    running.clock.after(HOUR)
    for link in ("x", "0" * 22, "%2e%2e", "'; DROP TABLE visits"):
        unknown = http.get(f"{running.address}/v/{link}")
        assert unknown.status_code == 404
        assert unknown.text == http.get(ticket.url).text


def test_each_link_opens_its_own_visit(running: RunningServer, http: requests.Session) -> None:
    one, other = running.open("repair"), running.open("pick_up")
    assert one.code in text_of(http.get(one.url))
    assert other.code not in text_of(http.get(one.url))


# --- a full disk ----------------------------------------------------------------------------------


def test_when_nothing_can_be_saved_the_page_asks_to_try_again(
    running: RunningServer, http: requests.Session, caplog: pytest.LogCaptureFixture
) -> None:
    ticket = running.open("repair")
    with full_disk(running):
        sorry = http.post(ticket.url + "/leave")
        assert sorry.status_code == 503
        assert sorry.headers["retry-after"]
        assert "Please try again" in text_of(sorry)
        assert f'href="{ticket.path}"' in sorry.text
        assert ticket.visit.state is State.WAITING
    assert "a form not done: the disk is full" in caplog.text
    # Only what the server writes: another test of this process may have opened the log of the HTTP client.
    records = [record for record in caplog.records if not record.name.startswith("urllib3")]
    written = [caplog.handler.format(record) for record in records]  # with its traceback
    assert not any(ticket.path in line for line in written), "a link is as good as the ticket"
    assert "You left the line." in text_of(http.post(ticket.url + "/leave"))


def test_the_page_says_when_it_takes_longer_and_why(running: RunningServer, http: requests.Session) -> None:
    running.sign_on("maya")
    first = running.open("repair")
    first.accept("maya")
    first.start("maya")
    ticket = running.open("repair")
    assert "longer than we said" not in text_of(http.get(ticket.url))
    running.clock.after(40 * MINUTE)
    running.call(running.server.processor.tick)
    assert "It takes longer than we said: the visits before yours do." in text_of(http.get(ticket.url))


def test_without_an_estimate_the_page_does_not_say_how_right_it_is(
    running: RunningServer, http: requests.Session
) -> None:
    ticket = running.open("repair")
    assert "how right we are" not in text_of(http.get(ticket.url))


def test_the_page_says_how_right_the_told_waits_were(running: RunningServer, http: requests.Session) -> None:
    running.sign_on("maya")
    ticket = running.open("repair")
    assert "We have told too few waits yet to say how right we are" in text_of(http.get(ticket.url))
