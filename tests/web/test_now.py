"""The page Now, and the notices on every page."""

import requests
from playwright.sync_api import Page, expect

from sync_server.domain import ops
from sync_server.domain.events import Presence
from sync_server.service.admin import client
from sync_server.service.storage.errors import FaultCause, StoreFault
from tests.sample_store import MONDAY_10

from .running_server import RunningServer, tablet
from .steps import SIGN_IN, form_field, full_disk, open_as_manager, sign_in, sign_in_once, text_of


def test_waiting_visits_are_in_order_of_arrival(running: RunningServer, desktop: Page) -> None:
    for code, need in (("A-1", "repair"), ("B-1", "pick_up"), ("A-2", "repair")):
        running.open(need, code=code)
        running.clock.after(20)
    open_as_manager(running, desktop, "/manager/now")
    rows = desktop.get_by_role("region", name="In line").get_by_role("listitem")
    expect(rows).to_have_count(3)
    assert [row.split("\n")[0] for row in rows.all_inner_texts()] == ["A-1", "B-1", "A-2"]
    expect(desktop.get_by_role("heading", level=1)).to_have_text("3 waiting, longest 1:00. 0 being helped.")


def test_a_wait_over_the_target_is_highlighted(running: RunningServer, http: requests.Session) -> None:
    running.open("repair", code="A-1")  # its target is one minute
    running.clock.after(60)
    sign_in(running, http)
    assert 'class="late"' not in http.get(running.address + "/manager/now").text
    running.clock.after(1)
    assert 'class="late"' in http.get(running.address + "/manager/now").text


def test_the_alert_says_what_keeps_the_visit_and_what_helps(
    running: RunningServer, http: requests.Session
) -> None:
    running.sign_on("lotte")  # she cannot repair
    running.open("repair", code="A-1")
    running.clock.after(61)
    running.open("pick_up", code="A-2")  # the server looks at the time with every op
    sign_in(running, http)
    page = text_of(http.get(running.address + "/manager/today"))
    assert "Nobody on the floor has the skill: Repairs." in page
    assert "See the floor" in page


def test_the_manager_has_everybody_asked(running: RunningServer, desktop: Page) -> None:
    running.sign_on("lotte")  # she cannot repair
    ticket = running.open("repair", code="A-1")
    running.clock.after(61)
    running.call(running.server.processor.tick)
    open_as_manager(running, desktop, "/manager/now")
    row = desktop.get_by_role("region", name="In line").get_by_role("listitem")
    alert = desktop.get_by_role("status").get_by_role("listitem").filter(has_text="A-1 has waited")
    expect(alert.first).to_contain_text("Nobody on the floor has the skill: Repairs.")
    desktop.get_by_role("button", name="Ask everybody").click()
    expect(row).to_contain_text("Lotte asked")
    assert ticket.visit.offer_to == "lotte"
    expect(desktop.get_by_role("button", name="Ask everybody")).to_have_count(0)
    expect(alert.first).to_contain_text("Being asked now: Lotte.")
    desktop.goto(f"{running.address}/manager/visits/{ticket.visit_id}")
    expect(desktop.get_by_text("The manager had everybody asked, also without the skill")).to_be_visible()


def test_from_any_page_the_manager_has_the_tablet_ring_again(running: RunningServer, desktop: Page) -> None:
    running.sign_on("maya")
    ticket = running.open("repair", code="A-1")
    for seconds in (16, 45):
        running.clock.after(seconds)
        running.call(running.server.processor.tick)
    open_as_manager(running, desktop, "/manager/log")
    expect(desktop.get_by_role("status").filter(has_text="A-1")).to_contain_text("No answer from Maya")
    expect(desktop.get_by_role("button", name="Ask everybody")).to_have_count(0)
    desktop.get_by_role("button", name="Ring again").click()
    desktop.wait_for_url("**/manager/now")
    assert ticket.visit.offer_to == "maya"


def test_the_reason_is_there_also_while_somebody_is_asked_for_another_visit(
    running: RunningServer, http: requests.Session
) -> None:
    running.open("question", code="A-1")
    running.clock.after(5)
    running.open("repair", code="A-2")
    running.clock.after(200)
    running.call(running.server.processor.tick)
    running.sign_on("lotte")
    sign_in(running, http)
    text = text_of(http.get(running.address + "/manager/today"))
    assert "2 shoppers wait longer than the target. A-1 3:25, A-2 3:20" in text
    assert "A-2 : Nobody on the floor has the skill: Repairs." in text


def test_a_need_without_skills_lacks_no_skill(running: RunningServer, http: requests.Session) -> None:
    running.open("question", code="A-1")
    running.clock.after(200)
    running.call(running.server.processor.tick)
    sign_in(running, http)
    text = text_of(http.get(running.address + "/manager/today"))
    assert "Nobody is on the floor. Call a colleague" in text
    assert "skill" not in text


def test_who_may_only_look_reads_the_reason_without_the_buttons(
    running: RunningServer, http: requests.Session
) -> None:
    running.sign_on("lotte")
    ticket = running.open("repair", code="A-1")
    running.clock.after(61)
    running.call(running.server.processor.tick)
    client.run(running.server.data_dir, "add_manager", name="owner", role="readonly", password="looking only")
    form = {"token": form_field(http.get(running.address + SIGN_IN)), "password": "looking only"}
    http.post(running.address + SIGN_IN, {**form, "name": "owner"})
    page = http.get(running.address + "/manager/now")
    assert "Nobody on the floor has the skill: Repairs." in text_of(page)
    assert f"/manager/visits/{ticket.visit_id}/ask" not in page.text


