"""How a shopper who was not found, or whose need is closed, gets back in line on the phone."""

import pytest
import requests
from playwright.sync_api import Page, expect

from sync_server.domain import ops
from sync_server.domain.events import Back
from sync_server.domain.ops import Actor, ActorKind
from sync_server.service.limits.numbers import PHONE_RETURNS_PER_MINUTE

from .running_server import RunningServer, VisitDriver, tablet
from .steps import text_of

# --- back in line ----------------------------------------------------------------------------------


def call_in_vain(running: RunningServer, ticket: VisitDriver) -> None:
    """Maya comes, calls the ticket and finds nobody."""
    ticket.accept("maya")
    ticket.recall("maya")
    running.submit_ok(ops.MarkNoShow(ticket.visit_id, ticket.visit.rev), tablet("maya"))


def test_somebody_who_was_not_found_reads_so_and_gets_back_in_line(
    running: RunningServer, phone: Page
) -> None:
    running.sign_on("maya")
    ticket = running.open("repair", code="A-42")
    phone.goto(ticket.url)
    call_in_vain(running, ticket)
    expect(phone.get_by_role("heading", level=1)).to_have_text("We could not find you.")
    phone.get_by_role("button", name="Get back in line").click()
    expect(phone.get_by_role("heading", level=1)).to_have_text("You’re next.")
    expect(phone.get_by_text("ON-1")).to_be_visible()
    phone.goto(ticket.url)  # the code on the ticket
    expect(phone.get_by_text("ON-1")).to_be_visible()


def test_somebody_gets_back_in_line_without_javascript_and_in_their_language(
    running: RunningServer, phone_without_js: Page
) -> None:
    running.sign_on("maya")
    ticket = running.open("repair", language="nl")
    call_in_vain(running, ticket)
    phone_without_js.goto(ticket.url + "?lang=fi")
    phone_without_js.get_by_role("button", name="Palaa jonoon").click()
    expect(phone_without_js.get_by_role("heading", level=1)).to_have_text("Olet seuraava.")
    assert "lang=fi" in phone_without_js.url


def test_the_way_back_opens_one_visit_that_is_recognised_as_before(
    running: RunningServer, http: requests.Session
) -> None:
    running.sign_on("maya")
    ticket = running.open("repair", language="nl")
    call_in_vain(running, ticket)
    pages = {http.post(ticket.url + "/back").url for _ in range(3)}
    assert len(pages) == 1
    (again,) = running.call(lambda: running.server.processor.floor.line())
    assert (again.need, again.language, again.source, again.ticket) == ("repair", "nl", "phone", "ON-1")
    assert pages == {f"{running.address}/v/{again.link}"}


@pytest.mark.parametrize("state", ["waiting", "serving", "completed", "removed", "closed"])
def test_there_is_no_way_back_where_it_makes_no_sense(
    running: RunningServer, http: requests.Session, state: str
) -> None:
    running.sign_on("maya")
    ticket = running.open("repair")
    if state in ("serving", "completed"):
        ticket.accept("maya")
        ticket.start("maya")
    if state == "completed":
        ticket.complete("maya")
    if state == "removed":
        running.submit_ok(ops.Remove(ticket.visit_id, ticket.visit.rev), tablet("maya"))
    if state == "closed":
        ticket.cancel()
        hours = running.server.processor.catalogue.hours
        running.call(lambda: setattr(hours, "is_open", lambda _at: False))
    assert "Get back in line" not in http.get(ticket.url).text
    assert http.post(ticket.url + "/back").status_code == 503
    assert len(running.call(lambda: list(running.server.processor.floor.line()))) <= 1


def test_a_need_that_is_closed_today_has_no_way_back_and_says_when_it_has(
    running: RunningServer, http: requests.Session
) -> None:
    ticket = running.open("repair")
    ticket.cancel()
    assert "Get back in line" in http.get(ticket.url).text
    running.submit_ok(
        ops.CloseNeed("repair", Back.TODAY, {"en": "The oven is hot."}), Actor(ActorKind.MANAGER)
    )
    for page in (http.get(ticket.url), http.post(ticket.url + "/back")):
        assert "closed today. The oven is hot. We do this again later today." in text_of(page)
        assert "Get back in line" not in page.text
    assert running.call(lambda: list(running.server.processor.floor.line())) == []


def test_who_cannot_come_back_for_a_closed_need_may_choose_another(
    running: RunningServer, phone: Page
) -> None:
    ticket = running.open("repair")
    ticket.cancel()
    phone.goto(ticket.url)
    expect(phone.get_by_role("button", name="Get back in line")).to_be_visible()
    running.submit_ok(ops.CloseNeed("repair", Back.TODAY), Actor(ActorKind.MANAGER))
    running.submit_ok(ops.CloseNeed("choose_phone", Back.TODAY), Actor(ActorKind.MANAGER))
    phone.reload()
    expect(phone.get_by_role("button", name="A phone")).to_have_count(0)
    phone.get_by_role("button", name="Pick up my order").click()
    phone.wait_for_url(lambda url: url != ticket.url)
    (visit,) = running.call(lambda: list(running.server.processor.floor.line()))
    assert (visit.need, visit.source) == ("pick_up", "phone")


@pytest.mark.attack("A script leaves the line and comes back, again and again", "refused after 20 a minute")
def test_coming_back_is_limited(running: RunningServer, http: requests.Session) -> None:
    url = running.open("repair").url
    for _ in range(PHONE_RETURNS_PER_MINUTE):
        http.post(url + "/leave")
        url = http.post(url + "/back").url
    http.post(url + "/leave")
    busy = http.post(url + "/back")
    assert (busy.status_code, "at the kiosk" in text_of(busy)) == (503, True)
    running.clock.after(61)
    assert http.post(url + "/back").status_code == 200


def test_after_a_hand_over_the_page_says_so(running: RunningServer, http: requests.Session) -> None:
    running.sign_on("maya", "sam")
    ticket = running.open("pick_up")
    ticket.claim("maya")
    ticket.start("maya")
    running.submit_ok(ops.HandOver(ticket.visit_id, ticket.visit.rev, need="repair"), tablet("maya"))
    text = text_of(http.get(ticket.url))
    assert "A colleague takes over." in text
    assert "You’re next" not in text
