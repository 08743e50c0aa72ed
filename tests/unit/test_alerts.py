"""What needs the manager now: which alert there is, about what, and since when."""

import pytest
from msgspec.structs import replace

from sync_server.domain import ops
from sync_server.domain.alerts import (
    MIN_FREE_BYTES,
    OFFLINE_MS,
    Alert,
    AlertCode,
    KioskContact,
    find_alerts,
    missing_skills,
)
from sync_server.domain.events import Presence
from sync_server.domain.floor.floor import Floor
from sync_server.domain.ops import Actor, ActorKind
from sync_server.domain.refusal import Code, Refusal
from tests.floor_harness import FloorHarness

MANAGER = Actor(ActorKind.MANAGER)  # maya and tom can repair, lea and kim cannot


def found(play: FloorHarness, *kiosks: KioskContact, free: int | None = None) -> list[Alert]:
    return find_alerts(play.floor, kiosks, free, play.clock.now)


def about(play: FloorHarness, code: AlertCode) -> list[Alert]:
    return [alert for alert in found(play) if alert.code is code]


@pytest.fixture
def play() -> FloorHarness:
    """A shop in which everybody is on the floor."""
    harness = FloorHarness()
    harness.sign_on(*(employee.id for employee in harness.catalogue.employees))
    return harness


def test_where_all_is_well_there_is_none(play: FloorHarness):
    play.open("repair")
    assert found(play, KioskContact("door", True, None), free=MIN_FREE_BYTES) == []


def test_a_visit_that_waits_too_long_is_one_whether_somebody_is_asked_or_not():
    play = FloorHarness()
    visit_id = play.open("repair")
    since = play.visit(visit_id).created_at
    play.after(61)
    assert about(play, AlertCode.WAITS_TOO_LONG) == [Alert(AlertCode.WAITS_TOO_LONG, visit_id, since)]
    play.sign_on("tom")
    assert play.visit(visit_id).offer_to == "tom"
    assert len(about(play, AlertCode.WAITS_TOO_LONG)) == 1
    play.accept("tom", visit_id)
    assert about(play, AlertCode.WAITS_TOO_LONG) == []


def test_two_offers_that_nobody_answered_are_one_before_the_target_has_passed():
    play = FloorHarness()
    play.sign_on("maya", "tom")
    visit_id = play.open("repair")
    play.after(16)
    assert about(play, AlertCode.OFFERS_LAPSED) == []
    play.after(15)
    lapsed_at = play.visit(visit_id).lapsed_at
    assert about(play, AlertCode.OFFERS_LAPSED) == [Alert(AlertCode.OFFERS_LAPSED, visit_id, lapsed_at)]
    play.after(31)  # now the target has passed too: it is one alert, the worse one
    assert about(play, AlertCode.OFFERS_LAPSED) == []
    assert len(about(play, AlertCode.WAITS_TOO_LONG)) == 1


def test_a_skill_that_nobody_on_the_floor_has_is_one_until_the_need_is_closed(play: FloorHarness):
    for name in ("maya", "tom"):
        play.yes(name, ops.SetPresence(Presence.ON_BREAK))
    assert about(play, AlertCode.SKILL_MISSING) == []  # who is on a break comes back
    for name in ("maya", "tom"):
        play.yes(name, ops.SetPresence(Presence.OFF_FLOOR))
    left = play.person("tom").since
    assert about(play, AlertCode.SKILL_MISSING) == [Alert(AlertCode.SKILL_MISSING, "repair", left)]
    for need in missing_skills(play.floor, play.clock.now)["repair"]:
        play.yes(MANAGER, ops.CloseNeed(need))
    assert about(play, AlertCode.SKILL_MISSING) == []


def test_an_empty_floor_is_one_alert_and_not_one_for_each_skill():
    assert [alert.code for alert in found(FloorHarness())] == [AlertCode.FLOOR_EMPTY]


def test_a_kiosk_that_is_away_for_a_while_is_one_while_the_shop_is_open(play: FloorHarness):
    now = play.clock.now
    away = KioskContact("door", False, now - OFFLINE_MS)
    assert found(play, away) == [Alert(AlertCode.KIOSK_OFFLINE, "door", now - OFFLINE_MS)]
    assert found(play, replace(away, seen_at=now - OFFLINE_MS + 1)) == []
    assert found(play, replace(away, seen_at=None)) == [Alert(AlertCode.KIOSK_OFFLINE, "door", None)]
    closed = replace(play.catalogue, store=replace(play.catalogue.store, hours={"sun": "09:00-18:00"}))
    shut = FloorHarness(closed)  # it is Monday
    assert found(shut, away) == []


def test_a_full_disk_comes_first(play: FloorHarness):
    assert found(play, free=MIN_FREE_BYTES - 1) == [Alert(AlertCode.STORAGE_LOW)]
    visit_id = play.open("repair")
    play.floor._open[visit_id] = play.floor.visits[visit_id] = replace(play.visit(visit_id), alerted_at=1)
    play.floor._line.update(None, None)
    codes = [alert.code for alert in found(play, free=0)]
    assert codes == [AlertCode.STORAGE_LOW, AlertCode.WAITS_TOO_LONG]


def test_nobody_who_is_here_can_be_asked(play: FloorHarness):
    for employee in play.catalogue.employees[:-1]:
        play.yes(employee.id, ops.SetPresence(Presence.ON_BREAK))
    assert about(play, AlertCode.EVERYBODY_AWAY) == []
    play.after(60)
    since = play.clock.now
    play.yes(play.catalogue.employees[-1].id, ops.SetPresence(Presence.ON_BREAK))
    assert about(play, AlertCode.EVERYBODY_AWAY) == [Alert(AlertCode.EVERYBODY_AWAY, since=since)]


def test_a_kiosk_that_is_put_away_is_not_missed_until_closing_time(play: FloorHarness):
    anna = Actor(ActorKind.MANAGER, account="anna")
    away = KioskContact("door", False, play.clock.now)
    play.after(60)
    assert [alert.code for alert in found(play, away)] == [AlertCode.KIOSK_OFFLINE]
    play.yes(anna, ops.PutAway("door"))
    assert found(play, away) == []
    assert found(play, KioskContact("desk", False, None)) == [Alert(AlertCode.KIOSK_OFFLINE, "desk")]
    assert play.no(anna, ops.PutAway("door")) == Refusal(Code.ALREADY_SO, "manager:anna")
    put_away = play.floor.overrides.put_away("door", play.clock.now)
    assert put_away is not None
    assert play.floor.overrides.put_away("door", put_away.until) is None
    assert Floor.replay(play.catalogue, play.records).overrides.kiosks_put_away(play.clock.now) == [put_away]
