"""The desk: the conversation with the devices. It understands messages; the shop does the ops."""

import asyncio
import logging
from collections.abc import Iterable, Mapping
from functools import partial

from sync_server.domain.events import Presence, Record
from sync_server.domain.ops import (
    BEGINNINGS,
    SYSTEM,
    Actor,
    ActorKind,
    DeviceOp,
    SetPresence,
    SignOn,
)
from sync_server.domain.refusal import Code, Refusal
from sync_server.domain.roles import Deed, may
from sync_server.protocol import messages as msg
from sync_server.protocol.messages import FromServer
from sync_server.protocol.wire import WireError, decode_from_device, encode

from .allowance import Allowance
from .audience import Audience, Session
from .counters import Counters
from .doorman import Doorman
from .limits import COUNTS_AS_ONE, OPS_WAITING, SIGN_INS_UNDER_WAY
from .queries import DeviceRow
from .shop import Shop, Unwell
from .socket import Connections, Incoming
from .turn import Turn

HELLO_COSTS = 10  # messages: a snapshot is work
BUSY = "this device sends more than the server takes at once; it is kept here and follows by itself"
BEHIND = "the server's disk is slow at the moment; everything is kept here and follows by itself"
REFRESH_S = 1.0  # how soon kiosks hear of places and brackets that moved because of others

log = logging.getLogger(__name__)


