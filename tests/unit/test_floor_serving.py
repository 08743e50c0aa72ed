"""What an employee may do with a visit, and each reason to refuse it."""

import pytest

from sync_server.domain import ops
from sync_server.domain.catalogue.catalogue import StoreInfo
from sync_server.domain.events import Recalled
from sync_server.domain.refusal import Code, Refusal
from sync_server.domain.resolution import Resolution
from sync_server.domain.visit.visit import State
from tests.floor_harness import FloorHarness, kinds
from tests.sample_store import catalogue

VID = "a" * 32


# --- serving ------------------------------------------------------------------------------------------


def test_a_whole_visit_has_all_its_times_and_its_resolution():
    play = FloorHarness()
    visit_id = play.open("repair")
    play.clock.after(30)
    play.sign_on("tom")
    play.clock.after(5)
    play.accept("tom", visit_id)
    play.clock.after(20)
    play.start("tom", visit_id)
    play.clock.after(100)
    play.on("tom", ops.Hold, visit_id)
    play.clock.after(50)
    play.on("tom", ops.Resume, visit_id)
    play.clock.after(40)
    play.complete("tom", visit_id, note="new cable", tip="dry", gift="cable")
    v = play.visit(visit_id)
    times = (v.offered_at, v.accepted_at, v.serving_at, v.ended_at)
    assert [(at - v.created_at) // 1000 for at in times] == [30, 35, 55, 245]
    assert (v.wait_ms, v.service_ms, v.held_ms, v.handled_ms) == (55_000, 140_000, 50_000, 160_000)
    assert (v.state, v.resolution, v.employee) == (State.COMPLETED, Resolution.SOLVED, "tom")
    assert (v.notes, v.tip, v.gift, v.goodwill_cents) == (("new cable",), "dry", "cable", 900)
    assert v.rev == 7


def test_a_visit_on_hold_frees_its_employee_and_can_be_resumed():
    play = FloorHarness()
    play.sign_on("tom")
    visit_id = play.open_with("tom", "repair")
    waiting = play.open("repair")
    play.on("tom", ops.Hold, visit_id)
    assert (play.person("tom").active, play.person("tom").holding) == ((), (visit_id,))
    assert play.visit(waiting).offer_to == "tom"
    play.on("tom", ops.Resume, visit_id)
    assert (play.person("tom").active, play.person("tom").holding) == ((visit_id,), ())
    assert (play.visit(waiting).state, play.visit(waiting).asked) == (State.WAITING, ())


def test_an_employee_with_a_visit_in_hand_cannot_resume_another():
    play = FloorHarness()
    play.sign_on("tom")
    held = play.open_with("tom", "repair")
    play.on("tom", ops.Hold, held)
    play.open_with("tom", "repair")
    refusal = play.no("tom", ops.Resume(held, play.visit(held).rev))
    assert refusal == Refusal(Code.FINISH_FIRST, "A-2")


def test_a_handover_keeps_arrival_and_notes_and_may_change_the_need():
    play = FloorHarness()
    play.sign_on("tom")
    visit_id = play.open_with("tom", "repair")
    arrived = play.visit(visit_id).created_at
    play.on("tom", ops.AddNote, visit_id, note="tried another cable")
    play.clock.after(60)
    records = play.on("tom", ops.HandOver, visit_id, note="wants a new one", need="buy")
    assert kinds(records) == ["handed_over"]
    visit = play.visit(visit_id)
    assert (visit.state, visit.employee, visit.need) == (State.WAITING, None, "buy")
    assert (visit.created_at, visit.handovers) == (arrived, 1)
    assert visit.notes == ("tried another cable", "wants a new one")
    play.sign_on("lea")
    assert play.visit(visit_id).offer_to == "lea"
    play.accept("lea", visit_id)
    play.start("lea", visit_id)
    play.complete("lea", visit_id)
    assert play.visit(visit_id).serving_at == arrived  # it was first served by tom
    assert play.visit(visit_id).employee == "lea"


def test_a_visit_handed_over_goes_before_those_who_came_later():
    play = FloorHarness()
    play.sign_on("tom")
    handed = play.open_with("tom", "repair")
    play.clock.after(60)
    later = play.open("repair")
    play.on("tom", ops.HandOver, handed)
    assert [v.visit_id for v in play.floor.line()] == [handed, later]
    assert play.visit(later).offer_to == "tom"  # tom has just handed the other one over
    assert play.visit(handed).need == "repair"


def test_the_employee_who_handed_over_is_asked_again_only_after_everybody_else_and_a_pause():
    play = FloorHarness()
    play.sign_on("tom")
    visit_id = play.open_with("tom", "repair")
    play.on("tom", ops.HandOver, visit_id)
    assert play.visit(visit_id).state is State.WAITING
    assert kinds(play.after(30)) == ["offered"]


def test_an_offer_after_a_claim_is_not_the_first_offer():
    play = FloorHarness()
    play.sign_on("kim")
    visit_id = play.open("repair")
    play.clock.after(5)
    play.on("kim", ops.Claim, visit_id)
    play.clock.after(5)
    play.on("kim", ops.HandOver, visit_id)
    play.clock.after(5)
    play.sign_on("tom")
    assert play.visit(visit_id).offer_to == "tom"
    assert play.visit(visit_id).offered_at is None  # else accepted_at − offered_at would be negative
    assert play.visit(visit_id).accepted_at == play.visit(visit_id).created_at + 5000


@pytest.mark.parametrize("from_state", ["accepted", "serving", "on_hold"])
def test_a_visit_can_be_handed_over_from_every_state_in_which_an_employee_has_it(from_state):
    play = FloorHarness()
    play.sign_on("tom")
    visit_id = play.open("repair")
    play.accept("tom", visit_id)
    if from_state != "accepted":
        play.start("tom", visit_id)
    if from_state == "on_hold":
        play.on("tom", ops.Hold, visit_id)
    assert play.visit(visit_id).state == from_state
    play.clock.after(10)
    play.on("tom", ops.HandOver, visit_id)
    visit, tom = play.visit(visit_id), play.person("tom")
    assert (visit.state, tom.active, tom.holding) == (State.WAITING, (), ())
    assert (visit.held_ms > 0) == (from_state == "on_hold")


def test_a_handover_to_an_unknown_need_is_refused():
    play = FloorHarness()
    play.sign_on("tom")
    visit_id = play.open_with("tom", "repair")
    refusal = play.no("tom", ops.HandOver(visit_id, play.visit(visit_id).rev, need="teleport"))
    assert refusal == Refusal(Code.UNKNOWN_NEED, "teleport")


def test_a_shopper_must_be_recalled_before_a_no_show():
    play = FloorHarness()
    play.sign_on("tom")
    visit_id = play.open("repair")
    play.accept("tom", visit_id)
    rev = play.visit(visit_id).rev
    assert play.no("tom", ops.MarkNoShow(visit_id, rev)) == Refusal(Code.RECALL_FIRST, "A-1")
    play.clock.after(5)
    (recalled,) = play.on("tom", ops.Recall, visit_id)
    assert recalled.event == Recalled("tom")
    assert play.visit(visit_id).recalled_at == play.clock.now
    play.on("tom", ops.MarkNoShow, visit_id)
    visit = play.visit(visit_id)
    assert (visit.state, visit.employee, visit.serving_at) == (State.NO_SHOW, "tom", None)
    assert play.person("tom").active == ()


def test_a_shopper_can_be_recalled_while_the_offer_is_open():
    play = FloorHarness()
    play.sign_on("tom", "lea")
    visit_id = play.open("repair")
    rev = play.visit(visit_id).rev
    assert play.no("lea", ops.Recall(visit_id, rev)).code is Code.NOT_YOUR_VISIT
    assert play.no("tom", ops.MarkNoShow(visit_id, rev)) == Refusal(Code.RECALL_FIRST, "A-1")
    play.on("tom", ops.Recall, visit_id)
    play.on("tom", ops.MarkNoShow, visit_id)
    assert play.visit(visit_id).employee == "tom"
    assert play.person("tom").offer is None


def test_a_shopper_who_came_must_be_recalled_again_before_a_no_show():
    play = FloorHarness()
    play.sign_on("tom")
    visit_id = play.open("repair")
    play.on("tom", ops.Recall, visit_id)
    play.accept("tom", visit_id)
    refusal = play.no("tom", ops.MarkNoShow(visit_id, play.visit(visit_id).rev))
    assert refusal.code is Code.RECALL_FIRST


def test_a_shopper_who_is_being_served_cannot_be_a_no_show():
    play = FloorHarness()
    play.sign_on("tom")
    visit_id = play.open_with("tom", "repair")
    rev = play.visit(visit_id).rev
    assert play.no("tom", ops.MarkNoShow(visit_id, rev)) == Refusal(Code.WRONG_STATE, "serving")
    assert play.no("tom", ops.Recall(visit_id, rev)) == Refusal(Code.WRONG_STATE, "serving")


@pytest.mark.parametrize("state", ["waiting", "offered"])
def test_any_employee_may_remove_a_visit_from_the_line(state):
    play = FloorHarness()
    play.sign_on("lea")
    if state == "offered":
        play.sign_on("tom")
    visit_id = play.open("repair")
    assert play.visit(visit_id).state == state
    play.on("lea", ops.Remove, visit_id)
    assert (play.visit(visit_id).state, play.visit(visit_id).employee) == (State.REMOVED, "lea")
    assert play.person("tom").offer is None


def test_a_visit_that_a_colleague_has_taken_cannot_be_removed():
    play = FloorHarness()
    play.sign_on("tom", "lea")
    visit_id = play.open("repair")
    play.accept("tom", visit_id)
    rev = play.visit(visit_id).rev
    assert play.no("lea", ops.Remove(visit_id, rev)) == Refusal(Code.NOT_YOUR_VISIT, "A-1")
    play.on("tom", ops.Remove, visit_id)
    assert play.person("tom").active == ()
    assert play.no("tom", ops.Remove(visit_id, rev + 1)) == Refusal(Code.WRONG_STATE, "removed")


# --- completing -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("more", "refusal"),
    [
        ({"tip": "dance"}, Refusal(Code.UNKNOWN_TIP, "dance")),
        ({"gift": "car"}, Refusal(Code.UNKNOWN_GIFT, "car")),
        ({"goodwill_cents": 2501}, Refusal(Code.OVER_GOODWILL_LIMIT, "2500")),
        ({"gift": "cable", "goodwill_cents": 2501}, Refusal(Code.OVER_GOODWILL_LIMIT, "2500")),
    ],
)
def test_a_completion_with_something_unknown_is_refused(more, refusal):
    play = FloorHarness()
    play.sign_on("tom")
    visit_id = play.open_with("tom", "repair")
    rev = play.visit(visit_id).rev
    assert play.no("tom", ops.Complete(visit_id, rev, Resolution.SOLVED, **more)) == refusal
    new = play.new_id()
    quick = ops.QuickResolution(new, "T-1", "repair", "en", Resolution.SOLVED, **more)
    play.on("tom", ops.Hold, visit_id)
    assert play.no("tom", quick) == refusal


