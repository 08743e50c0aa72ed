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


class OpenVisit(Struct, frozen=True, tag_field="op", tag="open_visit", omit_defaults=True):
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


class Cancel(Struct, frozen=True, tag_field="op", tag="cancel", omit_defaults=True):
    """The shopper leaves the line. They need not know the rev: leaving is always theirs to do."""

    visit_id: Id
    expected_rev: Rev | None = None


class Rate(Struct, frozen=True, tag_field="op", tag="rate", omit_defaults=True):
    visit_id: Id
    ces: Annotated[int, Meta(ge=1, le=5)] | None = None
    nps: Annotated[int, Meta(ge=0, le=10)] | None = None
    comment: Words | None = None


class SetPresence(Struct, frozen=True, tag_field="op", tag="set_presence", omit_defaults=True):
    """Available, on a break, or off the floor. `available` is also the touch that ends `not_responding`."""

    presence: Presence


class Accept(Struct, frozen=True, tag_field="op", tag="accept", omit_defaults=True):
    visit_id: Id
    expected_rev: Rev


class Decline(Struct, frozen=True, tag_field="op", tag="decline", omit_defaults=True):
    visit_id: Id
    expected_rev: Rev


class Claim(Struct, frozen=True, tag_field="op", tag="claim", omit_defaults=True):
    visit_id: Id
    expected_rev: Rev


class Recall(Struct, frozen=True, tag_field="op", tag="recall", omit_defaults=True):
    visit_id: Id
    expected_rev: Rev


class Start(Struct, frozen=True, tag_field="op", tag="start", omit_defaults=True):
    visit_id: Id
    expected_rev: Rev


class Hold(Struct, frozen=True, tag_field="op", tag="hold", omit_defaults=True):
    visit_id: Id
    expected_rev: Rev


class Resume(Struct, frozen=True, tag_field="op", tag="resume", omit_defaults=True):
    visit_id: Id
    expected_rev: Rev


class HandOver(Struct, frozen=True, tag_field="op", tag="hand_over", omit_defaults=True):
    """Back to the line for a colleague. `need` is given when it turned out to be another need."""

    visit_id: Id
    expected_rev: Rev
    note: Words = ""
    need: Code | None = None


class AddNote(Struct, frozen=True, tag_field="op", tag="add_note", omit_defaults=True):
    visit_id: Id
    expected_rev: Rev
    note: Annotated[str, Meta(min_length=1, max_length=500)]


class Complete(Struct, frozen=True, tag_field="op", tag="complete", omit_defaults=True):
    visit_id: Id
    expected_rev: Rev
    resolution: Resolution
    note: Words | None = None
    tip: Code | None = None
    gift: Code | None = None
    goodwill_cents: Annotated[int, Meta(ge=0, le=100_000_000)] = 0


class MarkNoShow(Struct, frozen=True, tag_field="op", tag="mark_no_show", omit_defaults=True):
    """The shopper is not to be found, after at least one recall."""

    visit_id: Id
    expected_rev: Rev


class Remove(Struct, frozen=True, tag_field="op", tag="remove", omit_defaults=True):
    """An employee takes a visit out of the line, for example one opened by mistake."""

    visit_id: Id
    expected_rev: Rev


class QuickResolution(Struct, frozen=True, tag_field="op", tag="quick_resolution", omit_defaults=True):
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


class SignOn(Struct, frozen=True, tag_field="op", tag="sign_on", omit_defaults=True):
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
