"""1, 2, 13: a server killed in the middle of its work loses nothing that it has acknowledged."""

import random

import pytest

from sync_server.domain import ops
from sync_server.domain.events import Resolution

from .house import come, do
from .ledger import check
from .process import ServerProcess

ROUNDS = 5


@pytest.mark.fault(
    "The server is killed with kill -9 in the middle of its work, five times",
    "every acknowledged op is on disk, once; what was not acknowledged is done after the start",
)
async def test_every_acknowledged_op_outlives_kill_9_exactly_once(house):
    chance = random.Random(7)
    kiosk_file, tablet_file = house.enrol("kiosk", "Front"), house.enrol("staff", "Toms")
    server = await ServerProcess(house.folder.path).start()
    house.sync = server.sync
    kiosk, tom = house.device(kiosk_file), house.device(tablet_file)
    await house.sign_in(tom, "tom")
    in_flight = 0
    acknowledged: set[str] = set()
    kiosk.on_answered = tom.on_answered = lambda op_id: acknowledged.add(op_id) or house.changed.set()
    try:
        for _ in range(ROUNDS):
            wanted = len(acknowledged) + chance.randrange(15, 40)
            while len(acknowledged) < wanted:  # the work goes on, and the kill falls somewhere into it
                for _ in range(chance.randrange(1, 6)):
                    come(kiosk, alias="x" * 40)
                work(tom)
                seen = len(acknowledged)
                await house.until(lambda seen=seen: len(acknowledged) > seen)
            for _ in range(10):
                come(kiosk)
            await server.kill()
            told = set(acknowledged)
            in_flight += len(kiosk.outbox.pending())
            with house.store() as db:
                on_disk = {row[0] for row in db.execute("SELECT op_id FROM ops")}
                check(db, house.catalogue)
            assert told <= on_disk
            server = await ServerProcess(house.folder.path, server.sync).start()
        await house.until(lambda: not kiosk.outbox.pending() and not tom.outbox.pending())
        await house.until(lambda: kiosk.live and tom.live)
    finally:
        await server.stop()
    with house.store() as db:
        done = [row[0] for row in db.execute("SELECT op_id FROM ops")]
        opened = [row[0] for row in db.execute("SELECT visit_id FROM visit_events WHERE event = 'opened'")]
        floor = check(db, house.catalogue)
    assert set(done) == acknowledged
    assert len(done) == len(set(done)) >= ROUNDS * 15
    assert in_flight > 0  # else the kills came too late to show anything
    assert len(opened) == len(set(opened)) == len(floor.visits)
    assert not [submit for submit, _ in kiosk.outbox.refused()]  # no shopper's ticket got lost or was taken


def work(tom) -> None:
    """What tom would do next with what his tablet shows."""
    me = tom.view.holder(tom.file.device_id)
    following = {"offered": ops.Accept, "accepted": ops.Start, "serving": ops.Complete}
    for visit_id, row in tom.view.visits.items():
        if me is not None and me.id in (row.offer_to, row.employee) and row.state in following:
            step = following[row.state]
            do(tom, step, visit_id, **({"resolution": Resolution.SOLVED} if step is ops.Complete else {}))
            return


@pytest.mark.fault("The server is stopped and started", "the floor is as it was")
async def test_a_server_asked_to_stop_does_so_and_says_goodbye_to_its_lock(house):
    file = house.enrol("kiosk", "Front")
    server = await ServerProcess(house.folder.path).start()
    house.sync = server.sync
    kiosk = house.device(file)
    come(kiosk)
    await house.until(lambda: not kiosk.outbox.pending())
    assert await server.stop() == 0
    assert not house.folder.control_address.exists()
    await house.open()  # the folder is free, and the visit is there
    await house.until(lambda: house.agrees(kiosk))
    assert len(kiosk.view.visits) == 1
