"""The page Report says what the log says, for any period, and each figure leads to its visits."""

import re
from datetime import date
from html import unescape

import pytest
import requests
from playwright.sync_api import Page

from sync_server.domain.catalogue.languages import LANGUAGES
from sync_server.service.admin import client
from sync_server.service.reports import kpi_report
from sync_server.service.storage.connection import reading
from sync_server.web.http import formatting

from .conftest import BEFORE, SATURDAY
from .running_server import RunningServer
from .steps import open_as_manager, sign_in_once, text_of


def get(
    running: RunningServer, http: requests.Session, query: str = "", status: int = 200
) -> requests.Response:
    sign_in_once(running, http)
    answer = http.get(f"{running.address}/manager/report{query}")
    assert answer.status_code == status
    return answer


def test_the_figures_are_those_of_the_key_figures(
    running_with_past: RunningServer, http: requests.Session
) -> None:
    server = running_with_past.server
    with reading(server.data_dir.store) as db:
        kpis = kpi_report.kpi_report(
            db, server.processor.catalogue, "2026-02-01", "2026-03-31", running_with_past.clock.now
        )
    text = text_of(get(running_with_past, http, "?from=2026-02-01&to=2026-03-31"))
    assert f"{kpis.arrived} visits. " in text
    solved, greeted = kpis.first_contact_resolution, kpis.greeted_in_time
    for share in (solved, greeted, kpis.tip_rate, kpis.quote_coverage):
        assert f"{share.part} of {share.whole} ·" in text
    assert f"Completed {kpis.completed} " in text
    assert f"Effort {formatting.decimal(kpis.ces, 'en')} " in text
    assert f"Left without being helped {kpis.left} " in text
    occupancy = formatting.percent(kpis.occupancy, "en").replace("\u00a0", " ")
    assert f"Time with a visit in hand {occupancy} " in text


@pytest.mark.parametrize("query", [f"?span=day&day={SATURDAY}", "?from=2026-02-01&to=2026-03-31"])
def test_each_figure_leads_to_as_many_visits_as_it_says(
    running_with_past: RunningServer, http: requests.Session, query: str
) -> None:
    page = get(running_with_past, http, query).text
    links = re.findall(r'<a href="(/manager/log\?[^"]*figure=[^"&]*(?:&amp;part=[^"]*)?)">([^<]*)</a>', page)
    assert len(links) > 15
    hours = re.findall(r'<a href="(/manager/log\?[^"]*hour=\d+)">[^<]*</a></th><td>(\d+)</td>', page)
    assert len(hours) > 8
    links += hours
    for address, said in links:
        shown = text_of(http.get(running_with_past.address + unescape(address)))
        (visits,) = re.findall(r"\d+", said)
        assert re.search(rf"\b{visits} visits?\b", shown), (address, said)


def test_a_day_with_a_bad_hour_says_which(running_with_past: RunningServer, http: requests.Session) -> None:
    text = text_of(get(running_with_past, http, f"?span=day&day={SATURDAY}"))
    assert "The worst hour was 15–16" in text


def test_days_the_wrong_way_round_are_put_in_order(
    running_with_past: RunningServer, http: requests.Session
) -> None:
    right, wrong = (
        text_of(get(running_with_past, http, f"?from={first}&to={last}"))
        for first, last in ((BEFORE[0], SATURDAY), (SATURDAY, BEFORE[0]))
    )
    assert right == wrong


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("?span=day&day=2026-01-04", "No visits in this time."),
        ("?span=year&day=2199-12-31", "These days are still to come."),
        ("?from=2000-01-01&to=2000-01-02", "No visits in this time."),
        ("?span=day&day=2026-03-29", "These days are still to come."),  # 23 hours long
        ("?span=day&day=2025-10-26", "No visits in this time."),  # 25 hours long
    ],
)
def test_a_period_without_visits_says_so(
    running_with_past: RunningServer, http: requests.Session, query: str, said: str
) -> None:
    assert said in text_of(get(running_with_past, http, query))


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("?day=0000-01-01", "0000-01-01 is not a date"),
        ("?from=2026-02-30", "2026-02-30 is not a date"),
        ("?span=century", "“century” is no period"),
    ],
)
def test_what_is_no_period_is_named(
    running_with_past: RunningServer, http: requests.Session, query: str, said: str
) -> None:
    assert said in text_of(get(running_with_past, http, query, 400))


