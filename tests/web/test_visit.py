"""The page of one visit, which each row of the log and of Today opens."""

import re

import pytest
import requests
from playwright.sync_api import Page, expect

from assets.i18n.texts import Texts
from sync_server.domain import events, ops
from sync_server.domain.catalogue.catalogue import Catalogue
from sync_server.domain.catalogue.languages import LANGUAGES
from sync_server.domain.resolution import Resolution
from sync_server.service.admin import client
from sync_server.service.processing.periodic_retention import run_retention

from .running_server import RunningServer, VisitDriver, tablet
from .steps import open_as_manager, sign_in, sign_in_once, text_of

HOUR = 3600


def served(running: RunningServer) -> VisitDriver:
    """A visit with all that can be written about it: notes, a hand over, a tip, a gift and a comment."""
    running.sign_on("maya", "sam")
    ticket = running.open("repair", code="A-42")
    running.clock.after(20)
    ticket.claim("maya")
    ticket.start("maya")
    running.submit_ok(ops.AddNote(ticket.visit_id, ticket.visit.rev, "tried another cable"), tablet("maya"))
    running.clock.after(100)
    running.submit_ok(ops.HandOver(ticket.visit_id, ticket.visit.rev, "needs a new battery"), tablet("maya"))
    ticket.claim("sam")
    ticket.start("sam")
    running.clock.after(200)
    catalogue = running.server.processor.catalogue
    op = ops.Complete(
        ticket.visit_id,
        ticket.visit.rev,
        Resolution.SOLVED,
        "battery from the shelf",
        catalogue.tips_for("repair")[0].code,
        catalogue.gifts[0].code,
    )
    running.submit_ok(op, tablet("sam"))
    running.submit_ok(ops.Rate(ticket.visit_id, ces=5, comment="what a lovely shop"))
    return ticket


WORDS = ("tried another cable", "needs a new battery", "battery from the shelf", "what a lovely shop")


def page_of(running: RunningServer, http: requests.Session, ticket: VisitDriver, query: str = "") -> str:
    sign_in_once(running, http)
    answer = http.get(f"{running.address}/manager/visits/{ticket.visit_id}{query}")
    assert answer.status_code == 200
    return text_of(answer)


@pytest.mark.parametrize("path", ["/manager/today", "/manager/log"])
def test_a_row_opens_its_visit(running: RunningServer, desktop: Page, path: str) -> None:
    ticket = served(running)
    open_as_manager(running, desktop, path)
    cell = desktop.get_by_role("cell", name="Something doesn’t work")
    cell.click(force=True)  # anywhere in the row: the link of the ticket covers it
    desktop.wait_for_url(f"**/manager/visits/{ticket.visit_id}")
    expect(desktop.get_by_role("heading", level=1)).to_have_text("A-42 · Blue Heron")
    steps = desktop.get_by_role("region", name="What happened").get_by_role("listitem")
    expect(steps.first).to_contain_text("In line, at front-door")
    expect(steps.last).to_contain_text("The shopper answered: very easy")
    desktop.get_by_role("link", name="All visits of this day").click()
    desktop.wait_for_url("**/manager/log?from=2026-03-07&to=2026-03-07")


def test_the_page_has_the_notes_and_the_comment_until_they_are_deleted(
    running: RunningServer, http: requests.Session
) -> None:
    ticket = served(running)
    text = page_of(running, http, ticket)
    for words in WORDS:
        assert words in text
    assert "Notes and comments are deleted 24 hours after the visit’s end." in text
    running.clock.after(24 * HOUR)
    running.run(run_retention(running.server.processor))
    sign_in(running, http)
    text = text_of(http.get(f"{running.address}/manager/visits/{ticket.visit_id}"))
    for words in WORDS:
        assert words not in text
    assert "Maya wrote a note" in text


def test_what_somebody_wants_forgotten_is_gone_from_the_page_at_once(
    running: RunningServer, http: requests.Session
) -> None:
    ticket = served(running)
    client.run(running.server.data_dir, "erase", day="2026-03-07", ticket="A-42")
    text = page_of(running, http, ticket)
    for words in WORDS:
        assert words not in text


def test_the_page_says_who_did_what_and_the_figures(running: RunningServer, http: requests.Session) -> None:
    text = page_of(running, http, served(running))
    happened = [
        "Maya took it",
        "Maya was with them",
        "Maya handed it over",
        "Sam took it",
        "Sam ended it: solved",
    ]
    places = [text.index(sentence) for sentence in happened]
    assert places == sorted(places)
    assert "Waited 0:20" in text
    assert "How it ended Solved" in text
    assert "Effort Very easy" in text
    assert re.search(r"Goodwill €\d", text)


def test_somebody_who_has_left_the_shop_keeps_their_name(
    running: RunningServer, http: requests.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket = served(running)
    monkeypatch.setattr(Catalogue, "employee", lambda _catalogue, _id: None)
    text = page_of(running, http, ticket)
    assert "Sam ended it" in text
    assert "sam" not in text.replace("tablet-sam", "")
    sign_in_once(running, http)
    assert "Sam" in text_of(http.get(running.address + "/manager/log"))


def test_a_note_can_be_searched_and_then_read(running: RunningServer, http: requests.Session) -> None:
    ticket = served(running)
    running.open("repair", code="A-43")
    sign_in_once(running, http)
    for words in WORDS:
        found = http.get(f"{running.address}/manager/log", params={"search": words})
        assert f"/manager/visits/{ticket.visit_id}" in found.text, words
        assert "A-43" not in text_of(found), words


def test_an_unknown_visit_is_not_found(running: RunningServer, http: requests.Session) -> None:
    sign_in_once(running, http)
    for visit in ("x", "0" * 32, "%2e%2e"):
        assert http.get(f"{running.address}/manager/visits/{visit}").status_code == 404


def test_the_page_needs_a_sign_in(running: RunningServer, http: requests.Session) -> None:
    ticket = running.open()
    answer = http.get(f"{running.address}/manager/visits/{ticket.visit_id}", allow_redirects=False)
    assert (answer.status_code, "sign-in" in answer.headers["location"]) == (303, True)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_event_has_a_sentence(language: str) -> None:
    texts = Texts(language)
    kinds = [kind.__struct_config__.tag for kind in events.AnyVisitEvent.__args__]
    for kind in kinds:
        if kind == "opened":
            assert all(texts.has(f"manager.event.opened.{s}") for s in ("kiosk", "staff", "phone", "api"))
        else:
            assert texts.has(f"manager.event.{kind}"), kind


@pytest.mark.parametrize("end", ["cancelled", "removed", "open"])
def test_the_page_of_a_visit_that_was_not_served(
    running: RunningServer, http: requests.Session, end: str
) -> None:
    running.sign_on("maya")
    ticket = running.open("repair")
    if end == "cancelled":
        ticket.cancel()
    if end == "removed":
        running.submit_ok(ops.Remove(ticket.visit_id, ticket.visit.rev), tablet("maya"))
    for language in LANGUAGES:
        assert ticket.code in page_of(running, http, ticket, f"?lang={language}")
    if end == "open":
        assert "How it ended" not in page_of(running, http, ticket, "?lang=en")
