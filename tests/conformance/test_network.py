"""The simulated network keeps the promises of the real sockets: each test runs on both."""

from collections.abc import Callable
from typing import Any

import pytest

from sync_server.service.limits.numbers import QUEUE_MESSAGES
from sync_server.service.sync.router import REVOKED_FRAME, Delivery

from .networks import DeviceEnd, NetworkUnderTest, run_on_real_sockets, run_simulated

FRAMES = [b"frame %d" % number for number in range(100)]
LARGE = 50_000  # bytes: a few hundred fill every buffer between server and device
Runner = Callable[[Callable[[Any], Any]], None]


@pytest.fixture(params=[run_on_real_sockets, run_simulated], ids=["sockets", "simulated"])
def run(request: pytest.FixtureRequest) -> Runner:
    runner: Runner = request.param
    return runner


async def connected(net: NetworkUnderTest, name: str = "front") -> tuple[DeviceEnd, bytes]:
    """A device whose first frame has arrived at the server, and its peer there."""
    device = net.new_device(name)
    net.register([device], [])
    await net.open(device)
    return device, await greeted(net, device)


async def greeted(net: NetworkUnderTest, device: DeviceEnd) -> bytes:
    """The peer of the device's present connection. Says hello again where the first one was lost."""
    before = len(net.received)
    net.send(device, b"hello")

    def peers() -> list[bytes]:
        name = device.row.device_id
        return [peer for peer, sender, frame in net.received[before:] if (sender, frame) == (name, b"hello")]

    await net.until(peers, again=lambda: net.send(device, b"hello"))
    return peers()[-1]


def frames_of(net: NetworkUnderTest, device: DeviceEnd) -> list[bytes]:
    return [
        frame for _, sender, frame in net.received if sender == device.row.device_id and frame != b"hello"
    ]


def test_frames_to_the_server_arrive_whole_and_in_order(run: Runner) -> None:
    async def scenario(net: NetworkUnderTest) -> None:
        device, _ = await connected(net)
        for frame in FRAMES:
            net.send(device, frame)
        await net.until(lambda: len(frames_of(net, device)) == len(FRAMES))
        assert frames_of(net, device) == FRAMES

    run(scenario)


def test_frames_to_a_device_arrive_whole_and_in_order(run: Runner) -> None:
    async def scenario(net: NetworkUnderTest) -> None:
        device, peer = await connected(net)
        assert all(net.send_to(peer, frame) is Delivery.SENT for frame in FRAMES)
        await net.until(lambda: len(device.received) == len(FRAMES))
        assert device.received == FRAMES

    run(scenario)


def test_frames_sent_before_there_is_a_server_arrive_when_there_is_one(run: Runner) -> None:
    async def scenario(net: NetworkUnderTest) -> None:
        device, _ = await connected(net)
        await net.stop_server()
        await net.open(device)
        for frame in FRAMES:
            net.send(device, frame)
        await net.start_server()
        await net.until(lambda: len(frames_of(net, device)) == len(FRAMES))
        assert frames_of(net, device) == FRAMES

    run(scenario)


def test_devices_have_peers_of_their_own_and_keep_them(run: Runner) -> None:
    async def scenario(net: NetworkUnderTest) -> None:
        front, back = net.new_device("front"), net.new_device("back")
        net.register([front, back], [])
        await net.open(front)
        await net.open(back)
        peers = await greeted(net, front), await greeted(net, back)
        assert peers[0] != peers[1]
        assert (await greeted(net, front), await greeted(net, back)) == peers
        net.send_to(peers[1], b"for back")
        await net.until(lambda: back.received)
        assert (front.received, back.received) == ([], [b"for back"])

    run(scenario)


def test_a_new_connection_has_a_new_peer_and_the_old_one_cannot_be_reached(run: Runner) -> None:
    async def scenario(net: NetworkUnderTest) -> None:
        device, old = await connected(net)
        net.cut(device)
        net.repair(device)
        new = await greeted(net, device)
        assert new != old
        assert net.send_to(old, b"to the old connection") is Delivery.GONE
        assert net.send_to(new, b"to the new connection") is Delivery.SENT
        await net.until(lambda: device.received)
        assert device.received == [b"to the new connection"]

    run(scenario)


def test_a_link_that_is_opened_again_has_a_new_peer(run: Runner) -> None:
    async def scenario(net: NetworkUnderTest) -> None:
        device, old = await connected(net)
        await net.open(device)
        assert await greeted(net, device) != old

    run(scenario)


