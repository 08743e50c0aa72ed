"""What keeps a visit that waits too long, as tablets, the kiosk, phones and the manager are told."""

import pytest
from msgspec.structs import replace

from sync_server.domain import ops
from sync_server.domain.catalogue.catalogue import EVERYBODY
from sync_server.domain.events import Presence
from sync_server.domain.people import Person
from sync_server.domain.queue.hindrance import Hindrance, Kind, hindrance
from sync_server.protocol.rows import PersonRow
from sync_server.protocol.visibility import kiosk_visit
from tests.floor_harness import FloorHarness
from tests.sample_store import catalogue

SHOP = catalogue()  # maya and tom can repair, lea and kim cannot


@pytest.mark.parametrize(
    ("maya", "tom", "found"),
    [
        ("not_responding", "serving", Hindrance(Kind.NOT_RESPONDING, ("maya",))),
        ("not_responding", "not_responding", Hindrance(Kind.NOT_RESPONDING, ("maya", "tom"))),
        ("available", "serving", Hindrance(Kind.ASKED, ("maya",))),
        ("serving", "on_break", Hindrance(Kind.BUSY, ("maya",))),
        ("on_break", "off_floor", Hindrance(Kind.ON_BREAK, ("maya",))),
        ("off_floor", "off_floor", Hindrance(Kind.NOBODY, ("maya", "tom"))),
    ],
)
def test_what_keeps_those_who_could_help(maya, tom, found):
    presences = {"maya": maya, "tom": tom, "lea": "available", "kim": "available"}
    everybody = [PersonRow(name, presence, 0) for name, presence in presences.items()]
    assert hindrance(SHOP, everybody, "repair") == replace(found, others=("lea", "kim"))


def test_only_where_somebody_lacks_the_skill_is_it_the_skill_that_nobody_has():
    lea = [PersonRow("lea", "available", 0)]
    assert hindrance(SHOP, lea, "repair").reason == "nobody"
    assert hindrance(SHOP, [PersonRow("lea", "off_floor", 0)], "repair").reason == "empty"
    assert hindrance(SHOP, [], "ask") == Hindrance(Kind.NOBODY, ("maya", "tom", "lea", "kim"))
    assert hindrance(SHOP, [], "ask").reason == "empty", "it needs no skill"


def test_where_everybody_may_be_asked_nobody_lacks_the_skill():
    lea = [PersonRow("lea", "serving", 0)]
    assert hindrance(SHOP, lea, "repair", EVERYBODY) == Hindrance(Kind.BUSY, ("lea",))


def test_an_employee_of_the_server_is_read_as_well():
    silent = Person("tom", Presence.NOT_RESPONDING)
    assert hindrance(SHOP, [silent], "repair") == Hindrance(Kind.NOT_RESPONDING, ("tom",))


def test_a_need_that_is_no_longer_in_the_catalogue_keeps_nobody_in_particular():
    assert hindrance(SHOP, [], "gone").kind is Kind.NOBODY


def test_a_kiosk_is_told_once_the_manager_was_alerted_and_no_longer_when_somebody_is_asked():
    play = FloorHarness()
    play.sign_on("lea")
    visit_id = play.open("repair")
    assert kiosk_visit(play.visit(visit_id), play.floor).hindrance == ""
    play.after(61)
    before = kiosk_visit(play.visit(visit_id), play.floor)
    assert before.hindrance == "nobody"
    play.sign_on("tom")
    assert kiosk_visit(play.visit(visit_id), play.floor, before).hindrance == ""
    play.on("tom", ops.Decline, visit_id)
    play.yes("tom", ops.SetPresence(Presence.ON_BREAK))
    assert kiosk_visit(play.visit(visit_id), play.floor, before).hindrance == "on_break"
