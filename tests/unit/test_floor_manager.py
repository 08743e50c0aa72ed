"""What the manager does: offers visits, takes them out, sends people on a break, closes needs."""

import pytest

from sync_server.domain import events as ev
from sync_server.domain import ops
from sync_server.domain.events import Back, Presence, RemovedBecause
from sync_server.domain.floor.floor import Floor
from sync_server.domain.ops import MAX_WORDS, Actor, ActorKind
from sync_server.domain.refusal import Code, Refusal
from sync_server.domain.resolution import Resolution
from sync_server.domain.visit.visit import State
from sync_server.protocol.messages import PROTOCOL, Hello
from sync_server.protocol.rows import AnnouncementRow, ClosedNeedRow, OverridesRow
from sync_server.protocol.visibility import overrides_row
from sync_server.service.storage.device_rows import DeviceRow
from sync_server.service.sync.sessions import Sessions
from tests.floor_harness import KIOSK, FloorHarness, allowed, event_of, kinds, staff

ANNA = Actor(ActorKind.MANAGER, account="anna")  # maya and tom can repair, lea and kim cannot
BEN = Actor(ActorKind.MANAGER, account="ben")


def offer(play: FloorHarness, visit_id: str, name: str) -> ops.OfferTo:
    return ops.OfferTo(visit_id, play.visit(visit_id).rev, name)


def presence(name: str, seen: Presence, wanted: Presence) -> ops.SetPresenceOf:
    return ops.SetPresenceOf(name, seen, wanted)


# --- offers ----------------------------------------------------------------------------------------------


def test_the_one_whom_the_manager_chooses_is_asked_at_once_and_nobody_else():
    play = FloorHarness()
    play.sign_on("maya", "tom")
    visit_id = play.open("repair")
    first = play.visit(visit_id).offer_to
    other = "tom" if first == "maya" else "maya"
    records = play.yes(ANNA, offer(play, visit_id, other))
    assert kinds(records) == ["withdrawn", "offered"]
    assert {record.actor for record in records} == {"manager:anna"}
    assert (play.visit(visit_id).offer_to, play.person(first).offer) == (other, None)
    play.accept(other, visit_id)


def test_who_lacks_the_skill_may_be_chosen_and_only_they_are_asked_without_it():
    play = FloorHarness()
    play.sign_on("lea", "kim")
    visit_id = play.open("repair")
    play.yes(ANNA, offer(play, visit_id, "lea"))
    play.on("lea", ops.Decline, visit_id)
    assert play.visit(visit_id).state is State.WAITING  # kim is not asked: the skill counts again


def test_the_tablet_of_who_does_not_respond_rings_again():
    play = FloorHarness()
    play.sign_on("tom")
    visit_id = play.open("repair")
    play.after(16)
    assert play.person("tom").chosen is Presence.NOT_RESPONDING
    assert kinds(play.yes(ANNA, offer(play, visit_id, "tom"))) == ["presence_changed", "offered"]
    assert play.visit(visit_id).offer_to == "tom"


def test_who_is_asked_for_another_visit_is_asked_for_this_one_instead():
    play = FloorHarness()
    play.sign_on("tom")
    first, second = play.open("repair"), play.open("repair")
    records = play.yes(ANNA, offer(play, second, "tom"))
    assert kinds(records) == ["withdrawn", "offered"]
    assert (play.visit(first).state, play.visit(second).offer_to) == (State.WAITING, "tom")
    play.on("tom", ops.Decline, second)
    assert play.visit(first).offer_to == "tom"  # they had no chance to answer: they are asked again


def test_offers_that_cannot_be_made_say_why():
    play = FloorHarness()
    play.sign_on("maya", "tom", "lea")
    busy = play.open_with("lea", "ask")
    visit_id = play.open("repair")
    assert play.no(ANNA, offer(play, visit_id, "nobody")) == Refusal(Code.UNKNOWN_EMPLOYEE, "nobody")
    assert play.no(ANNA, offer(play, visit_id, "kim")) == Refusal(Code.NOT_AVAILABLE, "off_floor")
    assert play.no(ANNA, offer(play, visit_id, "lea")) == Refusal(Code.FINISH_FIRST, play.visit(busy).ticket)
    asked = play.visit(visit_id).offer_to
    assert play.no(ANNA, offer(play, visit_id, asked)) == Refusal(Code.ALREADY_SO, asked)
    stale = offer(play, visit_id, "tom" if asked == "maya" else "maya")
    play.yes(BEN, stale)
    again = ops.OfferTo(visit_id, stale.expected_rev, asked)
    assert play.no(ANNA, again) == Refusal(Code.STALE_REV, str(play.visit(visit_id).rev))
    play.accept(stale.employee, visit_id)
    assert play.no(ANNA, again) == Refusal(Code.ALREADY_TAKEN, stale.employee)
    assert play.no("tom", again) == Refusal(Code.NOT_ALLOWED, "offer_to")


