"""The page Staffing: what the log says, the imported plan beside it, and the problems of a plan."""

import re
import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import requests
from playwright.sync_api import Page, expect

from sync_server.domain.catalogue.languages import LANGUAGES
from sync_server.service.staffing.history import read_past
from sync_server.service.storage.connection import reading
from sync_server.service.storage.data_dir import DataDir
from sync_server.web.manager.staffing import staffing_page
from sync_server.web.manager.staffing.staffing_page import make_forecasts
from tests.fake_clock import FakeClock

from .running_server import RunningServer, running_server
from .steps import form_field, open_as_manager, sign_in_once, text_of

STAFFING = "/manager/staffing"
HEADER = "employee,day,from,to\n"


def get(running: RunningServer, http: requests.Session, query: str = "") -> requests.Response:
    sign_in_once(running, http)
    answer = http.get(running.address + STAFFING + query)
    assert answer.status_code == 200
    return answer


def post_plan(running: RunningServer, http: requests.Session, plan: str, **more: str) -> requests.Response:
    token = form_field(get(running, http))
    files = {"plan": ("march.csv", plan.encode(), "text/csv")}
    return http.post(f"{running.address}{STAFFING}/plan", {"token": token, **more}, files=files)


def test_a_store_without_visits_says_so(running: RunningServer, http: requests.Session) -> None:
    text = text_of(get(running, http))
    assert "Too few visits to say whom you need." in text
    assert "No plan was imported so far." in text


def test_the_log_is_read_as_it_is(running_with_past: RunningServer) -> None:
    server, today = running_with_past.server, date(2026, 3, 7)
    catalogue = server.processor.catalogue
    with reading(server.data_dir.store) as db:
        past = read_past(db, catalogue, today, 0.8)
        ((visits,),) = db.execute("SELECT count(*) FROM visits WHERE day < '2026-03-07'").fetchall()
        ((left,),) = db.execute(
            "SELECT count(*) FROM visit_log WHERE day < '2026-03-07' AND NOT quick"
            " AND (state = 'no_show' OR state = 'cancelled' AND accepted_at IS NULL)"
        ).fetchall()
        ((answer_s,),) = db.execute(
            "SELECT avg(min(response_s, ?)) FROM visit_log WHERE day < '2026-03-07'",
            (catalogue.times.offer_s,),
        ).fetchall()
        ((repairs,),) = db.execute(
            "SELECT count(*) FROM visit_log WHERE day < '2026-03-07' AND need IN ('repair', 'repair_status')"
            " AND created_at LIKE '%T11:0%'"
        ).fetchall()
        zone = catalogue.local(running_with_past.clock.now).tzinfo
        found = make_forecasts(db, catalogue, today, zone, 0.8)
    assert past.visits == visits > 400
    assert past.left == left
    assert past.service.within_s == pytest.approx(catalogue.times.service_level_s - answer_s, abs=0.01)
    at_twelve = sum(cells.get(("repair", 24), 0) for cells in past.history.days.values())
    assert at_twelve >= repairs > 0  # 11:00 in UTC is twelve o'clock in the shop
    assert {slot.day for slot in found.slots} <= {date(2026, 3, day) for day in range(7, 21)}
    assert max(slot.needed for slot in found.slots if not slot.skill) > 2


def test_the_shop_says_which_share_is_to_be_greeted_in_time(
    store_with_past: Path, tmp_path: Path, clock: FakeClock, http: requests.Session
) -> None:
    folder = DataDir(Path(shutil.copytree(store_with_past, tmp_path / "eager")))
    folder.settings.write_text(
        folder.settings.read_text("utf-8") + "\n[staffing]\ngreet_percent = 95\n", "utf-8"
    )
    with running_server(folder, clock) as found:
        page = get(found, http)
        assert "So that 95 % of shoppers are greeted within a minute." in text_of(page)
        with reading(folder.store) as db:
            catalogue = found.server.processor.catalogue
            zone = catalogue.local(clock.now).tzinfo
            more, fewer = (
                make_forecasts(db, catalogue, date(2026, 3, 7), zone, share) for share in (0.95, 0.8)
            )
    assert sum(slot.needed for slot in more.slots) > sum(slot.needed for slot in fewer.slots)


@pytest.fixture
def busy(store_with_past: Path, tmp_path: Path, clock: FakeClock) -> Iterator[RunningServer]:
    """A server of its own with the visits of several days."""
    with running_server(DataDir(Path(shutil.copytree(store_with_past, tmp_path / "busy"))), clock) as found:
        yield found


def test_a_plan_is_imported_and_shown_beside_what_is_needed(
    busy: RunningServer, http: requests.Session
) -> None:
    assert "No plan yet. Saturday" in text_of(get(busy, http))
    shifts = ["maya,2026-03-08,09:00,20:00", "Sam,2026-03-14,12:00,20:00"]
    answer = post_plan(busy, http, HEADER + "\n".join(shifts))
    text = text_of(answer)
    assert answer.url.endswith(STAFFING)
    assert "Imported 7 Mar 17:10 by manager from “march.csv”: 2 shifts, 8 March to 14 March." in text
    assert re.search(r"<h1[^>]*>\w+ \d+ March, [\d:]+–[\d:]+: (one person|\d people) ", answer.text)
    assert "What would help most" in text
    assert text.count("more shoppers greeted in time") == 3
    assert "Not planned then: " in text
    assert {'class="met"', 'class="short"', 'class="needed"'} <= set(re.findall(r'class="\w+"', answer.text))


