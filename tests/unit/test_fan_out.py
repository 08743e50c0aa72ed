"""Each tablet is sent every update once, in order, whoever is served first and whatever comes in between."""

import asyncio
from collections import defaultdict
from collections.abc import Container

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from sync_server.device.sync.replica import Replica
from sync_server.protocol.messages import PROTOCOL, Hello, Update
from sync_server.protocol.rows import PersonRow
from sync_server.protocol.wire import decode_from_server
from sync_server.service.storage.device_rows import DeviceRow
from sync_server.service.sync.fan_out import MAX_BEHIND, SLICE, FanOut, coalesce
from sync_server.service.sync.sessions import Session, Sessions

from .replica_rows import VID, row
from .virtual_time import virtual_time

BEA = "b" * 32


class Tablets:
    """A fan-out to tablets; `sent` holds the numbers of the updates that each session was sent.

    Those in `coalescing` get one message for several updates.
    """

    def __init__(self, count: int, pause_s: float = 0.001, coalescing: Container[str] = ()) -> None:
        self.coalescing = coalescing
        self.sessions = Sessions()
        self.sent: dict[Session, list[int]] = defaultdict(list)
        self.gone: set[Session] = set()
        self.fan_out = FanOut(self.sessions, self._send, lambda: pause_s)
        self.n = 0
        self.all = [self.greet(f"d{number}") for number in range(count)]

    def greet(self, device_id: str) -> Session:
        device = DeviceRow(device_id, "staff", device_id, "A", device_id * 10)
        hello = Hello(PROTOCOL, coalesces=device_id in self.coalescing)
        session = self.sessions.open(device_id.encode(), device, 0, hello)
        self.fan_out.skip(session, self.n)
        return session

    def publish(self, *concerned: str) -> None:
        self.n += 1
        self.fan_out.publish(Update(self.n, 0, gone=(str(self.n),)), concerned)

    def _send(self, session: Session, frame: bytes) -> bool:
        if session in self.gone:
            self.sessions.close(session.peer)
            return False
        update = decode_from_server(frame)
        assert isinstance(update, Update)
        assert (update.first is not None) == (len(update.gone) > 1)
        if update.first is not None:
            assert session.coalesces
            assert (update.first, update.n) == (int(update.gone[0]), int(update.gone[-1]))
        self.sent[session] += [int(n) for n in update.gone]
        return True


@virtual_time
async def test_the_tablets_concerned_are_sent_an_update_at_once_the_others_in_slices():
    tablets = Tablets(3 * SLICE)
    last = tablets.all[-1]
    tablets.publish(last.device.device_id)
    assert dict(tablets.sent) == {last: [1]}
    await asyncio.sleep(0.0005)
    assert len(tablets.sent) == SLICE + 1, "one slice; the others come later"
    await asyncio.sleep(1)
    assert all(tablets.sent[tablet] == [1] for tablet in tablets.all)


@virtual_time
async def test_a_concerned_tablet_gets_what_it_lacks_first():
    tablets = Tablets(2)
    first, second = tablets.all
    tablets.publish()
    tablets.publish("d1")
    assert dict(tablets.sent) == {second: [1, 2]}
    assert tablets.fan_out.catch_up(first) == 2
    assert tablets.sent[first] == [1, 2]
    assert tablets.fan_out.catch_up(first) == 0
    await asyncio.sleep(1)
    assert tablets.sent == {first: [1, 2], second: [1, 2]}


@virtual_time
async def test_a_closed_session_is_sent_nothing_more():
    tablets = Tablets(2)
    revoked, other = tablets.all
    tablets.publish()
    tablets.sessions.close(revoked.peer)
    again = tablets.greet("d0")
    tablets.publish()
    assert tablets.fan_out.catch_up(revoked) == 0
    await asyncio.sleep(1)
    assert tablets.sent == {other: [1, 2], again: [2]}


@virtual_time
async def test_a_session_without_a_snapshot_is_sent_nothing():
    tablets = Tablets(1)
    tablets.sessions.open(b"new", DeviceRow("new", "staff", "new", "B", "k" * 40), 0, Hello(PROTOCOL))
    kiosk = DeviceRow("kiosk", "kiosk", "kiosk", "C", "l" * 40)
    tablets.sessions.open(b"kiosk", kiosk, 0, Hello(PROTOCOL)).follows = True
    tablets.publish("new")
    await asyncio.sleep(1)
    assert tablets.sent == {tablets.all[0]: [1]}


