"""A visit under real touches: the offer, the way to the shopper, serving and the resolution."""

import pytest
from msgspec.structs import replace

from sync_server.domain import ops
from sync_server.domain.resolution import Resolution
from tests.gallery import staff_sample

from .staff import USUAL, Tablet, at_the_tablet

ROBIN = staff_sample.offered().visit_id
IN_HAND = staff_sample.in_hand("serving")


# --- an offer ------------------------------------------------------------------------------------


def test_an_offer_comes_by_itself_rings_and_leads_to_the_shopper_and_the_end() -> None:
    async def what(t: Tablet) -> None:
        rung: list[bool] = []
        t.view.ring = rung.append
        await t.tap("quick")
        await t.show(staff_sample.offered())
        await t.says("For you, Maya")
        await t.says("Robin, in red")
        assert rung == [True]
        await t.tap("coming")
        await t.shows("on_the_way")
        assert rung == [True, False]
        await t.tap("with-them")
        await t.tap("tip-cables")
        await t.tap("end-solved")
        await t.shows("floor")
        assert t.ops == [
            ops.Accept(ROBIN, 1),
            ops.Start(ROBIN, 2),
            ops.Complete(ROBIN, 3, Resolution.SOLVED, tip="cables"),
        ]

    at_the_tablet(what)


def test_not_now() -> None:
    async def what(t: Tablet) -> None:
        await t.tap("not-now")
        await t.shows("floor")
        assert t.ops == [ops.Decline(ROBIN, 1)]

    at_the_tablet(what, staff_sample.offered())


def test_a_touch_meant_for_the_screen_before_is_no_answer() -> None:
    async def what(t: Tablet) -> None:
        from kivy.tests.common import UnitTestTouch

        coming = await t.screen.until(lambda: t.screen.find("coming"))
        await t.tap("not-now")
        await t.shows("floor")
        t.device.show((staff_sample.offered("A-43"),), staff_sample.floor())
        t.view.draw()
        touch = UnitTestTouch(*coming.to_window(*coming.center))
        touch.touch_down()
        touch.touch_up()
        assert [type(op) for op in t.ops] == [ops.Decline], "the finger was on its way already"
        await t.tap("coming")
        assert [type(op) for op in t.ops] == [ops.Decline, ops.Accept]

    at_the_tablet(what, staff_sample.offered())


def test_the_ring_shows_the_servers_seconds() -> None:
    async def what(t: Tablet) -> None:
        await t.says("11")
        t.device.now += 4000
        await t.says("7")
        assert t.view.page.share == pytest.approx(7 / 15)

    at_the_tablet(what, staff_sample.offered(left_s=11))


# --- on the way ----------------------------------------------------------------------------------


def test_a_shopper_who_is_not_found_is_called_again_and_may_be_gone() -> None:
    async def what(t: Tablet) -> None:
        assert t.screen.find("not-here") is None
        await t.tap("call-again")
        await t.says("Called 0:00 ago")
        t.device.now += 12_000
        await t.says("Called 0:12 ago")
        await t.tap("not-here")
        await t.tap("yes")
        await t.shows("floor")
        assert [type(op) for op in t.ops] == [ops.Recall, ops.MarkNoShow]
        assert [op.expected_rev for op in t.ops] == [1, 2]

    at_the_tablet(what, staff_sample.in_hand("accepted"))


@pytest.mark.parametrize(("button", "op"), [("yes", ops.HandOver), ("by-mistake", ops.Remove)])
def test_a_visit_is_handed_back_or_was_a_mistake(button: str, op: type) -> None:
    async def what(t: Tablet) -> None:
        await t.tap("give-back")
        await t.tap(button)
        await t.shows("floor")
        assert [type(asked) for asked in t.ops] == [op]

    at_the_tablet(what, staff_sample.in_hand("accepted"))


def test_a_shopper_who_leaves_is_shown_and_the_employee_is_free() -> None:
    async def what(t: Tablet) -> None:
        await t.shows("on_the_way")
        await t.show()
        await t.shows("floor")
        await t.says("A-42 left the line")

    at_the_tablet(what, staff_sample.in_hand("accepted"))


