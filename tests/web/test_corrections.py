"""The manager corrects what the log says about a visit."""

import re
from typing import Any

import pytest
import requests
from playwright.sync_api import Page, expect

from sync_server.domain.catalogue.languages import LANGUAGES
from sync_server.domain.resolution import Resolution
from sync_server.service.processing.periodic_retention import run_retention
from sync_server.service.storage.connection import reading
from sync_server.service.upkeep.verify import verify

from .running_server import RunningServer, VisitDriver
from .steps import open_as_manager, sign_in_once, text_of

DAY_S = 24 * 3600


def completed(running: RunningServer, code: str = "A-7") -> VisitDriver:
    running.sign_on("maya", "sam")
    ticket = running.open("repair", code=code)
    ticket.claim("maya")
    ticket.start("maya")
    running.clock.after(120)
    ticket.complete("maya", Resolution.SOLVED)
    return ticket


def path_of(ticket: VisitDriver, rest: str = "") -> str:
    return f"/manager/visits/{ticket.visit_id}{rest}"


def send(
    running: RunningServer, http: requests.Session, ticket: VisitDriver, **fields: Any
) -> requests.Response:
    """Fills in the form as the page has it, with these fields changed, and sends it."""
    sign_in_once(running, http)
    page = http.get(running.address + path_of(ticket, "/correct"))
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.text))
    chosen = dict(re.findall(r'<select name="(\w+)">.*?<option value="(\w+)" selected>', page.text, re.S))
    given = {**hidden, **chosen, "because": "tapped_wrong", **fields}
    return http.post(running.address + path_of(ticket, "/correct"), given, allow_redirects=False)


def test_a_manager_corrects_by_hand_and_the_page_says_who_and_why(
    running: RunningServer, desktop: Page
) -> None:
    ticket = completed(running)
    open_as_manager(running, desktop, path_of(ticket))
    desktop.get_by_role("link", name="Correct this visit").click()
    desktop.get_by_label("How it ended").select_option("not_solved")
    desktop.get_by_label("Employee").select_option("sam")
    desktop.get_by_label("Why?").select_option("came_back")
    desktop.get_by_label("More about why").fill("the battery was empty again")
    desktop.get_by_role("button", name="Correct", exact=True).click()
    desktop.wait_for_url(f"**{path_of(ticket)}")
    last = desktop.get_by_role("region", name="What happened").get_by_role("listitem").last
    expect(last).to_contain_text("corrected it. How it ended: Solved → Not solved yet; Employee: Maya → Sam")
    expect(last).to_contain_text("the shopper came back: it was not solved")
    expect(last).to_contain_text("the battery was empty again")
    figures = desktop.get_by_role("region", name="In figures")
    expect(figures).to_contain_text("Not solved yet")
    expect(figures).to_contain_text("Sam")
    assert verify(running.server.data_dir, running.clock.now) == []
    desktop.goto(running.address + "/manager/log")
    expect(desktop.get_by_role("row", name="A-7")).to_contain_text("corrected")


def test_the_same_form_sent_twice_corrects_once(running: RunningServer, http: requests.Session) -> None:
    ticket = completed(running)
    rev = str(ticket.visit.rev)
    for _ in range(2):
        answer = send(running, http, ticket, resolution="sold", op_id="a" * 32, rev=rev)
        assert (answer.status_code, answer.headers["location"]) == (303, path_of(ticket))
    assert ticket.visit.corrections == 1


def test_of_two_managers_at_once_the_second_is_told(running: RunningServer, http: requests.Session) -> None:
    ticket = completed(running)
    rev = str(ticket.visit.rev)
    assert send(running, http, ticket, resolution="sold").status_code == 303
    answer = send(running, http, ticket, resolution="referred", rev=rev)
    assert answer.status_code == 409
    assert "Nothing was changed: somebody has just changed this visit." in text_of(answer)
    assert '<option value="sold" selected>' in answer.text  # as the log has it now
    assert ticket.visit.resolution is Resolution.SOLD


def test_each_wrong_form_has_a_sentence(running: RunningServer, http: requests.Session) -> None:
    ticket = completed(running)
    for fields, status, sentence in (
        ({}, 409, "this is what the log says already"),
        ({"because": ""}, 400, "please choose why"),
        ({"rev": "x"}, 400, "please choose why"),
        ({"employee": "nobody"}, 409, "does not have this employee or need any more"),
        ({"need": "nothing"}, 409, "does not have this employee or need any more"),
    ):
        answer = send(running, http, ticket, **fields)
        assert answer.status_code == status, fields
        assert sentence in text_of(answer), fields
    assert ticket.visit.corrections == 0