@virtual_time
async def test_a_tablet_that_is_gone_holds_nobody_up():
    tablets = Tablets(2)
    gone, other = tablets.all
    tablets.gone.add(gone)
    tablets.publish()
    tablets.publish()
    await asyncio.sleep(1)
    assert tablets.sent == {other: [1, 2]}
    assert not tablets.fan_out._updates
    assert not tablets.fan_out._behind


@virtual_time
async def test_when_many_updates_wait_as_many_are_sent_at_once_as_are_added():
    tablets = Tablets(10)
    for _ in range(5 * MAX_BEHIND):
        tablets.publish()
        assert len(tablets.fan_out._updates) <= 2 * MAX_BEHIND
    tablets.fan_out.stop()
    await asyncio.sleep(1)
    assert min(len(tablets.sent[tablet]) for tablet in tablets.all) >= 3 * MAX_BEHIND
    assert all(numbers == list(range(1, len(numbers) + 1)) for numbers in tablets.sent.values())


@virtual_time
async def test_one_message_stands_for_all_that_a_tablet_lacks():
    tablets = Tablets(2 * SLICE, pause_s=10, coalescing=["d99"])
    for _ in range(3):
        tablets.publish()
    await asyncio.sleep(0)
    last = tablets.all[-1]
    assert tablets.fan_out.catch_up(last) == 1
    assert tablets.sent[last] == [1, 2, 3]


def test_of_several_updates_the_last_row_of_each_visit_and_person_counts():
    ann, bob = PersonRow("ann", "available", 0), PersonRow("bob", "available", 0)
    updates = [
        Update(4, 10, (row(), row(BEA)), (), (ann,)),
        Update(5, 20, (row(rev=2),), ("c" * 32,), (bob,)),
        Update(6, 30, (row(BEA, rev=3),), (VID,), (replace(ann, presence="on_break"),)),
        Update(7, 40, (row(BEA, rev=4),)),
    ]
    both = coalesce(updates)
    one, other = Replica(), Replica()
    for replica in (one, other):
        replica.ready, replica.n = True, 3
    assert all(one.apply(update) for update in updates)
    assert other.apply(both)
    assert (one.n, one.visits, one.people) == (other.n, other.visits, other.people)
    assert (both.first, both.at, set(both.gone)) == (4, 40, {VID, "c" * 32})
    assert coalesce(updates[2:3]) is updates[2]
    assert coalesce([coalesce(updates[:2]), updates[2]]).first == 4


DEVICES = st.integers(0, 4)
STEPS = st.one_of(
    st.tuples(st.just("publish"), st.sets(DEVICES)),
    st.tuples(st.just("lost"), st.just({0})),  # updates whose commit failed: their numbers are not used again
    st.tuples(st.sampled_from(["answer", "snapshot", "close"]), st.sets(DEVICES, min_size=1)),
    st.tuples(st.just("wait"), st.just({0})),
)


@given(st.lists(STEPS, max_size=60))
def test_every_tablet_is_sent_all_updates_since_its_snapshot_once_and_in_order(steps):
    @virtual_time
    async def play() -> None:
        tablets = Tablets(5, coalescing=["d0", "d3"])
        published: list[int] = []
        since: dict[Session, int] = dict.fromkeys(tablets.all, 0)

        def due(session: Session) -> list[int]:
            return [n for n in published if n > since[session]]

        for step, numbers in steps:
            names = [f"d{number}" for number in numbers]
            sessions = [s for name in names if (s := tablets.sessions.of_device(name)) is not None]
            match step:
                case "publish":
                    published.append(tablets.n + 1)
                    tablets.publish(*names)
                    assert all(tablets.sent[session] == due(session) for session in sessions)
                case "lost":
                    tablets.n += 1
                    for session in tablets.sessions.by_peer.values():  # everybody gets a snapshot then
                        tablets.fan_out.skip(session, tablets.n)
                        since[session], tablets.sent[session] = tablets.n, []
                case "answer":
                    for session in sessions:
                        tablets.fan_out.catch_up(session)
                        assert tablets.sent[session] == due(session)
                        assert session.sent_n == max([since[session], *due(session)])
                case "snapshot":
                    since |= {tablets.greet(name): tablets.n for name in names}
                case "close":
                    for session in sessions:
                        tablets.sessions.close(session.peer)
                case "wait":
                    await asyncio.sleep(0.0015)
        await asyncio.sleep(1)
        assert all(tablets.sent[s] == due(s) for s in tablets.sessions.by_peer.values())
        assert not tablets.fan_out._updates

    play()
