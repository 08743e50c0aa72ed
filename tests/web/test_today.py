"""The page Today shows the figures of the report, in words, a chart and a table."""

import re
from collections.abc import Sequence

import pytest
import requests
from playwright.sync_api import Page, expect

from sync_server.domain.catalogue.languages import LANGUAGES
from sync_server.domain.kpi import Kpis
from sync_server.domain.share import Share
from sync_server.service.reports import kpi_report, waits_by_hour
from sync_server.service.storage.connection import reading
from sync_server.web.http import formatting
from sync_server.web.manager.waits_chart import MIN_FOR_BOX

from .conftest import BEFORE, SATURDAY
from .running_server import RunningServer
from .steps import open_as_manager, sign_in, sign_in_once, text_of

MONDAY, SUNDAY = "2026-03-02", "2026-03-08"


def report(running: RunningServer, first: str, last: str) -> Kpis:
    server = running.server
    with reading(server.data_dir.store) as db:
        return kpi_report.kpi_report(db, server.processor.catalogue, first, last, running.clock.now)


def visits_of(running: RunningServer, *days: str) -> list[waits_by_hour.VisitOfDay]:
    with reading(running.server.data_dir.store) as db:
        return waits_by_hour.visits_of_days(db, days)


def get_text(running: RunningServer, http: requests.Session, query: str = "") -> str:
    sign_in_once(running, http)
    answer = http.get(f"{running.address}/manager/today{query}")
    assert answer.status_code == 200
    return text_of(answer)


def check_figures(text: str, kpis: Kpis) -> None:
    solved, answered, tips = kpis.first_contact_resolution, kpis.response_rate, kpis.tip_rate
    assert f"{kpis.arrived} visits. " in text
    assert f" {percent(solved.value)} " in text
    assert f"{solved.part} of {kpis.completed} completed visits ({between(solved)})" in text
    assert f"all who came {formatting.duration(kpis.wait_s.median)} " in text
    assert f"nine in ten under {formatting.duration(kpis.wait_s.p90)} " in text
    assert f"{written(kpis.service_level)} had somebody with them within a minute" in text
    assert f"effort, 1 to 5 {formatting.decimal(kpis.ces, 'en')} " in text
    assert f"{written(answered)} answered" in text
    assert f"{written(kpis.within_five_minutes)} done within five minutes" in text
    assert (
        f"tips given {tips.part} {tips.part} of {kpis.completed} completed visits ({between(tips)})" in text
    )


def percent(share: float | None) -> str:
    """As `text_of` gives it."""
    return formatting.percent(share, "en").replace("\u00a0", " ")


def between(share: Share) -> str:
    """The interval of a share: `73–87 %`."""
    assert share.interval is not None
    return f"{round(100 * share.interval.low)}\u2060–\u2060{percent(share.interval.high)}"


def written(share: Share) -> str:
    """`81 % (73–87 %)`."""
    return f"{percent(share.value)} ({between(share)})"


def test_a_number_and_its_percent_sign_stay_on_one_line() -> None:
    assert [formatting.percent(0.5, language) for language in LANGUAGES] == ["50\u00a0%"] * len(LANGUAGES)


def test_the_page_shows_the_reports_figures(running_with_past: RunningServer, http: requests.Session) -> None:
    text = get_text(running_with_past, http)
    kpis = report(running_with_past, SATURDAY, SATURDAY)
    assert kpis.arrived > 90  # a busy day
    check_figures(text, kpis)
    assert "Saturday 7 March · until 17:10" in text
    assert f"{written(kpis.greeted_in_time)} knew within a minute who was coming." in text
    assert f"{kpis.left} shoppers left without help." in text
    assert "In brackets: how far off a share may be by chance" in text


def test_what_is_not_on_the_page_is_not_explained_below_it(
    running: RunningServer, http: requests.Session
) -> None:
    running.sign_on("maya")
    ticket = running.open("repair")
    assert "brackets" not in get_text(running, http)
    assert "too few to say" not in get_text(running, http)
    ticket.serve("maya")
    text = get_text(running, http)
    assert "Fewer than 20 visits are too few to say." in text
    assert "brackets" not in text