def test_goodwill_may_reach_the_limit_and_a_gift_counts_its_price():
    play = FloorHarness()
    play.sign_on("tom")
    first, second = play.open_with("tom", "repair"), None
    play.complete("tom", first, goodwill_cents=2500)
    assert play.visit(first).goodwill_cents == 2500
    play.after(5)
    second = play.open_with("tom", "repair")
    play.complete("tom", second, gift="case", goodwill_cents=100)
    assert play.visit(second).goodwill_cents == 100  # what the employee typed takes precedence


def test_a_quick_resolution_has_the_priority_of_its_need():
    play = FloorHarness()
    play.sign_on("tom")
    play.yes("tom", ops.QuickResolution(VID, "T-1", "pick_up", "en", Resolution.PICKED_UP))
    assert play.visit(VID).priority == 2


def test_a_visit_removed_on_the_way_counts_the_time_in_hand():
    play = FloorHarness()
    play.sign_on("tom")
    visit_id = play.open("repair")
    play.accept("tom", visit_id)
    play.clock.after(30)
    play.on("tom", ops.Remove, visit_id)
    visit = play.visit(visit_id)
    assert (visit.state, visit.handled_ms, visit.stint_at) == (State.REMOVED, 30_000, None)


def test_an_employee_who_claimed_and_handed_over_counts_as_asked():
    play = FloorHarness()
    play.sign_on("kim")
    visit_id = play.open("repair")
    play.on("kim", ops.Claim, visit_id)
    assert play.visit(visit_id).asked == ()
    play.on("kim", ops.HandOver, visit_id)
    assert play.visit(visit_id).asked == ("kim",)


