"""What the manager does on the page Now: each thing is an op in the log, by whom. A refusal is in words."""

from typing import Any

import pytest
import requests
from playwright.sync_api import Page, expect

from sync_server.domain import events as ev
from sync_server.domain import ops
from sync_server.domain.events import Presence, Record
from sync_server.domain.floor.overrides import Announcement
from sync_server.domain.ops import Actor, ActorKind
from sync_server.domain.visit.visit import State
from sync_server.service.admin import client
from sync_server.service.storage import event_log
from sync_server.service.storage.connection import reading
from sync_server.service.upkeep.backup import back_up
from sync_server.web.manager.now import now_page

from .device_steps import device_rows, pair
from .running_server import RunningServer, VisitDriver, tablet
from .steps import SIGN_IN, form_field, open_as_manager, sign_in, sign_in_once, text_of

BEN = Actor(ActorKind.MANAGER, account="ben")


def records(running: RunningServer) -> list[Record]:
    with reading(running.server.data_dir.store) as db:
        return list(event_log.records(db))


def late(running: RunningServer, code: str = "A-1") -> VisitDriver:
    ticket = running.open("repair", code=code)
    running.clock.after(61)
    running.call(running.server.processor.tick)
    return ticket


def test_a_visit_is_offered_to_whom_the_manager_chooses(running: RunningServer, desktop: Page) -> None:
    ticket = running.open("repair", code="A-1")
    running.sign_on("lotte")  # she cannot repair
    open_as_manager(running, desktop, "/manager/now")
    desktop.get_by_role("link", name="What can be done about A-1").click()
    expect(desktop.get_by_role("listitem").filter(has_text="Lotte")).to_contain_text("without: Repairs")
    desktop.get_by_role("button", name="Offer it to Lotte").click()
    desktop.wait_for_url("**/manager/now")
    assert ticket.visit.offer_to == "lotte"
    assert records(running)[-1].actor.startswith("manager:")
    desktop.goto(f"{running.address}/manager/visits/{ticket.visit_id}")
    expect(desktop.get_by_text("Lotte was asked (manager)")).to_be_visible()


def test_a_visit_is_taken_out_with_a_reason(running: RunningServer, desktop: Page) -> None:
    ticket = running.open("repair", code="A-1")
    open_as_manager(running, desktop, f"/manager/now/visits/{ticket.visit_id}")
    desktop.get_by_label("The shopper is not here any more").check()
    desktop.get_by_role("button", name="Take A-1 out").click()
    desktop.wait_for_url("**/manager/now")
    assert ticket.visit.state is State.REMOVED
    desktop.goto(f"{running.address}/manager/visits/{ticket.visit_id}")
    expect(desktop.get_by_text("Taken out of the line: the shopper is not here any more")).to_be_visible()


def test_the_second_manager_reads_what_the_first_has_done(
    running: RunningServer, http: requests.Session
) -> None:
    running.sign_on("maya")
    ticket = late(running)
    sign_in_once(running, http)
    token, rev = form_field(http.get(running.address + "/manager/now")), str(ticket.visit.rev)
    running.submit_ok(ops.OfferTo(ticket.visit_id, ticket.visit.rev, "maya"), BEN)
    address = f"{running.address}/manager/now/visits/{ticket.visit_id}"
    form = {"token": token, "rev": rev, "do": "remove", "reason": "left"}
    answer = http.post(address, form)
    assert answer.status_code == 409
    assert "this has changed in the meantime" in text_of(answer)
    assert "Being asked now: Maya." in text_of(answer)
    assert "That was done already" in text_of(http.post(address, form | {"do": "offer", "employee": "maya"}))
    again = http.post(f"{running.address}/manager/visits/{ticket.visit_id}/ask", {"token": token})
    assert "this has changed in the meantime" in text_of(again)
    assert ticket.visit.state is State.OFFERED


