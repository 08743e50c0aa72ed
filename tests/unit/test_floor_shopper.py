"""What a shopper may do, and each reason to refuse it."""

import pytest

from sync_server.domain import ops
from sync_server.domain.floor import commands
from sync_server.domain.ops import SYSTEM, Actor, ActorKind
from sync_server.domain.refusal import Code, Refusal
from sync_server.domain.visit.visit import State
from tests.fake_clock import FakeClock
from tests.floor_harness import KIOSK, OTHER_KIOSK, FloorHarness, kinds
from tests.sample_store import CLOSES, MONDAY_10

PHONE = Actor(ActorKind.PHONE)
API = Actor(ActorKind.API)
MANAGER = Actor(ActorKind.MANAGER)
VID = "a" * 32


def opening(**changes) -> ops.OpenVisit:
    return ops.OpenVisit(**{"visit_id": VID, "ticket": "B-7", "need": "ask", "language": "nl", **changes})


# --- opening -----------------------------------------------------------------------------------------


def test_an_opened_visit_has_everything_the_shopper_entered():
    play = FloorHarness()
    play.yes(
        KIOSK,
        opening(alias="Robin", colour="red", place="door", party_size=3, link="x" * 22, need="pick_up"),
    )
    visit = play.visit(VID)
    assert (visit.ticket, visit.need, visit.language, visit.party_size) == ("B-7", "pick_up", "nl", 3)
    assert (visit.alias, visit.colour, visit.place, visit.link) == ("Robin", "red", "door", "x" * 22)
    assert (visit.source, visit.device_id, visit.day) == ("kiosk", "kiosk-1", "2026-03-02")
    assert (visit.created_at, visit.rev, visit.priority) == (MONDAY_10, 1, 2)
    assert play.records[-1].actor == "shopper"


@pytest.mark.parametrize(
    ("alias", "stored"),
    [
        ("\u202eabc\u202c", "abc"),  # would turn the words around it
        (" Mia\u200b\u0000\n ", "Mia"),
        ("\u200b\u200d\u3164", None),
        ("  ", None),
        ("A\u030arne", "\u00c5rne"),
        ("\u200d\U0001f469\u200d\U0001f467\u200d ", "\U0001f469\u200d\U0001f467"),
    ],
)
def test_of_a_shoppers_name_only_what_can_be_seen_is_stored(alias, stored):
    play = FloorHarness()
    play.yes(KIOSK, opening(alias=alias))
    assert play.visit(VID).alias == stored


@pytest.mark.parametrize(
    ("by", "source", "actor"),
    [(KIOSK, "kiosk", "shopper"), (API, "api", "api")],
)
def test_the_log_names_the_source_of_a_visit(by, source, actor):
    play = FloorHarness()
    (record,) = play.yes(by, opening())
    assert (play.visit(VID).source, record.actor) == (source, actor)


def test_an_employee_may_open_a_visit_for_a_shopper():
    play = FloorHarness()
    play.sign_on("tom")
    records = play.yes("tom", opening())
    assert play.visit(VID).source == "staff"
    assert records[0].actor == "employee:tom"


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"need": "teleport"}, Refusal(Code.UNKNOWN_NEED, "teleport")),
        ({"need": "advice"}, Refusal(Code.UNKNOWN_NEED, "advice")),  # it only groups others
        ({"place": "roof"}, Refusal(Code.UNKNOWN_PLACE, "roof")),
        ({"colour": "ultraviolet"}, Refusal(Code.UNKNOWN_COLOUR, "ultraviolet")),
        ({"language": "xx"}, Refusal(Code.UNKNOWN_LANGUAGE, "xx")),
        ({"ticket": "A-1"}, Refusal(Code.TICKET_TAKEN, "A-1")),
        ({"visit_id": f"{1:032x}"}, Refusal(Code.VISIT_EXISTS, f"{1:032x}")),
    ],
)
def test_opening_a_visit_with_something_unknown_or_taken_is_refused(changes, refusal):
    play = FloorHarness()
    play.open()  # visit 1, ticket A-1
    assert play.no(KIOSK, opening(**changes)) == refusal


