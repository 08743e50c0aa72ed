"""When nobody answers, every tablet says why somebody waits and what would help."""

import pytest
from msgspec.structs import replace

from assets.i18n.texts import Texts
from staff_app.navigation import StaffScreen
from staff_app.presenters import message
from staff_app.presenters.banners import banners
from staff_app.presenters.confirm import confirm
from staff_app.presenters.floor import floor
from staff_app.presenters.offer import offer
from staff_app.presenters.on_the_way import on_the_way
from sync_server.domain.catalogue.catalogue import Employee, Need

from .tablet import CATALOGUE, NOW, Tablet, offered, person, text, vid, visit

SKILLED = replace(
    CATALOGUE,
    needs=(Need("repair", text("Repair"), "tool", skills=("repair",)), *CATALOGUE.needs[1:]),
    employees=(Employee("sam", "Sam", frozenset({"repair"})), *CATALOGUE.employees[1:]),
)
EN = Texts("en")
ADVICE = "No answer from Sam. Wake them, take it if you can help, or call the manager."


def tablet_of(name: str, *visits, sam: str = "not_responding") -> Tablet:
    people = (
        person("sam", sam, "tablet-1" if name == "sam" else "t2"),
        person("maya", device="tablet-1" if name == "maya" else "t3"),
    )
    tablet = Tablet(*visits, people=people)
    tablet.device.catalogue = SKILLED
    tablet.refresh()
    return tablet


def test_a_colleague_reads_in_the_line_who_does_not_answer_and_what_helps():
    tablet = tablet_of("maya", visit(1, ago_s=90), visit(2, ago_s=5))
    assert [row.hindrance for row in floor(tablet.state, EN).rows] == [ADVICE, ""]
    assert banners(tablet.state, EN).banner == "", "the rows say it already"


def test_on_any_other_screen_it_is_above_the_screen():
    tablet = tablet_of("maya", visit(1, ago_s=90))
    tablet.state.open_page(StaffScreen.QUICK)
    assert banners(tablet.state, EN).banner == f"A-1 waits 1:30. {ADVICE}"


@pytest.mark.parametrize("presence", ["available", "serving", "on_break"])
def test_nobody_is_told_to_wait_for_or_to_ask_themselves(presence):
    tablet = tablet_of("sam", visit(1, ago_s=90), sam=presence)
    assert [row.hindrance for row in floor(tablet.state, EN).rows] == [
        "You can help with this. Take it as soon as you can."
    ]


def test_where_nobody_is_on_the_floor_it_is_not_the_skill_that_is_missing():
    tablet = Tablet(visit(1, ago_s=90), people=(person("maya", "off_floor", None),))
    tablet.device.catalogue = SKILLED
    tablet.refresh()
    [row] = floor(tablet.state, EN).rows
    assert row.hindrance == "Nobody is on the floor. Sign in if you can help, or call the manager."


def test_an_offer_says_that_everybody_is_asked_to_those_without_the_skill():
    offer_to = {name: replace(offered(1), offer_to=name) for name in ("maya", "sam")}
    for name, told in (("maya", "everybody is asked, also without the skill"), ("sam", "")):
        tablet = tablet_of(name, offer_to[name], sam="available")
        details = offer(tablet.state.snapshot, EN, offer_to[name]).details
        assert ("everybody is asked" in details) is bool(told), details


def test_a_visit_that_somebody_is_asked_for_needs_no_help():
    tablet = tablet_of("maya", replace(offered(1), created_at=NOW - 90_000, offer_to="sam"))
    assert [row.hindrance for row in floor(tablet.state, EN).rows] == [""]


def test_the_one_who_is_waited_for_is_called_back():
    tablet = tablet_of("sam", visit(1, ago_s=90))
    assert tablet.screen is StaffScreen.AWAY
    assert tablet.snapshot.waits_for_me.visit_id == vid(1)
    assert message.away(tablet.snapshot, EN).text == "A-1 waits for you."
    assert tablet_of("maya", visit(1, ago_s=90)).snapshot.waits_for_me is None
    assert tablet_of("sam", visit(1, ago_s=90), sam="on_break").snapshot.waits_for_me is None


def test_the_last_one_to_sign_off_is_told_who_still_waits():
    rows = [visit(n, ago_s=100 - n) for n in range(1, 7)]
    tablet = Tablet(*rows, people=(person(),))
    tablet.state.open_page(StaffScreen.SIGN_OFF)
    told = "You are the last one here, and A-1, A-2, A-3, A-4, … still wait."
    assert confirm(tablet.state, EN).text.startswith(told)
    tablet.show(*rows, people=(person(), person("sam", device="t2")))
    assert confirm(tablet.state, EN).text.startswith("You leave the floor")
    tablet.show(people=(person(),))
    assert confirm(tablet.state, EN).text.startswith("You leave the floor")


def test_a_call_names_the_phone_only_where_one_follows_the_visit():
    row = visit(1, "accepted", employee="maya", recalled_at=NOW - 12_000)
    said = [on_the_way(Tablet(r).state, EN, r).line for r in (row, replace(row, phone=True))]
    assert said == ["Called 0:12 ago, on the kiosk", "Called 0:12 ago, on the kiosk and their phone"]


def test_the_lists_title_counts_what_is_on_hold_if_nobody_waits():
    assert floor(Tablet(visit(1, "on_hold", employee="maya")).state, EN).title == "1 on hold"
    assert floor(Tablet().state, EN).title == ""
