"""The visit log: every visit, filtered, and the same as CSV."""

import csv
import io
import re
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import requests
from playwright.sync_api import Page, expect

from sync_server.domain import ops
from sync_server.domain.resolution import Resolution
from sync_server.service.reports import visit_log
from sync_server.service.reports.figure_rows import FIGURES, FigurePart
from sync_server.service.reports.visit_log import LogFilter
from sync_server.service.storage.connection import reading
from sync_server.web.manager.visit_log.log_page import PAGE_SIZE

from .conftest import SATURDAY
from .running_server import RunningServer
from .steps import open_as_manager, sign_in, sign_in_once, text_of

COLUMNS = (
    "visit_id,ticket,day,source,device_id,language,need,priority,party_size,state,resolution,"
    "first_contact_resolved,employee,created_at,offered_at,accepted_at,serving_at,ended_at,wait_s,greet_s,"
    "response_s,walk_s,service_s,held_s,visit_s,quoted_low_s,quoted_median_s,quoted_high_s,extended_high_s,offers,"
    "handovers,goodwill_cents,tip,nps,ces,comment,rev,left_open,quick,corrections,taps,root_cause,followed_up"
)


def get_page(
    running: RunningServer, http: requests.Session, query: str = "", path: str = "/manager/log"
) -> requests.Response:
    sign_in_once(running, http)
    answer = http.get(f"{running.address}{path}{query}")
    assert answer.status_code == 200
    return answer


def tickets(page: requests.Response) -> list[str]:
    return re.findall(r'<th scope="row"><a href="[^"]+">([A-Z]+-\d+)</a></th>', page.text)


def expected_tickets(
    running: RunningServer, limit: int = PAGE_SIZE, offset: int = 0, **filters: Any
) -> list[str]:
    with reading(running.server.data_dir.store) as db:
        return [line["ticket"] for line in visit_log.visit_log(db, LogFilter(**filters), limit, offset)]


FILTERS = [
    ("?from=2026-03-07&to=2026-03-07", {"from_day": SATURDAY, "to_day": SATURDAY}),
    ("?to=2026-02-14", {"to_day": "2026-02-14"}),
    ("?need=pick_up", {"need": "pick_up"}),
    ("?employee=maya", {"employee": "maya"}),
    ("?state=cancelled", {"state": "cancelled"}),
    ("?resolution=repair_booked", {"resolution": "repair_booked"}),
    ("?search=A-3", {"search": "A-3"}),
    ("?search=%25", {"search": "%"}),
    (
        "?need=repair&employee=noor&from=2026-03-01",
        {"need": "repair", "employee": "noor", "from_day": "2026-03-01"},
    ),
    ("?employee=nobody", {"employee": "nobody"}),
]


@pytest.mark.parametrize(("query", "filters"), FILTERS)
def test_a_filter_shows_its_visits_and_no_others(
    running_with_past: RunningServer, http: requests.Session, query: str, filters: dict[str, Any]
) -> None:
    page = get_page(running_with_past, http, query)
    assert tickets(page) == expected_tickets(running_with_past, **filters)
    with reading(running_with_past.server.data_dir.store) as db:
        count = visit_log.count_visits(db, LogFilter(**filters))
    assert f"{count} visit" in text_of(page)
    assert count < 600  # every filter excludes some visits


def test_filters_are_filled_in_and_cleared_by_hand(running_with_past: RunningServer, desktop: Page) -> None:
    open_as_manager(running_with_past, desktop, "/manager/log")
    desktop.get_by_role("combobox", name="Employee").select_option("Maya")
    desktop.get_by_role("combobox", name="How it ended").select_option("Repair booked")
    desktop.get_by_label("From").fill("2026-02-28")
    desktop.get_by_role("button", name="Show").click()
    desktop.wait_for_url("**employee=maya**")
    expected = expected_tickets(
        running_with_past, employee="maya", resolution="repair_booked", from_day="2026-02-28"
    )
    assert expected
    assert desktop.locator("tbody th").all_inner_texts() == expected
    expect(desktop.get_by_role("combobox", name="Employee")).to_have_value("maya")
    desktop.get_by_role("link", name="Clear filters").click()
    expect(desktop.get_by_role("combobox", name="Employee")).to_have_value("")


