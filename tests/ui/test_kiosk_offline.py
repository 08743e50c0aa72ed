"""The kiosk under real touches with its server gone: it greets, takes the need, and is honest."""

from pathlib import Path

from kiosk.session import Screen
from sync_server.domain import ops

from .kiosk import Kiosk, at_the_kiosk

HONEST = "We’ll call you as soon as the shop’s computer is back"
HELP = "Any colleague can help you now"


def test_a_ticket_at_once_an_honest_word_and_the_need_on_disk(tmp_path: Path) -> None:
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
        (op,) = k.kept()
        assert isinstance(op, ops.OpenVisit)
        assert (op.ticket, op.colour) == ("A-1", "red")
        await k.tap("all-right")
        assert k.hands.screen is Screen.NEED, "ready for the next one"
        await k.tap("need-repair")
        await k.tap("join")
        assert k.says("A-2")

    at_the_kiosk(tmp_path, what)


def test_leaving_the_line_and_saying_how_it_was_wait_on_disk_too(tmp_path: Path) -> None:
    async def what(k: Kiosk) -> None:
        await k.tap("need-repair")
        await k.tap("join")
        await k.tap("leave")
        await k.tap("leave-yes")
        await k.tap("face-5")
        assert k.says("We’ll pass it on as soon as the shop’s computer is back")
        assert [type(op) for op in k.kept()] == [ops.OpenVisit, ops.Cancel, ops.Rate]

    at_the_kiosk(tmp_path, what)
