"""A device's copy of the floor, and what it shows of its own unanswered taps."""

from hypothesis import given
from hypothesis import strategies as st

from sync_server.device.project import project
from sync_server.device.replica import Replica
from sync_server.device.wordless import row_without_words
from sync_server.domain import ops
from sync_server.domain.events import Presence, Resolution
from sync_server.domain.refusal import Refusal
from sync_server.protocol.messages import Beat, Snapshot, Submit, Update
from sync_server.protocol.rows import PersonRow, QuoteRow, VisitRow, kiosk_visit, person_row, staff_visit
from tests.shop import KIOSK, MONDAY_10, Play, staff, tablet

VID = "a" * 32


def row(visit_id: str = VID, **changes) -> VisitRow:
    whole = {"visit_id": visit_id, "ticket": "A-1", "rev": 1, "state": "waiting", "need": "ask"}
    return VisitRow(**{**whole, "language": "en", "created_at": MONDAY_10, **changes})


def snapshot(n: int, **more) -> Snapshot:
    return Snapshot(n, MONDAY_10, "tablet-tom", "2026-03-02", 0, "d", **more)


# --- the copy --------------------------------------------------------------------------------------


def test_nothing_is_applied_before_the_first_snapshot():
    replica = Replica()
    assert not replica.apply(Update(1, MONDAY_10, visits=(row(),)))
    assert (replica.ready, replica.visits) == (False, {})
    assert not replica.missed_before(Beat(9, MONDAY_10))


def test_an_update_replaces_rows_and_forgets_those_that_are_gone():
    replica = Replica()
    people = (PersonRow("tom", "available", MONDAY_10),)
    replica.take(snapshot(4, visits=(row(), row("b" * 32)), people=people, quotes=(QuoteRow("ask", 0, 60),)))
    assert replica.ready
    changed = Update(
        5,
        MONDAY_10,
        visits=(row(rev=2, state="offered"),),
        gone=("b" * 32, "c" * 32),
        people=(PersonRow("tom", "serving", MONDAY_10),),
        quotes=(QuoteRow("ask"),),
    )
    assert replica.apply(changed)
    assert replica.visits == {VID: row(rev=2, state="offered")}
    assert replica.people["tom"].presence == "serving"
    assert replica.quotes["ask"].low_s is None


STEPS = st.sampled_from(
    ("snapshot", "comes", "changes", "goes", "person", "quote", "forgets", "clears", "kept")
)


@given(st.lists(STEPS, max_size=25))
def test_what_is_written_down_each_time_adds_up_to_the_copy(steps):
    replica, disk, n = Replica(), {("visit", "of before"): row()}, 0
    replica.take(snapshot(0))
    for number, step in enumerate([*steps, "kept"]):
        given, gone = {}, ()
        match step:
            case "snapshot":
                replica.take(snapshot(n, visits=(row("b" * 32),)))
            case "comes" | "changes":
                given = {
                    "visits": (
                        row(VID if step == "changes" else f"{number:032x}", rev=number + 1, alias="Mia"),
                    )
                }
            case "goes":
                gone = tuple(replica.visits)[:1]
            case "person":
                given = {"people": (PersonRow("tom", "available", MONDAY_10 + number),)}
            case "quote":
                given = {"quotes": (QuoteRow("ask", number),)}
            case "forgets":
                replica.reword(row_without_words)
            case "clears":
                replica.clear()
            case "kept":
                disk = {} if replica.anew else disk
                disk.update(replica.unkept)
                disk = {key: kept for key, kept in disk.items() if kept is not None}
                replica.kept()
        if given or gone:
            n += 1
            assert replica.apply(Update(n, MONDAY_10, gone=gone, **given))
    shown = {("visit", i): v for i, v in replica.visits.items()}
    shown |= {("person", i): p for i, p in replica.people.items()}
    assert disk == shown | {("quote", i): q for i, q in replica.quotes.items()}


def test_of_a_snapshot_only_what_is_new_is_to_be_written_down():
    replica, other = Replica(), "b" * 32
    replica.take(snapshot(0, visits=(row(), row(other))))
    replica.kept()
    replica.take(snapshot(3, visits=(row(), row("c" * 32))))
    assert (replica.unkept, replica.anew) == (
        {("visit", "c" * 32): row("c" * 32), ("visit", other): None},
        False,
    )


@given(st.lists(st.integers(1, 12), max_size=30))
def test_updates_in_any_order_leave_the_copy_as_of_the_last_that_followed(numbers):
    replica = Replica()
    replica.take(snapshot(0))
    expected = 0
    for n in numbers:
        applied = replica.apply(Update(n, MONDAY_10, visits=(row(rev=n),)))
        assert applied == (n == expected + 1)
        expected += applied
        assert replica.n == expected
        assert [r.rev for r in replica.visits.values()] == ([expected] if expected else [])


def test_a_beat_tells_whether_something_was_missed_at_the_end():
    replica = Replica()
    replica.take(snapshot(3))
    assert [replica.missed_before(Beat(n, MONDAY_10)) for n in (2, 3, 4)] == [False, False, True]


