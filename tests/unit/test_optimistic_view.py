"""What a device shows: the server's rows with the device's own unanswered ops applied."""

from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from sync_server.device.sync.optimistic_view import optimistic_view
from sync_server.device.sync.replica import Replica
from sync_server.domain import ops
from sync_server.domain.events import Presence
from sync_server.domain.resolution import Resolution
from sync_server.protocol.messages import Submit, Update
from sync_server.protocol.rows import PersonRow, QuoteRow, VisitRow
from sync_server.protocol.visibility import person_row, staff_visit
from tests.floor_harness import FloorHarness
from tests.sample_store import MONDAY_10

from .replica_rows import VID, row, snapshot


def shown(replica: Replica, *taps: ops.DeviceOp, device: str = "kiosk-1"):
    pending = [Submit(f"{n:032x}", MONDAY_10, op) for n, op in enumerate(taps)]
    return optimistic_view(replica, pending, device, MONDAY_10)


def test_a_new_visit_is_shown_before_the_server_has_it():
    replica = Replica()
    op = ops.OpenVisit(VID, "A-1", "ask", "en", alias="Robin")
    view = shown(replica, op)
    assert view.visits[VID].state == "waiting"
    assert view.visits[VID].alias == "Robin"
    assert view.unsent == {VID}
    assert replica.visits == {}  # the replica holds only the server's rows


def test_the_servers_row_replaces_the_one_that_was_shown():
    replica = Replica()
    replica.load_snapshot(snapshot(1, visits=(row(state="accepted", rev=3, employee="tom"),)))
    view = shown(replica, ops.OpenVisit(VID, "A-1", "ask", "en"))
    assert view.visits[VID].state == "accepted"


def test_ops_on_unknown_visits_show_nothing():
    assert shown(Replica(), ops.Cancel(VID), ops.Accept(VID, 1)).visits == {}


def test_an_ended_visit_leaves_the_tablet_and_stays_on_the_kiosk():
    replica = Replica()
    replica.load_snapshot(snapshot(1, visits=(row(state="serving", employee="tom"),)))
    complete = ops.Complete(VID, 1, Resolution.SOLVED)
    assert shown(replica, complete, device="tablet-tom").visits == {}
    assert shown(replica, ops.Cancel(VID)).visits[VID].state == "cancelled"
    assert shown(replica, ops.Cancel(VID), ops.Rate(VID, ces=4)).visits[VID].rated


def test_time_on_hold_counts_from_the_tap_that_ends_it():
    replica = Replica()
    held = row(state="on_hold", employee="tom", stint_at=MONDAY_10 - 30_000, held_ms=5_000)
    replica.load_snapshot(snapshot(1, visits=(held,)))
    resumed = shown(replica, ops.Resume(VID, 1), device="tablet-tom").visits[VID]
    assert (resumed.state, resumed.held_ms, resumed.stint_at) == ("serving", 35_000, MONDAY_10)


def test_a_visit_handed_over_from_hold_keeps_its_time_on_hold_and_its_note():
    replica = Replica()
    held = row(state="on_hold", employee="tom", stint_at=MONDAY_10 - 30_000, held_ms=5_000, alerted_at=1)
    replica.load_snapshot(snapshot(1, visits=(held,)))
    over = shown(replica, ops.HandOver(VID, 1, "the story"), device="tablet-tom").visits[VID]
    assert (over.state, over.employee, over.rev, over.alerted_at) == ("waiting", None, 2, None)
    assert (over.held_ms, over.stint_at, over.handovers, over.notes) == (35_000, None, 1, ("the story",))


# --- taking back before the server has answered -------------------------------------------------------

COMPLETE = ops.Complete(VID, 1, Resolution.SOLVED)


def toms(presence: str, *visits: VisitRow) -> Replica:
    replica = Replica()
    replica.load_snapshot(
        snapshot(1, visits=visits, people=(PersonRow("tom", presence, 0, "tablet-tom", VID),))
    )
    return replica