def test_a_ticket_is_free_again_the_next_day():
    play = FloorHarness()
    play.open(ticket="B-7")
    play.after(86_400)
    play.yes(KIOSK, opening())
    assert play.visit(VID).day == "2026-03-03"


def test_a_ticket_stays_taken_after_its_visit_ended_and_was_forgotten():
    play = FloorHarness()
    ended = play.open(ticket="B-7")
    play.yes(KIOSK, ops.Cancel(ended))
    play.after(2 * 3600)
    assert ended not in play.floor.visits
    assert play.no(KIOSK, opening()) == Refusal(Code.TICKET_TAKEN, "B-7")
    assert play.floor.tickets.last("2026-03-02", "B") == 7
    assert play.floor.tickets.last("2026-03-02", "A") == 0


def test_one_device_may_have_only_so_many_in_line(monkeypatch):
    monkeypatch.setattr(commands, "MAX_IN_LINE", 2)
    play = FloorHarness()
    play.sign_on("kim")
    first = play.open("ask")
    play.accept("kim", first)  # in hand, and no longer in line
    play.open("ask", by=OTHER_KIOSK)
    play.open("ask", by=KIOSK)
    play.open("ask", by=KIOSK)
    full = Refusal(Code.NOT_ALLOWED, "2 in line")
    assert play.no(KIOSK, ops.OpenVisit(play.new_id(), "A-90", "ask", "en")) == full
    play.open("ask", by=OTHER_KIOSK)
    same_id = Actor(ActorKind.STAFF, OTHER_KIOSK.device_id)
    assert play.no(OTHER_KIOSK, ops.OpenVisit(play.new_id(), "A-91", "ask", "en")) == full
    play.yes(SYSTEM, ops.SignOn("tom", str(OTHER_KIOSK.device_id)))
    assert play.yes(same_id, ops.OpenVisit(play.new_id(), "A-92", "ask", "en"))  # another source


# --- leaving and rating --------------------------------------------------------------------------------


def test_a_shopper_may_cancel_without_a_rev():
    play = FloorHarness()
    play.sign_on("kim")
    visit_id = play.open()
    assert kinds(play.yes(KIOSK, ops.Cancel(visit_id))) == ["cancelled"]
    assert play.visit(visit_id).state is State.CANCELLED
    assert play.visit(visit_id).ended_at == play.clock.now
    assert play.person("kim").offer is None


def test_a_cancelled_visit_frees_the_employee_on_the_way():
    play = FloorHarness()
    play.sign_on("kim")
    visit_id = play.open()
    play.accept("kim", visit_id)
    waiting = play.open()
    play.clock.after(20)
    play.yes(KIOSK, ops.Cancel(visit_id))
    assert play.visit(waiting).offer_to == "kim"  # at once: no wrap-up follows a cancelled visit
    assert play.visit(visit_id).handled_ms == 20_000


@pytest.mark.parametrize("expected_rev", [1, 3])
def test_a_cancel_with_a_stale_rev_is_refused(expected_rev):
    play = FloorHarness()
    play.sign_on("kim")
    visit_id = play.open()
    assert play.no(KIOSK, ops.Cancel(visit_id, expected_rev)) == Refusal(Code.STALE_REV, "2")


def test_a_visit_that_is_served_or_ended_cannot_be_cancelled():
    play = FloorHarness()
    play.sign_on("kim")
    visit_id = play.open_with("kim")
    assert play.no(KIOSK, ops.Cancel(visit_id)) == Refusal(Code.WRONG_STATE, "serving")
    play.complete("kim", visit_id)
    assert play.no(KIOSK, ops.Cancel(visit_id)) == Refusal(Code.WRONG_STATE, "completed")
    assert play.no(KIOSK, ops.Cancel(VID)) == Refusal(Code.UNKNOWN_VISIT, VID)


