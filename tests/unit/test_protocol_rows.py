"""The rows that devices get: which fields each kind of device sees, and when a row counts as unchanged."""

from typing import Any

import pytest
from msgspec.structs import replace

from kiosk.session.visit_progress import FloorState, nobody_for
from sync_server.device.sync.optimistic_view import OptimisticView
from sync_server.domain import ops
from sync_server.domain.events import Presence
from sync_server.domain.people import Person
from sync_server.domain.refusal import Refusal
from sync_server.protocol.rows import PersonRow, QuoteRow, VisitRow
from sync_server.protocol.visibility import kiosk_visit, person_row, quote_row, staff_visit
from tests.floor_harness import KIOSK, FloorHarness, staff, tablet
from tests.sample_store import MONDAY_10


@pytest.fixture
def play() -> FloorHarness:
    """Two visits wait for tom, who works on a third; waits are known from earlier visits."""
    play = FloorHarness()
    play.sign_on("tom")
    for _ in range(3):
        done = play.open_with("tom", "repair")
        play.after(60)
        play.complete("tom", done)
        play.after(120)
    play.open_with("tom", "repair")
    return play


def test_a_row_without_further_fields_has_these_values() -> None:
    assert VisitRow("v", "A-1", 1, "waiting", "ask", "en", MONDAY_10) == VisitRow(
        visit_id="v",
        ticket="A-1",
        rev=1,
        state="waiting",
        need="ask",
        language="en",
        created_at=MONDAY_10,
        rated=False,
        party_size=1,
        held_ms=0,
        handovers=0,
        notes=(),
        hindrance="",
        phone=False,
    )


def test_a_kiosk_sees_its_visit_with_the_place_in_line_and_the_wait(play: FloorHarness) -> None:
    first, second = play.open("repair", alias="Mia", colour="red"), play.open("repair")
    rows = [kiosk_visit(play.visit(visit_id), play.floor) for visit_id in (first, second)]
    quotes = [play.floor.quote("repair", ahead) for ahead in (0, 1)]
    assert [row.place_in_line for row in rows] == [1, 2]
    assert [(row.low_s, row.high_s) for row in rows] == [(quote.low_s, quote.high_s) for quote in quotes]
    assert rows[0].high_s
    assert rows[0].high_s < rows[1].high_s
    assert (rows[0].alias, rows[0].colour, rows[0].rated) == (None, None, False)


def test_a_row_tells_a_promise_only_if_it_has_both_of_its_ends() -> None:
    row = VisitRow("v", "A-1", 1, "waiting", "ask", "en", MONDAY_10, promised_from=1, promised_until=2)
    assert row.promised == (1, 2)
    assert replace(row, promised_from=None).promised is None
    assert replace(row, promised_until=None).promised is None


def test_a_kiosk_sees_the_promise_only_while_the_shopper_waits_for_the_first_time(play: FloorHarness) -> None:
    visit_id = play.open("repair")
    waiting = kiosk_visit(play.visit(visit_id), play.floor)
    assert waiting.promised == (play.visit(visit_id).promised_from, play.visit(visit_id).promised_until)
    play.sign_on("maya")
    play.accept("maya", visit_id)
    assert kiosk_visit(play.visit(visit_id), play.floor).promised is None
    play.start("maya", visit_id)
    play.on("maya", ops.HandOver, visit_id)
    handed_over = kiosk_visit(play.visit(visit_id), play.floor)
    assert (handed_over.state, handed_over.place_in_line) == ("waiting", 1)
    assert handed_over.promised is None


def test_a_visit_that_is_not_in_line_has_no_place_and_no_wait(play: FloorHarness) -> None:
    visit_id = play.open("repair")
    play.yes(KIOSK, ops.Cancel(visit_id))
    row = kiosk_visit(play.visit(visit_id), play.floor)
    assert (row.place_in_line, row.low_s, row.high_s) == (None, None, None)
    assert row.ended_at == play.clock.now


def test_a_row_that_still_holds_is_the_same_object(play: FloorHarness) -> None:
    visit_id = play.open("repair")
    visit = play.visit(visit_id)
    sent = kiosk_visit(visit, play.floor)
    assert kiosk_visit(visit, play.floor, sent) is sent


@pytest.mark.parametrize("field", ["rev", "place_in_line", "low_s", "high_s"])
def test_a_row_is_made_anew_if_this_field_differs(play: FloorHarness, field: str) -> None:
    visit = play.visit(play.open("repair"))
    right = kiosk_visit(visit, play.floor)
    sent = replace(right, **{field: getattr(right, field) + 1})
    assert kiosk_visit(visit, play.floor, sent) == right


@pytest.mark.parametrize("answers", [{"ces": 4}, {"nps": 9}, {"ces": 1, "nps": 0}])
def test_one_answer_is_enough_for_a_rated_visit(play: FloorHarness, answers: dict[str, Any]) -> None:
    visit_id = play.open("repair")
    play.yes(KIOSK, ops.Cancel(visit_id))
    assert not kiosk_visit(play.visit(visit_id), play.floor).rated
    play.yes(KIOSK, ops.Rate(visit_id, **answers))
    assert kiosk_visit(play.visit(visit_id), play.floor).rated


def test_a_tablet_sees_how_a_visit_ended(play: FloorHarness) -> None:
    visit_id = play.open("repair")
    play.yes(KIOSK, ops.Cancel(visit_id))
    assert staff_visit(play.visit(visit_id)).ended_at == play.clock.now