@pytest.mark.parametrize("ending", [COMPLETE, ops.HandOver(VID, 1, "the story")])
def test_what_is_taken_back_is_shown_as_it_was_before_two_revs_later(ending: ops.DeviceOp):
    served = row(state="serving", employee="tom", serving_at=MONDAY_10, stint_at=MONDAY_10)
    view = shown(toms("serving", served), ending, ops.Undo(VID, 2), device="tablet-tom")
    assert view.visits == {VID: replace(served, rev=3)}
    assert (view.people["tom"].presence, view.people["tom"].visit_id) == ("serving", VID)


def test_taking_back_withdraws_the_offer_that_was_made_since_then():
    served = row(state="serving", employee="tom", serving_at=MONDAY_10, stint_at=MONDAY_10)
    offers = [
        row(f"{n:032x}", state="offered", offer_to=name, offer_until=MONDAY_10 + 20_000)
        for n, name in enumerate(("tom", "lea"))
    ]
    view = shown(toms("serving", served, *offers), COMPLETE, ops.Undo(VID, 2), device="tablet-tom")
    withdrawn = replace(offers[0], rev=2, state="waiting", offer_to=None, offer_until=None)
    assert view.visits[VID].state == "serving"
    assert (view.visits[withdrawn.visit_id], view.visits[offers[1].visit_id]) == (withdrawn, offers[1])


def test_a_visit_that_was_handed_over_from_hold_is_not_shown_as_taken_back():
    held = row(state="on_hold", employee="tom", stint_at=MONDAY_10)
    handed_over = shown(toms("available", held), ops.HandOver(VID, 1), device="tablet-tom")
    view = shown(toms("available", held), ops.HandOver(VID, 1), ops.Undo(VID, 2), device="tablet-tom")
    assert view.visits == handed_over.visits


@pytest.mark.parametrize("tap", [ops.Undo(VID, 2), ops.Undo(VID, 1), ops.Accept(VID, 2)])
def test_a_tap_that_does_not_fit_changes_neither_the_visit_nor_the_employee(tap: ops.DeviceOp):
    replica = toms("not_responding", row())
    view = shown(replica, tap, device="tablet-tom")
    assert (view.visits, view.people) == (replica.visits, replica.people)


# --- employees and whole visits -----------------------------------------------------------------------


def test_a_presence_is_shown_at_once():
    replica = Replica()
    replica.load_snapshot(snapshot(1, people=(PersonRow("tom", "available", 0, "tablet-tom"),)))
    view = shown(replica, ops.SetPresence(Presence.ON_BREAK), device="tablet-tom")
    assert view.people["tom"].presence == "on_break"
    assert view.holder("tablet-tom").id == "tom"
    gone = shown(replica, ops.SetPresence(Presence.OFF_FLOOR), device="tablet-tom")
    assert gone.holder("tablet-tom") is None
    assert shown(Replica(), ops.SetPresence(Presence.ON_BREAK), device="tablet-tom").people == {}


# --- what each op changes in its row ---------------------------------------------------------------------

AT = MONDAY_10
NO_OFFER: dict[str, None] = {"offer_to": None, "offer_until": None}
OFFERED = row(rev=4, state="offered", offer_to="tom", offer_until=AT + 9_000, recalled_at=AT - 7)
WAITING = row(rev=4, accepted_at=AT - 50, recalled_at=AT - 7)
ACCEPTED = row(rev=4, state="accepted", employee="tom", stint_at=AT - 9, recalled_at=AT - 7)
SERVING = row(rev=4, state="serving", employee="tom", serving_at=AT - 99, stint_at=AT - 99, alerted_at=3)
HELD = replace(SERVING, state="on_hold", stint_at=AT - 30_000, held_ms=5_000, recalled_at=4)

