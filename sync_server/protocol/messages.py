"""Every message that crosses the wire. `docs/protocol.md` is checked against this file.

A device opens with Hello and gets a Snapshot. From then on the server sends Updates, each
numbered one above the last; a device that misses a number asks for a new Snapshot. A device
Submits ops; each gets exactly one Answer, after it is on the server's disk.
"""

from typing import Annotated

from msgspec import Meta, Struct

from sync_server.domain.catalogue import Catalogue
from sync_server.domain.ops import Code, DeviceOp, Id
from sync_server.domain.refusal import Refusal

from .rows import PersonRow, QuoteRow, VisitRow

PROTOCOL = 1
HEARTBEAT_S = 2.0
MISSED_BEATS = 3  # this many without a sign of the server, and the device starts afresh


class Message(Struct, frozen=True, gc=False, tag_field="type", omit_defaults=True):
    """Base of what is said. There are thousands at a time, and none is ever part of a circle."""


# --- from a device -------------------------------------------------------------------------------


class Hello(Message, frozen=True, tag="hello"):
    """Who is there. `catalogue` is the digest of the catalogue the device keeps, empty for none.

    `lenient`: the device skips what it does not know in a catalogue. One of Welkom 0.1.0 cannot.
    """

    protocol: int
    catalogue: Annotated[str, Meta(max_length=64)] = ""
    lenient: bool = False


class Submit(Message, frozen=True, tag="submit"):
    """One op. The device makes `op_id` and repeats the same message until it has the Answer.

    `at_device` is the device's clock in ms UTC when the person tapped, `ahead_ms` how far the
    server's was ahead of it then, None where that was not known. They give an op that had to wait
    the time of its tap; they never decide what comes first. `epoch` is that of the snapshot the
    device went by, empty for none: a rev seen in another epoch is stale.
    """

    op_id: Id
    at_device: Annotated[int, Meta(ge=0, lt=1 << 53)]
    op: DeviceOp
    ahead_ms: Annotated[int, Meta(gt=-(1 << 53), lt=1 << 53)] | None = None
    epoch: Annotated[str, Meta(max_length=64)] = ""


class SignIn(Message, frozen=True, tag="sign_in"):
    """An employee takes this tablet. Never kept in an outbox: a PIN is not written down."""

    request: Id
    employee: Code
    pin: Annotated[str, Meta(pattern=r"^[0-9]{4,8}\Z")]


class Ping(Message, frozen=True, tag="ping"):
    """The device is there. Answered with a Beat that carries the same `echo`, any number."""

    echo: int | None = None


FromDevice = Hello | Submit | SignIn | Ping


# --- from the server -----------------------------------------------------------------------------


class Snapshot(Message, frozen=True, tag="snapshot"):
    """All that this device may see, as of Update `n` of its stream.

    `catalogue` is left out where the device already keeps the one with `digest`. `last_ticket` is
    the highest number given out on store-day `day` with the device's letter. `kind`, `name` and
    `letter` are the device's own; the manager may have changed the first two since it was enrolled.
    `epoch` is another one after the store was restored from a backup. `keep_h` is for how many hours
    the store keeps what was said about a shopper.
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


class Update(Message, frozen=True, tag="update"):
    """What changed since Update `n - 1`: rows to replace, visits to forget (`gone`)."""

    n: int
    at: int
    visits: tuple[VisitRow, ...] = ()
    gone: tuple[str, ...] = ()
    people: tuple[PersonRow, ...] = ()
    quotes: tuple[QuoteRow, ...] = ()


class Answer(Message, frozen=True, tag="answer"):
    """What became of an op. It is on disk: without `refusal` it is done, with one it never will be."""

    op_id: str
    refusal: Refusal | None = None


class SignedIn(Message, frozen=True, tag="signed_in"):
    """What became of a SignIn. `wait_s` is how long to wait before another try."""

    request: str
    refusal: Refusal | None = None
    wait_s: int = 0


class Beat(Message, frozen=True, tag="beat"):
    """The answer to a Ping: the server's stream stands at `n`; a device behind it has missed something.

    `echo` is that of the Ping: from it the device reckons the server's clock.
    """

    n: int
    at: int
    echo: int | None = None


class NotNow(Message, frozen=True, tag="not_now"):
    """The server cannot write at the moment (a full disk, say). Nothing was done; try again later."""

    reason: str
    op_id: str | None = None


class Fault(Message, frozen=True, tag="fault"):
    """The server could not read a message of this device. `reason` names what was wrong with it.

    `op_id` is the op's id where it could still be read: that op can never succeed.
    """

    reason: str
    op_id: str | None = None


class WhoAreYou(Message, frozen=True, tag="who_are_you"):
    """The server does not know this connection (it restarted): say Hello."""


class Dismissed(Message, frozen=True, tag="dismissed"):
    """This device has no part in the store any more. Nothing it said was read; ask again much later."""


FromServer = Snapshot | Update | Answer | SignedIn | Beat | NotNow | Fault | WhoAreYou | Dismissed