def test_one_visit_is_too_few_to_say(running: RunningServer, http: requests.Session) -> None:
    running.sign_on("maya")
    running.open().serve("maya")
    text = text_of(get(running, http, f"?span=day&day={SATURDAY}"))
    assert "1 visit." in text
    assert "too few to say" in text
    assert "No hour stood out." in text


def test_the_visitors_way_begins_at_the_door_that_a_program_counts(
    running_with_past: RunningServer, http: requests.Session
) -> None:
    day = f"?span=day&day={SATURDAY}"
    token = client.run(running_with_past.server.data_dir, "add_token", name="door", scopes="arrivals:count")
    for at, people in ((f"{SATURDAY}T09:00:00+01:00", 250), ("2026-03-06T23:00:00+01:00", 7)):
        answer = http.post(
            f"{running_with_past.address}/api/v1/arrivals",
            json={"people": people, "at": at},
            headers={"Authorization": f"Bearer {token}"},
        )
        assert answer.json() == {"counted": True}
    text = text_of(get(running_with_past, http, day))
    assert re.search(r"Through the door \d\d % touch a kiosk · \d+ of 250 ", text), text
    assert "The door is not counted" not in text
    assert "The door is not counted" in text_of(get(running_with_past, http, f"?span=day&day={BEFORE[0]}"))


def test_every_picture_has_its_table_and_is_named(
    running_with_past: RunningServer, http: requests.Session
) -> None:
    page = get(running_with_past, http, "?from=2026-02-01&to=2026-03-31").text
    cards = page.split('<section class="card picture"')[1:]
    assert len(cards) == 9
    without = [card for card in cards if "<table" not in card]
    assert len(without) == 1
    assert "Nothing was given in this time." in without[0]
    drawings = re.findall(r'<svg class="drawing" role="img" aria-label="([^"]+)"', page)
    assert len(drawings) == 5


def test_the_page_fits_a_phone_in_every_language(running_with_past: RunningServer, desktop: Page) -> None:
    open_as_manager(running_with_past, desktop, "/manager/report")
    desktop.set_viewport_size({"width": 390, "height": 844})
    for language in LANGUAGES:
        desktop.goto(f"{running_with_past.address}/manager/report?lang={language}")
        assert desktop.evaluate("document.documentElement.scrollWidth") == 390


def test_the_neighbouring_periods_are_links(running_with_past: RunningServer, desktop: Page) -> None:
    open_as_manager(running_with_past, desktop, f"/manager/report?span=day&day={SATURDAY}")
    desktop.get_by_label("The period before").click()
    desktop.wait_for_url("**/manager/report?span=day&day=2026-03-06")
    desktop.get_by_role("link", name="Month").click()
    desktop.wait_for_url("**/manager/report?span=month&day=2026-03-01")
    assert date.fromisoformat(desktop.locator("input[name=to]").input_value()) == date(2026, 3, 31)


def test_the_needs_of_a_table_lead_to_their_visits(
    running_with_past: RunningServer, http: requests.Session
) -> None:
    page = get(running_with_past, http, f"?span=day&day={SATURDAY}").text
    rows = re.findall(
        r'<th scope="row"><a href="(/manager/log\?[^"]*need=[^"]*)">[^<]*</a></th><td>(\d+)</td>', page
    )
    assert len(rows) >= 5
    for address, visits in rows:
        assert re.search(
            rf"\b{visits} visits?\b", text_of(http.get(running_with_past.address + unescape(address)))
        )


def test_two_days_are_chosen_together(running_with_past: RunningServer, desktop: Page) -> None:
    open_as_manager(running_with_past, desktop, f"/manager/report?span=day&day={BEFORE[0]}")
    desktop.get_by_label("From", exact=True).fill("2026-02-28")
    desktop.get_by_label("To", exact=True).fill("2026-03-07")
    desktop.get_by_role("button", name="Show").click()
    desktop.wait_for_url("**/manager/report?from=2026-02-28&to=2026-03-07")