def test_frames_sent_while_the_connection_is_cut_arrive_afterwards_in_order(run: Runner) -> None:
    async def scenario(net: NetworkUnderTest) -> None:
        device, old = await connected(net)
        net.cut(device)
        await net.until(lambda: True)
        await net.open(device)  # as the engine does where it has not heard from the server
        for frame in FRAMES:
            net.send(device, frame)
        net.repair(device)
        await net.until(lambda: len(frames_of(net, device)) == len(FRAMES))
        assert frames_of(net, device) == FRAMES
        assert old not in {peer for peer, _, frame in net.received if frame == FRAMES[0]}

    run(scenario)


def test_a_short_stall_loses_nothing_and_keeps_the_connection(run: Runner) -> None:
    async def scenario(net: NetworkUnderTest) -> None:
        device, peer = await connected(net)
        net.stall(device)
        for frame in FRAMES:
            net.send(device, frame)
            assert net.send_to(peer, frame) is Delivery.SENT
        net.repair(device)
        await net.until(lambda: len(frames_of(net, device)) == len(FRAMES) == len(device.received))
        assert frames_of(net, device) == FRAMES
        assert device.received == FRAMES
        assert await greeted(net, device) == peer

    run(scenario)


def test_a_closed_link_receives_nothing_more(run: Runner) -> None:
    async def scenario(net: NetworkUnderTest) -> None:
        device, peer = await connected(net)
        net.close(device)
        net.send(device, b"on a closed link")
        net.send_to(peer, b"to a closed link")
        other = net.new_device("other")
        net.register([device, other], [])
        await net.open(other)
        await greeted(net, other)
        assert device.received == []
        assert frames_of(net, device) == []

    run(scenario)


def test_a_device_that_does_not_read_is_refused_more_and_gets_what_was_accepted(run: Runner) -> None:
    async def scenario(net: NetworkUnderTest) -> None:
        device, peer = await connected(net)
        net.stall(device)
        count = 0
        while (sent := net.send_to(peer, b"%d " % count + b"x" * LARGE)) is Delivery.SENT:
            count += 1
            assert count < 20 * QUEUE_MESSAGES
        assert sent is Delivery.FULL
        assert count >= QUEUE_MESSAGES
        net.repair(device)
        await net.until(lambda: len(device.received) == count)
        assert [int(frame.split()[0]) for frame in device.received] == list(range(count))
        assert net.send_to(peer, b"more") is Delivery.SENT
        await net.until(lambda: device.received[-1] == b"more")

    run(scenario)


# --- who may take part ---------------------------------------------------------------------------


async def nothing_of(net: NetworkUnderTest, device: DeviceEnd) -> None:
    """Waits until frames of another device have made the way several times; none of this one's came."""
    witness = net.new_device("witness")
    net.register([witness], [])
    await net.open(witness)
    for _ in range(5):
        await greeted(net, witness)
    assert frames_of(net, device) == []


def test_frames_of_an_unknown_device_never_arrive(run: Runner) -> None:
    async def scenario(net: NetworkUnderTest) -> None:
        stranger = net.new_device("stranger")
        await net.open(stranger)
        net.send(stranger, b"let me in")
        await nothing_of(net, stranger)
        assert stranger.received == []

    run(scenario)


def test_a_revoked_device_is_told_so_and_its_frames_do_not_arrive(run: Runner) -> None:
    async def scenario(net: NetworkUnderTest) -> None:
        device = net.new_device("front")
        net.register([], [device])
        await net.open(device)
        net.send(device, b"an op")
        await net.until(lambda: device.received)
        assert device.received == [REVOKED_FRAME]
        await nothing_of(net, device)

    run(scenario)


def test_a_device_that_is_revoked_while_it_is_connected_is_told_with_its_next_frame(run: Runner) -> None:
    async def scenario(net: NetworkUnderTest) -> None:
        device, _ = await connected(net)
        net.register([], [device])
        net.send(device, b"an op")
        await net.until(lambda: device.received)
        assert device.received == [REVOKED_FRAME]
        assert frames_of(net, device) == []

    run(scenario)


def test_a_suspended_device_is_not_heard_and_not_told(run: Runner) -> None:
    async def scenario(net: NetworkUnderTest) -> None:
        device, _ = await connected(net)
        net.suspend(device)
        net.send(device, b"an op")
        await nothing_of(net, device)
        assert device.received == []

    run(scenario)


def test_devices_come_back_by_themselves_after_the_server_was_restarted(run: Runner) -> None:
    async def scenario(net: NetworkUnderTest) -> None:
        device, _ = await connected(net)
        await net.stop_server()
        await net.start_server()
        await greeted(net, device)
        assert net.send_to(net.received[-1][0], b"welcome back") is Delivery.SENT
        await net.until(lambda: device.received)
        assert device.received == [b"welcome back"]

    run(scenario)
