"""How a day went: the manager's numbers are the store's numbers, in words and in one picture."""

import re

import pytest
import requests
from playwright.sync_api import Page, expect

from sync_server.domain.catalogue import LANGUAGES
from sync_server.domain.kpi import Kpis
from sync_server.service import figures, queries
from sync_server.service.store import reading
from sync_server.web import shown

from .conftest import BEFORE, SATURDAY
from .running import Running
from .steps import come_in, come_in_at, come_in_once, words_in

MONDAY, SUNDAY = "2026-03-02", "2026-03-08"


def report(shop: Running, first: str, last: str) -> Kpis:
    server = shop.server
    with reading(server.folder.store) as db:
        return queries.report(db, server.shop.catalogue, first, last, shop.clock.now)


def lines(shop: Running, *days: str) -> list[figures.Line]:
    with reading(shop.server.folder.store) as db:
        return figures.lines(db, days)


def get(shop: Running, http: requests.Session, query: str = "") -> str:
    come_in_once(shop, http)
    answer = http.get(f"{shop.address}/manager/today{query}")
    assert answer.status_code == 200
    return words_in(answer)


def check_figures(said: str, kpis: Kpis, counts: figures.Counts) -> None:
    assert f"{kpis.arrived} visits, " in said
    assert f"{percent(kpis.first_contact_resolution)} " in said
    assert f"{counts.first_contact} of {kpis.completed} completed visits" in said
    assert f"all who came {shown.lasted(kpis.wait_s.median)} " in said
    assert f"nine in ten under {shown.lasted(kpis.wait_s.p90)} " in said
    assert f"{percent(kpis.service_level)} helped within a minute" in said
    assert f"effort, 1 to 5 {shown.decimal(kpis.ces, 'en')} " in said
    assert f"{counts.answered} of {kpis.completed + kpis.cancelled} answered" in said
    assert f"tips given {counts.tips} {counts.tips} of {kpis.completed} completed visits" in said


def percent(share: float | None) -> str:
    """As `words_in` reads it."""
    return shown.percent(share, "en").replace("\u00a0", " ")


def test_a_number_and_its_percent_sign_stay_on_one_line() -> None:
    assert [shown.percent(0.5, language) for language in LANGUAGES] == ["50\u00a0%"] * len(LANGUAGES)


def test_the_page_says_what_the_store_s_figures_say(old_shop: Running, http: requests.Session) -> None:
    said = get(old_shop, http)
    kpis = report(old_shop, SATURDAY, SATURDAY)
    counts = figures.counts(lines(old_shop, SATURDAY), 60, old_shop.clock.now)
    assert kpis.arrived > 90  # a lively day
    check_figures(said, kpis, counts)
    assert "Saturday 7 March · until 17:10" in said
    assert f"{percent(counts.greeted / counts.greetable)} greeted within a minute." in said
    assert f"{counts.left} shoppers left without help." in said


def test_counts_and_report_count_the_same(old_shop: Running) -> None:
    for first, days in ((SATURDAY, [SATURDAY]), (BEFORE[0], BEFORE)):
        kpis = report(old_shop, first, days[-1])
        counts = figures.counts(lines(old_shop, *days), 60, old_shop.clock.now)
        assert counts.visits == kpis.arrived
        assert counts.completed == kpis.completed
        assert round(counts.first_contact / counts.completed, 4) == kpis.first_contact_resolution
        assert round(counts.answered / counts.asked, 4) == kpis.response_rate
        assert counts.waits == kpis.wait_s.n
        assert counts.median_wait_s is not None
        assert round(counts.median_wait_s, 3) == kpis.wait_s.median
        assert counts.left <= kpis.cancelled + kpis.no_show + kpis.expired


def test_time_on_the_floor_is_that_of_the_days_asked_for(old_shop: Running) -> None:
    catalogue, now = old_shop.server.shop.catalogue, old_shop.clock.now
    with reading(old_shop.server.folder.store) as db:
        rows = db.execute("SELECT employee, presence, at FROM presence_log ORDER BY employee, seq").fetchall()
        for first, last in ((SATURDAY, SATURDAY), (BEFORE[0], BEFORE[1]), ("2026-01-01", "2026-01-02")):
            wanted = 0
            for (who, presence, at), (after_who, _, after) in zip(
                rows, [*rows[1:], ("", "", 0)], strict=True
            ):
                if presence in ("available", "serving") and first <= catalogue.day(at) <= last:
                    wanted += (after if after_who == who else now) - at
            assert queries.presence_ms(db, catalogue, first, last, now) == wanted
    assert wanted == 0  # nobody was there yet
    assert (report(old_shop, SATURDAY, SATURDAY).occupancy or 0) > 0.1


def test_the_hour_that_stands_out_is_named(old_shop: Running, http: requests.Session) -> None:
    said = get(old_shop, http)
    worst = next(
        hour
        for hour in figures.hours(lines(old_shop, SATURDAY), old_shop.server.shop.catalogue)
        if hour.hour == 15
    )
    told = f"The longest waits were from 15 to 16: half waited more than {shown.lasted(worst.middle)} ."
    assert told in said
    assert "Mostly for “ Pick up my order ”." in said


