"""The tablet under real touches: what the screen shows, and which ops are submitted."""

import asyncio
from importlib import import_module
from typing import Any

from sync_server.domain import ops
from sync_server.domain.events import Presence
from sync_server.domain.refusal import Code, Refusal
from sync_server.domain.resolution import Resolution
from tests.gallery import staff_sample

from .staff import USUAL, Tablet, at_the_tablet

ROBIN = staff_sample.offered().visit_id
IN_HAND = staff_sample.in_hand("serving")


# --- signing in and off --------------------------------------------------------------------------


def test_a_name_and_a_pin_lead_to_the_floor() -> None:
    async def what(t: Tablet) -> None:
        await t.tap("who-maya")
        await t.says("Hello Maya")
        for key in ("1", "2", "9", "erase", "3", "4", "5", "6"):
            await t.tap(f"key-{key}")
        await t.tap("key-last")
        await t.shows("floor")
        assert t.view.page.rows == ()
        await t.says("Nobody is waiting")

    at_the_tablet(what, people=())


def test_a_wrong_pin_and_a_lost_connection_are_explained() -> None:
    async def pin(t: Tablet, digits: str) -> None:
        for digit in digits:
            await t.tap(f"key-{digit}")
        await t.tap("key-last")

    async def what(t: Tablet) -> None:
        await t.tap("who-maya")
        assert t.screen.find("key-last") is None, "four figures are the fewest"
        await pin(t, "9999")
        await t.says("That PIN is not right")
        assert t.view.page.typed == "", "nobody else can read it"
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

    at_the_tablet(what, people=staff_sample.floor("not_responding"))


def test_a_sign_in_on_another_tablet_is_explained_on_this_one() -> None:
    async def what(t: Tablet) -> None:
        there = staff_sample.floor()[0]
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
        await t.shows("on_the_way")
        assert [(type(op), op.expected_rev) for op in t.ops] == [(ops.Claim, 1)]

    at_the_tablet(what, *staff_sample.line(), size=USUAL)


def test_a_visit_on_hold_goes_on() -> None:
    async def what(t: Tablet) -> None:
        await t.tap("resume-A-40")
        await t.shows("serving")
        assert isinstance(t.ops[0], ops.Resume)

    at_the_tablet(what, *staff_sample.long_line())


def test_a_long_line_scrolls_to_its_end() -> None:
    async def what(t: Tablet) -> None:
        last = t.view.page.rows[-1].ticket
        await t.screen.until(lambda: t.screen.find(f"take-{last}"))
        scroll = t.view.page.ids.rows.parent
        below = lambda: t.screen.find(f"take-{last}").to_window(0, 0)[1] < scroll.to_window(0, scroll.y)[1]  # noqa: E731
        assert below()
        scroll.scroll_y = 0
        await t.screen.frames()
        assert not below()
        await t.tap(f"take-{last}")
        assert isinstance(t.ops[0], ops.Claim)

    at_the_tablet(what, *staff_sample.long_line())


def test_a_row_stays_the_same_widget_while_others_come_and_go() -> None:
    async def what(t: Tablet) -> None:
        await t.screen.until(lambda: t.screen.find("take-A-44"))
        before = t.screen.find("take-A-44")
        await t.show(*staff_sample.line()[1:])
        assert t.screen.find("take-B-17") is None
        assert t.screen.find("take-A-44") is before

    at_the_tablet(what, *staff_sample.line(), size=USUAL)


def test_a_row_that_has_just_moved_up_is_not_taken_by_a_finger_on_its_way() -> None:
    async def what(t: Tablet) -> None:
        first = await t.screen.until(lambda: t.screen.find("take-B-17"))
        await t.screen.frames()
        there = first.to_window(*first.center)
        t.look()
        await t.show(*staff_sample.line()[1:])
        next_one = t.screen.find("take-A-43")
        assert next_one.collide_point(*next_one.to_widget(*there)), "it stands where the other one was"
        await t.screen.touch(*there)
        assert t.ops == []
        t.look()
        await t.screen.touch(*there)
        assert [type(op) for op in t.ops] == [ops.Claim]

    at_the_tablet(what, *staff_sample.line(), size=USUAL)


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
        t.device.now += 10_001
        t.controller.refresh()
        await t.screen.until(lambda: not any("Bewaard" in shown for shown in t.screen.texts()))

    at_the_tablet(what)


def test_how_long_a_quick_resolution_took_can_be_said_and_unsaid() -> None:
    async def what(t: Tablet) -> None:
        for taps, service_s in (["minutes-10"], 600), (["minutes-5", "minutes-5"], None), ([], None):
            await t.tap("quick")
            await t.tap("need-repair")
            for pill in taps:
                await t.tap(pill)
            await t.tap("end-sold")
            await t.shows("floor")
            assert t.ops[-1].service_s == service_s

    at_the_tablet(what)


# --- messages ------------------------------------------------------------------------------------


def test_a_refused_tap_is_shown_until_it_is_dismissed() -> None:
    async def what(t: Tablet) -> None:
        await t.tap("take-B-17")
        t.device.answer(Refusal(Code.ALREADY_TAKEN, "sam"))
        await t.says("Sam already took B-17. Nothing to do.")
        await t.tap("dismiss")
        await t.screen.until(lambda: t.screen.find("dismiss") is None)
        assert t.device.outbox.refused() == []

    at_the_tablet(what, *staff_sample.line())


def test_without_a_connection_everything_goes_on() -> None:
    async def what(t: Tablet) -> None:
        t.device.live = False
        t.controller.refresh()
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

    at_the_tablet(what, *staff_sample.line())


def test_only_a_real_finger_moves_touched_at() -> None:
    async def what(t: Tablet) -> None:
        t.controller.accept()
        assert t.controller.touched_at == float("-inf")
        await t.screen.touch(5, 5)
        assert t.controller.touched_at > 0

    at_the_tablet(what, staff_sample.offered())


def test_after_a_fault_there_is_an_apology_and_the_app_goes_on() -> None:
    async def what(t: Tablet) -> None:
        def broken(_op: Any) -> str:
            raise RuntimeError("a fault made by this test")

        works, t.device.submit = t.device.submit, broken  # type: ignore[assignment]
        Clock = import_module("kivy.clock").Clock  # noqa: N806
        Clock.schedule_once(lambda _dt: t.controller.claim(t.view.page.rows[0].visit_id))
        await t.says("Something went wrong on our side")
        t.device.submit = works
        await t.tap("go-on")
        await t.tap("take-B-17")
        assert len(t.ops) == 1

    at_the_tablet(what, *staff_sample.line())


def test_a_sign_in_at_the_start_waits_for_a_connection() -> None:
    async def what(t: Tablet) -> None:
        t.device.live = False
        t.controller.sign_in_at_start(staff_sample.ME, staff_sample.PIN)
        await t.shows("who")
        t.device.live = True
        t.controller.refresh()
        await t.shows("floor")
        await asyncio.sleep(0)
        assert t.controller.state.chosen_employee is None

    at_the_tablet(what, people=())


def test_an_end_is_taken_back_with_one_touch() -> None:
    async def what(t: Tablet) -> None:
        await t.tap("end-solved")
        await t.tap("take-back")
        assert [type(op) for op in t.ops] == [ops.Complete, ops.Undo]
        assert "hand-over" in t.screen.names()

    at_the_tablet(what, IN_HAND)