def test_the_alert_names_several_who_are_on_a_break(running: RunningServer, http: requests.Session) -> None:
    running.sign_on("maya", "noor")
    for name in ("maya", "noor"):
        running.submit_ok(ops.SetPresence(Presence.ON_BREAK), tablet(name))
    running.open("repair", code="A-1")
    running.clock.after(61)
    running.call(running.server.processor.tick)
    sign_in(running, http)
    assert "on a break now: Maya, Noor." in text_of(http.get(running.address + "/manager/now"))


def test_on_the_page_of_the_floor_the_alert_does_not_lead_there(
    running: RunningServer, desktop: Page
) -> None:
    running.open("repair", code="A-1")
    running.clock.after(61)
    running.call(running.server.processor.tick)
    open_as_manager(running, desktop, "/manager/now")
    expect(desktop.locator(".alerts").get_by_text("A-1 has waited 1:01")).to_be_visible()
    expect(desktop.locator(".notices").get_by_text("A-1 has waited 1:01")).to_be_hidden()
    expect(desktop.get_by_role("link", name="See the floor")).to_be_hidden()
    desktop.goto(running.address + "/manager/log")
    expect(desktop.get_by_role("link", name="See the floor")).to_be_visible()


def test_the_page_changes_by_itself(running: RunningServer, desktop: Page) -> None:
    running.sign_on("maya")
    open_as_manager(running, desktop, "/manager/now")
    title = desktop.get_by_role("heading", level=1)
    expect(title).to_have_text("Nobody is waiting. 0 being helped.")
    desktop.evaluate("window.never_reloaded = true")
    ticket = running.open("repair", code="A-7")
    line = desktop.get_by_role("region", name="In line")
    expect(line).to_contain_text("A-7")
    expect(line).to_contain_text("Maya asked")
    ticket.accept("maya")
    people = desktop.get_by_role("region", name="On the floor")
    expect(people).to_contain_text("with A-7 · Something doesn’t work")
    expect(title).to_have_text("Nobody is waiting. 1 being helped.")
    assert desktop.evaluate("window.never_reloaded") is True


def test_the_page_shows_what_every_employee_does(running: RunningServer, http: requests.Session) -> None:
    running.sign_on("maya", "sam", "noor")
    running.submit_ok(ops.SetPresence(Presence.ON_BREAK), tablet("sam"))
    ticket = running.open("repair", code="A-1")
    first = ticket.visit.offer_to
    assert first is not None
    ticket.accept(first)
    ticket.start(first)
    ticket.hold(first)
    sign_in(running, http)
    text = text_of(http.get(running.address + "/manager/now"))
    assert "Sam Break" in text
    assert f"{first.capitalize()} Available · 1 on hold" in text
    assert "Lotte" not in text


def test_every_page_names_the_visits_with_an_alert(running: RunningServer, http: requests.Session) -> None:
    sign_in(running, http)
    running.open("repair", code="A-9")
    pages = ("/manager/now", "/manager/today", "/manager/log", "/manager/notice")
    for path in pages:
        assert "A-9 has waited" not in text_of(http.get(running.address + path))
    running.clock.after(61)
    running.call(running.server.processor.tick)
    for path in pages:
        expected = "A-9 has waited 1:01 for: Something doesn’t work."
        assert expected in text_of(http.get(running.address + path)), path
    running.open("repair", code="A-10")
    running.clock.after(61)
    running.call(running.server.processor.tick)
    text = text_of(http.get(running.address + "/manager/log"))
    assert "2 shoppers wait longer than the target. A-9 2:02, A-10 1:01" in text


def test_a_store_fault_is_explained_in_every_language(running: RunningServer, http: requests.Session) -> None:
    sign_in_once(running, http)
    running.call(
        lambda: setattr(
            running.server.processor.recovery, "write_error", StoreFault(FaultCause.FULL, "the disk is full")
        )
    )
    for language, expected in (("en", "is full"), ("nl", "is vol"), ("fi", "on täynnä")):
        text = text_of(http.get(f"{running.address}/manager/notice?lang={language}"))
        assert expected in text
        assert "the disk" not in text


def test_a_nightly_backup_that_failed_is_on_every_page_until_one_succeeds(
    running: RunningServer, http: requests.Session
) -> None:
    sign_in(running, http)
    backups = running.server.backup_scheduler
    running.call(lambda: setattr(backups, "problem", "/mnt/usb: No space left on device"))
    for language, expected in (
        ("en", "there is none yet"),
        ("nl", "er is er nog geen"),
        ("fi", "eikä aiempaa ole"),
    ):
        assert expected in text_of(http.get(f"{running.address}/manager/notice?lang={language}"))
    running.call(lambda: setattr(backups, "latest_made", MONDAY_10))
    for path in ("now", "today", "log", "devices"):
        text = text_of(http.get(f"{running.address}/manager/{path}?lang=en"))
        assert "The nightly backup did not work. The latest one is of 2 Mar 10:00" in text, path
    running.call(lambda: setattr(backups, "problem", None))
    assert "backup" not in text_of(http.get(running.address + "/manager/now"))


def test_every_page_says_that_nothing_can_be_saved(running: RunningServer, http: requests.Session) -> None:
    sign_in(running, http)
    ticket = running.open()
    with full_disk(running):
        http.post(ticket.url + "/leave")
        for path in ("/manager/now", "/manager/today", "/manager/log"):
            text = text_of(http.get(running.address + path))
            assert "Nothing can be saved at the moment." in text
            assert "The disk of the shop’s computer is full." in text
    http.post(ticket.url + "/leave")
    assert "Nothing can be saved" not in text_of(http.get(running.address + "/manager/now"))