# --- in hand -------------------------------------------------------------------------------------


def test_another_amount_up_to_the_limit_goes_along() -> None:
    async def what(t: Tablet) -> None:
        await t.tap("gift-other")
        for key in ("3", "0"):
            await t.tap(f"key-{key}")
        await t.says("That is above €25")
        assert t.screen.find("give") is None
        for key in ("erase", "erase", "1", "2", "last", "5"):
            await t.tap(f"key-{key}")
        await t.says("€12.50")
        await t.tap("give")
        await t.says("On us · €12.50")
        await t.tap("more-endings")
        await t.tap("end-picked_up")
        assert t.ops == [ops.Complete(IN_HAND.visit_id, 1, Resolution.PICKED_UP, goodwill_cents=1250)]

    at_the_tablet(what, IN_HAND, size=USUAL)


def test_a_note_is_a_phrase_or_typed() -> None:
    async def what(t: Tablet) -> None:
        await t.tap("note")
        assert t.screen.find("save") is None, "there is nothing to save yet"
        await t.tap("phrase-4")
        for letter in ("dot", "space", "o", "k", "k", "erase"):
            await t.tap(f"letter-{letter}")
        await t.tap("save")
        await t.shows("serving")
        assert t.ops == [ops.AddNote(IN_HAND.visit_id, 1, "In a hurry. Ok")]
        await t.says("In a hurry. Ok")

    at_the_tablet(what, IN_HAND, size=USUAL)


def test_a_handover_carries_the_story_and_what_it_turned_out_to_be() -> None:
    async def what(t: Tablet) -> None:
        await t.tap("hand-over")
        await t.tap("story")
        await t.tap("phrase-1")
        await t.tap("save")
        await t.says("Tried the usual")
        await t.tap("other-need")
        await t.tap("need-return")
        await t.shows("floor")
        assert t.ops == [ops.HandOver(IN_HAND.visit_id, 1, "Tried the usual", "return")]

    at_the_tablet(what, IN_HAND)


def test_a_handover_for_the_same_need_is_two_taps() -> None:
    async def what(t: Tablet) -> None:
        await t.tap("hand-over")
        await t.tap("same-need")
        assert t.ops == [ops.HandOver(IN_HAND.visit_id, 1)]

    at_the_tablet(what, IN_HAND)


def test_hold_puts_the_visit_aside() -> None:
    async def what(t: Tablet) -> None:
        await t.tap("hold")
        await t.shows("floor")
        await t.screen.until(lambda: t.screen.find("resume-A-42"))
        assert t.ops == [ops.Hold(IN_HAND.visit_id, 1)]

    at_the_tablet(what, IN_HAND)


def test_who_is_with_a_shopper_asks_for_help_and_goes_to_a_colleague() -> None:
    async def what(t: Tablet) -> None:
        await t.tap("help")
        await t.tap("help")
        assert t.ops == [ops.AskForHelp(IN_HAND.visit_id, 1), ops.AskForHelp(IN_HAND.visit_id, 2, False)]
        other = replace(IN_HAND, visit_id="b" * 32, ticket="A-51", employee="sam")
        me, sam, *others = staff_sample.floor("serving")
        sam = replace(sam, help_visit=other.visit_id, help_since=staff_sample.NOW)
        await t.show(IN_HAND, other, people=(me, sam, *others))
        await t.screen.until(lambda: t.screen.find("answer-help"))
        await t.tap("answer-help")
        assert t.ops[-1] == ops.AnswerHelp(other.visit_id)

    at_the_tablet(what, IN_HAND)


def test_the_timer_turns() -> None:
    async def what(t: Tablet) -> None:
        colours = []
        for seconds in (0, 150, 180):
            t.device.now += seconds * 1000
            t.controller.refresh()
            await t.screen.frames()
            colours.append(t.view.page.timer_colour)
        assert colours == ["calm", "amber", "red"]

    at_the_tablet(what, IN_HAND)