def test_a_completion_without_a_gift_books_no_goodwill():
    play = FloorHarness()
    play.sign_on("tom")
    visit_id = play.open_with("tom", "repair")
    play.complete("tom", visit_id, tip="dry")
    assert (play.visit(visit_id).gift, play.visit(visit_id).goodwill_cents) == (None, 0)
    quick = play.new_id()
    play.after(5)
    play.yes("tom", ops.QuickResolution(quick, play.ticket(), "repair", "en", Resolution.SOLVED))
    assert play.visit(quick).goodwill_cents == 0


def test_a_gift_above_a_limit_that_was_lowered_is_refused():
    play = FloorHarness(catalogue(store=StoreInfo(name="Strict", closes="21:00", goodwill_limit_cents=1000)))
    play.sign_on("tom")
    visit_id = play.open_with("tom", "repair")
    op = ops.Complete(visit_id, play.visit(visit_id).rev, Resolution.REPLACED_FREE, gift="case")
    assert play.no("tom", op) == Refusal(Code.OVER_GOODWILL_LIMIT, "1000")


def test_a_quick_resolution_took_as_long_as_its_employee_says():
    play = FloorHarness()
    play.sign_on("tom")
    play.yes("tom", ops.QuickResolution(VID, "T-1", "repair", "en", Resolution.SOLVED, service_s=300))
    assert play.visit(VID).service_ms == 300_000


