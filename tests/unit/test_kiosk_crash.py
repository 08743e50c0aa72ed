"""What a kiosk shows after it was killed: the ticket that was on the screen, and nothing else."""

import asyncio

import pytest

from kiosk.controller import KioskController
from kiosk.session.session import KioskError, KioskScreen
from kiosk.session.session_flow import RESTORE_MS, SessionFlow
from kiosk.session.timeouts import ERROR_MS
from kiosk.session.visit_progress import FloorState
from sync_server.device.device import Device
from sync_server.domain.refusal import Code
from sync_server.domain.visit.progress import Stage
from sync_server.protocol.device_file import DeviceFile

from .shopper import AT, LINK, STORE, VISIT, Shopper, at_confirm_leave, at_identify, at_name, row

FILE = DeviceFile("front", "kiosk", "Front", "A", "tcp://127.0.0.1:9", "s" * 40, "p" * 40, "k" * 40)


def after_the_crash(before: Shopper, later_ms: int = 5_000) -> Shopper:
    saved = before.flow.ticket_on_screen
    assert saved is not None
    again = Shopper(SessionFlow(), now=7, at=AT + later_ms)
    again.flow.restore(saved, again.at, again.now)
    return again


def joined() -> Shopper:
    shopper = Shopper()
    shopper.update()
    shopper.flow.set_language("fi", shopper.now)
    return shopper.in_line()


def test_the_ticket_is_on_the_screen_again_in_the_shoppers_language():
    again = after_the_crash(joined())
    session = again.flow.session
    assert (again.screen, session.ticket, session.link, session.language) == (
        KioskScreen.LINE,
        "A-42",
        LINK,
        "fi",
    )
    again.update(row(state="accepted", employee="maya"))
    assert (again.screen, again.flow.stage) == (KioskScreen.LINE, Stage.COMING)
    again.wait(60_000)
    assert again.screen is KioskScreen.NEED  # and times out as usual


def test_an_old_ticket_is_not_restored():
    for later_ms in (RESTORE_MS, -1):
        again = after_the_crash(joined(), later_ms)
        again.update()
        assert again.screen is KioskScreen.NEED


def test_the_question_whether_to_leave_is_restored_as_the_ticket():
    shopper = Shopper()
    shopper.update()
    at_confirm_leave(shopper)
    assert after_the_crash(shopper).screen is KioskScreen.LINE


@pytest.mark.parametrize("on", [at_identify, at_name])
def test_what_was_entered_before_the_line_is_not_saved(on):
    shopper = Shopper()
    shopper.update()
    on(shopper)
    assert shopper.flow.ticket_on_screen is None


def test_a_ticket_that_was_closed_or_refused_is_not_restored():
    shopper = joined()
    shopper.flow.acknowledge(shopper.now)
    assert shopper.flow.ticket_on_screen is None
    shopper = Shopper()
    shopper.update()
    at_identify(shopper)
    op = shopper.join()
    shopper.flow.handle_refusal(op, Code.TICKET_TAKEN, shopper.now)
    assert shopper.flow.ticket_on_screen is None


@pytest.mark.fault(
    "A kiosk crashes while a shopper looks at their ticket",
    "the ticket is shown again for two minutes; unfinished input is deleted on purpose",
)
def test_the_ticket_is_on_the_disk_as_long_as_it_is_on_the_screen(tmp_path):
    async def go() -> None:
        def start() -> tuple[KioskController, Device]:
            device = Device(FILE, tmp_path)
            device.catalogue = STORE
            return KioskController(SessionFlow(), device, lambda: 1_000), device

        controller, device = start()
        controller.choose_need("repair")
        controller.join()
        visit_id = controller.session.visit_id
        device.outbox.close()  # killed
        controller.stop()
        controller, device = start()
        assert (controller.screen, controller.session.visit_id) == (KioskScreen.LINE, visit_id)
        assert controller.session.row.ticket == controller.session.ticket  # its op is still in the outbox
        controller.acknowledge()
        device.outbox.close()
        controller.stop()
        controller, device = start()
        assert controller.screen is KioskScreen.NEED
        controller.stop()
        device.stop()

    asyncio.run(go())


def test_after_a_fault_the_ticket_is_restored_and_an_unfinished_entry_is_not():
    shopper = joined()
    shopper.flow.show_error(KioskError.BROKEN, shopper.now)
    assert shopper.screen is KioskScreen.ERROR
    shopper.update(row(state="accepted", employee="maya"))
    assert after_the_crash(shopper).screen is KioskScreen.LINE
    shopper.flow.acknowledge(shopper.now)
    assert (shopper.screen, shopper.flow.stage) == (KioskScreen.LINE, Stage.COMING)
    shopper = Shopper()
    shopper.update()
    at_name(shopper)
    shopper.flow.show_error(KioskError.BROKEN, shopper.now)
    assert (shopper.flow.session.name, shopper.flow.session.need) == ("", None)
    shopper.flow.acknowledge(shopper.now)
    assert shopper.screen is KioskScreen.NEED


def test_an_apology_closes_by_itself():
    shopper = joined()
    shopper.flow.show_error(KioskError.BROKEN, shopper.now)
    shopper.wait(ERROR_MS)
    assert shopper.screen is KioskScreen.NEED


def test_the_ticket_is_restored_before_the_catalogue_is_there():
    again = after_the_crash(joined())
    again.flow.update_floor(FloorState(at=again.at), again.now)
    assert again.flow.session.visit_id == VISIT