def test_the_log_is_read_once_a_day(
    running: RunningServer, http: requests.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = []

    def count(*given: Any) -> Any:
        made.append(given[2])
        return make_forecasts(*given)

    monkeypatch.setattr(staffing_page, "make_forecasts", count)
    for _ in range(3):
        get(running, http)
    running.clock.now += 8 * 3_600_000  # after midnight
    running.cookies = {}
    http.cookies.clear()
    get(running, http)
    assert made == [date(2026, 3, 7), date(2026, 3, 8)]


def test_the_page_shows_a_plan_that_is_enough(busy: RunningServer, http: requests.Session) -> None:
    team = [employee.id for employee in busy.server.processor.catalogue.employees]
    lines = [f"{who},2026-03-{day:02},08:30,21:30" for day in (8, 9) for who in team]
    text = text_of(post_plan(busy, http, HEADER + "\n".join(lines)))
    assert "one person short of" in text or "enough people" in text or "too few in the shop" in text
    assert "More than needed: " in http.get(busy.address + STAFFING).text


def test_lines_with_problems_are_named_and_nothing_is_imported(
    running: RunningServer, http: requests.Session
) -> None:
    plan = (
        HEADER
        + "maya,2026-03-07,09:00,17:00\n<b>Bo</b>,2026-03-07,09:00,17:00\nMaya,2026-03-07,16:00,18:00\n"
    )
    refused = post_plan(running, http, plan)
    assert refused.status_code == 400
    text = text_of(refused)
    assert "Nothing was imported." in text
    assert "Line 3: there is no employee “<b>Bo</b>”." in text
    assert "Line 4 (Maya): this shift overlaps with the one of line 2." in text
    assert "No plan was imported so far." in text
    in_dutch = get(running, http, "/plan?lang=nl")  # its link to another language leads to the page
    assert in_dutch.url.endswith(f"{STAFFING}?lang=nl")
    assert "Rooster" in text_of(in_dutch)
    get(running, http, "?lang=en")
    assert "one shift, 7 March to 7 March." in text_of(post_plan(running, http, plan, leave_out="1"))


def test_of_many_problems_the_first_are_named(running: RunningServer, http: requests.Session) -> None:
    text = text_of(post_plan(running, http, HEADER + "bo,2026-03-07,09:00,17:00\n" * 30, leave_out="1"))
    assert "Line 21:" in text
    assert "Line 22:" not in text
    assert "and 10 more lines" in text


def test_a_file_that_is_none_is_refused(running: RunningServer, http: requests.Session) -> None:
    assert "The first line must name the columns" in text_of(post_plan(running, http, "a,b\n1,2\n"))
    token = form_field(get(running, http))
    nothing = http.post(f"{running.address}{STAFFING}/plan", {"token": token})
    assert "The file has no shifts." in text_of(nothing)


def test_a_plan_may_be_larger_than_other_forms_and_has_a_limit(
    running: RunningServer, http: requests.Session
) -> None:
    large = HEADER + "bo,2026-03-07,09:00,17:00\n" * 3000
    assert post_plan(running, http, large).status_code == 400
    assert post_plan(running, http, large * 20).status_code == 413


def test_only_managers_import_and_only_from_their_own_page(
    running: RunningServer, http: requests.Session
) -> None:
    address = f"{running.address}{STAFFING}/plan"
    files = {"plan": ("march.csv", HEADER.encode(), "text/csv")}
    assert http.post(address, {"token": "x"}, files=files, allow_redirects=False).status_code == 303
    sign_in_once(running, http)
    assert http.post(address, {"token": "x"}, files=files).status_code == 403


@pytest.mark.parametrize("language", LANGUAGES)
def test_picture_and_table_say_the_same_in_each_language(
    running_with_past: RunningServer, http: requests.Session, language: str
) -> None:
    answer = get(running_with_past, http, f"?lang={language}&skill=repair")
    heights = re.findall(r'<rect class="needed" [^>]*height="([\d.]+)"', answer.text)
    assert len(heights) == answer.text.count("<rect") > 50
    rows = re.findall(r"<tr>\s*<th scope=\"row\">.*?</tr>", answer.text, re.S)
    needed = [int(re.findall(r"<td>([^<]*)</td>", row)[2]) for row in rows]
    unit = 60 / max(needed)
    assert [float(height) for height in heights] == [pytest.approx(n * unit, abs=0.01) for n in needed if n]
    assert "manager.staffing" not in answer.text
    assert "…" not in text_of(answer)


def test_the_page_is_used_with_the_keyboard_alone(running_with_past: RunningServer, desktop: Page) -> None:
    open_as_manager(running_with_past, desktop, STAFFING)
    expect(desktop.get_by_role("heading", level=1)).to_contain_text("No plan yet. ")
    repair = desktop.get_by_role("link", name="Repair", exact=False).first
    repair.focus()
    desktop.keyboard.press("Enter")
    desktop.wait_for_url("**skill=repair")
    summary = desktop.locator("summary.more").first
    summary.focus()
    desktop.keyboard.press("Enter")
    expect(desktop.locator("table.log").first).to_be_visible()
    pictures = desktop.locator(".strip svg")
    assert pictures.count() >= 7
    assert all(pictures.nth(n).get_attribute("aria-label") for n in range(pictures.count()))