@pytest.mark.parametrize("op", [ops.Cancel, lambda v: ops.Rate(v, ces=5)])
def test_a_kiosk_may_act_only_on_visits_it_opened(op):
    play = FloorHarness()
    visit_id = play.open()
    assert play.no(OTHER_KIOSK, op(visit_id)) == Refusal(Code.NOT_YOUR_VISIT, "A-1")


def test_a_phone_may_act_for_a_visit_of_any_kiosk():
    play = FloorHarness()
    visit_id = play.open()
    play.yes(PHONE, ops.Cancel(visit_id))
    play.yes(PHONE, ops.Rate(visit_id, ces=2))
    assert play.visit(visit_id).ces == 2


def test_a_rating_may_be_given_after_the_end_in_several_parts():
    play = FloorHarness()
    play.sign_on("kim")
    visit_id = play.open_with("kim")
    assert play.no(KIOSK, ops.Rate(visit_id, ces=5)) == Refusal(Code.WRONG_STATE, "serving")
    play.complete("kim", visit_id)
    play.yes(KIOSK, ops.Rate(visit_id, ces=5))
    play.yes(PHONE, ops.Rate(visit_id, nps=9, comment="lovely"))
    assert [r.actor for r in play.yes(PHONE, ops.Rate(visit_id, nps=8))] == ["shopper"]
    visit = play.visit(visit_id)
    assert (visit.ces, visit.nps, visit.comment, visit.state) == (5, 8, "lovely", State.COMPLETED)
    play.yes(KIOSK, ops.Rate(visit_id, ces=4))
    play.yes(KIOSK, ops.Rate(visit_id, comment="so so"))
    visit = play.visit(visit_id)
    assert (visit.ces, visit.nps, visit.comment) == (4, 8, "so so")  # each part leaves the others alone


def test_an_empty_rating_is_refused():
    play = FloorHarness()
    visit_id = play.open()
    play.yes(KIOSK, ops.Cancel(visit_id))
    assert play.no(KIOSK, ops.Rate(visit_id, comment="")) == Refusal(Code.NOTHING_SAID, "A-1")
    assert play.no(KIOSK, ops.Rate(VID, ces=1)).code is Code.UNKNOWN_VISIT
    play.yes(KIOSK, ops.Rate(visit_id, nps=0))  # 0 is an answer
    assert play.visit(visit_id).nps == 0


def test_a_visit_can_be_rated_for_an_hour():
    play = FloorHarness()
    visit_id = play.open()
    play.yes(KIOSK, ops.Cancel(visit_id))
    play.after(3600)
    play.yes(KIOSK, ops.Rate(visit_id, ces=3))
    play.after(1)
    assert play.no(KIOSK, ops.Rate(visit_id, ces=4)).code is Code.UNKNOWN_VISIT


def test_the_order_never_depends_on_a_devices_clock():
    play = FloorHarness()
    first, second = play.new_id(), play.new_id()
    for visit_id, ticket, at_device in ((first, "A-1", 9_999_999_999_999), (second, "A-2", 0)):
        op = ops.OpenVisit(visit_id, ticket, "ask", "en")
        play.floor.handle(op, KIOSK, play.clock.now, at_device)
        play.clock.after(1)
    assert [v.visit_id for v in play.floor.line()] == [first, second]
    assert play.visit(first).created_at == MONDAY_10


def test_visits_of_the_same_moment_are_in_the_order_in_which_the_server_received_them():
    """Invariant 11: their ids contain the time of the devices' clocks, which must not decide."""
    play = FloorHarness()
    ids = ["f" * 32, "0" * 32, "8" * 32]
    for number, visit_id in enumerate(ids):
        play.yes(KIOSK, opening(visit_id=visit_id, ticket=f"A-{number}"))
    assert [v.visit_id for v in play.floor.line()] == ids
    again = type(play.floor).replay(play.catalogue, play.records)
    assert [v.visit_id for v in again.line()] == ids
    play.sign_on("kim")
    assert play.visit(ids[0]).offer_to == "kim"


def test_a_visit_opened_minutes_before_closing_belongs_to_that_day():
    play = FloorHarness(clock=FakeClock(CLOSES - 60_000))
    assert play.visit(play.open()).day == "2026-03-02"