def test_pages_follow_each_other_without_a_gap(running_with_past: RunningServer, desktop: Page) -> None:
    open_as_manager(running_with_past, desktop, "/manager/log?need=pick_up")
    rows = desktop.locator("tbody th")
    assert rows.all_inner_texts() == expected_tickets(running_with_past, need="pick_up")
    expect(desktop.get_by_text(re.compile(f"1–{PAGE_SIZE} of"))).to_be_visible()
    desktop.get_by_role("link", name="Earlier").click()
    desktop.wait_for_url("**page=2&after=**")
    second = expected_tickets(running_with_past, offset=PAGE_SIZE, need="pick_up")
    assert rows.all_inner_texts() == second
    desktop.get_by_role("link", name="Earlier").click()
    desktop.wait_for_url("**page=3&after=**")
    assert rows.all_inner_texts() == expected_tickets(running_with_past, offset=2 * PAGE_SIZE, need="pick_up")
    desktop.get_by_role("link", name="Later").click()
    desktop.wait_for_url("**page=2&before=**")
    assert rows.all_inner_texts() == second
    desktop.get_by_role("link", name="Later").click()
    desktop.wait_for_url("**page=1")
    assert rows.all_inner_texts() == expected_tickets(running_with_past, need="pick_up")


def test_an_empty_result_says_so(running_with_past: RunningServer, http: requests.Session) -> None:
    text = text_of(get_page(running_with_past, http, "?search=nothing-like-it"))
    assert "0 visits" in text
    assert "No visits match. Try fewer filters or more days." in text


@pytest.mark.parametrize(
    "query",
    [
        "?page=0",
        "?page=x",
        "?page=-1",
        "?page=99999999",
        "?page=²",
        "?state=x",
        "?page=2&after=x",
        "?after=x",
    ],
)
def test_invalid_parameters_are_ignored(
    running_with_past: RunningServer, http: requests.Session, query: str
) -> None:
    get_page(running_with_past, http, query)


def test_a_wrong_date_is_named(running: RunningServer, http: requests.Session) -> None:
    sign_in(running, http)
    for path in ("/manager/log", "/manager/log.csv"):
        answer = http.get(running.address + path, params={"from": "yesterday"})
        assert answer.status_code == 400
        assert "yesterday is not a date." in text_of(answer)


def test_a_weekday_and_an_hour_show_their_visits_on_the_page_and_in_the_csv(
    running_with_past: RunningServer, http: requests.Session
) -> None:
    query = "?weekday=6&hour=14"
    zone = running_with_past.server.processor.catalogue.zone
    with reading(running_with_past.server.data_dir.store) as db:
        expected = [
            line["ticket"]
            for line in visit_log.visit_log(db, LogFilter(), 10_000)
            if (at := datetime.fromisoformat(line["created_at"]).astimezone(zone)).hour == 14
            and at.isoweekday() == 6
        ]
    assert expected
    page = get_page(running_with_past, http, query)
    assert tickets(page) == expected[:PAGE_SIZE]
    assert '<option value="14" selected>14–15</option>' in page.text
    assert f"/manager/log.csv{query.replace('&', '&amp;')}" in page.text
    csv_page = get_page(running_with_past, http, query, "/manager/log.csv")
    assert [line["ticket"] for line in csv_lines(csv_page.content)] == expected[::-1]


@pytest.mark.parametrize(("query", "value"), [("weekday=8", "8"), ("hour=24", "24"), ("hour=²", "²")])
def test_a_weekday_or_an_hour_that_there_is_not_is_named(
    running: RunningServer, http: requests.Session, query: str, value: str
) -> None:
    sign_in_once(running, http)
    answer = http.get(f"{running.address}/manager/log?{query}")
    assert answer.status_code == 400
    assert f"“{value}” is no weekday (1 to 7, Monday is 1) or hour (0 to 23)." in text_of(answer)


def test_a_row_shows_the_visit_in_the_stores_time(running: RunningServer, http: requests.Session) -> None:
    running.sign_on("maya")
    tip = running.server.processor.catalogue.tips_for("repair")[0].code
    ticket = running.open("repair", code="A-5")
    running.clock.after(41)
    ticket.claim("maya")
    ticket.start("maya")
    running.clock.after(235)
    ticket.complete("maya", Resolution.REPLACED_FREE, tip)
    ticket.rate(5)
    text = text_of(get_page(running, http))
    assert "A-5 Something doesn’t work 7 Mar 17:10 0:41" in text
    assert "Maya 3:55 Replaced, free · tip 5" in text
    assert "A-5 Jokin ei toimi 7.3. 17.10 0:41" in text_of(get_page(running, http, "?lang=fi"))
    assert "A-5 Er werkt iets niet 7 mrt 17:10 0:41" in text_of(get_page(running, http, "?lang=nl"))


def test_a_wait_over_the_needs_target_is_highlighted(running: RunningServer, http: requests.Session) -> None:
    for need, seconds in (("repair", 60), ("repair", 61), ("pick_up", 46)):  # targets 60, 60 and 45
        ticket = running.open(need, code=f"A-{seconds}")
        running.clock.after(seconds)
        ticket.cancel()
    over = re.findall(r'<td class="waited( over)?">([^<]+)<', get_page(running, http).text)
    assert over == [(" over", "0:46"), (" over", "1:01"), ("", "1:00")]