def test_a_person_shows_the_visit_in_hand_or_else_the_offer() -> None:
    def row(**more: object) -> PersonRow:
        return person_row(Person("tom", since=MONDAY_10, device_id="tablet-tom", **more))  # type: ignore[arg-type]

    assert row().visit_id is None
    assert row(offer="o").visit_id == "o"
    assert row(active=("a", "b"), offer="o").visit_id == "b"


def test_the_quote_for_somebody_who_joins_now(play: FloorHarness) -> None:
    quote = play.floor.quote("repair")
    assert quote_row("repair", play.floor) == QuoteRow("repair", quote.low_s, quote.high_s)
    assert quote.low_s < quote.high_s
    assert quote_row("no such need", play.floor) == QuoteRow("no such need", None, None)


# --- rows of a floor on which people work ----------------------------------------------------------

DESCRIBES = ("alias", "colour", "place", "notes", "offer_to", "offer_until")


def test_a_kiosks_row_does_not_describe_the_shopper():
    play = FloorHarness()
    play.sign_on("tom")
    visit_id = play.open("repair", alias="Robin", colour="red", place="door", party_size=2)
    play.accept("tom", visit_id)
    play.on("tom", ops.AddNote, visit_id, note="tall, red coat")
    sent = kiosk_visit(play.visit(visit_id), play.floor)
    empty = VisitRow("v", "A-1", 1, "waiting", "ask", "en", MONDAY_10)
    assert [getattr(sent, name) for name in DESCRIBES] == [getattr(empty, name) for name in DESCRIBES]
    assert (sent.employee, sent.state) == ("tom", "accepted")
    to_tablets = staff_visit(play.visit(visit_id))
    assert (to_tablets.alias, to_tablets.colour, to_tablets.notes) == ("Robin", "red", ("tall, red coat",))


FOR_KIOSKS = {"place_in_line", "low_s", "high_s", "promised_from", "promised_until", "extended_because"}
ONLY_IN_ROWS = FOR_KIOSKS | {"rated", "hindrance", "phone"}


def test_a_tablets_row_says_whether_a_phone_follows_the_visit():
    play = FloorHarness()
    visit = play.visit(play.open("repair"))
    assert (staff_visit(visit).phone, staff_visit(visit, phone=True).phone) == (False, True)


def test_a_tablets_row_has_every_field():
    play = FloorHarness()
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
        sent = staff_visit(visit)
        for name in set(sent.__struct_fields__) - ONLY_IN_ROWS:
            assert getattr(sent, name) == getattr(visit, name), name
    empty = VisitRow("v", "A-1", 1, "waiting", "ask", "en", MONDAY_10)
    usual = [
        f for f in empty.__struct_fields__ if all(getattr(v, f, None) == getattr(empty, f) for v in seen)
    ]
    assert set(usual) == {"language", "ended_at", "created_at", "ticket"} | FOR_KIOSKS


def test_a_kiosks_row_has_the_place_in_line_and_the_estimate():
    play = FloorHarness()
    play.sign_on("tom")
    play.open_with("tom", "repair")
    play.open("repair")
    mine = play.open("repair")
    sent = kiosk_visit(play.visit(mine), play.floor)
    assert (sent.place_in_line, sent.low_s, sent.high_s) == (2, 180, 1200)  # 490 s ÷ 2.5 and × 2.4 + 45 s
    play.yes(KIOSK, ops.Cancel(mine))
    sent = kiosk_visit(play.visit(mine), play.floor)
    assert (sent.place_in_line, sent.low_s, sent.rated) == (None, None, False)


def test_a_colleagues_row_names_their_visit():
    play = FloorHarness()
    play.sign_on("tom")
    visit_id = play.open("repair")
    assert person_row(play.person("tom")) == PersonRow("tom", "available", MONDAY_10, tablet("tom"), visit_id)
    play.accept("tom", visit_id)
    assert person_row(play.person("tom")).presence == "serving"
    assert person_row(play.person("lea")) == PersonRow("lea", "off_floor", 0)
    assert not isinstance(play.handle(staff("tom"), ops.Start(visit_id, 3)), Refusal)


def test_a_quote_row_without_a_wait_says_what_keeps_those_who_could_help():
    play = FloorHarness()
    assert quote_row("repair", play.floor) == QuoteRow("repair", hindrance="nobody")
    play.sign_on("tom")
    assert quote_row("repair", play.floor).hindrance == ""
    play.yes("tom", ops.SetPresence(Presence.ON_BREAK))
    assert quote_row("repair", play.floor) == QuoteRow("repair", hindrance="on_break")
    assert quote_row("no such need", play.floor) == QuoteRow("no such need")


def test_a_quote_row_leaves_out_what_keeps_those_who_could_not_help():
    play = FloorHarness()
    play.sign_on("kim")
    play.yes("kim", ops.SetPresence(Presence.ON_BREAK))
    assert quote_row("repair", play.floor) == QuoteRow("repair", hindrance="nobody")
    assert quote_row("ask", play.floor) == QuoteRow("ask", hindrance="on_break")


def test_a_kiosk_knows_before_a_shopper_joins_that_nobody_can_help():
    absent, on_break = QuoteRow("repair", hindrance="nobody"), QuoteRow("buy", hindrance="on_break")
    view = OptimisticView({}, {}, {"repair": absent, "buy": on_break, "ask": QuoteRow("ask", 0, 60)})
    floor = FloorState(view=view, live=True)
    assert nobody_for(floor, "repair")
    assert not any(nobody_for(floor, code) for code in ("buy", "ask", "unknown", None))
    assert not nobody_for(FloorState(view=view, live=False), "repair")  # it may be out of date