def test_the_manager_sees_to_help_that_is_wanted(running: RunningServer, http: requests.Session) -> None:
    running.sign_on("maya")
    running.sign_on("lotte")
    ticket = running.open("repair", code="A-1")
    visit = ticket.visit
    name = visit.offer_to or ""
    for step in (ops.Accept, ops.Start, ops.AskForHelp):
        running.submit_ok(step(visit.visit_id, ticket.visit.rev), tablet(name))
    sign_in_once(running, http)
    page = http.get(running.address + "/manager/now")
    assert f"{name.title()} asks for help with A-1" in text_of(page)
    assert "Free now: " in text_of(page)
    address = f"{running.address}/manager/now/visits/{visit.visit_id}"
    form = {"token": form_field(page), "do": "help", "rev": str(ticket.visit.rev)}
    assert "asks for help" not in text_of(http.post(address, form))
    assert http.post(address, form).status_code == 409
    assert f"{name.title()} asked for help" in text_of(
        http.get(f"{running.address}/manager/visits/{visit.visit_id}")
    )


def test_forms_with_something_missing_do_nothing(running: RunningServer, http: requests.Session) -> None:
    ticket = running.open("repair", code="A-1")
    running.sign_on("maya")
    sign_in_once(running, http)
    token = form_field(http.get(running.address + "/manager/now"))
    before = len(records(running))
    visit, person = f"/manager/now/visits/{ticket.visit_id}", "/manager/now/people/maya"
    for path, form in (
        (visit, {"do": "remove", "rev": "1"}),
        (visit, {"do": "remove", "rev": "x", "reason": "left"}),
        (visit, {"do": "remove", "rev": "9" * 4000, "reason": "left"}),
        (visit, {"do": "remove", "rev": "1", "reason": "because"}),
        (visit, {"do": "offer", "rev": "1"}),
        (person, {"presence": "on_break"}),
        (person, {"presence": "asleep", "seen": "available"}),
        ("/manager/now/announcement", {"seq": "1", "words.en": "  "}),
        ("/manager/now/announcement", {"seq": "1", "words.en": "x" * 81}),
        ("/manager/now/announcement", {"seq": "1", "words.en": "x", "kiosk": "nowhere"}),
        ("/manager/now/needs", {"need": "nothing"}),
        ("/manager/now/needs/repair", {"do": "reopen"}),
    ):
        answer = http.post(running.address + path, {"token": token, **form})
        assert (answer.status_code, 'role="alert"' in answer.text) == (409, True), (path, form)
    assert len(records(running)) == before
    for path in ("/manager/now/people/nobody", "/manager/now/visits/" + "0" * 32):
        assert http.get(running.address + path).status_code == 404


def test_an_employee_is_put_on_a_break_and_back(running: RunningServer, desktop: Page) -> None:
    running.sign_on("maya")
    open_as_manager(running, desktop, "/manager/now")
    for button, chosen in (("On a break", Presence.ON_BREAK), ("Back on the floor", Presence.AVAILABLE)):
        desktop.get_by_role("link", name="What can be done about Maya").click()
        desktop.get_by_role("button", name=button).click()
        desktop.wait_for_url("**/manager/now")
        assert running.call(lambda: running.server.processor.floor.people["maya"].chosen) is chosen


def test_who_has_a_shopper_stays(running: RunningServer, desktop: Page) -> None:
    running.sign_on("maya")
    ticket = running.open("repair", code="A-1")
    ticket.accept("maya")
    open_as_manager(running, desktop, "/manager/now/people/maya")
    expect(desktop.get_by_text("Helping A-1 now. A break comes after that.")).to_be_visible()
    expect(desktop.get_by_role("button", name="On a break")).to_have_count(0)


def test_a_need_that_nobody_can_do_is_closed_with_one_tap_and_opened_again(
    running: RunningServer, desktop: Page
) -> None:
    running.sign_on("lotte")  # she cannot repair
    open_as_manager(running, desktop, "/manager/now")
    alert = desktop.get_by_role("status").get_by_role("listitem").filter(has_text="Repairs")
    expect(alert).to_contain_text("Nobody on the floor has the skill: Repairs. It is for: ")
    alert.get_by_role("button", name="for today").click()
    kiosks = desktop.get_by_role("region", name="At the kiosks")
    expect(kiosks).to_contain_text("closed today")
    closed = running.call(lambda: running.server.processor.floor.overrides.closed_needs(running.clock.now))
    assert {one.by for one in closed} == {"manager:manager"}
    expect(alert).to_have_count(0)
    for left in range(len(closed) - 1, -1, -1):
        kiosks.get_by_role("button", name="Open again").first.click()
        expect(kiosks.get_by_role("button", name="Open again")).to_have_count(left)
    expect(kiosks).to_contain_text("They offer every need")


