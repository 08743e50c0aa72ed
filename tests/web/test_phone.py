"""The shopper's page: where am I, when, what now."""

import re

import pytest
import requests
from playwright.sync_api import Page, expect

from sync_server.domain.visit import State

from .running import Running
from .steps import full_disk, token_in, words_in

MINUTE = 60
HOUR = 3600


# --- where am I ----------------------------------------------------------------------------------


def test_the_page_tells_place_wait_and_what_to_try_meanwhile(shop: Running, http: requests.Session) -> None:
    shop.sign_on("maya")
    ticket = shop.open("repair", code="A-42")
    said = words_in(http.get(ticket.url))
    assert "Lumen & Co" in said
    assert "A-42 · Blue Heron" in said
    assert "You’re next." in said
    assert re.search(r"Someone is with you (within|in) .*minute", said)
    assert "In line since 17:10" in said
    assert "It won’t charge? Try another cable." in said


def test_the_page_says_so_where_nobody_knows_how_long(shop: Running, http: requests.Session) -> None:
    ticket = shop.open("repair")
    assert "We don’t know yet how long" in words_in(http.get(ticket.url))


def test_whoever_waits_behind_others_reads_how_many(shop: Running, http: requests.Session) -> None:
    shop.sign_on("maya")
    shop.open("repair")
    shop.clock.after(1)
    ticket = shop.open("repair")
    assert "1 person before you." in words_in(http.get(ticket.url))
    shop.clock.after(1)
    later = shop.open("repair")
    assert "2 people before you." in words_in(http.get(later.url))


def test_each_stage_has_its_words(shop: Running, http: requests.Session) -> None:
    shop.sign_on("maya")
    ticket = shop.open("repair")
    ticket.recall("maya")
    assert "Maya is looking for you." in words_in(http.get(ticket.url))
    ticket.accept("maya")
    assert "Maya is on the way." in words_in(http.get(ticket.url))
    ticket.start("maya")
    assert "Maya is with you." in words_in(http.get(ticket.url))
    ticket.hold("maya")
    assert "Maya will be right back." in words_in(http.get(ticket.url))


def test_the_page_changes_by_itself_as_things_happen(shop: Running, phone: Page) -> None:
    shop.sign_on("maya")
    ticket = shop.open("repair")
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


def test_a_page_that_could_not_connect_says_so_and_tries_again(shop: Running, unwatched_phone: Page) -> None:
    phone = unwatched_phone  # the browser itself complains of the connection
    ticket = shop.open("repair")
    phone.route("**/events", lambda route: route.abort())
    phone.clock.install()
    phone.goto(ticket.url)
    expect(phone.get_by_text("No connection just now.")).to_be_visible()
    phone.unroute("**/events")
    phone.clock.run_for(6000)
    expect(phone.get_by_text("No connection just now.")).to_be_hidden()
    ticket.cancel()
    expect(phone.get_by_text("You left the line.")).to_be_visible()


def test_an_answer_that_is_an_error_replaces_nothing(shop: Running, unwatched_phone: Page) -> None:
    phone = unwatched_phone
    ticket = shop.open("repair")
    phone.route("**/events", lambda route: route.fulfill(status=503, body="<h1>Bad gateway</h1>"))
    phone.goto(ticket.url)
    expect(phone.get_by_text("No connection just now.")).to_be_visible()
    expect(phone.get_by_role("heading", level=1)).to_have_text("You’re next.")


def test_a_page_open_when_its_link_dies_says_so(shop: Running, unwatched_phone: Page) -> None:
    phone = unwatched_phone
    ticket = shop.open("repair")
    phone.route("**/events", lambda route: route.abort())
    phone.clock.install()
    phone.goto(ticket.url)
    expect(phone.get_by_text("No connection just now.")).to_be_visible()
    ticket.cancel()
    shop.clock.after(HOUR)
    phone.unroute("**/events")
    phone.clock.run_for(6000)
    expect(phone.get_by_role("heading", level=1)).to_have_text("We can’t find this ticket.")


def test_the_events_end_with_the_visit(shop: Running, http: requests.Session) -> None:
    shop.sign_on("maya")
    ticket = shop.open("repair")
    with http.get(ticket.url + "/events", stream=True, timeout=20) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        lines = stream.iter_lines(decode_unicode=True)
        assert any("You’re next." in line for line in lines)
        ticket.served("maya")
        rest = list(lines)
    assert any("Maya helped you." in line for line in rest)
    assert "event: over" in rest


