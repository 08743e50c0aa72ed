"""The tablet under real touches: what a finger meets, and what is then asked of the floor."""

import asyncio
from importlib import import_module
from typing import Any

from staff_app import sample
from sync_server.domain import ops
from sync_server.domain.events import Presence, Resolution
from sync_server.domain.refusal import Code, Refusal

from .staff import USUAL, Tablet, at_the_tablet

ROBIN = sample.offered().visit_id
IN_HAND = sample.in_hand("serving")


# --- signing in and off --------------------------------------------------------------------------


def test_a_name_and_a_pin_lead_to_the_floor() -> None:
    async def what(t: Tablet) -> None:
        await t.tap("who-maya")
        await t.says("Hello Maya")
        for key in ("1", "2", "9", "erase", "3", "4", "5", "6"):
            await t.tap(f"key-{key}")
        await t.tap("key-last")
        await t.shows("floor")
        assert t.glass.page.rows == ()
        await t.says("Nobody is waiting")

    at_the_tablet(what, people=())


def test_a_wrong_pin_and_a_lost_connection_are_told_kindly() -> None:
    async def pin(t: Tablet, digits: str) -> None:
        for digit in digits:
            await t.tap(f"key-{digit}")
        await t.tap("key-last")

    async def what(t: Tablet) -> None:
        await t.tap("who-maya")
        assert t.screen.find("key-last") is None, "four figures are the fewest"
        await pin(t, "9999")
        await t.says("That PIN is not right")
        assert t.glass.page.typed == "", "nobody else can read it"
        t.device.live = False
        await pin(t, "123456")
        await t.says("No connection")
        await t.tap("back")
        await t.tap("who-sam")
        t.device.live = True
        await pin(t, "123456")
        await t.says("You have no PIN yet")

    at_the_tablet(what, people=())


def test_signing_off_takes_one_more_tap() -> None:
    async def what(t: Tablet) -> None:
        await t.tap("sign-off")
        await t.tap("no")
        await t.shows("floor")
        await t.tap("sign-off")
        await t.tap("yes")
        await t.shows("who")
        assert t.ops == [ops.SetPresence(Presence.OFF_FLOOR)]
        await t.says("Thank you, Maya")

    at_the_tablet(what)


def test_a_break_and_back() -> None:
    async def what(t: Tablet) -> None:
        await t.tap("break")
        await t.says("Enjoy your break")
        await t.tap("back-on-floor")
        await t.shows("floor")
        assert [op.presence for op in t.ops] == [Presence.ON_BREAK, Presence.AVAILABLE]

    at_the_tablet(what)


def test_one_touch_answers_are_you_there() -> None:
    async def what(t: Tablet) -> None:
        await t.says("Are you there?")
        await t.tap("back-on-floor")
        assert t.ops == [ops.SetPresence(Presence.AVAILABLE)]

    at_the_tablet(what, people=sample.floor("not_responding"))


def test_whoever_signs_in_elsewhere_is_told_why_this_tablet_asks_again() -> None:
    async def what(t: Tablet) -> None:
        there = sample.floor()[0]
        await t.show(people=(type(there)(there.id, there.presence, there.since, "another"),))
        await t.shows("who")
        await t.says("You signed in on another tablet")
        await t.tap("dismiss")
        await t.screen.until(lambda: t.screen.find("dismiss") is None)

    at_the_tablet(what)


# --- the floor -----------------------------------------------------------------------------------


def test_a_visit_is_taken_out_of_turn() -> None:
    async def what(t: Tablet) -> None:
        await t.tap("take-A-44")
        await t.shows("walking")
        assert [(type(op), op.expected_rev) for op in t.ops] == [(ops.Claim, 1)]

    at_the_tablet(what, *sample.line(), size=USUAL)


def test_a_visit_on_hold_goes_on() -> None:
    async def what(t: Tablet) -> None:
        await t.tap("resume-A-40")
        await t.shows("in_hand")
        assert isinstance(t.ops[0], ops.Resume)

    at_the_tablet(what, *sample.long_line())


def test_a_long_line_scrolls_to_its_end() -> None:
    async def what(t: Tablet) -> None:
        last = t.glass.page.rows[-1].ticket
        await t.screen.until(lambda: t.screen.find(f"take-{last}"))
        scroll = t.glass.page.ids.rows.parent
        below = lambda: t.screen.find(f"take-{last}").to_window(0, 0)[1] < scroll.to_window(0, scroll.y)[1]  # noqa: E731
        assert below()
        scroll.scroll_y = 0
        await t.screen.frames()
        assert not below()
        await t.tap(f"take-{last}")
        assert isinstance(t.ops[0], ops.Claim)

    at_the_tablet(what, *sample.long_line())


def test_a_row_stays_the_same_widget_while_others_come_and_go() -> None:
    async def what(t: Tablet) -> None:
        await t.screen.until(lambda: t.screen.find("take-A-44"))
        before = t.screen.find("take-A-44")
        await t.show(*sample.line()[1:])
        assert t.screen.find("take-B-17") is None
        assert t.screen.find("take-A-44") is before

    at_the_tablet(what, *sample.line(), size=USUAL)


