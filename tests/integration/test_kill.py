"""Invariants 1, 2, 13: a server that is killed loses nothing that it has acknowledged."""

import random

import pytest

from sync_server.domain import ops
from sync_server.domain.resolution import Resolution

from .harness import come, do
from .process import ServerProcess
from .store_checks import check_store

ROUNDS = 5


@pytest.mark.fault(
    "The server is killed with kill -9 in the middle of its work, five times",
    "every acknowledged op is on disk once; the other ops are done after the start",
)
async def test_every_acknowledged_op_outlives_kill_9_exactly_once(house):
    chance = random.Random(7)
    kiosk_file, tablet_file = house.enrol("kiosk", "Front"), house.enrol("staff", "Toms")
    server = await ServerProcess(house.data_dir.path).start()
    house.sync = server.sync
    kiosk, tom = house.device(kiosk_file), house.device(tablet_file)
    await house.sign_in(tom, "tom")
    in_flight = 0
    acknowledged: set[str] = set()
    kiosk.on_answered = tom.on_answered = lambda op_id: acknowledged.add(op_id) or house.changed.set()
    try:
        for _ in range(ROUNDS):
            for visit_id in [v for v, row in kiosk.view.visits.items() if row.state == "waiting"][20:]:
                kiosk.submit(ops.Cancel(visit_id))  # a line is full at 200, which a fast computer reaches
            wanted = len(acknowledged) + chance.randrange(15, 40)
            while len(acknowledged) < wanted:  # the kill comes at any point of the work
                for _ in range(chance.randrange(1, 6)):
                    come(kiosk, alias="x" * 40)
                work(tom)
                seen = len(acknowledged)
                await house.until(lambda seen=seen: len(acknowledged) > seen)
            for _ in range(10):
                come(kiosk)
            await server.kill()
            printed = set(acknowledged)
            in_flight += len(kiosk.outbox.pending())
            with house.store() as db:
                on_disk = {row[0] for row in db.execute("SELECT op_id FROM ops")}
                check_store(db, house.catalogue)
            assert printed <= on_disk
            server = await ServerProcess(house.data_dir.path, server.sync).start()
        await house.until(lambda: not kiosk.outbox.pending() and not tom.outbox.pending())
        await house.until(lambda: kiosk.live and tom.live)
    finally:
        await server.stop()
    with house.store() as db:
        done = [row[0] for row in db.execute("SELECT op_id FROM ops")]
        opened = [row[0] for row in db.execute("SELECT visit_id FROM visit_events WHERE event = 'opened'")]
        floor = check_store(db, house.catalogue)
    assert set(done) == acknowledged
    assert len(done) == len(set(done)) >= ROUNDS * 15
    assert in_flight > 0  # otherwise the kills came too late to test anything
    assert len(opened) == len(set(opened)) == len(floor.visits)
    assert not [submit for submit, _ in kiosk.outbox.refused()]  # no ticket was lost or given out twice


def work(tom) -> None:
    """Submits the next op for each visit on tom's tablet."""
    me = tom.view.holder(tom.file.device_id)
    following = {"offered": ops.Accept, "accepted": ops.Start, "serving": ops.Complete}
    for visit_id, row in tom.view.visits.items():
        if me is not None and me.id in (row.offer_to, row.employee) and row.state in following:
            step = following[row.state]
            do(tom, step, visit_id, **({"resolution": Resolution.SOLVED} if step is ops.Complete else {}))
            return


@pytest.mark.fault(
    "The server is stopped and started",
    "the floor is as before",
)
async def test_a_server_that_is_asked_to_stop_releases_its_lock(house):
    file = house.enrol("kiosk", "Front")
    server = await ServerProcess(house.data_dir.path).start()
    house.sync = server.sync
    kiosk = house.device(file)
    come(kiosk)
    await house.until(lambda: not kiosk.outbox.pending())
    assert await server.stop() == 0
    assert not house.data_dir.control_socket.exists()
    await house.open()  # the data directory is unlocked, and the visit is there
    await house.until(lambda: house.agrees(kiosk))
    assert len(kiosk.view.visits) == 1
