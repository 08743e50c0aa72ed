"""The visit log: every visit, filtered, and the same as CSV."""

import csv
import io
import re
from pathlib import Path
from typing import Any

import pytest
import requests
from playwright.sync_api import Page, expect

from sync_server.domain import ops
from sync_server.domain.events import Resolution
from sync_server.service import queries
from sync_server.service.queries import LogFilter
from sync_server.service.store import reading
from sync_server.web.log import PAGE

from .conftest import SATURDAY
from .running import Running
from .steps import come_in, come_in_at, come_in_once, words_in

COLUMNS = (
    "visit_id,ticket,day,source,device_id,language,need,priority,party_size,state,resolution,"
    "first_contact_resolved,employee,created_at,offered_at,accepted_at,serving_at,ended_at,wait_s,greet_s,"
    "response_s,walk_s,service_s,held_s,visit_s,quoted_low_s,quoted_median_s,quoted_high_s,offers,handovers,"
    "goodwill_cents,tip,nps,ces,comment,rev,left_open"
)


def get(
    shop: Running, http: requests.Session, query: str = "", path: str = "/manager/log"
) -> requests.Response:
    come_in_once(shop, http)
    answer = http.get(f"{shop.address}{path}{query}")
    assert answer.status_code == 200
    return answer


def tickets(page: requests.Response) -> list[str]:
    return re.findall(r'<th scope="row">([A-Z]+-\d+)</th>', page.text)


def wanted(shop: Running, limit: int = PAGE, offset: int = 0, **filters: Any) -> list[str]:
    with reading(shop.server.folder.store) as db:
        return [line["ticket"] for line in queries.visit_log(db, LogFilter(**filters), limit, offset)]


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
    old_shop: Running, http: requests.Session, query: str, filters: dict[str, Any]
) -> None:
    page = get(old_shop, http, query)
    assert tickets(page) == wanted(old_shop, **filters)
    with reading(old_shop.server.folder.store) as db:
        count = queries.count_visits(db, LogFilter(**filters))
    assert f"{count} visit" in words_in(page)
    assert count < 600  # each of them leaves something out


def test_filters_are_filled_in_and_cleared_by_hand(old_shop: Running, desk: Page) -> None:
    come_in_at(old_shop, desk, "/manager/log")
    desk.get_by_label("Employee").select_option("Maya")
    desk.get_by_label("How it ended").select_option("Repair booked")
    desk.get_by_label("From").fill("2026-02-28")
    desk.get_by_role("button", name="Show").click()
    desk.wait_for_url("**employee=maya**")
    expected = wanted(old_shop, employee="maya", resolution="repair_booked", from_day="2026-02-28")
    assert expected
    assert desk.locator("tbody th").all_inner_texts() == expected
    expect(desk.get_by_label("Employee")).to_have_value("maya")
    desk.get_by_role("link", name="Clear filters").click()
    expect(desk.get_by_label("Employee")).to_have_value("")


def test_pages_follow_each_other_without_gap(old_shop: Running, desk: Page) -> None:
    come_in_at(old_shop, desk, "/manager/log?need=pick_up")
    rows = desk.locator("tbody th")
    assert rows.all_inner_texts() == wanted(old_shop, need="pick_up")
    expect(desk.get_by_text(re.compile(f"1–{PAGE} of"))).to_be_visible()
    desk.get_by_role("link", name="Earlier").click()
    desk.wait_for_url("**page=2**")
    assert rows.all_inner_texts() == wanted(old_shop, offset=PAGE, need="pick_up")
    desk.get_by_role("link", name="Later").click()
    desk.wait_for_url("**page=1**")
    assert rows.all_inner_texts() == wanted(old_shop, need="pick_up")


def test_nothing_found_says_so(old_shop: Running, http: requests.Session) -> None:
    said = words_in(get(old_shop, http, "?search=nothing-like-it"))
    assert "0 visits" in said
    assert "No visits match. Try fewer filters or more days." in said


@pytest.mark.parametrize("query", ["?page=0", "?page=x", "?page=-1", "?page=99999999", "?page=²", "?state=x"])
def test_odd_addresses_are_taken_calmly(old_shop: Running, http: requests.Session, query: str) -> None:
    get(old_shop, http, query)


