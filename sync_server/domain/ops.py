r"""What a device may ask of the floor: one struct a command.

Ids and texts are bounded here, so a message that decodes is a message that fits. (Patterns end in
\Z because $ would let a line end pass.)
`expected_rev` is the rev the person saw when they tapped: a stale one never writes. Defaults are left
out of what is written, so that an op of today still has the same digest when it has more fields.
"""

from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from .events import Presence, Resolution

Id = Annotated[str, Meta(pattern=r"^[0-9a-f]{32}\Z")]
Code = Annotated[str, Meta(min_length=1, max_length=40)]
Language = Annotated[str, Meta(pattern=r"^[a-z]{2}\Z")]
TicketCode = Annotated[str, Meta(pattern=r"^[A-Z]{1,2}-[0-9]{1,4}\Z")]
Link = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{22}\Z")]
Alias = Annotated[str, Meta(min_length=1, max_length=40)]
Words = Annotated[str, Meta(max_length=500)]
Rev = Annotated[int, Meta(ge=1)]


class Op(Struct, frozen=True, gc=False, tag_field="op", omit_defaults=True):
    """Base of what may be asked. A value is never part of a circle, so no collector need look at it."""


class OpenVisit(Op, frozen=True, tag="open_visit"):
    """A shopper states a need. `link` is the ticket's random address, 128 bits in base64url."""

    visit_id: Id
    ticket: TicketCode
    need: Code
    language: Language
    alias: Alias | None = None
    colour: Code | None = None
    place: Code | None = None
    party_size: Annotated[int, Meta(ge=1, le=20)] = 1
    link: Link | None = None


class Cancel(Op, frozen=True, tag="cancel"):
    """The shopper leaves the line. They need not know the rev: leaving is always theirs to do."""

    visit_id: Id
    expected_rev: Rev | None = None


class Rate(Op, frozen=True, tag="rate"):
    visit_id: Id
    ces: Annotated[int, Meta(ge=1, le=5)] | None = None
    nps: Annotated[int, Meta(ge=0, le=10)] | None = None
    comment: Words | None = None


class SetPresence(Op, frozen=True, tag="set_presence"):
    """Available, on a break, or off the floor. `available` is also the touch that ends `not_responding`."""

    presence: Presence


class Accept(Op, frozen=True, tag="accept"):
    visit_id: Id
    expected_rev: Rev


class Decline(Op, frozen=True, tag="decline"):
    visit_id: Id
    expected_rev: Rev


class Claim(Op, frozen=True, tag="claim"):
    visit_id: Id
    expected_rev: Rev


class Recall(Op, frozen=True, tag="recall"):
    visit_id: Id
    expected_rev: Rev


class Start(Op, frozen=True, tag="start"):
    visit_id: Id
    expected_rev: Rev


class Hold(Op, frozen=True, tag="hold"):
    visit_id: Id
    expected_rev: Rev


class Resume(Op, frozen=True, tag="resume"):
    visit_id: Id
    expected_rev: Rev


class HandOver(Op, frozen=True, tag="hand_over"):
    """Back to the line for a colleague. `need` is given when it turned out to be another need."""

    visit_id: Id
    expected_rev: Rev
    note: Words = ""
    need: Code | None = None


class AddNote(Op, frozen=True, tag="add_note"):
    visit_id: Id
    expected_rev: Rev
    note: Annotated[str, Meta(min_length=1, max_length=500)]


class Complete(Op, frozen=True, tag="complete"):
    visit_id: Id
    expected_rev: Rev
    resolution: Resolution
    note: Words | None = None
    tip: Code | None = None
    gift: Code | None = None
    goodwill_cents: Annotated[int, Meta(ge=0, le=100_000_000)] = 0


class MarkNoShow(Op, frozen=True, tag="mark_no_show"):
    """The shopper is not to be found, after at least one recall."""

    visit_id: Id
    expected_rev: Rev


class Remove(Op, frozen=True, tag="remove"):
    """An employee takes a visit out of the line, for example one opened by mistake."""

    visit_id: Id
    expected_rev: Rev


class QuickResolution(Op, frozen=True, tag="quick_resolution"):
    """A visit opened and completed in one step, for the shopper who simply walked up."""

    visit_id: Id
    ticket: TicketCode
    need: Code
    language: Language
    resolution: Resolution
    note: Words | None = None
    tip: Code | None = None
    gift: Code | None = None
    goodwill_cents: Annotated[int, Meta(ge=0, le=100_000_000)] = 0


class SignOn(Op, frozen=True, tag="sign_on"):
    """The server found the PIN right: this employee now holds this tablet. Devices cannot send it."""

    employee: Code
    device_id: Code


ShopperOp = OpenVisit | Cancel | Rate
StaffOp = (
    SetPresence
    | Accept
    | Decline
    | Claim
    | Recall
    | Start
    | Hold
    | Resume
    | HandOver
    | AddNote
    | Complete
    | MarkNoShow
    | Remove
    | QuickResolution
)
DeviceOp = ShopperOp | StaffOp
BEGINNINGS = (OpenVisit, QuickResolution)  # with these a visit comes to be
AnyOp = DeviceOp | SignOn


class ActorKind(StrEnum):
    """By which way somebody comes: the role of `roles.py`. The first four are also a visit's `source`."""

    KIOSK = "kiosk"
    STAFF = "staff"
    PHONE = "phone"
    API = "api"
    MANAGER = "manager"
    READONLY = "readonly"
    SYSTEM = "system"


class Actor(Struct, frozen=True):
    """Who asks. The server works it out from the connection; a device cannot state it.

    `employee` is given where the tablet has nobody any more: who held it when the op was tapped.
    """

    kind: ActorKind
    device_id: str | None = None
    employee: str | None = None


SYSTEM = Actor(ActorKind.SYSTEM)
