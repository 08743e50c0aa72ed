"""The device's side of the sync protocol, without a socket, a disk or a clock.

Report what happens (`opened`, `receive`, `submit`, `tick`) and carry out the actions it returns.
`now` is a steady clock in ms; the server's time is estimated from it.

The engine gives a connection up after SILENCE_MS without a message. It then tries one new socket
after the other, each for HELLO_MS, with at most one and a half times the longer BACK_OFF_MS between.

At most WINDOW ops are under way; the others follow as the answers arrive. After an outage this spares the
server, and the connection, a whole outbox at once.
"""

import logging
from collections.abc import Callable, Iterable, Mapping
from itertools import islice

from msgspec import Struct

from sync_server.domain.catalogue.catalogue import Catalogue
from sync_server.domain.refusal import Code, Refusal
from sync_server.domain.violation import InvariantViolated
from sync_server.protocol import heartbeat
from sync_server.protocol import messages as msg
from sync_server.protocol.messages import WINDOW, FromDevice, FromServer, Submit

from .replica import Replica
from .saved_rows import SavedState
from .server_clock import ServerClock
from .tap_dates import TapDates

HELLO_MS = 3_000  # a socket without a snapshot after this time is considered dead
SILENCE_MS = int(heartbeat.HEARTBEAT_S * heartbeat.MISSED_BEATS * 1000)
ANSWER_MS = 4_000  # a link with an op unanswered for this long is considered dead
PING_MS = int(heartbeat.HEARTBEAT_S * 1000)
BACK_OFF_MS = (200, 1_000)  # short: on a local network a try costs little, and people lose trust soon
NOT_NOW_MS = 2_000  # the pause before ops are sent again to a server that cannot take them
EXCLUDED_MS = 60_000  # how often a device asks again that was revoked, or that has another role now

log = logging.getLogger(__name__)


class Open(Struct, frozen=True):
    """Open a new socket, then call `opened`."""


class Close(Struct, frozen=True):
    """Close the socket: after a time-out it may be dead without knowing it."""


class Send(Struct, frozen=True, gc=False):
    """Send this message to the server."""

    message: FromDevice


class ViewChanged(Struct, frozen=True, gc=False):
    """What the screens show may have changed."""


class CatalogueReceived(Struct, frozen=True):
    """Save this catalogue, so that the device can start without a connection."""

    catalogue: Catalogue
    digest: str


class DayReceived(Struct, frozen=True):
    """The current store-day, and the last ticket number of this device that the server knows."""

    day: str
    last_ticket: int


class RowsCleared(Struct, frozen=True):
    """This device may not know anything of the floor any more: delete the saved rows too."""


class Revoked(Struct, frozen=True):
    """The store has revoked this device: delete its key and all text about shoppers."""


class RetentionReceived(Struct, frozen=True):
    """For how many hours the store allows text about shoppers to be kept."""

    hours: int


class IdentityReceived(Struct, frozen=True):
    """The role, name and ticket letter that the store has for this device."""

    kind: str
    name: str
    letter: str


class EpochReceived(Struct, frozen=True):
    """Save the store's epoch. It changes when the store is restored from a backup."""

    epoch: str


class TapsDated(Struct, frozen=True):
    """Save these unanswered ops again: it is known now when they were tapped."""

    submits: tuple[Submit, ...]


class OpSettled(Struct, frozen=True, gc=False):
    """The op is on the server's disk: done, or refused for good."""

    op_id: str
    refusal: Refusal | None


class SignInAnswered(Struct, frozen=True):
    """The server has answered a sign-in."""

    answer: msg.SignedIn


Action = (
    Open
    | Close
    | Send
    | ViewChanged
    | CatalogueReceived
    | DayReceived
    | RowsCleared
    | Revoked
    | RetentionReceived
    | IdentityReceived
    | EpochReceived
    | TapsDated
    | OpSettled
    | SignInAnswered
)


