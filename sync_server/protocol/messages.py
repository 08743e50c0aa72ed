"""The messages of the sync protocol. A test checks `docs/reference/protocol.md` against this file.

A device sends Hello and gets a Snapshot. Then the server sends Updates, numbered without gaps; a device
that misses a number asks for a new Snapshot. A device sends each op in a Submit and gets exactly one
Answer, after the op is on the server's disk.
"""

from typing import Annotated

from msgspec import Meta, Struct

from sync_server.domain.catalogue.catalogue import Catalogue
from sync_server.domain.ops import Code, DeviceOp, Id
from sync_server.domain.refusal import Refusal

from .rows import OverridesRow, PersonRow, QuoteRow, ToldWaitsRow, VisitRow

PROTOCOL = 1
MAX_NAME = 200  # of a damaged file
WINDOW = 64  # ops that a device sends before it has the answers to earlier ones


class Message(Struct, frozen=True, gc=False, tag_field="type", omit_defaults=True):
    """Base of the messages. None is ever part of a reference cycle, so the garbage collector ignores them."""


# --- from a device -------------------------------------------------------------------------------


class Hello(Message, frozen=True, tag="hello"):
    """The first message of a connection. `catalogue` is the digest of the device's catalogue, empty for none.

    `lenient`: the device ignores fields of a catalogue that it does not know. Welkom 0.1.0 cannot do that.
    `run` names the process of the device; another process with the same key has another one. `put_aside` is
    the name of the device's database if that was damaged, so that the device began afresh. `coalesces`: the
    device takes an Update that stands for several.
    """

    protocol: int
    catalogue: Annotated[str, Meta(max_length=64)] = ""
    lenient: bool = False
    run: Annotated[str, Meta(max_length=64)] = ""
    put_aside: Annotated[str, Meta(max_length=MAX_NAME)] = ""
    coalesces: bool = False


class Submit(Message, frozen=True, tag="submit"):
    """One op. The device makes `op_id` and repeats the same message until it gets the Answer.

    `at_device` is the device's clock at the tap, ms UTC. `ahead_ms` is how far the server's clock was
    ahead of it, None if not known. Both give a late op the time of its tap; they never decide the order.
    `epoch` is that of the snapshot the device used, empty for none: a rev of another epoch is stale.
    """

    op_id: Id
    at_device: Annotated[int, Meta(ge=0, lt=1 << 53)]
    op: DeviceOp
    ahead_ms: Annotated[int, Meta(gt=-(1 << 53), lt=1 << 53)] | None = None
    epoch: Annotated[str, Meta(max_length=64)] = ""


class SignIn(Message, frozen=True, tag="sign_in"):
    """An employee signs in on this tablet. It is never stored in the outbox, because of the PIN."""

    request: Id
    employee: Code
    pin: Annotated[str, Meta(pattern=r"^[0-9]{4,8}\Z")]


class Ping(Message, frozen=True, tag="ping"):
    """A heartbeat of the device. The server answers with a Beat that has the same `echo`, any number."""

    echo: int | None = None


FromDevice = Hello | Submit | SignIn | Ping


# --- from the server -----------------------------------------------------------------------------


class Snapshot(Message, frozen=True, tag="snapshot"):
    """Everything that this device may see, as of Update `n` of its stream.

    `catalogue` is left out if the device already has the one with `digest`. `last_ticket` is the highest
    number given out on store-day `day` with the device's letter. `kind`, `name` and `letter` are the
    device's own; the manager may have changed the first two since enrolment. `epoch` changes when the
    store is restored from a backup. `keep_h` is the retention of what describes a shopper, in hours.
    `undo_s` is how long a tablet offers to take a completion or a hand over back; 0: this server cannot.
    `told_waits` is for kiosks; None: not known yet. `overrides` is for kiosks; None: none.
    `counts_sessions` tells a kiosk that this server takes `count_session`, `helps` a tablet that it takes
    `ask_for_help` and `answer_help`.
    """

    n: int
    at: int
    device_id: str
    day: str
    last_ticket: int
    digest: str
    catalogue: Catalogue | None = None
    visits: tuple[VisitRow, ...] = ()
    people: tuple[PersonRow, ...] = ()
    quotes: tuple[QuoteRow, ...] = ()
    kind: str = ""
    name: str = ""
    letter: str = ""
    epoch: str = ""
    keep_h: int = 24
    undo_s: int = 0
    told_waits: ToldWaitsRow | None = None
    overrides: OverridesRow | None = None
    counts_sessions: bool = False
    helps: bool = False


class Update(Message, frozen=True, tag="update"):
    """The changes since Update `n - 1`: rows to replace, and visits to delete (`gone`).

    `told_waits` and `overrides` replace the earlier ones; None: unchanged. With `first` it stands for the
    Updates `first` to `n`, and has the changes since Update `first - 1`. Only devices that say `coalesces`
    get such a one.
    """

    n: int
    at: int
    visits: tuple[VisitRow, ...] = ()
    gone: tuple[str, ...] = ()
    people: tuple[PersonRow, ...] = ()
    quotes: tuple[QuoteRow, ...] = ()
    told_waits: ToldWaitsRow | None = None
    first: int | None = None
    overrides: OverridesRow | None = None


class Answer(Message, frozen=True, tag="answer"):
    """The result of an op, which is on disk. Without `refusal` it is done; with one it never will be."""

    op_id: str
    refusal: Refusal | None = None


class SignedIn(Message, frozen=True, tag="signed_in"):
    """The result of a SignIn. `wait_s` is how long to wait before another try, seconds."""

    request: str
    refusal: Refusal | None = None
    wait_s: int = 0


class Beat(Message, frozen=True, tag="beat"):
    """The answer to a Ping. The last Update was `n`; a device that has an earlier one has missed some.

    `echo` is that of the Ping; the device uses it to estimate the server's clock.
    """

    n: int
    at: int
    echo: int | None = None


class NotNow(Message, frozen=True, tag="not_now"):
    """The server cannot write at the moment, for example because its disk is full. Try again later."""

    reason: str
    op_id: str | None = None


class Fault(Message, frozen=True, tag="fault"):
    """The server could not decode a message of this device. `reason` names what is wrong with it.

    `op_id` is given if it could be read: that op can never succeed.
    """

    reason: str
    op_id: str | None = None


class WhoAreYou(Message, frozen=True, tag="who_are_you"):
    """The server does not know this connection, for example after a restart: send Hello again."""


class Duplicated(Message, frozen=True, tag="duplicated"):
    """Two computers use this device's file and would push each other out for ever.

    `excluded`: this one may not take part while the other one does; ask again much later.
    """

    excluded: bool


class Dismissed(Message, frozen=True, tag="dismissed"):
    """The store has revoked this device. Its messages were not read; ask again much later."""


FromServer = (
    Snapshot | Update | Answer | SignedIn | Beat | NotNow | Fault | WhoAreYou | Duplicated | Dismissed
)
