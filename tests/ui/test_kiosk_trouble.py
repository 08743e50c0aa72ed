"""The kiosk under real touches when something goes wrong: it explains it, and goes on."""

from pathlib import Path

from msgspec.structs import replace

from kiosk.session.session import KioskScreen
from sync_server.device.storage.outbox import ScreenState
from sync_server.device.storage.outbox_errors import OutboxError
from sync_server.domain import ops
from sync_server.domain.refusal import Code, Refusal
from sync_server.protocol.messages import Submit
from tests.gallery.fake_kiosk_device import AT, FakeKioskDevice, store_of

from .kiosk import Kiosk, at_the_kiosk

IDLE_MS = int(store_of().times.idle_s * 1000)


def test_a_refused_visit_can_be_tried_again(tmp_path: Path) -> None:
    async def what(k: Kiosk) -> None:
        await k.tap("need-repair")
        await k.tap("colour-red")
        await k.tap("join")
        k.device.on_refused(Submit("0" * 32, AT, k.pending_ops()[0]), Refusal(Code.TICKET_TAKEN, "A-1"))
        await k.tap("again")
        await k.tap("join")
        first, second = k.pending_ops()
        assert (second.ticket, second.colour) == ("A-2", "red")
        assert second.visit_id != first.visit_id

    at_the_kiosk(tmp_path, what)


def test_a_refused_ticket_is_shown_on_the_greeting_until_it_is_dismissed(tmp_path: Path) -> None:
    async def what(k: Kiosk) -> None:
        await k.tap("need-repair")
        await k.tap("join")
        await k.tap("all-right")
        op_id = k.device.outbox.pending()[0].op_id
        k.device.outbox.refuse(op_id, Refusal(Code.TICKET_TAKEN, "A-1"), AT)
        k.device.on_refused(
            Submit(op_id, AT, ops.OpenVisit("f" * 32, "A-1", "repair", "en")), Refusal(Code.TICKET_TAKEN)
        )
        await k.screen.until(lambda: k.says("A-1 could not be put in line"))
        await k.tap("put-away")
        assert not k.says("A-1")
        assert k.device.outbox.refused() == []

    at_the_kiosk(tmp_path, what)


class Full(FakeKioskDevice):
    """A device with no room left on its disk."""

    def submit(self, op: ops.DeviceOp, screen: ScreenState | None = None) -> str:
        raise OutboxError(f"no room for {op} and {screen}")


def test_with_a_full_disk_no_ticket_is_shown(tmp_path: Path) -> None:
    async def what(k: Kiosk) -> None:
        await k.tap("need-repair")
        await k.tap("join")
        assert k.says("Please ask a colleague")
        assert not k.says("A-42")
        await k.tap("all-right")
        assert k.controller.screen is KioskScreen.NEED

    at_the_kiosk(tmp_path, what, device=Full(store_of()))


def test_an_icon_that_we_do_not_have_is_no_reason_to_stop(tmp_path: Path) -> None:
    store = store_of()
    odd = replace(store, needs=tuple(replace(need, icon="no-such-icon") for need in store.needs))

    async def what(k: Kiosk) -> None:
        await k.tap("need-repair")
        assert k.controller.screen is KioskScreen.IDENTIFY

    at_the_kiosk(tmp_path, what, catalogue=odd)


def test_a_kiosk_that_knows_no_store_asks_for_a_moment_and_goes_on_by_itself(tmp_path: Path) -> None:
    device = FakeKioskDevice(None)

    async def what(k: Kiosk) -> None:
        assert k.says("One moment")
        device.catalogue = store_of()
        device.on_change()
        await k.screen.until(lambda: k.screen.find("need-repair"))

    at_the_kiosk(tmp_path, what, device=device)