def test_a_week_is_its_seven_days(old_shop: Running, http: requests.Session) -> None:
    said = get(old_shop, http, f"?day={SATURDAY}&span=week")
    assert "Monday 2 March – Sunday 8 March" in said
    kpis = report(old_shop, MONDAY, SUNDAY)
    assert kpis.arrived > report(old_shop, SATURDAY, SATURDAY).arrived
    days = [f"2026-03-0{day}" for day in range(2, 9)]
    check_figures(said, kpis, figures.counts(lines(old_shop, *days), 60, old_shop.clock.now))


def test_any_day_can_be_chosen(old_shop: Running, http: requests.Session) -> None:
    said = get(old_shop, http, "?day=2026-02-14")
    assert "Saturday 14 February" in said
    assert "until" not in said
    kpis = report(old_shop, "2026-02-14", "2026-02-14")
    check_figures(said, kpis, figures.counts(lines(old_shop, "2026-02-14"), 60, old_shop.clock.now))


def test_a_day_without_visits_says_so(old_shop: Running, http: requests.Session) -> None:
    assert "No visits on this day." in get(old_shop, http, "?day=2026-01-01")


def test_a_shop_on_its_first_morning(shop: Running, http: requests.Session) -> None:
    assert "As soon as the first shopper is in line, this page fills." in get(shop, http)
    shop.open()
    assert "1 visit so far, none has ended yet." in get(shop, http)


@pytest.mark.parametrize("day", ["x", "2026-02-30", "0001-01-01", "9999-12-31", "<b>"])
def test_a_day_that_is_none_is_named(shop: Running, http: requests.Session, day: str) -> None:
    come_in(shop, http)
    answer = http.get(shop.address + "/manager/today", params={"day": day})
    assert answer.status_code == 400
    assert f"{day} is not a date. Please write it as 2025-11-21." in words_in(answer)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ("Today", "greeted within a minute", "Waiting by hour", "Saturday 7 March", "Sign out")),
        ("nl", ("Vandaag", "binnen een minuut begroet", "Wachten per uur", "Zaterdag 7 maart", "Afmelden")),
        ("fi", ("Tänään", "tervehdittiin minuutin sisällä", "Odotus tunneittain", "Lauantai 7. maaliskuuta")),
    ],
)
def test_the_page_speaks(old_shop: Running, http: requests.Session, language: str, words: tuple[str]) -> None:
    said = get(old_shop, http, f"?lang={language}")
    assert all(part in said for part in words), said
    assert "Sign out" not in get(old_shop, http) or language == "en"  # it stays that way


def test_the_picture_shows_every_hour(old_shop: Running, desk: Page) -> None:
    come_in_at(old_shop, desk, "/manager/today")
    hours = figures.hours(lines(old_shop, SATURDAY), old_shop.server.shop.catalogue)
    picture = desk.get_by_role("img", name="How long shoppers waited, hour by hour.")
    expect(picture.locator('g[aria-label="bar"] rect')).to_have_count(len(hours))
    expect(picture.locator('g[aria-label="dot"] circle')).to_have_count(sum(len(h.left) for h in hours))
    axis = picture.locator('g[aria-label^="x-axis"] text').all_text_contents()
    assert axis == [str(hour) for hour in range(hours[0].hour, hours[-1].hour + 1)]


def test_the_same_stands_in_a_table(old_shop: Running, desk: Page) -> None:
    come_in_at(old_shop, desk, "/manager/today")
    desk.get_by_text("The same in figures").click()
    rows = desk.locator("details.same tbody tr").all_inner_texts()
    hours = figures.hours(lines(old_shop, SATURDAY), old_shop.server.shop.catalogue)
    wanted = [
        [f"{h.hour}–{h.hour + 1}", str(h.visits), *map(shown.lasted, (h.first, h.middle, h.third, h.high))]
        for h in hours
    ]
    assert [re.split(r"\s+", row.strip())[:-1] for row in rows] == wanted


def test_a_day_is_shown_as_soon_as_it_is_chosen(old_shop: Running, desk: Page) -> None:
    come_in_at(old_shop, desk, "/manager/today")
    desk.get_by_label("Day", exact=True).fill("2026-02-14")
    desk.wait_for_url("**/manager/today?day=2026-02-14")
    expect(desk.get_by_text("Saturday 14 February")).to_be_visible()
    desk.get_by_role("link", name="Later day").click()
    desk.wait_for_url("**/manager/today?day=2026-02-15")
    expect(desk.get_by_role("heading", level=1)).to_have_text("No visits on this day.")


def test_the_rows_have_room_on_a_small_computer_in_every_language(old_shop: Running, desk: Page) -> None:
    come_in_at(old_shop, desk, "/manager/today")
    desk.set_viewport_size({"width": 1024, "height": 768})
    for language in ("en", "nl", "fi"):
        desk.goto(f"{old_shop.address}/manager/today?span=week&lang={language}")
        hidden = desk.locator("section.card > .scroll").evaluate("e => e.scrollWidth - e.clientWidth")
        assert hidden == 0, language
    desk.goto(f"{old_shop.address}/manager/today?lang=en")
