"""The question how easy it was, on the shopper's phone, and the tip at the end."""

import requests
from playwright.sync_api import Page, expect

from sync_server.service.storage.connection import reading

from .running_server import RunningServer, VisitDriver
from .steps import form_field, text_of


def answers(running: RunningServer, visit_id: str) -> list[int]:
    """The stored answers of a visit."""
    with reading(running.server.data_dir.store) as db:
        rows = db.execute("SELECT ces FROM feedback WHERE visit_id = ? ORDER BY seq", (visit_id,))
        return [row[0] for row in rows]


def answer(page: Page, url: str, choice: str) -> None:
    """Taps an answer and sees the thanks."""
    page.goto(url)
    page.get_by_role("button", name=choice, exact=True).click()
    expect(page.get_by_text("Thank you. It helps us to do better tomorrow.")).to_be_visible()
    expect(page.get_by_role("button", name=choice, exact=True)).to_have_count(0)


def served_visit(running: RunningServer) -> VisitDriver:
    running.sign_on("maya")
    ticket = running.open("repair")
    ticket.serve("maya")
    return ticket


def test_a_shopper_says_how_it_was(running: RunningServer, phone: Page) -> None:
    ticket = served_visit(running)
    answer(phone, ticket.url, "Easy")
    assert answers(running, ticket.visit_id) == [4]


def test_a_shopper_says_how_it_was_without_javascript(running: RunningServer, phone_without_js: Page) -> None:
    ticket = served_visit(running)
    answer(phone_without_js, ticket.url, "Very hard")
    assert answers(running, ticket.visit_id) == [1]


def test_an_answer_sent_twice_counts_once(running: RunningServer, http: requests.Session) -> None:
    ticket = running.open("repair")
    ticket.cancel()
    form = {"once": form_field(http.get(ticket.url), "once"), "effort": "5"}
    for _ in range(2):
        http.post(ticket.url + "/rate", form)
    assert answers(running, ticket.visit_id) == [5]


def test_an_answer_cannot_be_changed(running: RunningServer, http: requests.Session) -> None:
    ticket = running.open("repair")
    ticket.cancel()
    ticket.rate(2)
    http.post(ticket.url + "/rate", {"effort": "5"})
    assert answers(running, ticket.visit_id) == [2]


def test_invalid_and_early_answers_are_ignored(running: RunningServer, http: requests.Session) -> None:
    ticket = running.open("repair")
    assert http.post(ticket.url + "/rate", {"effort": "5"}).status_code == 200
    ticket.cancel()
    for effort in ("", "0", "6", "many", "５"):
        assert http.post(ticket.url + "/rate", {"effort": effort}).status_code == 200
    assert answers(running, ticket.visit_id) == []


def test_the_tip_is_shown_at_the_end(running: RunningServer, http: requests.Session) -> None:
    running.sign_on("maya")
    tip = running.server.processor.catalogue.tips_for("repair")[0]
    ticket = running.open("repair", language="nl")
    ticket.serve("maya", tip=tip.code)
    assert tip.text["nl"] in text_of(http.get(ticket.url))
    ticket.rate(4)
    assert tip.text["nl"] in text_of(http.get(ticket.url))