class Engine:
    """`live` is true while the replica follows the server; `problem` says why it does not, if known.

    `revoked` is true once the store has revoked the device. `moved_to` is the role that the device has
    now, if it is not `kind`, the role of the app that runs. In both cases the engine is not live and
    connects only once in EXCLUDED_MS. `epoch` is the store's, as of the last snapshot; every op carries
    it. `tapped` holds when unanswered ops were tapped, by the steady clock, as far as that is known;
    given to the engine, it holds those of earlier processes. `undo_s` is that of the last Snapshot.
    """

    def __init__(
        self,
        pending: Iterable[Submit],
        digest: str = "",
        jitter: Callable[[], float] = lambda: 0.5,
        saved: SavedState | None = None,
        kind: str = "",
        epoch: str = "",
        tapped: Mapping[str, int] | None = None,
        pace: int = 1,
    ) -> None:
        self.replica = Replica()
        if saved is not None:
            self.replica.load_rows(saved)
        self.live = False
        self.problem: str | None = None
        self.kind = kind
        self.run = ""  # names this process, so that the server recognises a second one with the same file
        self.put_aside = ""  # the damaged database that the device began afresh from
        self.revoked = False
        self.moved_to: str | None = None
        self.duplicated: bool | None = None
        self.epoch = epoch
        self.undo_s = 0
        self._pending: dict[str, Submit] = {s.op_id: s for s in pending}
        self.tap_dates = TapDates(tapped)
        self._sent: dict[str, int] = {}  # the time at which each unanswered op was last sent
        self._digest = digest
        self._jitter = jitter
        self._failures = 0
        self._open = False
        self._open_at: int | None = 0
        self._opened_at = 0
        self._received_at = 0
        self._pinged_at = 0
        self._resend_at: int | None = None
        self._clock = ServerClock(pace=pace)

    # --- state -----------------------------------------------------------------------------------

    @property
    def pending(self) -> list[Submit]:
        """The unanswered ops, in the order they were made."""
        return list(self._pending.values())

    def server_time(self, now: int) -> int | None:
        """The server's time, ms UTC; None before its first message."""
        return self._clock.now(now)

    @property
    def last_contact_at(self) -> int | None:
        """The time of the server's last message by the server's clock, ms UTC; None before the first."""
        return self._clock.now(self._received_at)

    def next_deadline(self) -> int | None:
        """When `tick` has something to do."""
        if not self._open:
            return self._open_at
        if not self.live:
            return self._opened_at + HELLO_MS
        soonest = min(self._received_at + SILENCE_MS, self._pinged_at + PING_MS)
        if self._sent:
            soonest = min(soonest, min(self._sent.values()) + ANSWER_MS)
        return soonest if self._resend_at is None else min(soonest, self._resend_at)

    # --- events ----------------------------------------------------------------------------------

    def opened(self, now: int) -> list[Action]:
        """A new socket is open."""
        self._open, self._open_at, self._opened_at = True, None, now
        hello = msg.Hello(
            msg.PROTOCOL, self._digest, True, self.run, self.put_aside[: msg.MAX_NAME], coalesces=True
        )
        return [Send(hello)]

    def submit(self, submit: Submit, now: int) -> list[Action]:
        """A person has made an op, and it is in the outbox."""
        self._pending[submit.op_id] = submit
        self.tap_dates.add(submit.op_id, now, self._clock)
        return [*self._send_pending(now), ViewChanged()]

    def redact(self, redact: Callable[[Submit], Submit]) -> None:
        """Replaces each unanswered op by what `redact` leaves of it. Ids and order do not change."""
        self._pending = {op_id: redact(submit) for op_id, submit in self._pending.items()}
        # Only now, because the age of an op still matters when its answer is handled.
        self.tap_dates.keep_only(self._pending.keys())

    def sign_in(self, message: msg.SignIn) -> list[Action]:
        """Asks the server to sign an employee in. Does nothing unless live: a PIN is never kept."""
        return [Send(message)] if self.live else []

    def tick(self, now: int) -> list[Action]:
        """Does what is due at `now`."""
        if not self._open:
            return [Open()] if self._open_at is not None and now >= self._open_at else []
        if not self.live:
            return self._disconnect(now) if now >= self._opened_at + HELLO_MS else []
        unanswered = any(now >= at + ANSWER_MS for at in self._sent.values())
        if unanswered or now >= self._received_at + SILENCE_MS:
            return self._disconnect(now)
        actions: list[Action] = []
        if self._resend_at is not None and now >= self._resend_at:
            self._resend_at = None
            self._sent.clear()
            actions += self._send_pending(now)
            if not self._pending:
                self.problem = None
                actions.append(ViewChanged())
        if now >= self._pinged_at + PING_MS:
            self._pinged_at = now
            actions.append(Send(msg.Ping(now)))
        return actions

    def receive(self, message: FromServer, now: int) -> list[Action]:
        """A message from the server has arrived."""
        self._received_at = now
        match message:
            case msg.Snapshot():
                return self._load_snapshot(message, now)
            case msg.Update():
                self._clock.observe_message(message.at, now)
                return [ViewChanged()] if self._apply(message) else self._disconnect(now)
            case msg.Beat():
                if message.echo is None:
                    self._clock.observe_message(message.at, now)
                else:
                    self._clock.observe_answer(message.at, message.echo, now)
                return self._disconnect(now) if self.replica.is_behind(message) else []
            case msg.Answer(op_id, refusal):
                return self._settle(op_id, refusal, now)
            case msg.SignedIn():
                return [SignInAnswered(message)]
            case msg.NotNow(reason, op_id):
                return self._postpone(reason, op_id, now)
            case msg.Fault(reason, op_id):
                if op_id is not None:
                    return self._settle(op_id, Refusal(Code.MALFORMED, reason), now)
                self.problem = reason
                return [ViewChanged()]
            case msg.Dismissed():
                reported, self.revoked = self.revoked, True
                return [*([] if reported else [Revoked()]), *self._exclude(now)]
            case msg.Duplicated(excluded):
                self.duplicated = excluded
                return self._exclude(now) if excluded else [ViewChanged()]
            case msg.WhoAreYou():
                if not self.live:
                    return []  # the Hello that was already sent answers this question too
                self.live = False
                return self.opened(now)

    def unreadable(self, now: int) -> list[Action]:
        """The server has sent something that this version cannot decode."""
        self.problem = "this device cannot read what the server says; update the device"
        return self._disconnect(now) if self.live else [ViewChanged()]

    # --- inside ----------------------------------------------------------------------------------

    def _load_snapshot(self, snapshot: msg.Snapshot, now: int) -> list[Action]:
        self.revoked = False
        self.duplicated = self.duplicated and None
        identity: list[Action] = []
        if snapshot.kind:  # an older server does not send it
            identity = [IdentityReceived(snapshot.kind, snapshot.name, snapshot.letter)]
        self.moved_to = snapshot.kind if self.kind and snapshot.kind not in ("", self.kind) else None
        if self.moved_to is not None:
            return [*identity, *self._exclude(now)]
        self.replica.load_snapshot(snapshot)
        self.undo_s = snapshot.undo_s
        self.live, self._failures = True, 0
        self._pinged_at = now
        self._clock.observe_message(snapshot.at, now)
        # Save the dates before retention removes text from the same ops.
        actions: list[Action] = [*identity, *self._date_taps(), RetentionReceived(snapshot.keep_h)]
        actions.append(DayReceived(snapshot.day, snapshot.last_ticket))
        if snapshot.epoch != self.epoch:
            self.epoch = snapshot.epoch
            actions.append(EpochReceived(snapshot.epoch))
        if snapshot.catalogue is not None:
            self._digest = snapshot.digest
            actions.append(CatalogueReceived(snapshot.catalogue, snapshot.digest))
        if self._resend_at is None:
            self.problem = None
            self._sent.clear()
            actions += self._send_pending(now)
        return [*actions, ViewChanged()]

    def _date_taps(self) -> list[Action]:
        dated = self.tap_dates.date(self._pending, self._clock)
        self._pending.update((submit.op_id, submit) for submit in dated)
        return [TapsDated(dated)] if dated else []

    def _send_pending(self, now: int) -> list[Action]:
        """Sends the next ops, as long as at most WINDOW of them are unanswered.

        While earlier ops are postponed, all others wait too: the server must get them in order.
        """
        free = WINDOW - len(self._sent)
        if not self.live or self._resend_at is not None or free <= 0:
            return []
        # The ops that were sent are among the first: an op is sent after all earlier ones.
        unsent = (submit for op_id, submit in self._pending.items() if op_id not in self._sent)
        submits = list(islice(unsent, free))
        self._sent.update((submit.op_id, now) for submit in submits)
        return [Send(submit) for submit in submits]

    def _settle(self, op_id: str, refusal: Refusal | None, now: int) -> list[Action]:
        self._sent.pop(op_id, None)
        # While ops are postponed the server still has the problem it reported.
        if not self._sent and self._resend_at is None:
            self.problem = None
        if self._pending.pop(op_id, None) is None:
            return []  # a second answer: the first one counts
        return [OpSettled(op_id, refusal), *self._send_pending(now), ViewChanged()]

    def _postpone(self, reason: str, op_id: str | None, now: int) -> list[Action]:
        """The server cannot take ops at the moment: send all of them again after a pause."""
        self.problem = reason
        self._resend_at = now + NOT_NOW_MS
        if op_id is not None:
            self._sent.pop(op_id, None)
        return [ViewChanged()]

    def _exclude(self, now: int) -> list[Action]:
        """This device may not take part. Asks again now and then: the manager may change that."""
        actions = self._disconnect(now)
        self._open_at = now + EXCLUDED_MS
        self.replica = Replica()
        return [RowsCleared(), *actions]

    def _apply(self, update: msg.Update) -> bool:
        """Whether the replica took the update. A wrong one counts as missed: a new snapshot corrects it."""
        try:
            return self.replica.apply(update)
        except InvariantViolated:
            log.exception("the server sent a wrong update; a new snapshot is needed")
            return False

    def _disconnect(self, now: int) -> list[Action]:
        """The link is dead or the replica missed an update: opens a new socket after a short wait."""
        first, longest = BACK_OFF_MS
        wait = min(longest, first * 2**self._failures)
        self._failures = min(self._failures + 1, 16)
        self._open_at = now + int(wait * (0.5 + self._jitter()))
        self._open = self.live = False
        self._sent.clear()
        self._resend_at = None
        return [Close(), ViewChanged()]
