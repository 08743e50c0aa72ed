"""The tablet under real touches without its server: work goes on, and it says what is not possible."""

from staff_app.tablet_state import OFFLINE_MS
from sync_server.domain import ops
from sync_server.domain.refusal import Code, Refusal
from tests.gallery import staff_sample

from .staff import Tablet, at_the_tablet


async def cut(t: Tablet) -> None:
    t.device.live = False
    t.device.on_change()
    t.device.now += OFFLINE_MS
    t.device.on_change()
    await t.says("No connection. Go on as usual")


def test_a_visit_in_hand_is_finished_and_a_quick_resolution_kept() -> None:
    async def what(t: Tablet) -> None:
        await cut(t)
        await t.tap("end-solved")
        await t.shows("floor")
        await t.says("As it was at 14:10")
        await t.tap("quick")
        await t.tap("need-repair")
        await t.tap("end-solved")
        assert [type(op) for op in t.ops] == [ops.Complete, ops.QuickResolution]

    at_the_tablet(what, staff_sample.in_hand("serving"))


def test_a_visit_is_put_on_hold_and_taken_up_again() -> None:
    async def what(t: Tablet) -> None:
        await cut(t)
        await t.tap("hold")
        await t.shows("floor")
        await t.tap("resume-A-42")
        await t.shows("serving")
        assert [type(op) for op in t.ops] == [ops.Hold, ops.Resume]

    at_the_tablet(what, staff_sample.in_hand("serving"))


def test_nobody_can_be_called_and_the_tablet_says_why() -> None:
    async def what(t: Tablet) -> None:
        await cut(t)
        await t.says("Calling works again with the connection")
        assert t.screen.find("call-again") is None
        t.device.live = True
        t.device.on_change()
        await t.tap("call-again")
        assert [type(op) for op in t.ops] == [ops.Recall]

    at_the_tablet(what, staff_sample.in_hand("accepted", 20))


def test_a_visit_taken_meanwhile_is_shown_when_the_connection_is_back() -> None:
    async def what(t: Tablet) -> None:
        await cut(t)
        await t.tap("take-B-17")
        await t.says("Not confirmed yet")
        t.device.live = True
        t.device.answer(Refusal(Code.ALREADY_TAKEN, "sam"))
        await t.says("Sam already took B-17. Nothing to do.")
        await t.tap("dismiss")
        await t.shows("floor")

    at_the_tablet(what, staff_sample.line()[0])