# --- what is shown ------------------------------------------------------------------------------------


def shown(replica: Replica, *taps: ops.DeviceOp, device: str = "kiosk-1"):
    pending = [Submit(f"{n:032x}", MONDAY_10, op) for n, op in enumerate(taps)]
    return project(replica, pending, device, MONDAY_10)


def test_a_visit_is_in_line_on_the_screen_before_the_server_knows_of_it():
    replica = Replica()
    op = ops.OpenVisit(VID, "A-1", "ask", "en", alias="Robin")
    view = shown(replica, op)
    assert view.visits[VID].state == "waiting"
    assert view.visits[VID].alias == "Robin"
    assert view.unsent == {VID}
    assert replica.visits == {}  # the copy itself is the server's alone


def test_the_servers_row_counts_as_soon_as_there_is_one():
    replica = Replica()
    replica.take(snapshot(1, visits=(row(state="accepted", rev=3, employee="tom"),)))
    view = shown(replica, ops.OpenVisit(VID, "A-1", "ask", "en"))
    assert view.visits[VID].state == "accepted"


def test_taps_on_what_is_not_there_show_nothing():
    assert shown(Replica(), ops.Cancel(VID), ops.Accept(VID, 1)).visits == {}


def test_an_ended_visit_leaves_the_tablet_at_once_and_stays_on_the_kiosk_that_cancelled_it():
    replica = Replica()
    replica.take(snapshot(1, visits=(row(state="serving", employee="tom"),)))
    complete = ops.Complete(VID, 1, Resolution.SOLVED)
    assert shown(replica, complete, device="tablet-tom").visits == {}
    assert shown(replica, ops.Cancel(VID)).visits[VID].state == "cancelled"
    assert shown(replica, ops.Cancel(VID), ops.Rate(VID, ces=4)).visits[VID].rated


def test_time_on_hold_counts_from_the_tap_that_ends_it():
    replica = Replica()
    held = row(state="on_hold", employee="tom", stint_at=MONDAY_10 - 30_000, held_ms=5_000)
    replica.take(snapshot(1, visits=(held,)))
    resumed = shown(replica, ops.Resume(VID, 1), device="tablet-tom").visits[VID]
    assert (resumed.state, resumed.held_ms, resumed.stint_at) == ("serving", 35_000, MONDAY_10)


def test_a_presence_is_shown_as_it_was_tapped():
    replica = Replica()
    replica.take(snapshot(1, people=(PersonRow("tom", "available", 0, "tablet-tom"),)))
    view = shown(replica, ops.SetPresence(Presence.ON_BREAK), device="tablet-tom")
    assert view.people["tom"].presence == "on_break"
    assert view.holder("tablet-tom").id == "tom"
    gone = shown(replica, ops.SetPresence(Presence.OFF_FLOOR), device="tablet-tom")
    assert gone.holder("tablet-tom") is None
    assert shown(Replica(), ops.SetPresence(Presence.ON_BREAK), device="tablet-tom").people == {}


# --- what is shown is what the server will say -----------------------------------------------------------


def replica_of(play: Play) -> Replica:
    """A tablet's copy of the floor as it is."""
    replica = Replica()
    visits = tuple(staff_visit(visit) for visit in play.floor.open_visits())
    replica.take(snapshot(1, visits=visits, people=tuple(map(person_row, play.floor.people.values()))))
    return replica


AGREE = ("rev", "state", "employee", "need", "accepted_at", "serving_at", "recalled_at", "offer_to")
CHAINS = {
    "accept to the end": [ops.Accept, ops.Start, ops.AddNote, ops.Complete],
    "claim and start": [ops.Claim, ops.Start, ops.Hold, ops.Resume, ops.Complete],
    "call and let go": [ops.Accept, ops.Recall, ops.MarkNoShow],
    "hand over": [ops.Accept, ops.Start, ops.HandOver],
    "decline": [ops.Decline],
    "call first": [ops.Recall, ops.Accept, ops.Start, ops.Hold],
    "take it out": [ops.Remove],
}
MORE = {ops.AddNote: {"note": "n"}, ops.Complete: {"resolution": Resolution.SOLVED}}


def test_a_chain_of_taps_made_without_a_connection_is_what_the_server_then_does():
    for name, chain in CHAINS.items():
        play = Play()
        play.sign_on("tom")
        visit_id = play.open("repair")
        replica, taps = replica_of(play), []
        for step in chain:
            rev = shown(replica, *taps, device="tablet-tom").visits[visit_id].rev
            taps.append(step(visit_id=visit_id, expected_rev=rev, **MORE.get(step, {})))
        told = shown(replica, *taps, device="tablet-tom").visits.get(visit_id)
        for tap in taps:
            play.yes("tom", tap)
        visit = play.visit(visit_id)
        if told is None:
            assert visit.ended_at is not None, name
        else:
            real = staff_visit(visit)
            assert {f: getattr(told, f) for f in AGREE} == {f: getattr(real, f) for f in AGREE}, name


