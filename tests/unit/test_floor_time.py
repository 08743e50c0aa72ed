"""What time alone brings about: closing, being told when to wake up, and clocks that jump."""

import pytest
from msgspec.structs import replace

from sync_server.domain import ops
from sync_server.domain.catalogue import Store
from sync_server.domain.events import Presence
from sync_server.domain.floor import Floor
from sync_server.domain.ops import SYSTEM
from sync_server.domain.visit import State
from tests.shop import CLOSES, KIOSK, MONDAY_10, Clock, Play, catalogue, kinds, ms, tablet

# --- closing ------------------------------------------------------------------------------------------


def test_at_closing_time_open_visits_expire_and_everybody_is_signed_off():
    play = Play()
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
    assert records[-1].event.still_here == 0
    for visit_id in (held, coming, offered, waiting):
        assert play.visit(visit_id).state is State.EXPIRED
        assert play.visit(visit_id).ended_at == CLOSES
    for name in ("tom", "lea", "kim"):
        person = play.person(name)
        assert (person.presence, person.device_id) == (Presence.OFF_FLOOR, None)
        assert (person.offer, person.active, person.holding) == (None, (), ())


def test_a_shopper_being_served_at_closing_time_is_served_to_the_end():
    play = Play()
    play.clock.now = CLOSES - 60_000
    play.sign_on("tom", "lea")
    visit_id = play.open_with("tom", "repair")
    play.clock.now = CLOSES
    records = play.tick()
    assert play.visit(visit_id).state is State.SERVING
    assert play.person("tom").presence is Presence.SERVING
    assert play.person("lea").presence is Presence.OFF_FLOOR
    assert records[-1].event.still_here == 2  # the visit, and tom
    play.clock.after(300)
    play.complete("tom", visit_id)
    play.yes("tom", ops.SetPresence(Presence.OFF_FLOOR))


def test_the_shop_closes_once_a_day():
    play = Play()
    play.sign_on("tom")
    assert kinds(play.after(86_400)).count("day_closed") == 1
    play.sign_on("tom")
    assert kinds(play.after(86_400)).count("day_closed") == 1


def test_a_shop_that_slept_through_closing_time_closes_when_it_wakes():
    play = Play()
    play.sign_on("tom", "lea")
    visit_id = play.open("buy")
    play.accept("lea", visit_id)
    play.clock.now = CLOSES + 11 * 3_600_000  # nothing ran from morning to morning
    records = play.tick()
    assert kinds(records).count("day_closed") == 1
    assert play.visit(visit_id).state is State.EXPIRED
    assert play.person("tom").presence is Presence.OFF_FLOOR
    assert play.person("lea").presence is Presence.OFF_FLOOR


def test_a_server_that_was_down_over_closing_time_closes_when_it_starts():
    play = Play()
    play.sign_on("tom")
    visit_id = play.open("buy")
    again = Floor.replay(play.catalogue, play.records)
    records = again.tick(CLOSES + 11 * 3_600_000)
    assert "day_closed" in kinds(records)
    assert again.visits.get(visit_id) is None or again.visits[visit_id].state is State.EXPIRED
    assert again.people["tom"].presence is Presence.OFF_FLOOR


def test_who_came_after_closing_time_stays_when_the_shop_closes_late():
    play = Play()
    play.clock.now = CLOSES + 8 * 3_600_000  # the server's computer slept; a shopper is first at the door
    visit_id = play.open("ask")
    play.sign_on("kim")
    records = play.tick()
    assert play.visit(visit_id).state is State.OFFERED
    assert play.person("kim").presence is Presence.AVAILABLE
    closed = next(r.event for r in records if kinds([r]) == ["day_closed"])
    assert closed.still_here == 2  # so nobody takes this for a moment with an empty floor


def test_the_floor_asks_to_be_woken_at_closing_time_while_anybody_is_there():
    play = Play()
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
def test_the_shop_closes_by_the_wall_clock_when_the_hour_changes(opened, closes):
    play = Play(clock=Clock(opened))
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
def test_a_bar_that_closes_in_the_hour_that_changes_closes_once(opened, closes):
    play = Play(catalogue(store=Store(name="Bar", closes="02:30")), Clock(opened))
    visit_id = play.open("repair")
    records = play.after((closes - opened) / 1000 + 1800)
    assert play.visit(visit_id).ended_at == closes
    assert kinds(records).count("day_closed") == 1


