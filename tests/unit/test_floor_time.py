"""What time alone brings about: closing time, deadlines, clocks that jump, and replaying."""

import pytest
from msgspec.structs import replace

from sync_server.domain import ops
from sync_server.domain.catalogue.catalogue import Catalogue, StoreInfo
from sync_server.domain.events import DayClosed, Presence
from sync_server.domain.floor.floor import Floor
from sync_server.domain.ops import SYSTEM
from sync_server.domain.queue.wait_estimate import History
from sync_server.domain.refusal import Refusal
from sync_server.domain.resolution import Resolution
from sync_server.domain.visit.visit import State
from tests.fake_clock import FakeClock
from tests.floor_harness import KIOSK, FloorHarness, event_of, kinds, staff, tablet
from tests.sample_store import CLOSES, MONDAY_10, catalogue, ms

# --- closing ------------------------------------------------------------------------------------------


def test_at_closing_time_open_visits_expire_and_everybody_is_signed_off():
    play = FloorHarness()
    play.sign_on("tom", "lea", "kim")
    held, coming, offered = play.open_with("tom", "repair"), play.open("buy"), play.open("ask")
    play.on("tom", ops.Hold, held)
    play.accept("lea", coming)
    waiting = play.open("buy")
    play.clock.now = CLOSES - 1
    assert "day_closed" not in kinds(play.tick())
    play.clock.now = CLOSES
    records = play.tick()
    assert kinds(records)[-1] == "day_closed"
    assert event_of(records, DayClosed).still_here == 0
    for visit_id in (held, coming, offered, waiting):
        assert play.visit(visit_id).state is State.EXPIRED
        assert play.visit(visit_id).ended_at == CLOSES
    for name in ("tom", "lea", "kim"):
        person = play.person(name)
        assert (person.presence, person.device_id) == (Presence.OFF_FLOOR, None)
        assert (person.offer, person.active, person.holding) == (None, (), ())


def test_a_shopper_being_served_at_closing_time_is_served_to_the_end():
    play = FloorHarness()
    play.clock.now = CLOSES - 60_000
    play.sign_on("tom", "lea")
    visit_id = play.open_with("tom", "repair")
    play.clock.now = CLOSES
    records = play.tick()
    assert play.visit(visit_id).state is State.SERVING
    assert play.person("tom").presence is Presence.SERVING
    assert play.person("lea").presence is Presence.OFF_FLOOR
    assert event_of(records, DayClosed).still_here == 2  # the visit, and tom
    play.clock.after(300)
    play.complete("tom", visit_id)
    play.yes("tom", ops.SetPresence(Presence.OFF_FLOOR))


def test_the_shop_closes_once_a_day():
    play = FloorHarness()
    play.sign_on("tom")
    assert kinds(play.after(86_400)).count("day_closed") == 1
    play.sign_on("tom")
    assert kinds(play.after(86_400)).count("day_closed") == 1


def test_a_server_that_slept_over_closing_time_closes_when_it_wakes():
    play = FloorHarness()
    play.sign_on("tom", "lea")
    visit_id = play.open("buy")
    play.accept("lea", visit_id)
    play.clock.now = CLOSES + 11 * 3_600_000  # the server did not run from morning to morning
    records = play.tick()
    assert kinds(records).count("day_closed") == 1
    assert play.visit(visit_id).state is State.EXPIRED
    assert play.person("tom").presence is Presence.OFF_FLOOR
    assert play.person("lea").presence is Presence.OFF_FLOOR


def test_a_server_that_was_down_over_closing_time_closes_when_it_starts():
    play = FloorHarness()
    play.sign_on("tom")
    visit_id = play.open("buy")
    again = Floor.replay(play.catalogue, play.records)
    records = again.tick(CLOSES + 11 * 3_600_000)
    assert "day_closed" in kinds(records)
    assert again.visits.get(visit_id) is None or again.visits[visit_id].state is State.EXPIRED
    assert again.people["tom"].presence is Presence.OFF_FLOOR


def test_people_who_came_after_closing_time_stay_when_the_store_closes_late():
    play = FloorHarness()
    play.clock.now = CLOSES + 8 * 3_600_000  # the server's computer slept; a shopper arrives first
    visit_id = play.open("ask")
    play.sign_on("kim")
    records = play.tick()
    assert play.visit(visit_id).state is State.OFFERED
    assert play.person("kim").presence is Presence.AVAILABLE
    assert event_of(records, DayClosed).still_here == 2  # so the log cannot be replayed from here


