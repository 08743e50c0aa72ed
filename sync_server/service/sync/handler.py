"""Handles the messages of devices: greets them, has their ops done, checks PINs, answers."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from functools import partial

from sync_server.domain.ops import OPENING_OPS, SYSTEM, DeviceOp, SignOff
from sync_server.domain.refusal import Code, Refusal
from sync_server.protocol import heartbeat
from sync_server.protocol import messages as msg
from sync_server.protocol.messages import FromServer
from sync_server.protocol.rows import ToldWaitsRow
from sync_server.protocol.wire import WireError, decode_from_device
from sync_server.service.auth.checker import CredentialChecker
from sync_server.service.clock import steady_clock
from sync_server.service.limits.numbers import (
    BYTES_PER_MESSAGE,
    MAX_OPS_WAITING,
    MESSAGES_BURST,
    MESSAGES_PER_S,
    MESSAGES_WAITING,
)
from sync_server.service.limits.rate_limit import PerKey, TokenBucket
from sync_server.service.observe.counters import Counters
from sync_server.service.processing.catalogue_changes import begin_store_day
from sync_server.service.processing.processor import OpProcessor, Unavailable
from sync_server.service.processing.unit_of_work import UnitOfWork
from sync_server.service.storage.device_rows import DeviceRow

from .device_reports import DeviceReports, DeviceTrouble
from .duplicates import DuplicateDetector, Verdict
from .last_seen import LastSeen
from .publisher import UpdatePublisher
from .router import DeviceConnections, Incoming
from .sessions import Session
from .sign_ins import SignIns

HELLO_COSTS = 10  # messages: a snapshot is work
RESUME_S = 0.02  # until a device that has used up its messages may send some more
BUSY = "this device sends more than the server takes at once; it is kept here and follows by itself"
BEHIND = "the server's disk is slow at the moment; everything is kept here and follows by itself"

log = logging.getLogger(__name__)


class DeviceHandler:
    """Does what devices ask, within their limits, and answers through `publisher`.

    Limits and silence are measured by `steady`, a clock that never jumps, in ms. `hear_clock` is called with
    the clock of a device at each tap, ms UTC.
    """

    def __init__(
        self,
        processor: OpProcessor,
        credential_checker: CredentialChecker,
        publisher: UpdatePublisher,
        socket: DeviceConnections,
        counters: Counters | None = None,
        steady: Callable[[], int] = steady_clock,
        hear_clock: Callable[[int], object] = lambda _device_clock: None,
    ) -> None:
        self._steady = steady
        self._hear_clock = hear_clock
        self.last_seen = LastSeen()
        self.device_reports = DeviceReports()
        self._duplicates = DuplicateDetector()
        self._counters = counters or Counters()
        self._processor = processor
        self._publisher = publisher
        self._socket = socket
        self._sessions = publisher.sessions
        self._sessions.reset(processor.floor)
        self._day = processor.catalogue.day(processor.clock())
        self._heartbeat_timer: asyncio.TimerHandle | None = None
        self._sign_ins = SignIns(processor, credential_checker, socket, self._counters)
        self._buckets = PerKey(lambda: TokenBucket(MESSAGES_BURST, MESSAGES_PER_S))  # by device
        self._resumed: dict[Session, None] = {}  # whose waiting messages are done next
        self._stopped = False
        publisher.queues.on_room = self._on_room

    async def run(self) -> None:
        """Serves the devices until cancelled.

        Raises what reading raises: a server that does not hear its devices must end and be started again.
        """
        self._schedule_heartbeat()
        try:
            await self._socket.read(self._on_messages)
        finally:
            if self._heartbeat_timer is not None:
                self._heartbeat_timer.cancel()
            self._stopped = True
            self._publisher.stop()

    def _schedule_heartbeat(self) -> None:
        self._heartbeat_timer = asyncio.get_running_loop().call_later(
            heartbeat.HEARTBEAT_S, self._on_heartbeat
        )

    def _on_heartbeat(self) -> None:
        """Closes silent sessions, and begins a new store-day."""
        self._schedule_heartbeat()
        self._sessions.close_silent(self._steady())
        day = self._processor.catalogue.day(self._processor.clock())
        if day != self._day:
            self._day = day
            begin_store_day(self._processor)

    def tell_kiosks(self, told_waits: ToldWaitsRow) -> None:
        """How right the told waits were: the kiosks hear it with the next change of the floor."""
        self._publisher.sessions.told_waits = told_waits

    def apply_devices(self, devices: Mapping[str, DeviceRow]) -> None:
        """Ends the sessions of devices that are not among these, by public key, and tells them so.

        A device that has another name or role now must say Hello again.
        """
        for session in list(self._sessions.by_peer.values()):
            if (now := devices.get(session.device.public_key)) != session.device:
                self._sessions.close(session.peer)
                self._publisher.send([session.peer], msg.Dismissed() if now is None else msg.WhoAreYou())

    def sign_off_holder(self, device_id: str) -> None:
        """Takes the employee who held this tablet off the floor, for it takes part no more.

        The server does it, so the log does not say that the employee did something on a revoked tablet.
        """
        if not self._processor.recovery.state_valid:
            return
        unit = self._processor.begin()
        try:
            self._processor.apply(unit, SignOff(device_id), SYSTEM)  # refused where nobody holds it
        except Unavailable:
            return  # logged by the processor; the floor is read from disk again
        self._processor.finish(unit)

    def troubles(self, device_id: str) -> list[DeviceTrouble]:
        """What the manager must know about this device."""
        return self.device_reports.troubles(device_id, self._steady())

    @property
    def connected_devices(self) -> list[DeviceRow]:
        """The devices that have a session."""
        return [session.device for session in self._sessions.by_peer.values()]

    # --- messages ----------------------------------------------------------------------------------

    def _on_messages(self, incoming: list[Incoming]) -> None:
        """Does the messages at hand in one unit of work, as far as each device's window allows."""
        if not self._processor.recovery.state_valid:
            self._drop(incoming)
            return
        unit, at = self._processor.begin(), self._steady()
        self._counters.add("messages", len(incoming))
        unknown: dict[bytes, None] = {}
        for peer, device, body in incoming:
            try:
                extra = len(body or b"") // BYTES_PER_MESSAGE
                if extra and not self._take_tokens(device, at, extra):
                    continue
                if body is None:
                    raise WireError("a message has one frame")
                message = decode_from_device(body)
                if isinstance(message, msg.Hello):
                    self._greet(unit, at, peer, device, message)
                elif (session := self._session_of(peer, device)) is not None:
                    self._receive(unit, at, session, message)
                else:
                    self._take_tokens(device, at)
                    unknown[peer] = None
            except WireError as error:
                self._counters.add("messages_of_many_frames" if body is None else "messages_unreadable")
                if self._take_tokens(device, at):
                    log.warning("%s sent something that is no message: %s", device.device_id, error)
                    self._reply(unit, peer, msg.Fault(str(error)[:300], error.op_id))
            except Unavailable:
                self._drop(incoming)  # of the whole unit: none of it will be written
                return
        for peer in unknown:  # once, for however many messages
            if peer not in self._sessions.by_peer:
                self._reply(unit, peer, msg.WhoAreYou())
        self._processor.finish(unit)

    def _drop(self, incoming: list[Incoming]) -> None:
        self._publisher.drop_messages_of(peer for peer, _, _ in incoming)

    def _session_of(self, peer: bytes, device: DeviceRow) -> Session | None:
        session = self._sessions.by_peer.get(peer)
        if session is not None and session.device == device:
            return session
        self._sessions.close(peer)  # the name of a connection may have been another's
        return None

    def _receive(self, unit: UnitOfWork, at: int, session: Session, message: msg.FromDevice) -> None:
        """Does the message, or lets it wait: behind those of this device that wait, or for its window.

        `at` is the time by the steady clock. Raises Unavailable.
        """
        session.seen_at = at
        self.last_seen.times[session.device.device_id] = unit.now
        waiting = session.waiting
        if waiting and message in waiting:
            return  # repeated: it is answered when its turn comes
        room = len(waiting) < MESSAGES_WAITING
        if isinstance(message, msg.Submit):
            if not session.order.may_do(message.op_id, at, room):
                self._put_off(session, message.op_id, self._disk_problem or BUSY)
                return
        elif not room:
            self._counters.add("messages_put_off")
            return
        if not waiting and self._may_do_next(at, session):
            self._do_message(unit, session, message)
        else:
            waiting.add(message)
            self._do_waiting(unit, at, session)

    def _do_waiting(self, unit: UnitOfWork, at: int, session: Session) -> None:
        """Does what waits of this device, as far as it may be done now. Raises Unavailable."""
        while session.waiting and self._may_do_next(at, session):
            self._do_message(unit, session, session.waiting.take_next())

    def _may_do_next(self, at: int, session: Session) -> bool:
        """Whether the next message of this device may be done now; if so, it is taken from its rate limit.

        Not while its window is full, nor while it does not take its answers, nor once it has sent too much.
        What waits is resumed when that is over.
        """
        if (
            session.unanswered >= msg.WINDOW
            or session.throttled
            or self._publisher.queues.is_full(session.peer)  # `_on_room` goes on
            # Suspended: it may be about to be revoked.
            or session.device.public_key not in self._socket.authenticator.devices
        ):
            return False
        if self._take_tokens(session.device, at):
            return True
        session.throttled = True
        asyncio.get_running_loop().call_later(RESUME_S, self._resume, session)
        return False

    def _do_message(self, unit: UnitOfWork, session: Session, message: msg.FromDevice) -> None:
        match message:
            case msg.Submit():
                self._hear_clock(message.at_device)
                self._do_op(unit, session, message)
            case msg.SignIn():
                later = partial(self._publisher.send, [session.peer])
                if (refused := self._sign_ins.begin(session.device, message, later)) is not None:
                    self._answer(unit, session, lambda: refused)
            case msg.Ping(echo):
                self._answer(unit, session, lambda: self._publisher.beat(session, unit.now, echo))

    def _do_op(self, unit: UnitOfWork, session: Session, submit: msg.Submit) -> None:
        op_id = submit.op_id
        if (why := self._disk_problem) is not None:
            session.order.wait_for(op_id, self._steady())
            self._put_off(session, op_id, why)
            self._put_off_waiting(session, why)
            return
        refusal = self._processor.do(
            unit,
            op_id,
            submit.op,
            session.actor,
            submit.at_device,
            submit.epoch,
            submit.ahead_ms,
            # A device of 0.1.0 took the time in its ids from its own clock, which may be years slow.
            dated=session.lenient,
            forbidden=_refuse_foreign_ticket(session.device, submit.op),
        )
        # A repeated op may be answered before this callback, and not come again: no other op may wait for it.
        first_time = unit.op_ids[-1:] == [op_id]
        self._answer(unit, session, lambda: msg.Answer(op_id, refusal))
        unit.on_rollback.append(lambda why: self._rolled_back(session, op_id, why, first_time))

    @property
    def _disk_problem(self) -> str | None:
        """Why no op can be written now."""
        if (fault := self._processor.recovery.backing_off) is not None:
            return fault.text
        return BEHIND if self._processor.ops_waiting >= MAX_OPS_WAITING else None

    def _rolled_back(self, session: Session, op_id: str, why: str, first_time: bool) -> None:
        if first_time:
            session.order.wait_for(op_id, self._steady())
            self._put_off_waiting(session, why)
        self._publisher.send([session.peer], msg.NotNow(why, op_id))

    def _put_off(self, session: Session, op_id: str, why: str) -> None:
        """Tells the device to send this op again later: at once, a reply of a unit would wait for the disk.

        The device repeats all its ops after that, so only the one that the others wait for must arrive.
        """
        self._counters.add("ops_put_off")
        if session.order.waits_for(op_id) or not self._publisher.queues.is_full(session.peer):
            self._publisher.send([session.peer], msg.NotNow(why, op_id))

    def _put_off_waiting(self, session: Session, why: str) -> None:
        """An op was not done: the ops of this device that wait behind it must come again too."""
        for submit in list(session.waiting.take_submits()):
            self._put_off(session, submit.op_id, why)

    def _on_room(self, peer: bytes) -> None:
        """This device has taken all its answers."""
        if (session := self._sessions.by_peer.get(peer)) is not None:
            self._resume(session)

    def _resume(self, session: Session) -> None:
        """Goes on soon with what waits of this device."""
        session.throttled = False
        if not self._resumed:
            asyncio.get_running_loop().call_soon(self._do_resumed)
        self._resumed[session] = None

    def _do_resumed(self) -> None:
        """Does what waits of the devices that may go on, in one unit of work."""
        resumed, self._resumed = self._resumed, {}
        sessions = [s for s in resumed if s.waiting and self._sessions.by_peer.get(s.peer) is s]
        if not sessions or self._stopped:
            return
        try:
            if not self._processor.recovery.state_valid:
                raise Unavailable("the floor is being read from disk")
            unit, at = self._processor.begin(), self._steady()
            for session in sessions:
                self._do_waiting(unit, at, session)
        except Unavailable:
            self._publisher.drop_messages_of(session.peer for session in sessions)
            return
        self._processor.finish(unit)

    def _take_tokens(self, device: DeviceRow, at: int, cost: int = 1) -> bool:
        """Whether this device may send this much; if so, it is taken from its rate limit."""
        allowed = self._buckets.of(device.device_id).take(at, cost)
        if not allowed:
            self._counters.add("messages_put_off")
        return allowed

    def _greet(self, unit: UnitOfWork, at: int, peer: bytes, device: DeviceRow, hello: msg.Hello) -> None:
        if self._publisher.queues.is_full(peer):
            return  # it takes no answers; it asks again, over a new connection
        if not self._take_tokens(device, at, HELLO_COSTS):
            self._publisher.send([peer], msg.NotNow(BUSY))
            return
        if hello.protocol != msg.PROTOCOL:
            older = "device" if hello.protocol < msg.PROTOCOL else "server"
            reason = f"device speaks protocol {hello.protocol}, server {msg.PROTOCOL}; update the {older}"
            self._reply(unit, peer, msg.Fault(reason))
            return
        self.last_seen.times[device.device_id] = unit.now
        self.device_reports.began_afresh(device, hello.put_aside)
        if self._may_join(at, peer, device, hello.run):
            self._publisher.greet(self._processor, unit, at, peer, device, hello)

    def _may_join(self, at: int, peer: bytes, device: DeviceRow, run: str) -> bool:
        """Whether no other computer with the same device file takes part. Both are told if one does."""
        session = self._sessions.of_device(device.device_id)
        verdict = self._duplicates.judge(device.device_id, run, session.run if session else None, at)
        if not run and session is not None:
            if self._duplicates.take_turns(device.device_id, peer.hex(), session.peer.hex(), at):
                self.device_reports.duplicated(device, at, DeviceTrouble.TURNS)
            return True
        if verdict is Verdict.ACCEPT or session is None:
            return True
        joins = verdict is Verdict.ACCEPT_AND_EXCLUDE_OTHER
        self.device_reports.duplicated(device, at, DeviceTrouble.TWICE)
        self._publisher.send([session.peer], msg.Duplicated(excluded=joins))
        self._publisher.send([peer], msg.Duplicated(excluded=not joins))
        return joins

    def _reply(self, unit: UnitOfWork, peer: bytes, message: FromServer) -> None:
        """Sends once the unit is on disk."""
        unit.replies.append(lambda: self._publisher.send([peer], message))

    def _answer(self, unit: UnitOfWork, session: Session, make_message: Callable[[], FromServer]) -> None:
        """Sends once the unit is on disk. Until then, or until it failed, it counts as unanswered."""
        session.unanswered += 1
        unit.replies.append(partial(self._send_answer, session, make_message))
        unit.on_rollback.append(partial(self._answered, session))

    def _send_answer(self, session: Session, make_message: Callable[[], FromServer]) -> None:
        self._publisher.send([session.peer], make_message())
        self._answered(session)

    def _answered(self, session: Session, _why: str = "") -> None:
        session.unanswered -= 1
        if session.waiting:
            self._resume(session)


def _refuse_foreign_ticket(device: DeviceRow, op: DeviceOp) -> Refusal | None:
    """A device gives out tickets of its own letter only, or it could take another's away."""
    if isinstance(op, OPENING_OPS) and not op.ticket.startswith(f"{device.letter}-"):
        return Refusal(Code.NOT_ALLOWED, op.ticket)
    return None