def test_a_wrong_day_is_named(shop: Running, http: requests.Session) -> None:
    come_in(shop, http)
    for path in ("/manager/log", "/manager/log.csv"):
        answer = http.get(shop.address + path, params={"from": "yesterday"})
        assert answer.status_code == 400
        assert "yesterday is not a date." in words_in(answer)


def test_a_row_tells_the_visit_in_the_store_s_own_time(shop: Running, http: requests.Session) -> None:
    shop.sign_on("maya")
    tip = shop.server.shop.catalogue.tips_for("repair")[0].code
    ticket = shop.open("repair", code="A-5")
    shop.clock.after(41)
    ticket.claim("maya")
    ticket.start("maya")
    shop.clock.after(235)
    ticket.complete("maya", Resolution.REPLACED_FREE, tip)
    ticket.rate(5)
    said = words_in(get(shop, http))
    assert "A-5 Something doesn’t work 7 Mar 17:10 0:41" in said
    assert "Maya 3:55 Replaced, free · tip 5" in said
    assert "A-5 Jokin ei toimi 7.3. 17.10 0:41" in words_in(get(shop, http, "?lang=fi"))
    assert "A-5 Er werkt iets niet 7 mrt 17:10 0:41" in words_in(get(shop, http, "?lang=nl"))


def test_a_wait_over_the_need_s_target_is_warm(shop: Running, http: requests.Session) -> None:
    for need, seconds in (("repair", 60), ("repair", 61), ("pick_up", 46)):  # targets 60, 60 and 45
        ticket = shop.open(need, code=f"A-{seconds}")
        shop.clock.after(seconds)
        ticket.cancel()
    over = re.findall(r'<td class="waited( over)?">([^<]+)<', get(shop, http).text)
    assert over == [(" over", "0:46"), (" over", "1:01"), ("", "1:00")]


@pytest.mark.attack("A script in a shopper's comment, on the manager's page", "shown as the text it is")
def test_what_a_shopper_wrote_is_shown_as_written(shop: Running, http: requests.Session) -> None:
    ticket = shop.open()
    ticket.cancel()
    shop.yes(ops.Rate(ticket.visit_id, comment="<script>alert(1)</script> & =1+1"))
    page = get(shop, http, "?search=alert")
    assert tickets(page) == [ticket.code]
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; =1+1" in page.text


# --- CSV -------------------------------------------------------------------------------------------


def lines_of(body: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(body.decode("utf-8-sig"), newline="")))


def test_the_csv_holds_the_log_as_sql_tools_see_it(old_shop: Running, http: requests.Session) -> None:
    answer = get(old_shop, http, path="/manager/log.csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="visits.csv"'
    assert answer.content.startswith(b"\xef\xbb\xbf" + COLUMNS.encode() + b"\r\n")
    with reading(old_shop.server.folder.store) as db:
        rows = queries.visit_log(db, LogFilter(), limit=10_000)
    expected = [
        {name: "" if value is None else str(value) for name, value in row.items()} for row in reversed(rows)
    ]
    assert lines_of(answer.content) == expected
    assert len(expected) > 500


@pytest.mark.parametrize(("query", "filters"), FILTERS)
def test_the_csv_takes_the_same_filters(
    old_shop: Running, http: requests.Session, query: str, filters: dict[str, Any]
) -> None:
    found = [line["ticket"] for line in lines_of(get(old_shop, http, query, "/manager/log.csv").content)]
    assert found == wanted(old_shop, limit=10_000, **filters)[::-1]


def test_the_csv_runs_no_formula(shop: Running, http: requests.Session) -> None:
    ticket = shop.open()
    ticket.cancel()
    shop.yes(ops.Rate(ticket.visit_id, comment='=HYPERLINK("http://x")'))
    (line,) = lines_of(get(shop, http, path="/manager/log.csv").content)
    assert line["comment"] == '\'=HYPERLINK("http://x")'


def test_the_manager_takes_the_file_along(old_shop: Running, desk: Page, tmp_path: Path) -> None:
    come_in_at(old_shop, desk, "/manager/today")
    with desk.expect_download() as download:
        desk.get_by_role("link", name="Export").click()
    assert download.value.suggested_filename == f"visits-{SATURDAY}-{SATURDAY}.csv"
    download.value.save_as(tmp_path / "visits.csv")
    found = [line["ticket"] for line in lines_of((tmp_path / "visits.csv").read_bytes())]
    assert found == wanted(old_shop, limit=10_000, from_day=SATURDAY, to_day=SATURDAY)[::-1]
