"""The page Learning: what was not solved or not easy, why, what became of it, by need, and what helps."""

import re

import pytest
import requests
from playwright.sync_api import Page, expect

from sync_server.domain import ops
from sync_server.domain.resolution import Resolution
from sync_server.service.reports.learning import read_learning
from sync_server.service.storage.connection import reading

from .running_server import RunningServer
from .steps import form_field, open_as_manager, sign_in_once, text_of

LEARNING = "/manager/learning"


def get(running: RunningServer, http: requests.Session, query: str = "") -> str:
    sign_in_once(running, http)
    answer = http.get(running.address + LEARNING + query)
    assert answer.status_code == 200
    return text_of(answer)


def test_a_shop_without_visits_and_one_without_trouble(
    running: RunningServer, http: requests.Session
) -> None:
    assert "No visits in the last 28 days." in get(running, http)
    running.sign_on("maya")
    running.open("repair").serve("maya")
    text = get(running, http)
    assert "Nothing was left unsolved or found hard in the last 28 days." in text
    assert "Not solved, or not easy" not in text


def test_trouble_with_what_went_wrong_and_what_became_of_it(running: RunningServer, desktop: Page) -> None:
    running.sign_on("maya")
    hard, unsolved = running.open("repair", code="A-1"), running.open("pick_up", code="A-2")
    for ticket in (hard, unsolved):
        running.clock.after(600)
        ticket.claim("maya")
        ticket.start("maya")
        ticket.complete("maya", Resolution.NOT_SOLVED if ticket is unsolved else Resolution.SOLVED)
    running.submit_ok(ops.Rate(hard.visit_id, ces=1, comment="Nobody knew where the cable was"))
    open_as_manager(running, desktop, LEARNING)
    heading = desktop.get_by_role("heading", level=1)
    expect(heading).to_have_text(
        re.compile(r"1 visit was not solved. 1 shopper said that it was hard. Look at “.+” first.")
    )
    rows = desktop.get_by_role("region", name="Not solved, or not easy").get_by_role("listitem")
    expect(rows).to_have_count(2)
    expect(rows.filter(has_text="A-1")).to_contain_text("Very hard")
    expect(rows.filter(has_text="A-1")).to_contain_text("Nobody knew where the cable was")
    expect(rows.filter(has_text="A-2")).to_contain_text("The shopper waited")
    rows.filter(has_text="A-2").get_by_role("link", name="Say what became of it").click()
    desktop.get_by_label("How it ended").select_option("solved")
    desktop.locator("select[name=because]").select_option("solved_later")
    desktop.locator("main form button.first").click()
    desktop.wait_for_url("**/manager/visits/*")
    desktop.goto(running.address + LEARNING)
    expect(heading).to_contain_text("1 shopper said that it was hard.")
    expect(heading).not_to_contain_text("not solved")
    expect(rows.filter(has_text="A-2")).to_contain_text("It was solved later")  # it stays, with its end


def test_the_manager_says_why_and_when_it_is_taken_care_of(running: RunningServer, desktop: Page) -> None:
    running.sign_on("maya")
    ticket = running.open("repair", code="A-1")
    ticket.claim("maya")
    ticket.start("maya")
    ticket.complete("maya", Resolution.NOT_SOLVED)
    open_as_manager(running, desktop, LEARNING)
    card = desktop.get_by_role("region", name="Not solved, or not easy")
    row = card.get_by_role("listitem")
    expect(card).to_contain_text("1 waits for somebody to look into it.")
    row.get_by_text("Say why").click()
    row.locator("select[name=cause]").select_option("stock")
    row.get_by_role("button", name="Keep").click()
    expect(row).to_contain_text("It was not in the shop")
    row.get_by_text("Change").click()
    row.get_by_label("taken care of").check()
    row.get_by_role("button", name="Keep").click()
    expect(row).to_contain_text("It was not in the shop · taken care of")
    expect(card).not_to_contain_text("for somebody to look into")
    expect(desktop.get_by_role("region", name="Why it happened")).to_contain_text("It was not in the shop1")
    desktop.goto(f"{running.address}/manager/visits/{ticket.visit_id}")
    story = desktop.get_by_role("region", name="What happened")
    expect(story).to_contain_text("Looked into and taken care of: it was not in the shop (manager)")


@pytest.mark.parametrize(
    "form", [{}, {"cause": "stock"}, {"cause": "x", "rev": "5"}, {"cause": "stock", "rev": "1"}]
)
def test_a_form_with_something_missing_or_old_says_so(
    running: RunningServer, http: requests.Session, form: dict[str, str]
) -> None:
    running.sign_on("maya")
    ticket = running.open("repair", code="A-1")
    ticket.claim("maya")
    ticket.start("maya")
    ticket.complete("maya", Resolution.NOT_SOLVED)
    sign_in_once(running, http)
    token = form_field(http.get(running.address + LEARNING))
    answer = http.post(
        f"{running.address}/manager/visits/{ticket.visit_id}/follow-up", {"token": token, **form}
    )
    assert answer.status_code == 409
    assert ticket.visit.root_cause is None


def test_what_helps_and_who_may_have_helped_themselves(
    running: RunningServer, http: requests.Session
) -> None:
    running.sign_on("maya")
    for effort in (5, 2):
        ticket = running.open("repair")
        ticket.claim("maya")
        ticket.start("maya")
        ticket.complete("maya", tip="cables")
        ticket.rate(effort)
    alone = running.open("repair")
    alone.cancel()
    alone.rate(5)
    text = get(running, http)
    assert re.search(r"Left the line and found it easy .* Something doesn’t work 1 of 1", text)
    assert "Cables don’t like twisting given 2 times 1 of 2" in text


def test_the_counts_are_those_of_the_log(running_with_past: RunningServer) -> None:
    with reading(running_with_past.server.data_dir.store) as db:
        found = read_learning(db, "2026-02-08", "2026-03-07", 5)
        days = "day BETWEEN '2026-02-08' AND '2026-03-07'"
        rows = db.execute(
            "SELECT need, count(*), sum(coalesce(resolution = 'not_solved', 0)), sum(state = 'completed'),"
            f" sum(coalesce(ces IN (1, 2), 0)), count(ces) FROM visit_log WHERE {days} GROUP BY need"
        ).fetchall()
        ((both,),) = db.execute(
            f"SELECT count(*) FROM visit_log WHERE {days} AND (resolution = 'not_solved' OR ces IN (1, 2))"
        )
    assert found.troubled == both > 0
    assert len(found.lines) == 5
    assert sorted(
        (n.need, n.visits, n.not_solved.part, n.not_solved.whole, n.hard.part, n.hard.whole)
        for n in found.needs
    ) == sorted(rows)


@pytest.mark.parametrize("days", ["0", "-7", "1000000", "x", ""])
def test_another_span_is_refused(running: RunningServer, http: requests.Session, days: str) -> None:
    sign_in_once(running, http)
    assert http.get(f"{running.address}{LEARNING}?days={days}").status_code == 400