def test_in_the_headline_an_interval_is_lighter_than_its_share(
    running_with_past: RunningServer, desktop: Page
) -> None:
    open_as_manager(running_with_past, desktop, "/manager/today")
    brackets = desktop.locator(".answer .soft")
    share = report(running_with_past, SATURDAY, SATURDAY).greeted_in_time
    expect(brackets).to_have_text(f"({between(share)})".replace(" ", "\u00a0"))
    expect(brackets).to_have_css("font-weight", "400")
    expect(desktop.locator(".answer")).to_have_css("font-weight", "700")


def test_while_the_first_shopper_waits_the_page_says_what_is_not_known_yet(
    running: RunningServer, http: requests.Session
) -> None:
    running.open("repair", code="A-1")
    running.clock.after(120)
    text = get_text(running, http)
    assert "We have told too few waits yet to say how right we are" in text
    assert "No wait has ended yet." in text
    assert "Nobody has waited" not in text


def test_time_on_the_floor_is_counted_for_the_requested_days(running_with_past: RunningServer) -> None:
    catalogue, now = running_with_past.server.processor.catalogue, running_with_past.clock.now
    with reading(running_with_past.server.data_dir.store) as db:
        rows = db.execute("SELECT employee, presence, at FROM presence_log ORDER BY employee, seq").fetchall()
        for first, last in ((SATURDAY, SATURDAY), (BEFORE[0], BEFORE[1]), ("2026-01-01", "2026-01-02")):
            expected = 0
            for (who, presence, at), (after_who, _, after) in zip(
                rows, [*rows[1:], ("", "", 0)], strict=True
            ):
                if presence in ("available", "serving") and first <= catalogue.day(at) <= last:
                    expected += (after if after_who == who else now) - at
            assert kpi_report.presence_ms(db, catalogue, first, last, now) == expected
    assert expected == 0  # nobody had worked yet
    assert (report(running_with_past, SATURDAY, SATURDAY).occupancy or 0) > 0.1


def test_the_worst_hour_is_named(running_with_past: RunningServer, http: requests.Session) -> None:
    text = get_text(running_with_past, http)
    worst = next(
        hour
        for hour in waits_by_hour.hours(
            visits_of(running_with_past, SATURDAY), running_with_past.server.processor.catalogue
        )
        if hour.hour == 15
    )
    median = formatting.duration(worst.middle)
    assert f"The longest waits were from 15 to 16: half waited more than {median} ." in text
    assert "Mostly for “ Pick up my order ”." in text


def test_a_week_is_in_the_report(running_with_past: RunningServer, http: requests.Session) -> None:
    text = get_text(running_with_past, http, f"?day={SATURDAY}&span=week")
    assert "2 Mar – 8 Mar 2026" in text
    assert f"{report(running_with_past, MONDAY, SUNDAY).arrived} visits. " in text


def test_any_day_can_be_chosen(running_with_past: RunningServer, http: requests.Session) -> None:
    text = get_text(running_with_past, http, "?day=2026-02-14")
    assert "Saturday 14 February" in text
    assert "until" not in text
    kpis = report(running_with_past, "2026-02-14", "2026-02-14")
    check_figures(text, kpis)


def test_a_day_without_visits_says_so(running_with_past: RunningServer, http: requests.Session) -> None:
    assert "No visits on this day." in get_text(running_with_past, http, "?day=2026-01-01")


def test_a_store_without_ended_visits_says_so(running: RunningServer, http: requests.Session) -> None:
    assert "As soon as the first shopper is in line, this page fills." in get_text(running, http)
    running.open()
    assert "1 visit so far, none has ended yet." in get_text(running, http)