def test_a_quick_resolution_is_a_whole_visit_in_one_step():
    play = FloorHarness()
    play.sign_on("tom")
    waiting = play.open("repair")
    assert play.visit(waiting).offer_to == "tom"
    op = ops.QuickResolution(
        VID, "T-1", "repair", "en", Resolution.ADVICE_GIVEN, note="showed how", tip="dry"
    )
    records = play.yes("tom", op)
    mine = [r for r in records if r.visit_id == VID]
    assert kinds(mine) == ["opened", "claimed", "started", "completed"]
    assert [r.rev for r in mine] == [1, 2, 3, 4]
    assert kinds(records)[0] == "withdrawn"
    visit = play.visit(VID)
    assert (visit.source, visit.employee, visit.resolution) == ("staff", "tom", Resolution.ADVICE_GIVEN)
    assert (visit.notes, visit.tip) == (("showed how",), "dry")
    assert visit.is_quick
    assert (visit.wait_ms, visit.service_ms) == (None, None)
    assert {getattr(r.event, "employee", None) for r in mine[1:]} == {"tom"}
    assert play.person("tom").active == ()
    assert play.visit(waiting).state is State.WAITING  # until the wrap-up of tom is over
    assert kinds(play.after(5)) == ["offered"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"need": "teleport"}, Code.UNKNOWN_NEED),
        ({"language": "xx"}, Code.UNKNOWN_LANGUAGE),
        ({"ticket": "A-1"}, Code.TICKET_TAKEN),
        ({"visit_id": f"{1:032x}"}, Code.VISIT_EXISTS),
    ],
)
def test_a_quick_resolution_with_something_unknown_is_refused(changes, code):
    play = FloorHarness()
    play.sign_on("tom")
    play.open("buy")
    whole = {"visit_id": VID, "ticket": "T-1", "need": "ask", "language": "en"}
    op = ops.QuickResolution(**{**whole, **changes}, resolution=Resolution.SOLVED)
    assert play.no("tom", op).code is code


def test_an_employee_with_a_visit_in_hand_cannot_make_a_quick_resolution():
    play = FloorHarness()
    play.sign_on("tom")
    play.open_with("tom", "repair")
    op = ops.QuickResolution(VID, "T-1", "ask", "en", Resolution.SOLVED)
    assert play.no("tom", op) == Refusal(Code.FINISH_FIRST, "A-1")
