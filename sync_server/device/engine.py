"""The device's side of the protocol, without a socket, a disk or a clock.

Feed it what happens (`opened`, `receive`, `submit`, `tick`) and do the actions it gives back.
`now` is a clock that never jumps, in ms; the server's time is reckoned from it.

How soon a lost link is known and how soon a device is back: after SILENCE_MS without a word the
link is given up; then sockets are tried, each for HELLO_MS, with at most one and a half times the
longer BACK_OFF_MS between them.
"""

from collections.abc import Callable, Iterable

from msgspec import Struct

from sync_server.domain.catalogue import Catalogue
from sync_server.domain.refusal import Code, Refusal
from sync_server.protocol import messages as msg
from sync_server.protocol.messages import FromDevice, FromServer, Submit

from .last import Last
from .replica import Replica
from .server_clock import ServerClock

HELLO_MS = 3_000  # without a snapshot by then, the socket is taken for dead
SILENCE_MS = int(msg.HEARTBEAT_S * msg.MISSED_BEATS * 1000)
ANSWER_MS = 4_000  # an op without an answer by then: the link is taken for dead
PING_MS = int(msg.HEARTBEAT_S * 1000)
BACK_OFF_MS = (200, 1_000)  # a shop's own network: trying costs little, and a minute's wait costs trust
NOT_NOW_MS = 2_000
OUTSIDE_MS = 60_000  # how soon a device asks again that has no part in the store, or not this one


class Open(Struct, frozen=True):
    """Make a fresh socket, then call `opened`."""


class Close(Struct, frozen=True):
    """Close the socket: after a time-out it may be dead without knowing."""


class Send(Struct, frozen=True, gc=False):
    message: FromDevice


class Changed(Struct, frozen=True, gc=False):
    """What the screens show may differ now."""


class Learned(Struct, frozen=True):
    """A catalogue to keep for the next start without a connection."""

    catalogue: Catalogue
    digest: str


class DayKnown(Struct, frozen=True):
    """Which store-day it is, and the last ticket number the server knows of this device."""

    day: str
    last_ticket: int


class Emptied(Struct, frozen=True):
    """Nothing of the floor is this device's to know any more, on disk neither."""


class ShutOut(Struct, frozen=True):
    """The store has revoked this device: nothing it keeps is its to keep, its key neither."""


class KeepKnown(Struct, frozen=True):
    """For how many hours the store lets anybody keep what was said about a shopper."""

    hours: int


class Known(Struct, frozen=True):
    """Who the store says this device is."""

    kind: str
    name: str
    letter: str


class EpochKnown(Struct, frozen=True):
    """The store's epoch, to be kept: another one than before if it was restored meanwhile."""

    epoch: str


class Settled(Struct, frozen=True, gc=False):
    """The op is on the server's disk: done, or refused for good."""

    op_id: str
    refusal: Refusal | None


class SignInAnswered(Struct, frozen=True):
    answer: msg.SignedIn


Action = (
    Open
    | Close
    | Send
    | Changed
    | Learned
    | DayKnown
    | Emptied
    | ShutOut
    | KeepKnown
    | Known
    | EpochKnown
    | Settled
    | SignInAnswered
)