@pytest.mark.parametrize("day", ["x", "2026-02-30", "0001-01-01", "9999-12-31", "<b>"])
def test_a_wrong_day_is_refused_and_named(running: RunningServer, http: requests.Session, day: str) -> None:
    sign_in(running, http)
    answer = http.get(running.address + "/manager/today", params={"day": day})
    assert answer.status_code == 400
    assert f"{day} is not a date. Please write it as 2025-11-21." in text_of(answer)


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        (
            "en",
            (
                "Today",
                "knew within a minute who was coming",
                "Waiting by hour",
                "Saturday 7 March",
                "Sign out",
            ),
        ),
        (
            "nl",
            (
                "Vandaag",
                "wist binnen een minuut wie er kwam",
                "Wachten per uur",
                "Zaterdag 7 maart",
                "Afmelden",
            ),
        ),
        (
            "fi",
            ("Tänään", "tiesi minuutin sisällä, kuka tulee", "Odotus tunneittain", "Lauantai 7. maaliskuuta"),
        ),
    ],
)
def test_the_page_is_shown_in_each_language(
    running_with_past: RunningServer, http: requests.Session, language: str, expected: tuple[str]
) -> None:
    text = get_text(running_with_past, http, f"?lang={language}")
    assert all(part in text for part in expected), text
    assert (
        "Sign out" not in get_text(running_with_past, http) or language == "en"
    )  # the session keeps the language


def test_the_chart_shows_every_hour(running_with_past: RunningServer, desktop: Page) -> None:
    open_as_manager(running_with_past, desktop, "/manager/today")
    hours = waits_by_hour.hours(
        visits_of(running_with_past, SATURDAY), running_with_past.server.processor.catalogue
    )
    picture = desktop.get_by_role("img", name="How long shoppers waited, hour by hour.")
    boxed = [hour for hour in hours if hour.visits >= MIN_FOR_BOX]
    single = [wait for hour in hours if hour.visits < MIN_FOR_BOX for wait in hour.helped]
    assert boxed
    expect(picture.locator('g[data-part="bar"] rect')).to_have_count(len(boxed))
    expect(picture.locator("g.single circle")).to_have_count(len(single))
    expect(picture.locator("g.left circle")).to_have_count(sum(len(h.left) for h in hours))
    axis = picture.locator('g[data-part^="x-axis"] text').all_text_contents()
    assert axis == [str(hour) for hour in range(hours[0].hour, hours[-1].hour + 1)]


def quartiles(hour: waits_by_hour.HourFigures) -> tuple[float | None, ...]:
    """A quarter, half, three quarters and nine in ten; of few visits only half."""
    if hour.visits < MIN_FOR_BOX:
        return None, hour.middle, None, None
    return hour.first, hour.middle, hour.third, hour.high


def serve(running: RunningServer, minutes_apart: float, waits_s: Sequence[float]) -> None:
    """Maya serves one shopper after the other, each after such a wait."""
    running.sign_on("maya")
    for wait_s in waits_s:
        ticket = running.open("repair")
        running.clock.after(wait_s)
        ticket.claim("maya")
        ticket.start("maya")
        running.clock.after(minutes_apart * 60 - wait_s)
        ticket.complete("maya")


def test_a_picture_needs_five_visits(running: RunningServer, desktop: Page) -> None:
    serve(running, 2, [10, 20, 30, 40])
    open_as_manager(running, desktop, "/manager/today")
    expect(desktop.get_by_text("From the fifth shopper in line on there is a picture here.")).to_be_visible()
    expect(desktop.get_by_role("img", name="How long shoppers waited")).to_have_count(0)
    expect(desktop.locator("details.same tbody")).to_be_visible()  # the figures
    assert desktop.locator("details.same tbody tr td").nth(1).inner_text() == "–"  # no quarter of four
    serve(running, 2, [50])
    desktop.reload()
    expect(desktop.get_by_role("img", name="How long shoppers waited")).to_be_visible()


def test_a_day_of_one_hour_is_a_row_of_its_visits(running: RunningServer, desktop: Page) -> None:
    serve(running, 2, [10, 20, 30, 40, 50, 60])
    running.open("repair").cancel()
    open_as_manager(running, desktop, "/manager/today")
    picture = desktop.get_by_role("img", name="How long shoppers waited")
    expect(picture.locator("g.single circle")).to_have_count(6)
    expect(picture.locator("g.left circle")).to_have_count(1)
    expect(picture.locator('g[data-part="bar"] rect')).to_have_count(0)
    text = desktop.locator(".picture .heading").inner_text()
    assert "ring: one visit · bar: half waited less · dashes: target within a minute" in text
    assert "box" not in text
    assert "Waiting from 17 to 18" in text