def test_a_tap_whose_effect_has_come_before_its_answer_does_not_count_twice():
    replica = Replica()
    tom = PersonRow("tom", "available", MONDAY_10, "tablet-tom")
    replica.take(snapshot(1, visits=(row(rev=2, state="offered", offer_to="tom"),), people=(tom,)))
    accept, start = ops.Accept(VID, 2), ops.Start(VID, 3)
    assert shown(replica, accept, device="tablet-tom").visits[VID].rev == 3
    replica.apply(Update(2, MONDAY_10, visits=(row(rev=3, state="accepted", employee="tom"),)))
    assert shown(replica, accept, device="tablet-tom").visits[VID].rev == 3
    view = shown(replica, accept, start, device="tablet-tom")
    assert (view.visits[VID].rev, view.visits[VID].state) == (4, "serving")


def test_a_tap_that_came_too_late_does_not_hide_what_really_happened():
    replica = Replica()
    replica.take(snapshot(1, visits=(row(rev=3, state="waiting"),)))
    view = shown(replica, ops.Accept(VID, 2))
    assert view.visits[VID] == row(rev=3, state="waiting")
    assert view.unsent == {VID}


def test_a_claim_of_what_a_colleague_is_asked_for_carries_the_rev_it_will_have():
    play = Play()
    play.sign_on("tom", "kim")
    visit_id = play.open("repair")
    assert play.visit(visit_id).offer_to == "tom"
    replica = replica_of(play)
    claim = ops.Claim(visit_id, play.visit(visit_id).rev)
    rev = shown(replica, claim, device="tablet-kim").visits[visit_id].rev
    play.yes("kim", claim)
    assert rev == play.visit(visit_id).rev
    play.yes("kim", ops.Start(visit_id, rev))


# --- rows -------------------------------------------------------------------------------------------------

DESCRIBES = ("alias", "colour", "place", "notes", "offer_to", "offer_until")


def test_a_kiosks_row_says_nothing_of_who_the_shopper_is():
    play = Play()
    play.sign_on("tom")
    visit_id = play.open("repair", alias="Robin", colour="red", place="door", party_size=2)
    play.accept("tom", visit_id)
    play.on("tom", ops.AddNote, visit_id, note="tall, red coat")
    told = kiosk_visit(play.visit(visit_id), play.floor)
    empty = row()
    assert [getattr(told, name) for name in DESCRIBES] == [getattr(empty, name) for name in DESCRIBES]
    assert (told.employee, told.state) == ("tom", "accepted")
    to_tablets = staff_visit(play.visit(visit_id))
    assert (to_tablets.alias, to_tablets.colour, to_tablets.notes) == ("Robin", "red", ("tall, red coat",))


def test_a_tablets_row_says_all_there_is_to_say():
    play = Play()
    visit_id = play.open("repair", alias="Robin", colour="red", place="door", party_size=2)
    play.after(61)
    play.sign_on("tom")
    play.on("tom", ops.Recall, visit_id)
    offered = play.visit(visit_id)
    for step in (ops.Accept, ops.Start, ops.Hold, ops.Resume, ops.HandOver, ops.Claim):
        play.clock.after(5)
        play.on("tom", step, visit_id)
    taken = play.visit(visit_id)
    play.on("tom", ops.AddNote, visit_id, note="needs a part")
    seen = (offered, taken, play.visit(visit_id))
    for visit in seen:
        told = staff_visit(visit)
        for name in set(told.__struct_fields__) - {"place_in_line", "low_s", "high_s", "rated"}:
            assert getattr(told, name) == getattr(visit, name), name
    empty = row()
    usual = [
        f for f in empty.__struct_fields__ if all(getattr(v, f, None) == getattr(empty, f) for v in seen)
    ]
    assert set(usual) == {"language", "ended_at", "place_in_line", "low_s", "high_s", "created_at", "ticket"}


def test_a_kiosks_row_says_where_one_stands_and_how_long_it_may_take():
    play = Play()
    play.sign_on("tom")
    play.open_with("tom", "repair")
    play.open("repair")
    mine = play.open("repair")
    told = kiosk_visit(play.visit(mine), play.floor)
    assert (told.place_in_line, told.low_s, told.high_s) == (2, 300, 1080)  # 480 s ÷ 1.6 and × 2.2
    play.yes(KIOSK, ops.Cancel(mine))
    told = kiosk_visit(play.visit(mine), play.floor)
    assert (told.place_in_line, told.low_s, told.rated) == (None, None, False)


def test_a_colleagues_row_says_what_they_have_in_hand_or_are_asked_for():
    play = Play()
    play.sign_on("tom")
    visit_id = play.open("repair")
    assert person_row(play.person("tom")) == PersonRow("tom", "available", MONDAY_10, tablet("tom"), visit_id)
    play.accept("tom", visit_id)
    assert person_row(play.person("tom")).presence == "serving"
    assert person_row(play.person("lea")) == PersonRow("lea", "off_floor", 0)
    assert not isinstance(play.handle(staff("tom"), ops.Start(visit_id, 3)), Refusal)