def test_closing_time_is_a_deadline_while_anybody_is_there():
    play = FloorHarness()
    assert play.floor.next_deadline(play.clock.now) is None
    play.sign_on("tom")
    assert play.floor.next_deadline(play.clock.now) == CLOSES
    play.yes("tom", ops.SetPresence(Presence.OFF_FLOOR))
    assert play.floor.next_deadline(play.clock.now) is None
    play.open("ask")
    play.after(60)
    assert play.floor.next_deadline(play.clock.now) == CLOSES


@pytest.mark.parametrize(
    ("opened", "closes"),
    [
        (ms(2026, 3, 28, 12), ms(2026, 3, 28, 20)),  # the last day of winter time: 21:00 is 20:00 UTC
        (ms(2026, 3, 29, 12), ms(2026, 3, 29, 19)),  # the first of summer time
        (ms(2026, 10, 24, 12), ms(2026, 10, 24, 19)),
        (ms(2026, 10, 25, 12), ms(2026, 10, 25, 20)),
    ],
)
def test_closing_time_follows_the_local_clock_over_daylight_saving(opened, closes):
    play = FloorHarness(clock=FakeClock(opened))
    visit_id = play.open("repair")
    play.after((closes - opened) / 1000 + 60)
    assert play.visit(visit_id).ended_at == closes


@pytest.mark.parametrize(
    ("opened", "closes"),
    [
        (ms(2026, 3, 28, 23), ms(2026, 3, 29, 1, 30)),  # 02:30 does not exist that night
        (ms(2026, 10, 24, 23), ms(2026, 10, 25, 0, 30)),  # 02:30 comes twice: the first time counts
    ],
)
def test_a_closing_time_in_the_hour_that_changes_happens_once(opened, closes):
    play = FloorHarness(catalogue(store=StoreInfo(name="Bar", closes="02:30")), FakeClock(opened))
    visit_id = play.open("repair")
    records = play.after((closes - opened) / 1000 + 1800)
    assert play.visit(visit_id).ended_at == closes
    assert kinds(records).count("day_closed") == 1


# --- deadlines -------------------------------------------------------------------------------------


