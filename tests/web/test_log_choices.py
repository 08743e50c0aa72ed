"""The log's order, its columns, the views that people keep, and what the search finds."""

import re

import pytest
import requests
from playwright.sync_api import Page, expect

from sync_server.domain import ops
from sync_server.service.auth import managers
from sync_server.service.reports import saved_views, visit_log
from sync_server.service.reports.visit_log import SORTS, LogFilter, Sort
from sync_server.service.storage.connection import connect, reading
from sync_server.web.manager.visit_log import log_page
from sync_server.web.manager.visit_log.columns import COLUMNS, USUAL

from .running_server import RunningServer
from .steps import open_as_manager, sign_in_once, text_of
from .test_log import get_page, tickets


def post(running: RunningServer, http: requests.Session, path: str, **fields: str) -> requests.Response:
    """Sends a form of the log as the page has it."""
    page = get_page(running, http)
    token = re.search(r'name="token" value="([^"]+)"', page.text)[1]
    return http.post(running.address + path, {"token": token, **fields}, allow_redirects=False)


def headings(page: requests.Response) -> list[str]:
    table = page.text.split("<thead>")[1].split("</thead>")[0]
    return [
        re.sub(r"<[^>]+>|&nbsp;|[↓↑]", "", cell).strip() for cell in re.findall(r"<th.*?</th>", table, re.S)
    ]


# --- order ---


@pytest.mark.parametrize("column", SORTS)
def test_every_order_shows_what_is_empty_last(running_with_past: RunningServer, column: str) -> None:
    with reading(running_with_past.server.data_dir.store) as db:
        for descending in (True, False):
            ordered = visit_log.visit_log(db, LogFilter(), 10_000, 0, Sort(column, descending))
            values = [line["state"] if column == "resolution" else line[column] for line in ordered]
            if column == "resolution":
                values = [line["resolution"] or line["state"] for line in ordered]
            if column == "goodwill_cents":
                values = [value or None for value in values]
            known = [value for value in values if value is not None]
            assert known == sorted(known, reverse=descending)
            assert all(value is None for value in values[len(known) :])


def test_a_heading_orders_the_rows_and_turns_round(running_with_past: RunningServer, desktop: Page) -> None:
    open_as_manager(running_with_past, desktop, "/manager/log?need=repair")
    desktop.get_by_role("link", name="Waited").click()
    desktop.wait_for_url("**sort=wait_s&order=desc**")
    heading = desktop.get_by_role("columnheader", name="Waited")
    expect(heading).to_have_attribute("aria-sort", "descending")
    first = desktop.locator("tbody td.waited").first.inner_text()
    desktop.get_by_role("link", name="Waited").click()
    desktop.wait_for_url("**order=asc**")
    expect(heading).to_have_attribute("aria-sort", "ascending")
    assert desktop.locator("tbody td.waited").first.inner_text() != first
    assert "need=repair" in desktop.url


def test_too_many_visits_to_order_are_said_and_the_newest_come_first(
    running_with_past: RunningServer, http: requests.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_page, "MAX_SORTED", 100)
    page = get_page(running_with_past, http, "?sort=wait_s&order=asc")
    assert "Choose fewer days, so that there are at most 100" in text_of(page)
    assert tickets(page) == tickets(get_page(running_with_past, http))


def test_of_very_many_visits_only_so_many_are_counted(
    running_with_past: RunningServer, http: requests.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_page, "MAX_COUNTED", 60)
    page = get_page(running_with_past, http, "?page=2")
    assert "More than 60 visits" in text_of(page)
    assert "51–100" in text_of(page)
    assert 'rel="next"' in page.text


@pytest.mark.parametrize("query", ["?sort=nothing", "?sort=wait_s&order=x", "?sort=%27%3B--"])
def test_an_unknown_order_is_the_usual_one_or_its_column(
    running_with_past: RunningServer, http: requests.Session, query: str
) -> None:
    get_page(running_with_past, http, query)


# --- columns ---


def test_the_columns_that_somebody_chose_are_kept(running: RunningServer, http: requests.Session) -> None:
    running.open("repair", code="A-1")
    chosen = dict.fromkeys(("need", "source", "goodwill_cents", "language"), "on")
    answer = post(running, http, "/manager/log/columns", query="need=repair", **chosen)
    assert answer.headers["location"] == "/manager/log?need=repair"
    page = get_page(running, http)
    assert headings(page) == ["Ticket", "Need", "Opened at", "Language", "Goodwill"]
    assert "Kiosk" in text_of(page)
    post(running, http, "/manager/log/columns")
    assert len(headings(get_page(running, http))) == len(USUAL) + 1