def test_an_offer_that_lapses_is_counted_until_the_visit_is_handed_over():
    play = FloorHarness()
    play.sign_on("tom")
    visit_id = play.open("repair")
    for lapsed in (1, 2):
        play.after(16)
        assert play.visit(visit_id).lapsed == lapsed
        play.yes(ANNA, offer(play, visit_id, "tom"))
    play.accept("tom", visit_id)
    play.on("tom", ops.HandOver, visit_id)
    assert (play.visit(visit_id).lapsed, play.visit(visit_id).lapsed_at) == (0, None)


# --- taking out ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["waiting", "offered", "accepted", "serving"])
def test_a_visit_is_taken_out_with_a_reason_wherever_it_is(state):
    play = FloorHarness()
    if state != "waiting":
        play.sign_on("tom")
    visit_id = play.open("repair")
    if state in ("accepted", "serving"):
        play.accept("tom", visit_id)
    if state == "serving":
        play.start("tom", visit_id)
    assert play.visit(visit_id).state == state
    op = ops.Remove(visit_id, play.visit(visit_id).rev, RemovedBecause.LEFT)
    records = play.yes(ANNA, op)
    assert event_of(records, ev.Removed) == ev.Removed(None, RemovedBecause.LEFT)
    assert play.visit(visit_id).state is State.REMOVED
    assert not play.person("tom").active
    assert play.no(BEN, op) == Refusal(Code.WRONG_STATE, "removed")


def test_the_manager_says_why_a_visit_is_taken_out_and_sees_the_present_rev():
    play = FloorHarness()
    visit_id = play.open("repair")
    assert play.no(ANNA, ops.Remove(visit_id, 1)) == Refusal(Code.NOTHING_SAID, play.visit(visit_id).ticket)
    assert play.no(ANNA, ops.Remove(visit_id, 2, RemovedBecause.OTHER)) == Refusal(Code.STALE_REV, "1")


# --- people ----------------------------------------------------------------------------------------------


def test_an_employee_is_put_on_a_break_back_and_off_the_floor():
    play = FloorHarness()
    play.sign_on("tom")
    visit_id = play.open("repair")
    records = play.yes(ANNA, presence("tom", Presence.AVAILABLE, Presence.ON_BREAK))
    assert kinds(records) == ["withdrawn", "presence_changed"]
    assert play.person("tom").chosen is Presence.ON_BREAK
    play.yes(ANNA, presence("tom", Presence.ON_BREAK, Presence.AVAILABLE))
    assert play.visit(visit_id).offer_to == "tom"
    play.yes(ANNA, presence("tom", Presence.AVAILABLE, Presence.OFF_FLOOR))
    assert (play.person("tom").chosen, play.person("tom").device_id) == (Presence.OFF_FLOOR, None)


def test_the_second_of_two_managers_is_told_what_is_the_case():
    play = FloorHarness()
    play.sign_on("tom")
    op = presence("tom", Presence.AVAILABLE, Presence.ON_BREAK)
    play.yes(ANNA, op)
    assert play.no(BEN, op) == Refusal(Code.ALREADY_SO, "on_break")
    off = presence("tom", Presence.AVAILABLE, Presence.OFF_FLOOR)
    assert play.no(BEN, off) == Refusal(Code.WRONG_STATE, "on_break")


def test_nobody_leaves_a_shopper_or_comes_without_a_tablet():
    play = FloorHarness()
    play.sign_on("tom")
    visit_id = play.open_with("tom", "repair")
    ticket = play.visit(visit_id).ticket
    for wanted in (Presence.ON_BREAK, Presence.OFF_FLOOR):
        op = presence("tom", Presence.AVAILABLE, wanted)
        assert play.no(ANNA, op) == Refusal(Code.FINISH_FIRST, ticket)
    came = presence("kim", Presence.OFF_FLOOR, Presence.AVAILABLE)
    assert play.no(ANNA, came) == Refusal(Code.NOT_SIGNED_IN, "kim")
    serving = presence("tom", Presence.AVAILABLE, Presence.SERVING)
    assert play.no(ANNA, serving) == Refusal(Code.NOT_ALLOWED, "serving")


# --- what kiosks offer and say ---------------------------------------------------------------------------


def test_a_need_is_closed_until_closing_time_and_kiosks_are_told():
    play = FloorHarness()
    play.yes(ANNA, ops.CloseNeed("repair", Back.NEXT_DAY, {"en": " The oven is broken. "}))
    closed = play.floor.overrides.closed_need("repair", play.clock.now)
    assert closed is not None
    assert (closed.by, closed.since, closed.words) == (
        "manager:anna", play.clock.now, {"en": "The oven is broken."},
    )  # fmt: skip
    closing = play.catalogue.next_closing(play.clock.now)
    row = ClosedNeedRow("repair", closing, "next_day", {"en": "The oven is broken."})
    assert overrides_row(play.floor, "kiosk-1", play.clock.now) == OverridesRow((row,))
    assert overrides_row(play.floor, "kiosk-1", closing) == OverridesRow()
    assert play.no(BEN, ops.CloseNeed("repair")) == Refusal(Code.ALREADY_SO, "manager:anna")
    play.yes(BEN, ops.ReopenNeed("repair"))
    assert play.no(ANNA, ops.ReopenNeed("repair")) == Refusal(Code.ALREADY_SO, "repair")
    assert overrides_row(play.floor, "kiosk-1", play.clock.now) == OverridesRow()