def test_an_open_visit_has_no_form_and_cannot_be_corrected(
    running: RunningServer, http: requests.Session
) -> None:
    ticket = running.open("repair", code="A-8")
    sign_in_once(running, http)
    assert "Correct this visit" not in text_of(http.get(running.address + path_of(ticket)))
    page = http.get(running.address + path_of(ticket, "/correct"))
    assert "It can be corrected once it has ended." in text_of(page)
    assert "<select" not in page.text
    other = completed(running, "A-9")
    page = http.get(running.address + path_of(other, "/correct"))
    token = re.search(r'name="token" value="([^"]+)"', page.text)
    form = {"token": token[1], "rev": str(ticket.visit.rev), "because": "other", "need": "pick_up"}
    answer = http.post(running.address + path_of(ticket, "/correct"), form)
    assert answer.status_code == 409
    assert "It can be corrected once it has ended." in text_of(answer)


def test_a_visit_that_never_was_is_not_found(running: RunningServer, http: requests.Session) -> None:
    sign_in_once(running, http)
    assert http.get(f"{running.address}/manager/visits/{'f' * 32}/correct").status_code == 404


def test_a_visit_of_last_week_is_corrected_without_a_note(
    running: RunningServer, http: requests.Session
) -> None:
    ticket = completed(running)
    running.clock.after(7 * DAY_S)
    running.run(run_retention(running.server.processor))
    sign_in_once(running, http)
    page = text_of(http.get(running.address + path_of(ticket, "/correct")))
    assert "This visit ended more than 24 hours ago, so no notes about it are kept." in page
    assert send(running, http, ticket, resolution="sold", note="Zq-words").status_code == 303
    assert "Solved → Sold" in text_of(http.get(running.address + path_of(ticket)))
    with reading(running.server.data_dir.store) as db:
        (bodies,) = db.execute("SELECT group_concat(body) FROM visit_events").fetchone()
    assert "Zq-words" not in bodies
    assert verify(running.server.data_dir, running.clock.now) == []


def test_a_note_of_a_correction_goes_with_the_visits_other_words(
    running: RunningServer, http: requests.Session
) -> None:
    ticket = completed(running)
    send(running, http, ticket, resolution="sold", note="Zq-words")
    assert "Zq-words" in text_of(http.get(running.address + path_of(ticket)))
    running.clock.after(DAY_S + 1)
    running.run(run_retention(running.server.processor))
    assert "Zq-words" not in text_of(http.get(running.address + path_of(ticket)))
    for file in running.server.data_dir.path.glob("store.db*"):
        assert b"Zq-words" not in file.read_bytes(), file


def test_every_language_has_the_form_and_the_step(running: RunningServer, http: requests.Session) -> None:
    ticket = completed(running)
    send(running, http, ticket, resolution="sold", need="pick_up")
    for language in LANGUAGES:
        for rest in ("", "/correct"):
            text = text_of(http.get(running.address + path_of(ticket, rest) + f"?lang={language}"))
            assert "manager." not in text
            assert "A-7" in text


@pytest.mark.attack("A correction sent without the form's token", "refused, nothing changes")
def test_a_correction_needs_the_forms_token(running: RunningServer, http: requests.Session) -> None:
    ticket = completed(running)
    answer = send(running, http, ticket, resolution="sold", token="guessed")
    assert answer.status_code == 403
    assert ticket.visit.corrections == 0


def test_what_went_wrong_is_on_the_page(running: RunningServer, http: requests.Session) -> None:
    running.sign_on("maya")
    ticket = running.open("repair", code="A-7")
    running.clock.after(400)
    ticket.claim("maya")
    ticket.start("maya")
    running.clock.after(3000)
    ticket.complete("maya", Resolution.SOLVED)
    sign_in_once(running, http)
    text = text_of(http.get(running.address + path_of(ticket)))
    assert "What went wrong" in text
    assert "The shopper waited 6:40; the aim is 1:00." in text
    assert "The service took 50:00" in text


def test_a_visit_that_closing_time_has_ended_is_corrected_to_completed(
    running: RunningServer, desktop: Page
) -> None:
    running.sign_on("maya")
    ticket = running.open("repair", code="A-1")
    running.clock.after(24 * 3600)
    running.call(running.server.processor.tick)
    open_as_manager(running, desktop, f"/manager/visits/{ticket.visit_id}/correct")
    desktop.get_by_label("How it ended").select_option("solved")
    desktop.get_by_label("Employee").select_option("maya")
    desktop.locator("select[name=because]").select_option("tapped_wrong")
    desktop.locator("main form button.first").click()
    story = desktop.get_by_role("region", name="What happened")
    expect(story).to_contain_text("manager says that it was completed. How it ended: Closing time → Solved; ")
    expect(desktop.get_by_role("region", name="In figures")).to_contain_text("Maya")
    with reading(running.server.data_dir.store) as db:
        row = db.execute("SELECT state, resolution, employee, left_open, service_s FROM visit_log").fetchone()
    assert row == ("completed", "solved", "maya", 1, None)