def test_a_row_that_has_just_moved_up_is_not_taken_by_a_finger_on_its_way() -> None:
    async def what(t: Tablet) -> None:
        first = await t.screen.until(lambda: t.screen.find("take-B-17"))
        await t.screen.frames()
        there = first.to_window(*first.center)
        t.look()
        await t.show(*sample.line()[1:])
        next_one = t.screen.find("take-A-43")
        assert next_one.collide_point(*next_one.to_widget(*there)), "it stands where the other one was"
        await t.screen.touch(*there)
        assert t.ops == []
        t.look()
        await t.screen.touch(*there)
        assert [type(op) for op in t.ops] == [ops.Claim]

    at_the_tablet(what, *sample.line(), size=USUAL)


def test_a_line_that_comes_above_pushes_nothing_under_a_finger_on_its_way() -> None:
    async def what(t: Tablet) -> None:
        below = await t.screen.until(lambda: t.screen.find("end-replaced_free"))
        await t.screen.frames()
        there = below.to_window(below.center_x, below.top - 4)
        t.look()
        t.device.problem = "the disk is full"
        t.device.on_change()
        await t.says("a full disk")
        await t.screen.touch(*there)
        assert t.ops == []

    at_the_tablet(what, IN_HAND, size=USUAL)


def test_a_quick_resolution_is_two_taps_in_the_tablets_language() -> None:
    async def what(t: Tablet) -> None:
        await t.tap("language-nl")
        await t.tap("quick")
        await t.tap("page-on")
        await t.tap("need-cables")
        await t.tap("end-sold")
        await t.shows("floor")
        (op,) = t.ops
        assert isinstance(op, ops.QuickResolution)
        assert (op.need, op.resolution, op.language, op.ticket) == ("cables", Resolution.SOLD, "nl", "M-1")
        await t.says("Verkocht. Bewaard.")
        t.device.now += 5000
        t.hands.look()
        await t.screen.until(lambda: not any("Bewaard" in shown for shown in t.screen.texts()))

    at_the_tablet(what)


# --- what is told --------------------------------------------------------------------------------


def test_a_refused_tap_is_told_until_it_is_dismissed() -> None:
    async def what(t: Tablet) -> None:
        await t.tap("take-B-17")
        t.device.answer(Refusal(Code.ALREADY_TAKEN, "sam"))
        await t.says("Sam already took B-17. Nothing to do.")
        await t.tap("dismiss")
        await t.screen.until(lambda: t.screen.find("dismiss") is None)
        assert t.device.outbox.refused() == []

    at_the_tablet(what, *sample.line())


def test_without_a_connection_everything_goes_on() -> None:
    async def what(t: Tablet) -> None:
        t.device.live = False
        t.hands.look()
        t.device.now += 4000
        await t.says("No connection. Go on as usual")
        await t.tap("end-solved")
        await t.shows("floor")
        assert isinstance(t.ops[0], ops.Complete)

    at_the_tablet(what, IN_HAND)


def test_the_language_is_one_touch_away() -> None:
    async def what(t: Tablet) -> None:
        await t.says("4 waiting")
        await t.says("Quick resolution")
        await t.tap("language-fi")
        await t.says("4 odottaa")
        await t.says("Nopea apu")
        await t.tap("language-nl")
        await t.says("4 wachten")
        await t.says("Snel geholpen")

    at_the_tablet(what, *sample.line())


def test_only_a_real_finger_moves_touched_at() -> None:
    async def what(t: Tablet) -> None:
        t.hands.coming()
        assert t.hands.touched_at == float("-inf")
        await t.screen.touch(5, 5)
        assert t.hands.touched_at > 0

    at_the_tablet(what, sample.offered())


def test_a_fault_of_our_own_is_told_and_the_app_goes_on() -> None:
    async def what(t: Tablet) -> None:
        def broken(_op: Any) -> str:
            raise RuntimeError("a fault made by this test")

        works, t.device.submit = t.device.submit, broken  # type: ignore[method-assign]
        Clock = import_module("kivy.clock").Clock  # noqa: N806
        Clock.schedule_once(lambda _dt: t.hands.take(t.glass.page.rows[0].visit_id))
        await t.says("Something went wrong on our side")
        t.device.submit = works  # type: ignore[method-assign]
        await t.tap("go-on")
        await t.tap("take-B-17")
        assert len(t.ops) == 1

    at_the_tablet(what, *sample.line())


def test_a_sign_in_at_the_start_waits_for_a_connection() -> None:
    async def what(t: Tablet) -> None:
        t.device.live = False
        t.hands.sign_in_at_start(sample.ME, sample.PIN)
        await t.shows("who")
        t.device.live = True
        t.hands.look()
        await t.shows("floor")
        await asyncio.sleep(0)
        assert t.hands.board.who is None

    at_the_tablet(what, people=())
