"""What a kiosk shows after it was killed: the ticket somebody was looking at, and nothing half said."""

import asyncio

import pytest

from kiosk.flow import RESUME_MS, Flow
from kiosk.hands import Hands
from kiosk.patience import TROUBLE_MS
from kiosk.session import Screen, Trouble
from kiosk.standing import Stage, World
from sync_server.device.device import Device
from sync_server.domain.refusal import Code
from sync_server.protocol.device_file import DeviceFile

from .shopper import AT, LINK, STORE, VISIT, Shopper, on_leave, on_name, on_spot, row

FILE = DeviceFile("front", "kiosk", "Front", "A", "tcp://127.0.0.1:9", "s" * 40, "p" * 40, "k" * 40)


def after_the_crash(before: Shopper, later_ms: int = 5_000) -> Shopper:
    kept = before.flow.on_screen
    assert kept is not None
    again = Shopper(Flow(), now=7, at=AT + later_ms)
    again.flow.resume(kept, again.at, again.now)
    return again


def joined() -> Shopper:
    shopper = Shopper()
    shopper.see()
    shopper.flow.speak("fi", shopper.now)
    return shopper.in_line()


def test_the_ticket_is_on_the_screen_again_in_the_shoppers_language():
    again = after_the_crash(joined())
    session = again.flow.session
    assert (again.screen, session.ticket, session.link, session.language) == (Screen.LINE, "A-42", LINK, "fi")
    again.see(row(state="accepted", employee="maya"))
    assert (again.screen, again.flow.stage) == (Screen.LINE, Stage.COMING)
    again.wait(60_000)
    assert again.screen is Screen.NEED  # and goes as it always does


def test_a_ticket_whose_shopper_must_be_gone_is_not_shown_again():
    for later_ms in (RESUME_MS, -1):
        again = after_the_crash(joined(), later_ms)
        again.see()
        assert again.screen is Screen.NEED


def test_asked_whether_to_leave_they_are_in_line_still():
    shopper = Shopper()
    shopper.see()
    on_leave(shopper)
    assert after_the_crash(shopper).screen is Screen.LINE


@pytest.mark.parametrize("on", [on_spot, on_name])
def test_what_somebody_had_only_begun_to_say_is_kept_nowhere(on):
    shopper = Shopper()
    shopper.see()
    on(shopper)
    assert shopper.flow.on_screen is None


def test_a_ticket_tapped_away_or_refused_is_not_kept():
    shopper = joined()
    shopper.flow.all_right(shopper.now)
    assert shopper.flow.on_screen is None
    shopper = Shopper()
    shopper.see()
    on_spot(shopper)
    op = shopper.join()
    shopper.flow.refused(op, Code.TICKET_TAKEN, shopper.now)
    assert shopper.flow.on_screen is None


@pytest.mark.fault(
    "A kiosk ends without a word while a shopper looks at their ticket",
    "the ticket is on the screen again for two minutes; what was half said is gone, on purpose",
)
def test_it_is_on_the_disk_as_soon_as_it_is_on_the_screen_and_no_longer(tmp_path):
    async def go() -> None:
        def start() -> tuple[Hands, Device]:
            device = Device(FILE, tmp_path)
            device.catalogue = STORE
            return Hands(Flow(), device, lambda: 1_000), device

        hands, device = start()
        hands.choose_need("repair")
        hands.join()
        visit_id = hands.session.visit_id
        device.outbox.close()  # killed: nothing is put away
        hands.stop()
        hands, device = start()
        assert (hands.screen, hands.session.visit_id) == (Screen.LINE, visit_id)
        assert hands.session.row.ticket == hands.session.ticket  # its op is in the outbox still
        hands.all_right()
        device.outbox.close()
        hands.stop()
        hands, device = start()
        assert hands.screen is Screen.NEED
        hands.stop()
        device.stop()

    asyncio.run(go())


def test_after_a_fault_of_ours_the_ticket_comes_back_and_what_was_half_said_does_not():
    shopper = joined()
    shopper.flow.fail(Trouble.BROKEN, shopper.now)
    assert shopper.screen is Screen.TROUBLE
    shopper.see(row(state="accepted", employee="maya"))
    assert after_the_crash(shopper).screen is Screen.LINE
    shopper.flow.all_right(shopper.now)
    assert (shopper.screen, shopper.flow.stage) == (Screen.LINE, Stage.COMING)
    shopper = Shopper()
    shopper.see()
    on_name(shopper)
    shopper.flow.fail(Trouble.BROKEN, shopper.now)
    assert (shopper.flow.session.name, shopper.flow.session.need) == ("", None)
    shopper.flow.all_right(shopper.now)
    assert shopper.screen is Screen.NEED


def test_nobody_stays_before_an_apology():
    shopper = joined()
    shopper.flow.fail(Trouble.BROKEN, shopper.now)
    shopper.wait(TROUBLE_MS)
    assert shopper.screen is Screen.NEED


def test_the_ticket_outlives_a_store_that_is_not_known_yet():
    again = after_the_crash(joined())
    again.flow.see(World(at=again.at), again.now)
    assert again.flow.session.visit_id == VISIT