def test_each_deadline_is_when_something_happens():
    play = FloorHarness()
    play.sign_on("maya")  # the only one with the preferred skills
    play.open_with("maya", "ask")
    play.sign_on("tom")
    play.open("repair_phone")
    woken = []
    while (due := play.floor.next_deadline(play.clock.now)) is not None:
        play.clock.now = due
        if happened := kinds(play.tick()):  # else what was promised was compared with the estimate
            woken.append(((due - MONDAY_10) // 1000, happened))
    closing = (CLOSES - MONDAY_10) // 1000
    assert woken == [
        (60, ["widened"]),
        (120, ["widened", "offered"]),
        (135, ["timed_out", "presence_changed"]),
        (180, ["alerted", "quote_extended"]),  # fewer colleagues than when the shopper came
        (closing, ["expired", "presence_changed", "day_closed"]),
        (closing + 3600, ["expired", "presence_changed", "day_closed"]),  # maya still had a shopper
    ]


def test_a_deadline_that_an_op_overtook_is_still_due():
    play = FloorHarness()
    play.sign_on("tom")
    play.open("repair")
    play.clock.after(15.2)  # the offer has lapsed, and before the timer fires
    play.open("buy")  # another op arrives
    assert play.floor.next_deadline(play.clock.now) <= play.clock.now
    assert kinds(play.tick())[0] == "timed_out"


def test_closing_time_that_an_op_overtook_still_happens():
    play = FloorHarness()
    visit_id = play.open("repair")
    play.tick()
    play.clock.now = CLOSES + 5
    play.yes(SYSTEM, ops.SignOn("kim", tablet("kim")))
    assert play.floor.next_deadline(play.clock.now) <= play.clock.now
    play.tick()
    assert play.visit(visit_id).state is State.EXPIRED
    assert play.floor.next_deadline(play.clock.now) > play.clock.now


def test_closing_time_alone_is_a_deadline_that_stays_due():
    play = FloorHarness()
    play.sign_on("kim")
    play.clock.now = CLOSES + 5
    play.yes("kim", ops.SetPresence(Presence.ON_BREAK))
    assert play.floor.next_deadline(play.clock.now) == play.clock.now
    assert kinds(play.tick()) == ["day_closed"]  # kim's presence has changed since, so she stays


def test_what_comes_at_the_very_moment_of_closing_time_stays():
    play = FloorHarness()
    play.clock.now = CLOSES
    visit_id = play.open("buy")
    play.sign_on("kim")
    assert kinds(play.tick())[-1] == "day_closed"
    assert play.visit(visit_id).state is State.WAITING
    assert play.person("kim").presence is Presence.AVAILABLE
    play.clock.now = CLOSES + 3_600_000 - 1
    play.tick()
    play.clock.now += 1
    later = play.open("buy", ticket="A-7")
    assert "expired" in kinds(play.tick())
    assert play.visit(visit_id).state is State.EXPIRED  # it was left over
    assert play.visit(later).state is State.WAITING


def test_a_visit_opened_after_closing_time_with_nobody_there_expires_with_the_leftovers():
    play = FloorHarness()
    play.clock.now = CLOSES
    play.tick()
    play.clock.after(600)
    visit_id = play.open("buy")
    assert "expired" not in kinds(play.after(2_999))
    assert "expired" in kinds(play.after(1))
    assert (play.visit(visit_id).state, play.visit(visit_id).left_open) == (State.EXPIRED, False)


def test_a_deadline_that_is_over_does_not_come_back_with_a_clock_set_back():
    play = FloorHarness()
    play.sign_on("tom")
    play.complete("tom", play.open_with("tom", "repair"))
    assert play.floor.next_deadline(play.clock.now) == MONDAY_10 + 5_000  # the wrap-up
    play.after(10)
    assert play.floor.next_deadline(MONDAY_10) == CLOSES


def test_a_floor_that_is_paused_does_nothing_until_then():
    play = FloorHarness()
    visit_id = play.open("repair")
    again = Floor.replay(play.catalogue, play.records)
    again.paused_until = MONDAY_10 + 3_000
    assert again.next_deadline(MONDAY_10) == MONDAY_10 + 3_000
    again.handle(ops.SignOn("tom", tablet("tom")), SYSTEM, MONDAY_10 + 2_998)
    assert again.tick(MONDAY_10 + 2_999) == []
    assert again.next_deadline(MONDAY_10 - 60_000) == MONDAY_10 + 3_000  # a clock that was set back
    assert kinds(again.tick(MONDAY_10 + 3_000)) == ["offered"]
    assert again.visits[visit_id].offer_to == "tom"
    assert again.next_deadline(MONDAY_10 + 3_000) == MONDAY_10 + 18_000


# --- clocks ------------------------------------------------------------------------------------------------


def test_a_clock_set_back_neither_reorders_nor_shortens_anything():
    play = FloorHarness()
    play.sign_on("tom")
    first = play.open("repair")
    second = play.open("repair")
    play.clock.now -= 3_600_000
    third = play.open("repair")
    assert play.tick() == []
    assert [v.visit_id for v in play.floor.line()] == [first, second, third]
    assert play.visit(third).created_at == MONDAY_10
    assert [r.at for r in play.records] == sorted(r.at for r in play.records)
    play.accept("tom", first)
    assert play.visit(first).accepted_at == MONDAY_10


def test_a_clock_set_back_over_midnight_gives_no_ticket_twice():
    play = FloorHarness(clock=FakeClock(ms(2026, 3, 3, 0, 10)))
    ended = play.open(ticket="B-1")
    play.yes(KIOSK, ops.Cancel(ended))
    play.clock.now = ms(2026, 3, 2, 22, 50)
    assert play.no(KIOSK, ops.OpenVisit("c" * 32, "B-1", "ask", "en")).code == "ticket_taken"


def test_the_tickets_of_earlier_days_are_forgotten():
    play = FloorHarness()
    play.open(ticket="A-1")
    midnight = ms(2026, 3, 2, 23)
    play.after((midnight - play.clock.now) / 1000 - 1)
    assert play.floor.tickets.is_taken("2026-03-02", "A-1")
    assert play.floor.tickets.last("2026-03-02", "A") == 1
    play.after(1)
    assert not play.floor.tickets.is_taken("2026-03-02", "A-1")
    assert play.floor.tickets.last("2026-03-02", "A") == 0
    play.open(ticket="A-1")
    play.tick()
    assert play.floor.tickets.is_taken("2026-03-03", "A-1")


def test_with_a_visit_the_floor_forgets_that_a_phone_followed_it():
    play = FloorHarness()
    visit_id = play.open("repair")
    play.floor.with_phone.add(visit_id)
    play.yes(KIOSK, ops.Cancel(visit_id))
    for passed_s, kept in ((3_600, True), (1, False)):
        play.after(passed_s)
        assert (visit_id in play.floor.visits, visit_id in play.floor.with_phone) == (kept, kept)


def test_the_floor_forgets_visits_that_ended_long_ago_and_the_log_keeps_them():
    play = FloorHarness()
    visit_id = play.open()
    play.yes(KIOSK, ops.Cancel(visit_id))
    play.after(3600)
    assert visit_id in play.floor.visits
    play.after(1)
    assert visit_id not in play.floor.visits
    assert visit_id in Floor.replay(play.catalogue, play.records).visits


# --- replaying ---------------------------------------------------------------------------------------------


def test_an_empty_log_gives_an_empty_floor():
    history = History()
    store = catalogue()
    empty = Floor.replay(store, [], history)
    assert (empty.catalogue, empty.history, empty.seq, empty.visits) == (store, history, 0, {})
    assert empty.people.keys() == {"maya", "tom", "lea", "kim"}


def test_a_log_with_a_gap_cannot_be_replayed():
    play = FloorHarness()
    play.sign_on("tom")
    play.open_with("tom", "repair")
    with pytest.raises(ValueError, match="cannot follow"):
        Floor.replay(play.catalogue, [*play.records[:2], *play.records[3:]])


def test_a_log_can_be_replayed_from_a_closing_with_nobody_there():
    play = FloorHarness()
    play.sign_on("tom")
    play.clock.now = CLOSES - 600_000
    done = play.open_with("tom", "repair")
    play.complete("tom", done)
    play.clock.now = CLOSES
    closed = next(r for r in play.tick() if kinds([r]) == ["day_closed"])
    play.yes(KIOSK, ops.Rate(done, ces=5))  # about a visit that is not in this part of the log
    play.clock.after(12 * 3600)
    play.sign_on("tom")
    visit_id = play.open_with("tom", "repair")
    part = Floor.replay(play.catalogue, [r for r in play.records if r.seq >= closed.seq])
    assert part.seq == play.floor.seq
    assert part.visits == {visit_id: play.visit(visit_id)}
    assert part.people["tom"] == replace(play.person("tom"), free_at=0)  # yesterday's wrap-up is over


# --- employees who have left ----------------------------------------------------------------------------


def without(name: str) -> Catalogue:
    """The store without an employee, as after a line of store.toml was removed."""
    of = catalogue()
    return replace(of, employees=tuple(each for each in of.employees if each.id != name))


@pytest.mark.parametrize("state", ["offered", "accepted", "serving", "on_hold"])
def test_an_employee_who_was_removed_is_signed_off_and_their_shopper_goes_back_in_line(state):
    """The shopper read an id, and waited for somebody who is no employee any more."""
    play = FloorHarness()
    play.sign_on("tom")
    visit_id = play.open("repair")
    if state != "offered":
        play.accept("tom", visit_id)
    if state in ("serving", "on_hold"):
        play.start("tom", visit_id)
    if state == "on_hold":
        play.on("tom", ops.Hold, visit_id)
    play.sign_on("lea")
    later = Floor.replay(without("tom"), play.records)
    records = later.tick(play.clock.now + 1)
    visit, tom = later.visits[visit_id], later.people["tom"]
    assert visit.employee is None
    assert visit.state in (State.WAITING, State.OFFERED)
    assert (tom.presence, tom.device_id) == (Presence.OFF_FLOOR, None)
    assert (tom.offer, tom.active, tom.holding) == (None, (), ())
    assert {record.actor for record in records} == {"system"}
    assert later.tick(play.clock.now + 2) == []
    assert Floor.replay(without("tom"), [*play.records, *records]).people == later.people


def test_work_of_a_removed_employee_that_arrives_right_after_the_start_still_counts():
    """While the floor waits for its devices, nobody is signed off."""
    play = FloorHarness()
    play.sign_on("tom")
    visit_id = play.open_with("tom", "repair")
    later = Floor.replay(without("tom"), play.records)
    later.paused_until = play.clock.now + 3000
    assert later.tick(play.clock.now + 1) == []
    done = ops.Complete(visit_id, later.visits[visit_id].rev, Resolution.SOLVED)
    assert not isinstance(later.handle(done, staff("tom"), play.clock.now + 2), Refusal)
    assert later.visits[visit_id].state is State.COMPLETED
    assert kinds(later.tick(play.clock.now + 3000)) == ["presence_changed"]