def test_every_column_has_a_heading_and_a_cell_in_every_language(
    running_with_past: RunningServer, http: requests.Session
) -> None:
    post(running_with_past, http, "/manager/log/columns", **dict.fromkeys(COLUMNS, "on"))
    for language in ("en", "nl", "fi"):
        page = get_page(running_with_past, http, f"?lang={language}")
        assert len(headings(page)) == len(COLUMNS) + 1
        row = page.text.split("<tbody>")[1].split("</tr>")[0]
        assert row.count("<td") == len(COLUMNS)
        assert not re.search(r"column\.|source\.", text_of(page))
    post(running_with_past, http, "/manager/log/columns")


# --- saved views ---


def test_a_view_is_saved_by_hand_opened_and_removed(running: RunningServer, desktop: Page) -> None:
    open_as_manager(running, desktop, "/manager/log?need=repair&sort=wait_s&order=desc&search=anna")
    desktop.get_by_text("Save this view").click()
    desktop.get_by_label("Name").fill("Long repairs")
    desktop.get_by_label("For everybody").check()
    desktop.get_by_role("button", name="Save", exact=True).click()
    desktop.wait_for_url("**/manager/log?need=repair&sort=wait_s&order=desc")  # not what was searched for
    desktop.goto(running.address + "/manager/log")
    desktop.get_by_role("link", name="Long repairs").click()
    desktop.wait_for_url("**/manager/log?need=repair&sort=wait_s&order=desc")
    expect(desktop.get_by_role("link", name="Long repairs")).to_have_attribute("aria-current", "true")
    desktop.get_by_role("button", name="Remove the view Long repairs").click()
    expect(desktop.get_by_role("link", name="Long repairs")).to_have_count(0)
    with reading(running.server.data_dir.store) as db:
        assert "anna" not in str(db.execute("SELECT * FROM saved_views").fetchall())


def test_who_only_looks_keeps_views_for_themselves(running: RunningServer) -> None:
    db = connect(running.server.data_dir.store)
    for account, owner in (("owner", "owner"), ("other", "other"), ("shared", None)):
        saved_views.save_view(db, f"of {account}", "need=repair", owner, account, 1)
    assert [view.name for view in saved_views.views_for(db, "owner")] == ["of owner", "of shared"]
    numbers = {view.name: view.n for view in saved_views.views_for(db, "other")}
    for number in numbers.values():
        saved_views.remove_view(db, number, "owner", may_remove_shared=False)
    assert [view.name for view in saved_views.views_for(db, "other")] == ["of other", "of shared"]
    saved_views.keep_columns(db, "other", ["need"])
    managers.add(db, "other", "readonly", "hash", 1)
    managers.remove(db, "other")  # another one of this name finds nothing of theirs
    assert [view.name for view in saved_views.views_for(db, "other")] == ["of shared"]
    assert saved_views.columns_of(db, "other") is None
    db.close()


def test_a_view_without_a_name_and_one_too_many_have_a_sentence(
    running: RunningServer, http: requests.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = post(running, http, "/manager/log/views", name="  ", query="need=repair")
    assert answer.status_code == 400
    assert "Please give the view a name." in text_of(answer)
    monkeypatch.setattr(saved_views, "MAX_VIEWS", 1)
    assert post(running, http, "/manager/log/views", name="one", query="").status_code == 303
    assert (
        post(running, http, "/manager/log/views", name="one", query="need=x").status_code == 303
    )  # replaced
    answer = post(running, http, "/manager/log/views", name="two", query="")
    assert "Remove one first." in text_of(answer)
    for number in ("x", "-1", "²", "9" * 12):
        assert post(running, http, "/manager/log/views/remove", view=number).status_code == 404
    assert post(running, http, "/manager/log/views/remove", view="77").status_code == 303


@pytest.mark.attack("A saved view's name contains a script", "shown as text")
def test_a_views_name_is_shown_as_text(running: RunningServer, http: requests.Session) -> None:
    post(running, http, "/manager/log/views", name="<script>alert(1)</script>", query='x=1&need="><b>')
    page = get_page(running, http)
    assert "<script>alert" not in page.text
    assert "<b>" not in page.text


# --- search ---


def test_the_search_finds_notes_and_comments_and_tickets(
    running: RunningServer, http: requests.Session
) -> None:
    ticket = running.open(code="A-42")
    ticket.cancel()
    running.submit_ok(ops.Rate(ticket.visit_id, comment="Was für ein hübscher Laden"))
    running.open(code="A-43")
    for text, found in (
        ("hubsch", ["A-42"]),
        ("laden hübscher", ["A-42"]),
        ("a42", ["A-42"]),
        ("A-43", ["A-43"]),
        ("A-4", []),
        ("nothing", []),
    ):
        sign_in_once(running, http)
        page = http.get(running.address + "/manager/log", params={"search": text})
        assert tickets(page) == found, text
