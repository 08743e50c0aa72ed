"""A restored store and devices that know events it has lost: a new epoch, and nothing is done twice."""

import asyncio

from sync_server.domain import ops
from sync_server.domain.refusal import Code
from sync_server.domain.visit import ticket
from sync_server.protocol import messages as msg
from sync_server.service.restart import restoring
from sync_server.service.upkeep.backup import back_up
from sync_server.service.upkeep.restore import restore
from sync_server.service.upkeep.verify import verify

from .harness import come, do, visit_of


async def test_after_a_restore_every_device_forgets_the_lost_future_and_counts_on(house, tmp_path):
    kiosk, tom = await house.crew("tom")
    kept = come(kiosk, "repair")
    await house.until(lambda: (row := visit_of(tom, kept)) and row.offer_to == "tom")
    made = await asyncio.to_thread(back_up, house.data_dir, tmp_path / "into")  # while the server runs

    first_epoch = house.server.processor.epoch
    lost = come(kiosk, "repair")
    do(tom, ops.Accept, kept)
    await house.until(lambda: house.agrees(kiosk) and house.agrees(tom) and lost in kiosk.view.visits)
    assert (visit_of(tom, kept).state, visit_of(kiosk, lost).ticket) == ("accepted", "A-2")
    await house.close_server()
    await house.until(lambda: not kiosk.live and not tom.live)
    going_by_what_is_lost = do(tom, ops.Start, kept)
    waiting = come(kiosk, "repair", alias="Robin")

    restore(house.data_dir, made, replace=True)
    await house.open()
    await house.until(lambda: house.agrees(kiosk) and house.agrees(tom))

    assert house.server.processor.epoch != first_epoch
    assert lost not in kiosk.view.visits
    assert visit_of(kiosk, waiting).ticket == "A-3"  # the counter never goes back
    refused = dict(house.answered)
    assert refused[going_by_what_is_lost].code is Code.STALE_REV
    assert {submit.op_id for submit, _ in tom.outbox.refused()} == {going_by_what_is_lost}
    assert ticket.number(kiosk.next_ticket()) == 4
    assert verify(house.data_dir) == []


async def test_a_restore_under_a_running_server_brings_every_device_back_by_itself(house, tmp_path):
    """As the page Backups does it: the server stops, the stores change places, and it starts again."""
    kiosk, tom = await house.crew("tom")
    await house.close_server()
    server = await house.open()  # on the port that the devices know
    kept = come(kiosk, "repair")
    await house.until(lambda: (row := visit_of(tom, kept)) and row.offer_to == "tom")
    made = await asyncio.to_thread(back_up, house.data_dir, tmp_path / "into")
    lost = come(kiosk, "repair")
    await house.until(lambda: house.agrees(kiosk) and house.agrees(tom) and lost in kiosk.view.visits)

    server.restart.ask(restoring(house.data_dir, made, "manager", server.clock()))
    await house.until(lambda: house.server is not server and house.agrees(kiosk) and house.agrees(tom))

    assert house.server.restored.problem == ""
    assert house.server.processor.epoch != server.processor.epoch
    assert lost not in kiosk.view.visits
    do(tom, ops.Accept, kept)
    await house.until(lambda: (row := visit_of(kiosk, kept)) and row.state == "accepted")
    assert verify(house.data_dir) == []


async def test_a_restore_that_cannot_be_done_starts_the_server_with_what_was_there(house, tmp_path):
    (kiosk,) = await house.crew()
    await house.close_server()
    server = await house.open()
    visit_id = come(kiosk)
    await house.until(lambda: visit_of(kiosk, visit_id) and house.agrees(kiosk))
    made = await asyncio.to_thread(back_up, house.data_dir, tmp_path / "into")
    (made / "store.db").write_bytes(b"damaged")
    server.restart.ask(restoring(house.data_dir, made, "manager", server.clock()))
    await house.until(lambda: house.server is not server and house.agrees(kiosk))
    assert "differs from what was written" in house.server.restored.problem
    assert visit_id in kiosk.view.visits
    assert house.server.processor.epoch == server.processor.epoch


async def test_a_rev_of_another_epoch_is_stale_even_where_the_number_fits(house):
    kiosk, tom = house.enrol("kiosk", "Front"), house.enrol("staff", "Toms")
    server = await house.open()
    at_door, tablet = house.raw(kiosk), house.device(tom)
    await house.sign_in(tablet, "tom")
    snapshot = await at_door.hello()
    assert snapshot.epoch == server.processor.epoch != ""
    visit_id = "1" * 32
    await at_door.send(msg.Submit("2" * 32, 1, ops.OpenVisit(visit_id, "A-1", "repair", "en")))
    assert (await at_door.receive(msg.Answer)).refusal is None
    rev = server.processor.floor.visits[visit_id].rev

    async def leave(op_id: str, epoch: str, expected_rev: int | None) -> Code | None:
        await at_door.send(msg.Submit(op_id * 32, 1, ops.Cancel(visit_id, expected_rev), epoch=epoch))
        answer = await at_door.receive(msg.Answer)
        return answer.refusal.code if answer.refusal else None

    assert await leave("3", "another", rev) is Code.STALE_REV
    assert await leave("3", server.processor.epoch, rev) is Code.STALE_REV  # the same op has the same answer
    assert server.processor.floor.visits[visit_id].rev == rev
    assert await leave("4", server.processor.epoch, rev) is None


async def test_a_backup_while_the_shop_is_busy_is_of_one_moment(house, tmp_path):
    (kiosk,) = await house.crew()
    for _ in range(3):
        making = asyncio.ensure_future(asyncio.to_thread(back_up, house.data_dir, tmp_path))
        while not making.done():
            come(kiosk)
            await asyncio.sleep(0)
        made = await making  # it was verified; else this raises
        assert made.exists()
    await house.until(lambda: not kiosk.outbox.pending())