CASES: list[tuple[VisitRow, ops.DeviceOp, dict[str, Any]]] = [
    (
        OFFERED,
        ops.Accept(VID, 4),
        {
            "rev": 5,
            "state": "accepted",
            "employee": "tom",
            "accepted_at": AT,
            "stint_at": AT,
            "recalled_at": None,
            **NO_OFFER,
        },
    ),
    (
        WAITING,
        ops.Claim(VID, 4),
        {"rev": 5, "state": "accepted", "employee": "tom", "stint_at": AT, "recalled_at": None},
    ),
    (OFFERED, ops.Decline(VID, 4), {"rev": 5, "state": "waiting", **NO_OFFER}),
    (ACCEPTED, ops.Recall(VID, 4), {"rev": 5, "recalled_at": AT}),
    (ACCEPTED, ops.Start(VID, 4), {"rev": 5, "state": "serving", "serving_at": AT, "recalled_at": None}),
    (
        replace(ACCEPTED, serving_at=AT - 500),
        ops.Start(VID, 4),
        {"rev": 5, "state": "serving", "recalled_at": None},
    ),
    (SERVING, ops.Hold(VID, 4), {"rev": 5, "state": "on_hold", "stint_at": AT}),
    (HELD, ops.Resume(VID, 4), {"rev": 5, "state": "serving", "stint_at": AT, "held_ms": 35_000}),
    (
        replace(HELD, handovers=1, notes=("first",)),
        ops.HandOver(VID, 4, "second", "buy"),
        {
            "rev": 5,
            "state": "waiting",
            "employee": None,
            "need": "buy",
            "notes": ("first", "second"),
            "handovers": 2,
            "held_ms": 35_000,
            "stint_at": None,
            "alerted_at": None,
            "recalled_at": None,
        },
    ),
    (
        SERVING,
        ops.HandOver(VID, 4, ""),
        {
            "rev": 5,
            "state": "waiting",
            "employee": None,
            "handovers": 1,
            "stint_at": None,
            "alerted_at": None,
        },
    ),
    (
        replace(SERVING, notes=("first",)),
        ops.AddNote(VID, 4, "second"),
        {"rev": 5, "notes": ("first", "second")},
    ),
    (OFFERED, ops.Cancel(VID), {"rev": 5, "state": "cancelled", "ended_at": AT, **NO_OFFER}),
    (SERVING, ops.Rate(VID), {"rev": 5}),
    (SERVING, ops.Rate(VID, ces=1), {"rev": 5, "rated": True}),
    (SERVING, ops.Rate(VID, nps=0), {"rev": 5, "rated": True}),
    (replace(SERVING, rated=True), ops.Rate(VID), {"rev": 5}),
]


@pytest.mark.parametrize(("before", "op", "changes"), CASES)
def test_an_op_changes_these_fields_and_no_others(
    before: VisitRow, op: ops.DeviceOp, changes: dict[str, Any]
) -> None:
    replica = Replica()
    tom = PersonRow("tom", "available", AT, "tablet-tom")
    quote = QuoteRow("ask", 60, 120)
    replica.load_snapshot(snapshot(1, visits=(before,), people=(tom,), quotes=(quote,)))
    view = shown(replica, op, device="tablet-tom")
    assert view.visits == {VID: replace(before, **changes)}
    assert (view.unsent, view.quotes) == ({VID}, {"ask": quote})
    assert replica.visits == {VID: before}


@pytest.mark.parametrize(
    "op", [ops.Complete(VID, 4, Resolution.SOLVED), ops.MarkNoShow(VID, 4), ops.Remove(VID, 4)]
)
def test_an_op_that_ends_a_visit_removes_its_row(op: ops.DeviceOp) -> None:
    replica = Replica()
    replica.load_snapshot(snapshot(1, visits=(SERVING,)))
    assert shown(replica, op, device="tablet-tom").visits == {}