class Desk:
    """Greets devices, passes on their ops, and tells them what changed."""

    def __init__(
        self,
        shop: Shop,
        doorman: Doorman,
        socket: Connections,
        counters: Counters | None = None,
        keep_h: int = 24,
    ) -> None:
        self._counters = counters or Counters()
        self._shop = shop
        self._doorman = doorman
        self._socket = socket
        self._audience = Audience(shop.epoch, keep_h)
        self._audience.start_over(shop.floor)
        self._day = shop.catalogue.day(shop.clock())
        self._refresh: asyncio.TimerHandle | None = None
        self._rounds: asyncio.TimerHandle | None = None
        self._sign_ins: dict[asyncio.Task[None], str] = {}  # and the device of each
        self._allowances: dict[str, Allowance] = {}
        self._unheard: set[bytes] = set()  # peers whose messages were dropped
        self.seen: dict[str, int] = {}  # when each device was last heard of, until somebody wrote it down
        shop.news = self._news
        shop.start_over = self._start_over

    async def run(self) -> None:
        """Serves the devices until cancelled.

        Raises what reading does: a server that hears nothing is worse than none, so let it be started anew.
        """
        self._wait_for_round()
        try:
            await self._socket.read(self._on_messages)
        finally:
            for timer in (self._rounds, self._refresh):
                if timer is not None:
                    timer.cancel()

    def _wait_for_round(self) -> None:
        self._rounds = asyncio.get_running_loop().call_later(msg.HEARTBEAT_S, self._round)

    def _round(self) -> None:
        """Looks now and then who is silent, and what day it is."""
        self._wait_for_round()
        self._audience.drop_silent(self._shop.clock())
        self._begin_day()

    def _begin_day(self) -> None:
        """A snapshot tells every device of a new store-day, on which its tickets begin anew."""
        day = self._shop.catalogue.day(self._shop.clock())
        if day != self._day:
            self._day = day
            self._start_over()

    def drop_all_but(self, devices: Mapping[str, DeviceRow]) -> None:
        """Tells whoever is not among these, by public key, that they have no part in the store any more.

        Those who are still there, but with another name or role, begin anew.
        """
        for session in list(self._audience.sessions.values()):
            now = devices.get(session.device.public_key)
            if now == session.device:
                continue
            self._audience.leave(session.peer)
            self._send([session.peer], msg.Dismissed() if now is None else msg.WhoAreYou())
            if now is None or now.kind != session.device.kind:
                self._vacate(session.device)

    def _vacate(self, device: DeviceRow) -> None:
        """Whoever held this tablet is off the floor; with a visit in hand they stay, to take it elsewhere."""
        if device.kind != ActorKind.STAFF.value or not self._shop.mending.trusted:
            return
        turn = self._shop.begin()
        by = Actor(ActorKind.STAFF, device.device_id)
        try:
            for presence in (Presence.OFF_FLOOR, Presence.ON_BREAK):
                if self._shop.apply(turn, SetPresence(presence), by) is None:
                    break
        except Unwell:
            return
        self._shop.finish(turn)

    @property
    def connected(self) -> list[DeviceRow]:
        """The devices heard of lately."""
        return [session.device for session in self._audience.sessions.values()]

    # --- what comes in ---------------------------------------------------------------------------

    def _on_messages(self, incoming: list[Incoming]) -> None:
        """Does all messages at hand in one turn."""
        if not self._shop.mending.trusted:
            self._not_heard(incoming)
            return
        turn = self._shop.begin()
        self._counters.add("messages", len(incoming))
        for peer, device, body in incoming:
            try:
                pieces = len(body or b"") // COUNTS_AS_ONE
                if pieces and not self._may_send(device, turn.now, pieces):
                    continue
                if body is None:
                    raise WireError("a message has one frame")
                self._do(turn, peer, device, decode_from_device(body))
            except WireError as error:
                self._counters.add("messages_of_many_frames" if body is None else "messages_unreadable")
                if self._may_send(device, turn.now):
                    log.warning("%s sent something that is no message: %s", device.device_id, error)
                    self._answer(turn, peer, msg.Fault(str(error)[:300], error.op_id))
            except Unwell:
                self._not_heard(incoming)
                return
        self._shop.finish(turn)

    def _not_heard(self, incoming: list[Incoming]) -> None:
        """They begin anew, with the first of their ops, once the shop can be relied on again."""
        for peer, _, _ in incoming:
            self._audience.leave(peer)  # what comes next would overtake what was not heard
            self._unheard.add(peer)

    def _do(self, turn: Turn, peer: bytes, device: DeviceRow, message: msg.FromDevice) -> None:
        now = turn.now
        if isinstance(message, msg.Hello):
            if not self._may_send(device, now, HELLO_COSTS):
                self._send([peer], msg.NotNow(BUSY))
                return
            self._greet(turn, peer, device, message, now)
            return
        allowed = self._may_send(device, now)
        session = self._audience.sessions.get(peer)
        if session is None or session.device != device:  # the name of a connection may have been another's
            self._audience.leave(peer)
            self._answer(turn, peer, msg.WhoAreYou())
            return
        session.seen_at = self.seen[device.device_id] = now
        match message:
            case msg.Submit():
                self._do_op(turn, session, message, allowed)
            case msg.SignIn(request):
                if not allowed or list(self._sign_ins.values()).count(device.device_id) >= SIGN_INS_UNDER_WAY:
                    self._counters.add("sign_ins_put_off")
                    too_many = Refusal(Code.TOO_MANY_TRIES, "1")
                    self._answer(turn, peer, msg.SignedIn(request, too_many, 1))
                    return
                task = asyncio.ensure_future(self._sign_in(peer, device, message))
                self._sign_ins[task] = device.device_id
                task.add_done_callback(self._sign_ins.pop)
            case msg.Ping(echo) if allowed:
                self._answer(turn, peer, msg.Beat(session.stream.n, now, echo))

    def _do_op(self, turn: Turn, session: Session, submit: msg.Submit, allowed: bool) -> None:
        op_id = submit.op_id
        trouble = self._shop.mending.resting
        disk = trouble is None and self._shop.waiting < OPS_WAITING
        if not session.order.lets(op_id, turn.now, allowed and disk):
            self._counters.add("ops_put_off")
            why = trouble.text if trouble else BUSY if disk else BEHIND
            # At once: an answer of this turn would wait for the disk as well.
            self._send([session.peer], msg.NotNow(why, op_id))
            return
        refusal = _of_another(session.device, submit.op)
        if refusal is None:
            # A device of 0.1.0 took the time in its ids from its own clock, which may be years slow.
            dated = session.lenient
            refusal = self._shop.do(
                turn, op_id, submit.op, session.by, submit.at_device, submit.epoch, submit.ahead_ms, dated
            )
        self._answer(turn, session.peer, msg.Answer(op_id, refusal))
        # One that was only asked for again may have its answer by then, and never come back.
        waited_for = turn.op_ids[-1:] == [op_id]
        turn.if_lost.append(lambda why: self._put_off(session, op_id, why, waited_for))

    def _put_off(self, session: Session, op_id: str, why: str, waited_for: bool) -> None:
        if waited_for:
            session.order.lost(op_id, self._shop.clock())
        self._send([session.peer], msg.NotNow(why, op_id))

    def _may_send(self, device: DeviceRow, now: int, cost: int = 1) -> bool:
        if (allowance := self._allowances.get(device.device_id)) is None:
            allowance = self._allowances[device.device_id] = Allowance(now)
        if allowance.take(now, cost):
            return True
        self._counters.add("messages_put_off")
        return False

    def _greet(self, turn: Turn, peer: bytes, device: DeviceRow, hello: msg.Hello, now: int) -> None:
        if hello.protocol != msg.PROTOCOL:
            older = "device" if hello.protocol < msg.PROTOCOL else "server"
            reason = f"device speaks protocol {hello.protocol}, server {msg.PROTOCOL}; update the {older}"
            self._answer(turn, peer, msg.Fault(reason))
            return
        self._shop.make_news(turn)  # what this turn did so far is in the snapshot already
        session = self._audience.join(peer, device, now, hello.lenient)
        self.seen[device.device_id] = now
        self._say(turn, [([peer], self._audience.snapshot(session, self._shop.floor, now, hello))])

    async def _sign_in(self, peer: bytes, device: DeviceRow, message: msg.SignIn) -> None:
        """Checks the PIN away from the loop, then gives the tablet to the employee."""
        refusal, wait_s = await self._check(device, message)
        turn = self._shop.begin()
        if refusal is None:
            if device.public_key not in self._socket.gate.devices:
                return  # revoked while the PIN was being checked
            try:
                if not self._shop.mending.trusted:
                    raise Unwell("the server is reading its store anew; try again")
                refusal = self._shop.apply(turn, SignOn(message.employee, device.device_id), SYSTEM)
            except Unwell as fault:
                self._send([peer], msg.NotNow(str(fault)))
                return
        self._answer(turn, peer, msg.SignedIn(message.request, refusal, wait_s))
        turn.if_lost.append(lambda why: self._send([peer], msg.NotNow(why)))
        self._shop.finish(turn)

    async def _check(self, device: DeviceRow, message: msg.SignIn) -> tuple[Refusal | None, int]:
        if not may(ActorKind(device.kind), Deed.SIGN_IN):
            return Refusal(Code.NOT_ALLOWED, device.kind), 0
        return await self._doorman.check_pin(device.device_id, message.employee, message.pin)

    # --- what goes out ---------------------------------------------------------------------------

    def _answer(self, turn: Turn, peer: bytes, message: FromServer) -> None:
        turn.answers.append(lambda: self._send([peer], message))

    def _say(self, turn: Turn, messages: Iterable[tuple[list[bytes], FromServer]]) -> None:
        for peers, message in messages:
            turn.news.append(partial(self._tell, peers, message))

    def _tell(self, peers: list[bytes], message: FromServer) -> None:
        """Tells news, once on disk, to those who still take part: one may have been revoked meanwhile."""
        self._send([peer for peer in peers if peer in self._audience.sessions], message)

    def _send(self, peers: list[bytes], message: FromServer) -> None:
        frame = encode(message)
        for peer in peers:
            if not self._socket.send(peer, frame):
                self._audience.leave(peer)
                self._counters.add("devices_too_slow")

    def _news(self, turn: Turn, records: list[Record]) -> None:
        self._say(turn, self._audience.updates(self._shop.floor, records, turn.now))
        if self._refresh is None:
            loop = asyncio.get_running_loop()
            self._refresh = loop.call_later(REFRESH_S, self._refresh_kiosks)

    def _refresh_kiosks(self) -> None:
        self._refresh = None
        turn = self._shop.begin()
        self._say(turn, self._audience.refresh(self._shop.floor, turn.now))
        self._shop.finish(turn)

    def _start_over(self) -> None:
        """Whatever was told, a snapshot to everybody puts it right."""
        self._audience.start_over(self._shop.floor)
        turn = self._shop.begin()
        for session in list(self._audience.sessions.values()):
            snapshot = self._audience.snapshot(session, self._shop.floor, turn.now)
            self._say(turn, [([session.peer], snapshot)])
        self._shop.finish(turn)
        unheard, self._unheard = self._unheard, set()
        self._send(list(unheard), msg.WhoAreYou())


def _of_another(device: DeviceRow, op: DeviceOp) -> Refusal | None:
    """A device gives out tickets of its own letter only, or it could take another's away."""
    if isinstance(op, BEGINNINGS) and not op.ticket.startswith(f"{device.letter}-"):
        return Refusal(Code.NOT_ALLOWED, op.ticket)
    return None
