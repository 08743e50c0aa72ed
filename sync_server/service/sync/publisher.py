"""Sends devices what changed on the floor: updates after each commit, snapshots after a reload."""

import asyncio
from collections.abc import Callable, Iterable
from functools import partial

from sync_server.domain.events import Record
from sync_server.protocol import messages as msg
from sync_server.protocol.messages import FromServer
from sync_server.protocol.wire import encode
from sync_server.service.observe.counters import Counters
from sync_server.service.processing.processor import OpProcessor
from sync_server.service.processing.unit_of_work import UnitOfWork
from sync_server.service.storage.device_rows import DeviceRow

from .fan_out import PAUSE_S, FanOut
from .router import DeviceConnections
from .send_queues import SendQueues
from .sessions import Session, Sessions

POSITIONS_S = 1.0  # how soon kiosks are sent places and quoted waits that changed because of others


class UpdatePublisher:
    """The op processor's listener. Sends through `socket` to the devices of `sessions`.

    `pause` is how long other work gets its turn after some tablets have been sent an update, in s.
    """

    def __init__(
        self,
        socket: DeviceConnections,
        counters: Counters | None = None,
        keep_h: int = 24,
        pause: Callable[[], float] = lambda: PAUSE_S,
    ) -> None:
        self.sessions = Sessions(keep_h)
        self.queues = SendQueues(socket)
        self._fan_out = FanOut(self.sessions, self._send_frame, pause)
        self._counters = counters or Counters()
        self._positions_timer: asyncio.TimerHandle | None = None
        self._dropped_peers: set[bytes] = set()  # their messages were dropped while the floor was invalid

    # --- what the op processor calls ---------------------------------------------------------------

    def on_records(self, processor: OpProcessor, unit: UnitOfWork, records: list[Record]) -> None:
        if (staff := self.sessions.staff_update(processor.floor, records, unit.now)) is not None:
            update, concerned = staff
            unit.updates.append(partial(self._fan_out.publish, update, concerned))
        self._add(unit, self.sessions.kiosk_updates(processor.floor, records, unit.now))
        if self._positions_timer is None:
            loop = asyncio.get_running_loop()
            self._positions_timer = loop.call_later(POSITIONS_S, self._send_positions, processor)

    def on_reload(self, processor: OpProcessor, unit: UnitOfWork) -> None:
        self.sessions.reset(processor.floor)
        for session in list(self.sessions.by_peer.values()):
            self._add_snapshot(processor, unit, session)
        dropped, self._dropped_peers = self._dropped_peers, set()
        self.send(list(dropped), msg.WhoAreYou())

    # --- what the device handler calls -------------------------------------------------------------

    def greet(
        self,
        processor: OpProcessor,
        unit: UnitOfWork,
        at: int,
        peer: bytes,
        device: DeviceRow,
        hello: msg.Hello,
    ) -> None:
        """Opens a session for a device that said Hello `at` this steady time, and sends it a snapshot."""
        processor.publish_records(unit)  # before: the snapshot contains what this unit has done so far
        session = self.sessions.open(peer, device, at, hello)
        self._add_snapshot(processor, unit, session, hello)

    def send(self, peers: list[bytes], message: FromServer) -> None:
        """Sends at once, after the updates that a device still lacks.

        A session whose device cannot be reached is closed.
        """
        frame = encode(message)
        for peer in peers:
            session = self.sessions.by_peer.get(peer)
            if session is None:
                self._send_to(peer, frame)
            else:
                self._fan_out.catch_up(session)
                self._send_frame(session, frame)

    def beat(self, session: Session, at: int, echo: int | None) -> msg.Beat:
        """The answer to a ping: what was sent before it includes every update that is on disk."""
        self._fan_out.catch_up(session)
        return msg.Beat(session.sent_n, at, echo)

    def drop_messages_of(self, peers: Iterable[bytes]) -> None:
        """Messages of these devices were dropped: each must say Hello again after the next reload.

        Their sessions are closed, so that later messages are not processed before the dropped ones.
        """
        for peer in peers:
            self.sessions.close(peer)
            self._dropped_peers.add(peer)

    def stop(self) -> None:
        if self._positions_timer is not None:
            self._positions_timer.cancel()
        self._fan_out.stop()
        self.queues.stop()

    # --- inside ------------------------------------------------------------------------------------

    def _add_snapshot(
        self, processor: OpProcessor, unit: UnitOfWork, session: Session, hello: msg.Hello | None = None
    ) -> None:
        snapshot = self.sessions.snapshot(session, processor.floor, processor.epoch, unit.now, hello)
        unit.updates.append(partial(self._send_snapshot, session, snapshot))

    def _send_snapshot(self, session: Session, snapshot: msg.Snapshot) -> None:
        self._fan_out.skip(session, snapshot.n)
        self._send_frame(session, encode(snapshot))

    def _add(self, unit: UnitOfWork, updates: Iterable[tuple[Session, msg.Update]]) -> None:
        for session, update in updates:
            unit.updates.append(partial(self._send_update, session, update))

    def _send_update(self, kiosk: Session, update: msg.Update) -> None:
        if kiosk.follows:
            kiosk.sent_n = update.n
            self._send_frame(kiosk, encode(update))

    def _send_frame(self, session: Session, frame: bytes) -> bool:
        """Whether it was sent. A session that was closed since the unit was done is sent nothing."""
        if self.sessions.by_peer.get(session.peer) is not session:
            return False
        return self._send_to(session.peer, frame)

    def _send_to(self, peer: bytes, frame: bytes) -> bool:
        if self.queues.send(peer, frame):
            return True
        self.sessions.close(peer)
        self._counters.add("devices_too_slow")
        return False

    def _send_positions(self, processor: OpProcessor) -> None:
        self._positions_timer = None
        unit = processor.begin()
        self._add(unit, self.sessions.position_updates(processor.floor, unit.now))
        processor.finish(unit)