def test_a_new_visit_has_what_the_shopper_entered() -> None:
    op = ops.OpenVisit(VID, "A-1", "ask", "nl", "Robin", "red", "door", 2)
    view = shown(Replica(), op)
    assert view.visits == {
        VID: row(rev=1, language="nl", alias="Robin", colour="red", place="door", party_size=2)
    }


@pytest.mark.parametrize(
    ("at_device", "ahead_ms", "at"),
    [
        (AT - 5_000, 2_000, AT - 3_000),
        (AT - 5_000, None, AT),
        (AT - 5_000, 9_000, AT),
        (AT - 5_000, -10, AT - 5_010),
    ],
)
def test_an_op_counts_from_the_time_of_its_tap(at_device: int, ahead_ms: int | None, at: int) -> None:
    submit = Submit("0" * 32, at_device, ops.OpenVisit(VID, "A-1", "ask", "en"), ahead_ms)
    assert optimistic_view(Replica(), [submit], "kiosk-1", AT).visits[VID].created_at == at


# --- what each op changes in the row of the employee ---------------------------------------------------


def employee_after(before: PersonRow, *taps: ops.DeviceOp, visits: tuple[VisitRow, ...] = ()) -> PersonRow:
    """The row of tom after these ops on his tablet."""
    replica = Replica()
    replica.load_snapshot(snapshot(1, visits=visits, people=(before,)))
    return shown(replica, *taps, device="tablet-tom").people["tom"]


TOM = PersonRow("tom", "available", AT - 60_000, "tablet-tom")


def test_a_presence_counts_from_the_tap() -> None:
    assert employee_after(TOM, ops.SetPresence(Presence.ON_BREAK)) == replace(
        TOM, presence="on_break", since=AT
    )
    assert employee_after(TOM, ops.SetPresence(Presence.AVAILABLE)) == TOM


def test_a_stale_op_does_not_change_the_presence() -> None:
    on_break = replace(TOM, presence="on_break")
    assert employee_after(on_break, ops.Claim(VID, 3), visits=(WAITING,)) == on_break
    assert employee_after(on_break, ops.Claim(VID, 4), visits=(WAITING,)) == replace(
        TOM, presence="serving", since=AT, visit_id=VID
    )


def test_the_visit_of_an_employee_is_the_one_that_they_took_last() -> None:
    earlier, later = replace(SERVING, visit_id="b" * 32), replace(ACCEPTED, visit_id="c" * 32)
    for visits in ((earlier, later), (later, earlier)):
        row_of_tom = employee_after(TOM, ops.SetPresence(Presence.ON_BREAK), visits=visits)
        assert (row_of_tom.visit_id, row_of_tom.presence) == ("c" * 32, "on_break")


# --- who is signed in --------------------------------------------------------------------------------------


def test_only_the_holder_of_the_tablet_is_signed_off() -> None:
    tom, kim = PersonRow("tom", "available", 0, "tablet-tom"), PersonRow("kim", "on_break", 0, "tablet-kim")
    replica = Replica()
    quote = QuoteRow("ask", 60, 120)
    replica.load_snapshot(snapshot(1, visits=(SERVING,), people=(tom, kim), quotes=(quote,)))
    view = shown(replica, ops.Recall(VID, 4), device="tablet-kim")
    off = view.signed_off("tablet-tom")
    assert off.people == {"tom": replace(tom, device_id=None), "kim": kim}
    assert (off.visits, off.quotes, off.unsent) == (view.visits, view.quotes, view.unsent)
    assert view.people["tom"] == tom


def test_an_employee_with_several_visits_is_serving_if_one_of_them_is_served() -> None:
    replica = Replica()
    tom = PersonRow("tom", "serving", 0, "tablet-tom")
    held = replace(HELD, visit_id="b" * 32)
    replica.load_snapshot(snapshot(1, visits=(held, SERVING), people=(tom,)))
    assert shown(replica, device="tablet-tom").serving("tablet-tom")
    assert not shown(replica, ops.Hold(VID, 4), device="tablet-tom").serving("tablet-tom")