@pytest.mark.attack(
    "A script in a shopper's comment, on the manager's page",
    "shown as text",
)
def test_a_shoppers_comment_is_shown_as_text(running: RunningServer, http: requests.Session) -> None:
    ticket = running.open()
    ticket.cancel()
    running.submit_ok(ops.Rate(ticket.visit_id, comment="<script>alert(1)</script> & =1+1"))
    page = get_page(running, http, "?search=alert")
    assert tickets(page) == [ticket.code]
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; =1+1" in page.text


# --- behind a figure ---


def test_the_visits_behind_a_figure(running_with_past: RunningServer, http: requests.Session) -> None:
    days = f"?from={SATURDAY}&to={SATURDAY}"
    for name in FIGURES:
        found = [
            get_page(running_with_past, http, f"{days}&figure={name}&part={part}") for part in FigurePart
        ]
        yes, no, both = (int(re.search(r"(\d+) visits?", text_of(page))[1]) for page in found)
        assert yes + no == both or name in (
            "completed",
            "cancelled",
            "no_show",
            "removed",
            "expired",
            "left",
            "quick",
        )
        assert 0 <= yes <= both, name
    text = text_of(get_page(running_with_past, http, f"{days}&figure=within_five_minutes&part=no"))
    assert "Behind this figure: Done within five minutes: no" in text


def test_the_filter_of_a_figure_stays_and_can_be_left(
    running_with_past: RunningServer, desktop: Page
) -> None:
    open_as_manager(running_with_past, desktop, f"/manager/log?from={SATURDAY}&figure=service_level&part=yes")
    desktop.get_by_role("combobox", name="Need").select_option("pick_up")
    desktop.get_by_role("button", name="Show", exact=True).click()
    desktop.wait_for_url("**figure=service_level&part=yes**")
    desktop.get_by_role("link", name="Show all").click()
    desktop.wait_for_url(re.compile("need=pick_up$"))


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({"figure": "occupancy"}, "There is no figure “occupancy” with visits behind it."),
        ({"figure": "x" * 50}, f"There is no figure “{'x' * 40}”"),
        ({"figure": "nps", "part": "some"}, "“some” is no part of a figure."),
    ],
)
def test_an_unknown_figure_is_named(
    running: RunningServer, http: requests.Session, query: dict[str, str], sentence: str
) -> None:
    sign_in(running, http)
    for path in ("/manager/log", "/manager/log.csv"):
        answer = http.get(running.address + path, params=query)
        assert answer.status_code == 400
        assert sentence in text_of(answer)


# --- CSV -------------------------------------------------------------------------------------------


def csv_lines(body: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(body.decode("utf-8-sig"), newline="")))


def test_the_csv_is_the_view_visit_log(running_with_past: RunningServer, http: requests.Session) -> None:
    answer = get_page(running_with_past, http, path="/manager/log.csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="visits.csv"'
    assert answer.content.startswith(b"\xef\xbb\xbf" + COLUMNS.encode() + b"\r\n")
    with reading(running_with_past.server.data_dir.store) as db:
        rows = visit_log.visit_log(db, LogFilter(), limit=10_000)
    expected = [
        {name: "" if value is None else str(value) for name, value in row.items()} for row in reversed(rows)
    ]
    assert csv_lines(answer.content) == expected
    assert len(expected) > 500


@pytest.mark.parametrize(("query", "filters"), FILTERS)
def test_the_csv_takes_the_same_filters(
    running_with_past: RunningServer, http: requests.Session, query: str, filters: dict[str, Any]
) -> None:
    found = [
        line["ticket"]
        for line in csv_lines(get_page(running_with_past, http, query, "/manager/log.csv").content)
    ]
    assert found == expected_tickets(running_with_past, limit=10_000, **filters)[::-1]


def test_a_formula_in_the_csv_is_quoted(running: RunningServer, http: requests.Session) -> None:
    ticket = running.open()
    ticket.cancel()
    running.submit_ok(ops.Rate(ticket.visit_id, comment='=HYPERLINK("http://x")'))
    (line,) = csv_lines(get_page(running, http, path="/manager/log.csv").content)
    assert line["comment"] == '\'=HYPERLINK("http://x")'


def test_the_manager_downloads_the_days_csv(
    running_with_past: RunningServer, desktop: Page, tmp_path: Path
) -> None:
    open_as_manager(running_with_past, desktop, "/manager/today")
    with desktop.expect_download() as download:
        desktop.get_by_role("link", name="Export").click()
    assert download.value.suggested_filename == f"visits-{SATURDAY}-{SATURDAY}.csv"
    download.value.save_as(tmp_path / "visits.csv")
    found = [line["ticket"] for line in csv_lines((tmp_path / "visits.csv").read_bytes())]
    assert (
        found == expected_tickets(running_with_past, limit=10_000, from_day=SATURDAY, to_day=SATURDAY)[::-1]
    )
