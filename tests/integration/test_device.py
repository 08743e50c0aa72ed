"""A device whose disk fails: what it shows stays true, and only what is saved counts."""

import asyncio
from pathlib import Path

import pytest
from msgspec.structs import replace

from sync_server.device.device import Device
from sync_server.device.storage.outbox_errors import OutboxError
from sync_server.domain import ops
from sync_server.domain.refusal import Code, Refusal

from .harness import come


async def a_kiosk(house):
    file = house.enrol("kiosk", "Front")
    await house.open()
    return house.device(file)


def read_only(kiosk, yes: bool) -> None:
    kiosk.outbox._db.execute(f"PRAGMA query_only = {'ON' if yes else 'OFF'}")


async def test_a_tap_that_cannot_be_saved_does_not_count_and_the_screen_says_so(house):
    kiosk = await a_kiosk(house)
    await house.until(lambda: kiosk.live)
    read_only(kiosk, True)
    with pytest.raises(OutboxError, match="free some space"):
        come(kiosk)
    assert kiosk.view.visits == {}
    read_only(kiosk, False)
    come(kiosk)
    await house.until(lambda: house.agrees(kiosk))
    assert house.one("SELECT count(*) FROM visits") == 1


async def test_a_kiosk_that_cannot_keep_the_catalogue_still_shows_it(house):
    kiosk = await a_kiosk(house)
    read_only(kiosk, True)
    await house.until(lambda: kiosk.live)
    assert kiosk.catalogue == house.catalogue
    assert kiosk.outbox.catalogue() == (None, "")
    assert kiosk.next_ticket() == "A-1"


async def test_an_answer_that_cannot_be_written_down_still_reaches_the_screen_and_comes_again(house):
    """Invariant 13: the op stays in the outbox, is sent again after the next start, and has one effect."""
    kiosk = await a_kiosk(house)
    await house.until(lambda: kiosk.live)
    answered = []
    kiosk.on_answered = lambda op_id: answered.append(op_id) or house.changed.set()
    visit_id = come(kiosk)
    read_only(kiosk, True)
    await house.until(lambda: answered and visit_id in kiosk.view.visits)
    assert kiosk.view.unsent == frozenset()
    assert [submit.op.visit_id for submit in kiosk.outbox.pending()] == [visit_id]
    house.stop(kiosk)
    kiosk = house.device(kiosk.file)
    await house.until(lambda: house.agrees(kiosk))
    assert house.one("SELECT count(*) FROM visit_events") == 1


async def test_a_refusal_that_cannot_be_saved_is_shown_nevertheless(house):
    kiosk = await a_kiosk(house)
    await house.until(lambda: kiosk.live)
    op_id = kiosk.submit(ops.Cancel("f" * 32))
    read_only(kiosk, True)
    await house.until(lambda: house.answered)
    assert house.answered == [(op_id, Refusal(Code.UNKNOWN_VISIT, "f" * 32))]


async def test_a_device_has_its_catalogue_and_ticket_counter_without_a_connection(house):
    kiosk = await a_kiosk(house)
    come(kiosk)
    await house.until(lambda: house.agrees(kiosk))
    house.stop(kiosk)
    await house.close_server()
    kiosk = house.device(kiosk.file)
    assert kiosk.catalogue == house.catalogue
    assert not kiosk.live
    visit_id = come(kiosk)
    assert kiosk.view.visits[visit_id].ticket == "A-2"


async def test_an_op_too_large_to_be_read_is_never_put_into_the_outbox(house):
    kiosk = await a_kiosk(house)
    with pytest.raises(ValueError, match="never read"):
        kiosk.submit(ops.Rate("a" * 32, comment="x" * 70_000))
    assert kiosk.outbox.pending() == []


@pytest.mark.fault(
    "An error is raised in a screen while it shows a change",
    "the error is logged; no acknowledgement, message or connection is lost",
)
async def test_a_screen_that_fails_costs_no_acknowledgement_and_no_message(house):
    kiosk = await a_kiosk(house)
    faults = []
    asyncio.get_running_loop().set_exception_handler(
        lambda _loop, context: faults.append(str(context["exception"])) or house.changed.set()
    )

    def failing(*_what):
        raise RuntimeError("a fault in a screen")

    kiosk.on_change = kiosk.on_answered = kiosk.on_refused = failing
    visit_id = come(kiosk)
    op_id = kiosk.submit(ops.Cancel("f" * 32))
    await house.until(lambda: house.server.processor.event_counts["opened"] and not kiosk.outbox.pending())
    await house.until(lambda: house.agrees(kiosk))
    assert visit_id in kiosk.view.visits
    assert [submit.op_id for submit, _ in kiosk.outbox.refused()] == [op_id]
    assert set(faults) == {"a fault in a screen"}


async def test_a_device_that_cannot_make_a_socket_tries_again(house, tmp_path: Path):
    file = house.enrol("kiosk", "Front")
    await house.open()
    faults = []
    asyncio.get_running_loop().set_exception_handler(
        lambda _loop, context: faults.append(context["exception"]) or house.changed.set()
    )
    kiosk = Device(replace(file, server="tcp://no address"), tmp_path)
    kiosk.start()
    house.devices.append(kiosk)
    await house.until(lambda: faults)
    assert kiosk._engine.next_deadline() > kiosk._now()  # after a pause, not in a tight loop
    await house.until(lambda: len(faults) > 1)