class Engine:
    """`live` is true while the copy follows the server; `problem` says why it does not, if known.

    `dismissed` is true once the store has revoked the device, and `moved_to` is the role it has now
    where that is not `kind`, its own: either way it is live no more, and asks only now and then.
    `epoch` is the store's, as of the last snapshot; it goes with every op made from then on.
    """

    def __init__(
        self,
        pending: Iterable[Submit],
        digest: str = "",
        jitter: Callable[[], float] = lambda: 0.5,
        last: Last | None = None,
        kind: str = "",
        epoch: str = "",
    ) -> None:
        self.replica = Replica()
        if last is not None:
            self.replica.recall(last)
        self.live = False
        self.problem: str | None = None
        self.kind = kind
        self.dismissed = False
        self.moved_to: str | None = None
        self.epoch = epoch
        self._pending: dict[str, Submit] = {s.op_id: s for s in pending}
        self._sent: dict[str, int] = {}  # when each unanswered op was last sent
        self._digest = digest
        self._jitter = jitter
        self._failures = 0
        self._open = False
        self._open_at: int | None = 0
        self._opened_at = 0
        self._heard_at = 0
        self._pinged_at = 0
        self._resend_at: int | None = None
        self._clock = ServerClock()

    # --- what is asked of it ---------------------------------------------------------------------

    @property
    def pending(self) -> list[Submit]:
        """The ops without an answer, in the order they were made."""
        return list(self._pending.values())

    def server_time(self, now: int) -> int | None:
        """The server's time, ms UTC; None before the first word from it."""
        return self._clock.now(now)

    @property
    def heard_at(self) -> int | None:
        """When the server last spoke, by its own clock in ms UTC; None before its first word."""
        return self._clock.now(self._heard_at)

    def next_deadline(self) -> int | None:
        """When `tick` has something to do."""
        if not self._open:
            return self._open_at
        if not self.live:
            return self._opened_at + HELLO_MS
        soonest = min(self._heard_at + SILENCE_MS, self._pinged_at + PING_MS)
        if self._sent:
            soonest = min(soonest, min(self._sent.values()) + ANSWER_MS)
        return soonest if self._resend_at is None else min(soonest, self._resend_at)

    # --- what happens ----------------------------------------------------------------------------

    def opened(self, now: int) -> list[Action]:
        """A fresh socket is there."""
        self._open, self._open_at, self._opened_at = True, None, now
        return [Send(msg.Hello(msg.PROTOCOL, self._digest, lenient=True))]

    def submit(self, submit: Submit, now: int) -> list[Action]:
        """An op that is in the outbox."""
        self._pending[submit.op_id] = submit
        # One that is put off keeps its place: what was tapped later must not be done first.
        return [*self._send([submit], now), Changed()] if self._may_send else [Changed()]

    def reword(self, changed: Callable[[Submit], Submit]) -> None:
        """Puts other words, or none, into the ops without an answer; their ids and order stay."""
        self._pending = {op_id: changed(submit) for op_id, submit in self._pending.items()}

    def sign_in(self, message: msg.SignIn) -> list[Action]:
        """Asks to sign in; only while live, because a PIN is never kept."""
        return [Send(message)] if self.live else []

    def tick(self, now: int) -> list[Action]:
        """Does what is due."""
        if not self._open:
            return [Open()] if self._open_at is not None and now >= self._open_at else []
        if not self.live:
            return self._lost(now) if now >= self._opened_at + HELLO_MS else []
        unanswered = any(now >= at + ANSWER_MS for at in self._sent.values())
        if unanswered or now >= self._heard_at + SILENCE_MS:
            return self._lost(now)
        actions: list[Action] = []
        if self._resend_at is not None and now >= self._resend_at:
            self._resend_at = None
            actions += self._send(self.pending, now)
            if not self._pending:
                self.problem = None
                actions.append(Changed())
        if now >= self._pinged_at + PING_MS:
            self._pinged_at = now
            actions.append(Send(msg.Ping(now)))
        return actions

    def receive(self, message: FromServer, now: int) -> list[Action]:
        """A message of the server."""
        self._heard_at = now
        match message:
            case msg.Snapshot():
                return self._start(message, now)
            case msg.Update():
                self._clock.heard(message.at, now)
                return [Changed()] if self.replica.apply(message) else self._lost(now)
            case msg.Beat():
                if message.echo is None:
                    self._clock.heard(message.at, now)
                else:
                    self._clock.answered(message.at, message.echo, now)
                return self._lost(now) if self.replica.missed_before(message) else []
            case msg.Answer(op_id, refusal):
                return self._settle(op_id, refusal)
            case msg.SignedIn():
                return [SignInAnswered(message)]
            case msg.NotNow(reason, op_id):
                return self._put_off(reason, op_id, now)
            case msg.Fault(reason, op_id):
                if op_id is not None:
                    return self._settle(op_id, Refusal(Code.MALFORMED, reason))
                self.problem = reason
                return [Changed()]
            case msg.Dismissed():
                told_before, self.dismissed = self.dismissed, True
                return [*([] if told_before else [ShutOut()]), *self._outside(now)]
            case msg.WhoAreYou():
                if not self.live:
                    return []  # the Hello that is on its way answers this one too
                self.live = False
                return self.opened(now)

    def unreadable(self, now: int) -> list[Action]:
        """The server said something that is no message to this version."""
        self.problem = "this device cannot read what the server says; update the device"
        return self._lost(now) if self.live else [Changed()]

    # --- inside ----------------------------------------------------------------------------------

    def _start(self, snapshot: msg.Snapshot, now: int) -> list[Action]:
        self.dismissed = False
        known: list[Action] = []
        if snapshot.kind:  # a server of before does not say
            known = [Known(snapshot.kind, snapshot.name, snapshot.letter)]
        self.moved_to = snapshot.kind if self.kind and snapshot.kind not in ("", self.kind) else None
        if self.moved_to is not None:
            return [*known, *self._outside(now)]
        self.replica.take(snapshot)
        self.live, self._failures = True, 0
        self._pinged_at = now
        self._clock.heard(snapshot.at, now)
        actions: list[Action] = [*known, KeepKnown(snapshot.keep_h)]
        actions.append(DayKnown(snapshot.day, snapshot.last_ticket))
        if snapshot.epoch != self.epoch:
            self.epoch = snapshot.epoch
            actions.append(EpochKnown(snapshot.epoch))
        if snapshot.catalogue is not None:
            self._digest = snapshot.digest
            actions.append(Learned(snapshot.catalogue, snapshot.digest))
        if self._may_send:
            self.problem = None
            actions += self._send(self.pending, now)
        return [*actions, Changed()]

    @property
    def _may_send(self) -> bool:
        return self.live and self._resend_at is None

    def _send(self, submits: list[Submit], now: int) -> list[Action]:
        self._sent.update((s.op_id, now) for s in submits)
        return [Send(s) for s in submits]

    def _settle(self, op_id: str, refusal: Refusal | None) -> list[Action]:
        self._sent.pop(op_id, None)
        if self.problem is not None and not self._sent:
            self.problem = None
        if self._pending.pop(op_id, None) is None:
            return []  # answered twice: the first answer counted
        return [Settled(op_id, refusal), Changed()]

    def _put_off(self, reason: str, op_id: str | None, now: int) -> list[Action]:
        self.problem = reason
        self._resend_at = now + NOT_NOW_MS
        if op_id is not None:
            self._sent.pop(op_id, None)
        return [Changed()]

    def _outside(self, now: int) -> list[Action]:
        """There is nothing to take part in. Asking again costs little, and somebody may relent."""
        actions = self._lost(now)
        self._open_at = now + OUTSIDE_MS
        self.replica = Replica()
        return [Emptied(), *actions]

    def _lost(self, now: int) -> list[Action]:
        """The link is dead or the copy has a gap: begin again with a fresh socket, a little later."""
        first, longest = BACK_OFF_MS
        wait = min(longest, first * 2**self._failures)
        self._failures = min(self._failures + 1, 16)
        self._open_at = now + int(wait * (0.5 + self._jitter()))
        self._open = self.live = False
        self._sent.clear()
        self._resend_at = None
        return [Close(), Changed()]