def test_without_javascript_the_page_renews_itself(shop: Running, http: requests.Session) -> None:
    shop.sign_on("maya")
    ticket = shop.open("repair")
    renews = '<noscript><meta http-equiv="refresh"'
    assert renews in http.get(ticket.url).text
    ticket.served("maya")
    assert renews not in http.get(ticket.url).text  # nobody is interrupted while answering


# --- leaving ---------------------------------------------------------------------------------------


def leave(page: Page, url: str) -> None:
    page.goto(url)
    page.get_by_role("link", name="Leave the line").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Leave the line?")
    page.get_by_role("button", name="Yes, leave the line").click()
    expect(page.get_by_text("You left the line.")).to_be_visible()


def test_a_shopper_leaves_the_line(shop: Running, phone: Page) -> None:
    ticket = shop.open("repair")
    leave(phone, ticket.url)
    assert ticket.visit.state is State.CANCELLED


def test_a_shopper_leaves_the_line_without_javascript(shop: Running, plain_phone: Page) -> None:
    ticket = shop.open("repair")
    leave(plain_phone, ticket.url)
    assert ticket.visit.state is State.CANCELLED


def test_a_shopper_thinks_better_of_it(shop: Running, phone: Page) -> None:
    ticket = shop.open("repair")
    phone.goto(ticket.url + "/leave")
    phone.get_by_role("link", name="No, I’ll stay").click()
    phone.wait_for_url(ticket.url)
    assert ticket.visit.state is State.WAITING


def test_leaving_twice_is_leaving_once(shop: Running, http: requests.Session) -> None:
    ticket = shop.open("repair")
    form = {"once": token_in(http.get(ticket.url + "/leave"), "once")}
    for _ in range(2):
        assert "You left the line." in words_in(http.post(ticket.url + "/leave", form))
    assert ticket.visit.rev == 2


def test_whoever_is_being_helped_cannot_leave_by_an_old_page(shop: Running, http: requests.Session) -> None:
    shop.sign_on("maya")
    ticket = shop.open("repair")
    form = {"once": token_in(http.get(ticket.url + "/leave"), "once")}
    ticket.accept("maya")
    ticket.start("maya")
    assert "Maya is with you." in words_in(http.post(ticket.url + "/leave", form))
    assert ticket.visit.state is State.SERVING


# --- the link --------------------------------------------------------------------------------------


@pytest.mark.attack("A shopper's link is opened long after the visit", "not found")
def test_a_link_dies_an_hour_after_the_end(shop: Running, http: requests.Session) -> None:
    ticket = shop.open("repair")
    ticket.cancel()
    shop.clock.after(HOUR - MINUTE)
    assert http.get(ticket.url).status_code == 200
    shop.clock.after(MINUTE)
    dead = http.get(ticket.url)
    assert dead.status_code == 404
    assert "We can’t find this ticket." in words_in(dead)
    for path in ("/leave", "/events"):
        assert http.get(ticket.url + path).status_code == 404
    assert http.post(ticket.url + "/rate", {"effort": "5"}).status_code == 404
    assert ticket.visit.ces is None


@pytest.mark.attack(
    "Shopper links that are made up", "the same page as for one that is over: nothing tells them apart"
)
def test_an_unknown_link_looks_like_a_dead_one(shop: Running, http: requests.Session) -> None:
    ticket = shop.open("repair")
    ticket.cancel()
    shop.clock.after(HOUR)
    for link in ("x", "0" * 22, "%2e%2e", "'; DROP TABLE visits"):
        unknown = http.get(f"{shop.address}/v/{link}")
        assert unknown.status_code == 404
        assert unknown.text == http.get(ticket.url).text


def test_links_in_the_store_lead_to_their_own_visit(shop: Running, http: requests.Session) -> None:
    one, other = shop.open("repair"), shop.open("pick_up")
    assert one.code in words_in(http.get(one.url))
    assert other.code not in words_in(http.get(one.url))


# --- a bad moment ----------------------------------------------------------------------------------


def test_when_nothing_can_be_saved_the_page_asks_to_try_again(shop: Running, http: requests.Session) -> None:
    ticket = shop.open("repair")
    with full_disk(shop):
        sorry = http.post(ticket.url + "/leave")
        assert sorry.status_code == 503
        assert sorry.headers["retry-after"]
        assert "Please try again" in words_in(sorry)
        assert f'href="{ticket.path}"' in sorry.text
        assert ticket.visit.state is State.WAITING
    assert "You left the line." in words_in(http.post(ticket.url + "/leave"))
