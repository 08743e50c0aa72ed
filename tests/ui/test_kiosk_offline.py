"""The kiosk under real touches without its server: it takes the need, and says what will happen."""

from pathlib import Path

from kiosk.session.session import KioskScreen
from sync_server.domain import ops

from .kiosk import Kiosk, at_the_kiosk

HONEST = "We’ll call you as soon as the shop’s computer is back"
HELP = "Any colleague can help you now"


def test_offline_there_is_a_ticket_an_explanation_and_the_op_is_on_disk(tmp_path: Path) -> None:
    async def what(k: Kiosk) -> None:
        assert k.says("call you as soon as the shop’s computer is back")
        assert k.says(HELP)
        await k.tap("need-repair")
        await k.tap("colour-red")
        await k.tap("join")
        assert k.says("A-1")
        assert k.says(HONEST)
        assert k.says(HELP)
        assert k.screen.app.root.page.ids.ticket.address == "", "no page can be reached: no code to scan"
        (op,) = k.pending_ops()
        assert isinstance(op, ops.OpenVisit)
        assert (op.ticket, op.colour) == ("A-1", "red")
        await k.tap("all-right")
        assert k.controller.screen is KioskScreen.NEED, "ready for the next one"
        await k.tap("need-repair")
        await k.tap("join")
        assert k.says("A-2")

    at_the_kiosk(tmp_path, what)


def test_offline_leaving_and_rating_are_saved_too(tmp_path: Path) -> None:
    async def what(k: Kiosk) -> None:
        await k.tap("need-repair")
        await k.tap("join")
        await k.tap("leave")
        await k.tap("leave-yes")
        await k.tap("face-5")
        assert k.says("We’ll pass it on as soon as the shop’s computer is back")
        assert [type(op) for op in k.pending_ops()] == [ops.OpenVisit, ops.Cancel, ops.Rate]

    at_the_kiosk(tmp_path, what)