# --- when to wake up -------------------------------------------------------------------------------------


def test_something_happens_at_each_moment_the_floor_asked_to_be_woken_for():
    play = Play()
    play.sign_on("tom")
    play.open("repair_phone")
    woken = []
    while (due := play.floor.next_deadline(play.clock.now)) is not None:
        play.clock.now = due
        woken.append(((due - MONDAY_10) // 1000, kinds(play.tick())))
    closing = (CLOSES - MONDAY_10) // 1000
    assert woken == [
        (60, ["widened"]),
        (120, ["widened", "offered"]),
        (135, ["timed_out", "presence_changed"]),
        (165, []),  # tom might be asked again, but does not respond
        (180, ["alerted"]),
        (closing, ["expired", "presence_changed", "day_closed"]),
    ]


def test_an_alarm_that_an_op_overtook_still_rings():
    play = Play()
    play.sign_on("tom")
    play.open("repair")
    play.clock.after(15.2)  # the offer lapsed, and before the alarm was heard
    play.open("buy")  # somebody else's op came in
    assert play.floor.next_deadline(play.clock.now) <= play.clock.now
    assert kinds(play.tick())[0] == "timed_out"


def test_closing_that_an_op_overtook_still_happens():
    play = Play()
    visit_id = play.open("repair")
    play.tick()
    play.clock.now = CLOSES + 5
    play.yes(SYSTEM, ops.SignOn("kim", tablet("kim")))
    assert play.floor.next_deadline(play.clock.now) <= play.clock.now
    play.tick()
    assert play.visit(visit_id).state is State.EXPIRED
    assert play.floor.next_deadline(play.clock.now) > play.clock.now


# --- clocks ------------------------------------------------------------------------------------------------


def test_a_clock_set_back_neither_reorders_nor_shortens_anything():
    play = Play()
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
    play = Play(clock=Clock(ms(2026, 3, 3, 0, 10)))
    ended = play.open(ticket="B-1")
    play.yes(KIOSK, ops.Cancel(ended))
    play.clock.now = ms(2026, 3, 2, 22, 50)
    assert play.no(KIOSK, ops.OpenVisit("c" * 32, "B-1", "ask", "en")).code == "ticket_taken"


def test_what_ended_long_ago_is_forgotten_and_the_log_keeps_it():
    play = Play()
    visit_id = play.open()
    play.yes(KIOSK, ops.Cancel(visit_id))
    play.after(3600)
    assert visit_id in play.floor.visits
    play.after(1)
    assert visit_id not in play.floor.visits
    assert visit_id in Floor.replay(play.catalogue, play.records).visits


# --- replaying ---------------------------------------------------------------------------------------------


def test_a_log_with_a_gap_is_not_replayed():
    play = Play()
    play.sign_on("tom")
    play.open_with("tom", "repair")
    with pytest.raises(ValueError, match="cannot follow"):
        Floor.replay(play.catalogue, [*play.records[:2], *play.records[3:]])


def test_a_floor_can_be_read_from_where_nobody_was_there():
    play = Play()
    play.sign_on("tom")
    play.clock.now = CLOSES - 600_000
    done = play.open_with("tom", "repair")
    play.complete("tom", done)
    play.clock.now = CLOSES
    closed = next(r for r in play.tick() if kinds([r]) == ["day_closed"])
    play.yes(KIOSK, ops.Rate(done, ces=5))  # late, and about a visit this part of the log does not have
    play.clock.after(12 * 3600)
    play.sign_on("tom")
    visit_id = play.open_with("tom", "repair")
    part = Floor.replay(play.catalogue, [r for r in play.records if r.seq >= closed.seq])
    assert part.seq == play.floor.seq
    assert part.visits == {visit_id: play.visit(visit_id)}
    assert part.people["tom"] == replace(play.person("tom"), free_at=0)  # yesterday's wrap-up is over
