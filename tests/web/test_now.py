"""The floor of the moment, and what needs the manager's care on every page."""

import requests
from playwright.sync_api import Page, expect

from sync_server.domain import ops
from sync_server.domain.events import Presence
from sync_server.service.store import Cause, Trouble

from .running import Running, tablet
from .steps import come_in, come_in_at, come_in_once, full_disk, words_in


def test_who_waits_stands_in_the_order_of_coming(shop: Running, desk: Page) -> None:
    for code, need in (("A-1", "repair"), ("B-1", "pick_up"), ("A-2", "repair")):
        shop.open(need, code=code)
        shop.clock.after(20)
    come_in_at(shop, desk, "/manager/now")
    rows = desk.get_by_role("region", name="In line").get_by_role("listitem")
    expect(rows).to_have_count(3)
    assert [row.split("\n")[0] for row in rows.all_inner_texts()] == ["A-1", "B-1", "A-2"]
    expect(desk.get_by_role("heading", level=1)).to_have_text("3 waiting, longest 1:00. 0 being helped.")


def test_whoever_waits_past_the_target_is_warm(shop: Running, http: requests.Session) -> None:
    shop.open("repair", code="A-1")  # its target is a minute
    shop.clock.after(60)
    come_in(shop, http)
    assert 'class="late"' not in http.get(shop.address + "/manager/now").text
    shop.clock.after(1)
    assert 'class="late"' in http.get(shop.address + "/manager/now").text


def test_the_page_changes_by_itself(shop: Running, desk: Page) -> None:
    shop.sign_on("maya")
    come_in_at(shop, desk, "/manager/now")
    title = desk.get_by_role("heading", level=1)
    expect(title).to_have_text("Nobody is waiting. 0 being helped.")
    desk.evaluate("window.never_reloaded = true")
    ticket = shop.open("repair", code="A-7")
    line = desk.get_by_role("region", name="In line")
    expect(line).to_contain_text("A-7")
    expect(line).to_contain_text("Maya asked")
    ticket.accept("maya")
    people = desk.get_by_role("region", name="On the floor")
    expect(people).to_contain_text("with A-7 · Something doesn’t work")
    expect(title).to_have_text("Nobody is waiting. 1 being helped.")
    assert desk.evaluate("window.never_reloaded") is True


def test_the_floor_tells_what_everybody_does(shop: Running, http: requests.Session) -> None:
    shop.sign_on("maya", "sam", "noor")
    shop.yes(ops.SetPresence(Presence.ON_BREAK), tablet("sam"))
    ticket = shop.open("repair", code="A-1")
    first = ticket.visit.offer_to
    assert first is not None
    ticket.accept(first)
    ticket.start(first)
    ticket.hold(first)
    come_in(shop, http)
    said = words_in(http.get(shop.address + "/manager/now"))
    assert "Sam Break" in said
    assert f"{first.capitalize()} Available · 1 on hold" in said
    assert "Lotte" not in said


def test_alerted_visits_are_told_on_every_page(shop: Running, http: requests.Session) -> None:
    come_in(shop, http)
    shop.open("repair", code="A-9")
    pages = ("/manager/now", "/manager/today", "/manager/log", "/manager/notice")
    for path in pages:
        assert "A-9 has waited" not in words_in(http.get(shop.address + path))
    shop.clock.after(61)
    shop.call(shop.server.shop.tick)
    for path in pages:
        told = "A-9 has waited 1:01 for: Something doesn’t work."
        assert told in words_in(http.get(shop.address + path)), path
    shop.open("repair", code="A-10")
    shop.clock.after(61)
    shop.call(shop.server.shop.tick)
    said = words_in(http.get(shop.address + "/manager/log"))
    assert "2 shoppers wait longer than the target. A-9 2:02, A-10 1:01" in said


def test_why_nothing_can_be_saved_is_told_in_every_language(shop: Running, http: requests.Session) -> None:
    come_in_once(shop, http)
    shop.call(lambda: setattr(shop.server.shop.mending, "unwell", Trouble(Cause.FULL, "the disk is full")))
    for language, told in (("en", "is full"), ("nl", "is vol"), ("fi", "on täynnä")):
        said = words_in(http.get(f"{shop.address}/manager/notice?lang={language}"))
        assert told in said
        assert "the disk" not in said


def test_every_page_says_when_nothing_can_be_saved(shop: Running, http: requests.Session) -> None:
    come_in(shop, http)
    ticket = shop.open()
    with full_disk(shop):
        http.post(ticket.url + "/leave")
        for path in ("/manager/now", "/manager/today", "/manager/log"):
            said = words_in(http.get(shop.address + path))
            assert "Nothing can be saved at the moment." in said
            assert "The disk of the shop’s computer is full." in said
    http.post(ticket.url + "/leave")
    assert "Nothing can be saved" not in words_in(http.get(shop.address + "/manager/now"))