def test_a_phone_and_a_program_open_no_closed_need_but_a_ticket_in_the_hand_counts():
    play = FloorHarness()
    waiting = play.open("repair")
    play.yes(ANNA, ops.CloseNeed("repair"))
    assert play.visit(waiting).state is State.WAITING
    for kind in (ActorKind.PHONE, ActorKind.API):
        op = ops.OpenVisit(play.new_id(), "P-1", "repair", "en")
        assert play.no(Actor(kind), op) == Refusal(Code.NEED_CLOSED, "repair")
    play.open("repair")  # by a kiosk that has not heard of it yet
    play.open("ask", by=Actor(ActorKind.API), ticket="P-2")


def test_a_text_for_one_kiosk_goes_before_that_for_all_and_no_words_remove_it():
    play = FloorHarness()
    play.yes(ANNA, ops.Announce({"en": "Cake at noon"}))
    everywhere = play.floor.seq
    play.yes(ANNA, ops.Announce({"en": "Use the other door", "nl": " "}, "kiosk-2"))
    closing = play.catalogue.next_closing(play.clock.now)

    def shown(kiosk: str) -> AnnouncementRow | None:
        return overrides_row(play.floor, kiosk, play.clock.now).announcement

    assert shown("kiosk-1") == AnnouncementRow({"en": "Cake at noon"}, closing)
    assert shown("kiosk-2") == AnnouncementRow({"en": "Use the other door"}, closing)
    assert play.no(BEN, ops.Announce({"en": "No cake"})) == Refusal(Code.STALE_REV, "manager:anna")
    play.yes(BEN, ops.Announce({}, None, everywhere))
    assert shown("kiosk-1") is None
    assert shown("kiosk-2") is not None
    assert play.no(BEN, ops.Announce()) == Refusal(Code.NOTHING_SAID)
    play.after(12 * 3600)
    assert play.floor.overrides.announcements(play.clock.now) == []


def test_words_are_of_a_language_and_not_too_long():
    play = FloorHarness()
    long = "x" * (MAX_WORDS + 1)
    assert play.no(ANNA, ops.Announce({"en": long})).code is Code.MALFORMED
    assert play.no(ANNA, ops.CloseNeed("repair", words={"xx": "?"})) == Refusal(Code.UNKNOWN_LANGUAGE, "xx")
    assert play.no(ANNA, ops.CloseNeed("no")) == Refusal(Code.UNKNOWN_NEED, "no")


def test_closed_needs_and_texts_are_there_after_a_start_also_where_the_replay_begins_later():
    play = FloorHarness()
    play.yes(ANNA, ops.CloseNeed("repair"))
    play.yes(ANNA, ops.CloseNeed("ask"))
    play.yes(ANNA, ops.Announce({"en": "Cake"}))
    half = len(play.records)
    play.yes(ANNA, ops.ReopenNeed("ask"))
    now, wanted = play.clock.now, play.floor.overrides.closed_needs(play.clock.now)
    assert [one.need for one in wanted] == ["repair"]
    again = Floor.replay(play.catalogue, play.records)
    assert again.overrides.closed_needs(now) == wanted
    later = Floor.replay(play.catalogue, play.records[half:])
    later.overrides.add_earlier(play.records[:half])
    assert later.overrides.closed_needs(now) == wanted
    assert later.overrides.announcements(now) == play.floor.overrides.announcements(now)


def test_a_kiosk_is_sent_what_it_offers_and_says_once():
    play = FloorHarness()
    device = DeviceRow(str(KIOSK.device_id), "kiosk", "Front", "A", "k" * 40)
    sessions, now = Sessions(), play.clock.now
    session = sessions.open(b"kiosk", device, now, Hello(PROTOCOL))
    assert sessions.snapshot(session, play.floor, "", now).overrides is None
    play.yes(ANNA, ops.Announce({"en": "Cake"}))
    row = overrides_row(play.floor, "kiosk-1", now)
    assert [update.overrides for _, update in sessions.position_updates(play.floor, now)] == [row]
    assert not list(sessions.position_updates(play.floor, now))
    assert sessions.snapshot(session, play.floor, "", now).overrides == row
    play.yes(ANNA, ops.Announce({}, None, play.floor.seq))
    [(_, update)] = sessions.position_updates(play.floor, now)
    assert update.overrides == OverridesRow()


def test_what_was_tapped_before_the_manager_put_somebody_off_the_floor_is_still_theirs():
    play = FloorHarness()
    play.sign_on("tom")
    tapped = play.clock.now
    play.after(10)
    play.yes(ANNA, presence("tom", Presence.AVAILABLE, Presence.OFF_FLOOR))
    op = ops.QuickResolution(play.new_id(), "T-1", "ask", "en", Resolution.SOLVED)
    records = allowed(play.floor.handle(op, staff("tom"), play.clock.now, tapped, 0))
    assert {record.actor for record in records} == {"employee:tom"}
    assert play.person("tom").chosen is Presence.OFF_FLOOR