# --- as the server will do it --------------------------------------------------------------------------


def replica_of(play: FloorHarness) -> Replica:
    """A tablet's replica of the present floor."""
    replica = Replica()
    visits = tuple(staff_visit(visit) for visit in play.floor.open_visits())
    replica.load_snapshot(
        snapshot(1, visits=visits, people=tuple(map(person_row, play.floor.people.values())))
    )
    return replica


AGREE = ("rev", "state", "employee", "need", "accepted_at", "serving_at", "recalled_at", "offer_to")
CHAINS: dict[str, list[Callable[..., Any]]] = {
    "accept to the end": [ops.Accept, ops.Start, ops.AddNote, ops.Complete],
    "claim and start": [ops.Claim, ops.Start, ops.Hold, ops.Resume, ops.Complete],
    "call and let go": [ops.Accept, ops.Recall, ops.MarkNoShow],
    "hand over": [ops.Accept, ops.Start, ops.HandOver],
    "decline": [ops.Decline],
    "call first": [ops.Recall, ops.Accept, ops.Start, ops.Hold],
    "take it out": [ops.Remove],
}
MORE: dict[Any, dict[str, Any]] = {
    ops.AddNote: {"note": "n"},
    ops.Complete: {"resolution": Resolution.SOLVED},
}


def test_a_chain_of_ops_is_shown_as_the_server_then_does_it():
    for name, chain in CHAINS.items():
        play = FloorHarness()
        play.sign_on("tom")
        visit_id = play.open("repair")
        replica, taps = replica_of(play), []
        for step in chain:
            rev = shown(replica, *taps, device="tablet-tom").visits[visit_id].rev
            taps.append(step(visit_id=visit_id, expected_rev=rev, **MORE.get(step, {})))
        after = shown(replica, *taps, device="tablet-tom").visits.get(visit_id)
        for tap in taps:
            play.yes("tom", tap)
        visit = play.visit(visit_id)
        if after is None:
            assert visit.ended_at is not None, name
        else:
            real = staff_visit(visit)
            assert {f: getattr(after, f) for f in AGREE} == {f: getattr(real, f) for f in AGREE}, name


def test_an_op_whose_update_arrives_before_its_answer_does_not_count_twice():
    replica = Replica()
    tom = PersonRow("tom", "available", MONDAY_10, "tablet-tom")
    replica.load_snapshot(snapshot(1, visits=(row(rev=2, state="offered", offer_to="tom"),), people=(tom,)))
    accept, start = ops.Accept(VID, 2), ops.Start(VID, 3)
    assert shown(replica, accept, device="tablet-tom").visits[VID].rev == 3
    replica.apply(Update(2, MONDAY_10, visits=(row(rev=3, state="accepted", employee="tom"),)))
    assert shown(replica, accept, device="tablet-tom").visits[VID].rev == 3
    view = shown(replica, accept, start, device="tablet-tom")
    assert (view.visits[VID].rev, view.visits[VID].state) == (4, "serving")


def test_a_stale_op_does_not_change_the_row():
    replica = Replica()
    replica.load_snapshot(snapshot(1, visits=(row(rev=3, state="waiting"),)))
    view = shown(replica, ops.Accept(VID, 2))
    assert view.visits[VID] == row(rev=3, state="waiting")
    assert view.unsent == {VID}


def test_a_claim_of_an_offered_visit_raises_the_rev_twice():
    play = FloorHarness()
    play.sign_on("tom", "kim")
    visit_id = play.open("repair")
    assert play.visit(visit_id).offer_to == "tom"
    replica = replica_of(play)
    claim = ops.Claim(visit_id, play.visit(visit_id).rev)
    rev = shown(replica, claim, device="tablet-kim").visits[visit_id].rev
    play.yes("kim", claim)
    assert rev == play.visit(visit_id).rev
    play.yes("kim", ops.Start(visit_id, rev))