def shown(running: RunningServer, kiosk: str | None) -> Announcement | None:
    found: Announcement | None = running.call(
        lambda: running.server.processor.floor.overrides.announcement(kiosk, running.clock.now)
    )
    return found


def test_a_text_is_shown_on_one_kiosk_and_taken_away(
    running: RunningServer, desktop: Page, run_in_thread: Any
) -> None:
    pair(running, run_in_thread)
    [kiosk] = device_rows(running)
    open_as_manager(running, desktop, "/manager/now/kiosks")
    desktop.get_by_label("Where").select_option(kiosk.name)
    card = desktop.get_by_role("region", name="Show a text")
    card.get_by_label("English").fill("Coffee is free today")
    card.get_by_role("button", name="Show it").click()
    expect(desktop.get_by_text("“Coffee is free today”")).to_be_visible()
    announcement = shown(running, kiosk.device_id)
    assert announcement is not None
    assert announcement.words == {"en": "Coffee is free today"}
    desktop.get_by_role("button", name="Take it away").click()
    desktop.wait_for_url("**/manager/now")
    assert shown(running, kiosk.device_id) is None


def test_a_text_that_is_newer_than_the_page_is_not_written_over(
    running: RunningServer, http: requests.Session
) -> None:
    sign_in_once(running, http)
    page = http.get(running.address + "/manager/now/kiosks")
    form = {"token": form_field(page), "seq": form_field(page, "seq") if 'name="seq"' in page.text else "0"}
    running.submit_ok(ops.Announce({"en": "Ben’s text"}), BEN)
    answer = http.post(running.address + "/manager/now/announcement", form | {"words.en": "Mine"})
    assert "ben was here just before" in text_of(answer)
    announcement = shown(running, None)
    assert announcement is not None
    assert announcement.words == {"en": "Ben’s text"}


def test_who_may_only_look_finds_no_button_and_can_do_nothing(
    running: RunningServer, http: requests.Session
) -> None:
    running.sign_on("lotte")
    ticket = late(running)
    client.run(running.server.data_dir, "add_manager", name="owner", role="readonly", password="looking only")
    form = {"token": form_field(http.get(running.address + SIGN_IN)), "password": "looking only"}
    http.post(running.address + SIGN_IN, {**form, "name": "owner"})
    page = http.get(running.address + "/manager/now")
    assert "A-1 has waited" in text_of(page)
    assert "/manager/now/" not in page.text.replace("/manager/now/events", "")
    before = len(records(running))
    token = form_field(page)
    for path in (f"/visits/{ticket.visit_id}", "/people/lotte", "/needs/repair", "/announcement", "/kiosks"):
        assert http.post(f"{running.address}/manager/now{path}", {"token": token}).status_code in (403, 405)
    assert len(records(running)) == before


def test_all_is_well_where_nothing_needs_the_manager(running: RunningServer, http: requests.Session) -> None:
    running.sign_on(*(employee.id for employee in running.server.processor.catalogue.employees))
    sign_in(running, http)
    assert "All is well: nothing needs you now." in text_of(http.get(running.address + "/manager/now"))


def test_hundreds_in_line_are_counted_and_the_longest_waits_shown(
    running: RunningServer, http: requests.Session
) -> None:
    for number in range(1, 41):
        running.open("repair", code=f"A-{number}")
    running.clock.after(300)
    running.call(running.server.processor.tick)
    sign_in_once(running, http)
    page = http.get(running.address + "/manager/now")
    text = text_of(page)
    assert "40 waiting" in text
    assert "And 10 more are in line behind them." in text
    assert "40 visits wait too long. The longest is A-1: 5:00." in text
    assert page.text.count('class="ticket"') == 30


def test_many_who_wait_too_long_are_one_alert_and_all_are_asked_for_again(
    running: RunningServer, desktop: Page
) -> None:
    running.sign_on("lotte")  # she cannot repair
    for number in range(1, 6):
        running.open("repair", code=f"A-{number}")
    running.clock.after(61)
    running.call(running.server.processor.tick)
    open_as_manager(running, desktop, "/manager/now")
    alert = desktop.get_by_role("status").get_by_role("listitem").filter(has_text="wait too long")
    expect(alert).to_contain_text("5 visits wait too long. The longest is A-1: 1:01.")
    expect(alert).to_contain_text("Nobody on the floor has the skill: Repairs.")
    alert.get_by_role("button", name="Ask again for all").click()
    expect(desktop.get_by_role("region", name="In line")).to_contain_text("Lotte asked")
    asked = [record for record in records(running) if isinstance(record.event, ev.AskedAgain)]
    assert {record.actor for record in asked} == {"manager:manager"}
    assert len(asked) == 5


