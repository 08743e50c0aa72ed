"""The one question, on the shopper's own phone, and the tip that goes along."""

import requests
from playwright.sync_api import Page, expect

from sync_server.service.store import reading

from .running import Running
from .steps import token_in, words_in


def answers(shop: Running, visit_id: str) -> list[int]:
    """Every answer to the one question that was written down."""
    with reading(shop.server.folder.store) as db:
        rows = db.execute("SELECT ces FROM feedback WHERE visit_id = ? ORDER BY seq", (visit_id,))
        return [row[0] for row in rows]


def answer(page: Page, url: str, words: str) -> None:
    page.goto(url)
    page.get_by_role("button", name=words, exact=True).click()
    expect(page.get_by_text("Thank you. It helps us to do better tomorrow.")).to_be_visible()
    expect(page.get_by_role("button", name=words, exact=True)).to_have_count(0)


def test_a_shopper_says_how_it_was(shop: Running, phone: Page) -> None:
    shop.sign_on("maya")
    ticket = shop.open("repair")
    ticket.served("maya")
    answer(phone, ticket.url, "Easy")
    assert answers(shop, ticket.visit_id) == [4]


def test_a_shopper_says_how_it_was_without_javascript(shop: Running, plain_phone: Page) -> None:
    shop.sign_on("maya")
    ticket = shop.open("repair")
    ticket.served("maya")
    answer(plain_phone, ticket.url, "Very hard")
    assert answers(shop, ticket.visit_id) == [1]


def test_an_answer_sent_twice_counts_once(shop: Running, http: requests.Session) -> None:
    ticket = shop.open("repair")
    ticket.cancel()
    form = {"once": token_in(http.get(ticket.url), "once"), "effort": "5"}
    for _ in range(2):
        http.post(ticket.url + "/rate", form)
    assert answers(shop, ticket.visit_id) == [5]


def test_an_answer_stands(shop: Running, http: requests.Session) -> None:
    ticket = shop.open("repair")
    ticket.cancel()
    ticket.rate(2)
    http.post(ticket.url + "/rate", {"effort": "5"})
    assert answers(shop, ticket.visit_id) == [2]


def test_nonsense_and_answers_before_the_end_are_not_taken(shop: Running, http: requests.Session) -> None:
    ticket = shop.open("repair")
    assert http.post(ticket.url + "/rate", {"effort": "5"}).status_code == 200
    ticket.cancel()
    for effort in ("", "0", "6", "many", "５"):
        assert http.post(ticket.url + "/rate", {"effort": effort}).status_code == 200
    assert answers(shop, ticket.visit_id) == []


def test_the_tip_goes_along(shop: Running, http: requests.Session) -> None:
    shop.sign_on("maya")
    tip = shop.server.shop.catalogue.tips_for("repair")[0]
    ticket = shop.open("repair", language="nl")
    ticket.served("maya", tip=tip.code)
    assert tip.text["nl"] in words_in(http.get(ticket.url))
    ticket.rate(4)
    assert tip.text["nl"] in words_in(http.get(ticket.url))