def test_a_day_on_which_no_visit_has_ended_has_no_shares_of_nothing(
    running: RunningServer, http: requests.Session
) -> None:
    running.open()
    text = get_text(running, http)
    assert "0 of 0" not in text
    assert "0 %" not in text
    assert text.count("No visit has ended yet") == 4


def test_the_page_says_what_its_two_shares_are_of(running: RunningServer, http: requests.Session) -> None:
    """It once said: 75 % greeted within a minute, and below: 33 % helped within a minute."""
    running.sign_on("maya")
    ticket = running.open("repair")
    running.clock.after(10)
    ticket.accept("maya")
    running.clock.after(100)
    ticket.start("maya")
    running.clock.after(60)
    ticket.complete("maya")
    text = get_text(running, http)
    assert "1 visit. 1 of 1 knew within a minute who was coming." in text
    assert "0 of 1 had somebody with them within a minute" in text


def test_shares_of_few_visits_are_counts_and_too_few_to_say(
    running: RunningServer, http: requests.Session
) -> None:
    """It once said 100 % of one visit."""
    serve(running, 2, [10] * 19)
    text = get_text(running, http)
    assert "solved at first contact 19 of 19 completed visits, too few to say" in text
    assert "0 % (" not in text
    serve(running, 2, [10])
    assert "solved at first contact 100 % 20 of 20 completed visits (84\u2060–\u2060100 %)" in get_text(
        running, http
    )


def test_quick_resolutions_are_visits_without_a_wait(running: RunningServer, http: requests.Session) -> None:
    """They once made the median wait 0:00, and everybody greeted within a minute."""
    running.sign_on("maya")
    running.quick("maya")
    text = get_text(running, http)
    assert "1 visit, all logged by a colleague afterwards. Nobody left without help." in text
    assert text.count("Nobody was in line") == 2
    assert "solved at first contact 1 of 1 completed visits, too few to say" in text
    serve(running, 2, [90, 90, 90])
    for _ in range(4):
        running.quick("maya")
    text = get_text(running, http)
    assert "8 visits, 5 of them logged afterwards. 0 of 3 knew within a minute who was coming." in text
    assert "median wait, all who came 1:30 " in text
    assert "solved at first contact 8 of 8 completed visits, too few to say" in text


def test_a_table_shows_the_charts_figures(running_with_past: RunningServer, desktop: Page) -> None:
    open_as_manager(running_with_past, desktop, "/manager/today")
    desktop.get_by_text("The same in figures").click()
    rows = desktop.locator("details.same tbody tr").all_inner_texts()
    hours = waits_by_hour.hours(
        visits_of(running_with_past, SATURDAY), running_with_past.server.processor.catalogue
    )
    expected = [
        [
            f"{h.hour}–{h.hour + 1}",
            str(h.visits),
            *map(formatting.duration, quartiles(h)),
        ]
        for h in hours
    ]
    assert [re.split(r"\s+", row.strip())[:-1] for row in rows] == expected


def test_a_day_is_shown_as_soon_as_it_is_chosen(running_with_past: RunningServer, desktop: Page) -> None:
    open_as_manager(running_with_past, desktop, "/manager/today")
    desktop.get_by_label("Day", exact=True).fill("2026-02-14")
    desktop.wait_for_url("**/manager/today?day=2026-02-14")
    expect(desktop.get_by_text("Saturday 14 February")).to_be_visible()
    desktop.get_by_role("link", name="Later day").click()
    desktop.wait_for_url("**/manager/today?day=2026-02-15")
    expect(desktop.get_by_role("heading", level=1)).to_have_text("No visits on this day.")


def test_the_table_fits_a_small_screen_in_every_language(
    running_with_past: RunningServer, desktop: Page
) -> None:
    open_as_manager(running_with_past, desktop, "/manager/today")
    desktop.set_viewport_size({"width": 1024, "height": 768})
    for language in ("en", "nl", "fi"):
        desktop.goto(f"{running_with_past.address}/manager/today?lang={language}")
        hidden = desktop.locator("section.card > .scroll").evaluate("e => e.scrollWidth - e.clientWidth")
        assert hidden == 0, language
    desktop.goto(f"{running_with_past.address}/manager/today?lang=en")