def test_a_kiosk_that_is_not_connected_is_put_away(
    running: RunningServer, desktop: Page, run_in_thread: Any
) -> None:
    running.sign_on("maya", "sam", "lotte", "noor")
    pair(running, run_in_thread)
    [kiosk] = device_rows(running)
    running.clock.after(61)
    open_as_manager(running, desktop, "/manager/now")
    alert = desktop.get_by_role("status").get_by_role("listitem").filter(has_text=kiosk.name)
    expect(alert).to_contain_text("has never been connected.")
    alert.get_by_role("button", name="put away").click()
    expect(alert).to_have_count(0)
    expect(desktop.get_by_role("region", name="Devices")).to_contain_text("put away for today")


def test_where_nobody_can_be_asked_somebody_is_called_back(running: RunningServer, desktop: Page) -> None:
    running.sign_on("maya")
    running.submit_ok(ops.SetPresence(Presence.ON_BREAK), tablet("maya"))
    open_as_manager(running, desktop, "/manager/now")
    desktop.get_by_role("button", name="Maya is back").click()
    expect(desktop.get_by_role("region", name="On the floor")).to_contain_text("Available")


def test_older_backups_are_removed_only_while_the_disk_is_nearly_full(
    running: RunningServer, http: requests.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = running.server.data_dir
    into = running.server.backup_scheduler.backups_dir
    made = [back_up(folder, into, running.clock.now + night * 86_400_000) for night in range(5)]
    sign_in_once(running, http)
    token = form_field(http.get(running.address + "/manager/now"))
    http.post(running.address + "/manager/now/backups", {"token": token})
    assert all(path.exists() for path in made)
    monkeypatch.setattr(now_page, "_free_bytes", lambda _: 1)
    assert "Remove 2 older backups" in text_of(http.get(running.address + "/manager/now"))
    http.post(running.address + "/manager/now/backups", {"token": token})
    assert [path.exists() for path in made] == [False, False, True, True, True]
    assert "older backup" not in text_of(http.get(running.address + "/manager/now"))


def test_a_tablet_of_an_employee_who_was_put_off_the_floor_is_free(running: RunningServer) -> None:
    running.sign_on("maya")
    running.submit_ok(ops.SetPresenceOf("maya", Presence.AVAILABLE, Presence.OFF_FLOOR), BEN)
    assert running.submit(ops.SetPresence(Presence.AVAILABLE), tablet("maya")) is not None


def test_a_page_that_was_left_open_over_night_does_nothing_to_yesterday(
    running: RunningServer, http: requests.Session
) -> None:
    running.sign_on("maya")
    ticket = running.open("repair", code="A-1")
    sign_in_once(running, http)
    help_page = http.get(f"{running.address}/manager/now/visits/{ticket.visit_id}")
    form = {name: form_field(help_page, name) for name in ("token", "rev")}
    running.clock.after(24 * 3600)
    running.call(running.server.processor.tick)
    assert ticket.visit.state is State.EXPIRED
    answer = http.post(help_page.url, form | {"do": "remove", "reason": "left"})
    if SIGN_IN in answer.url:  # the night was longer than the session: sign in, and look again
        sign_in(running, http)
    assert ticket.visit.state is State.EXPIRED
    page = http.get(running.address + "/manager/now")
    assert "Nobody is waiting" in text_of(page)
    form = {"token": form_field(page), "need": "repair", "back": "today"}
    assert http.post(running.address + "/manager/now/needs", form).url.endswith("/manager/now")
    (closed,) = running.call(lambda: running.server.processor.floor.overrides.closed_needs(running.clock.now))
    catalogue = running.server.processor.catalogue
    assert catalogue.day(closed.until) == catalogue.day(running.clock.now)  # until today's closing time
    today = text_of(http.get(running.address + "/manager/today"))
    assert "A-1" not in today
