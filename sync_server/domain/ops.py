r"""The ops: one struct for each command that a device may send.

The lengths of ids and texts are limited here, so a message that decodes fits the database. (Patterns
end in \Z, because $ would also match before a line end.)
`expected_rev` is the rev that the person saw when they tapped: an op with a stale one changes nothing.
Defaults are left out of the encoded op, so its digest stays the same when a new field is added.
"""

from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from sync_server.domain.kiosk_step import KioskStep
from sync_server.domain.resolution import Resolution

from .events import Back, CorrectedBecause, Presence, RemovedBecause, RootCause

Id = Annotated[str, Meta(pattern=r"^[0-9a-f]{32}\Z")]
Code = Annotated[str, Meta(min_length=1, max_length=40)]
Language = Annotated[str, Meta(pattern=r"^[a-z]{2}\Z")]
TicketCode = Annotated[str, Meta(pattern=r"^[A-Z]{1,2}-[1-9][0-9]{0,3}\Z")]  # one spelling of each
Link = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{22}\Z")]
Alias = Annotated[str, Meta(min_length=1, max_length=40)]
FreeText = Annotated[str, Meta(max_length=500)]
MAX_WORDS = 80  # letters of a text on the kiosks, so that it fits in two lines
Words = Annotated[str, Meta(min_length=1, max_length=MAX_WORDS)]
MAX_SAID_SERVICE_S = 4 * 3600
MAX_TAPS = 1000
MAX_SESSION_S = 3600
Rev = Annotated[int, Meta(ge=1)]
Taps = Annotated[int, Meta(ge=0, le=MAX_TAPS)]


class Op(Struct, frozen=True, gc=False, tag_field="op", omit_defaults=True):
    """Base of the ops. None is ever part of a reference cycle, so the garbage collector ignores them."""


class OpenVisit(Op, frozen=True, tag="open_visit"):
    """A shopper states a need. `link` is the random part of the ticket's address, 128 bits in base64url.

    `taps` is how many it took at the kiosk, from the first touch to being in line; None if not known.
    """

    visit_id: Id
    ticket: TicketCode
    need: Code
    language: Language
    alias: Alias | None = None
    colour: Code | None = None
    place: Code | None = None
    party_size: Annotated[int, Meta(ge=1, le=20)] = 1
    link: Link | None = None
    taps: Taps | None = None


class CountSession(Op, frozen=True, tag="count_session"):
    """A session at the kiosk is over: how far it came. It says nothing about who, and only counts are kept.

    `last` is the screen on which it ended. `taps` and `seconds` are those until the shopper was in line, or
    until the last tap of one who did not join.
    """

    reached: KioskStep
    last: Annotated[str, Meta(pattern=r"^[a-z_]{1,20}\Z")]
    taps: Taps
    seconds: Annotated[int, Meta(ge=0, le=MAX_SESSION_S)]


class Cancel(Op, frozen=True, tag="cancel"):
    """The shopper leaves the line. Without `expected_rev` it works at any rev."""

    visit_id: Id
    expected_rev: Rev | None = None


class Rate(Op, frozen=True, tag="rate"):
    visit_id: Id
    ces: Annotated[int, Meta(ge=1, le=5)] | None = None
    nps: Annotated[int, Meta(ge=0, le=10)] | None = None
    comment: FreeText | None = None


class SetPresence(Op, frozen=True, tag="set_presence"):
    """Available, on a break, or off the floor. `available` also ends `not_responding`."""

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
    """Back in line for a colleague. `need` is given if it turned out to be another need."""

    visit_id: Id
    expected_rev: Rev
    note: FreeText = ""
    need: Code | None = None


class AddNote(Op, frozen=True, tag="add_note"):
    visit_id: Id
    expected_rev: Rev
    note: Annotated[str, Meta(min_length=1, max_length=500)]


class Complete(Op, frozen=True, tag="complete"):
    visit_id: Id
    expected_rev: Rev
    resolution: Resolution
    note: FreeText | None = None
    tip: Code | None = None
    gift: Code | None = None
    goodwill_cents: Annotated[int, Meta(ge=0, le=100_000_000)] = 0


class MarkNoShow(Op, frozen=True, tag="mark_no_show"):
    """The shopper was not found, after at least one recall."""

    visit_id: Id
    expected_rev: Rev


class Remove(Op, frozen=True, tag="remove"):
    """An employee or the manager takes a visit out of the line, for example one opened by mistake.

    The manager says why: `reason`.
    """

    visit_id: Id
    expected_rev: Rev
    reason: RemovedBecause | None = None


class QuickResolution(Op, frozen=True, tag="quick_resolution"):
    """A visit that is opened and completed in one step, for a shopper who walked up to an employee.

    `service_s` is how long it took, as the employee says; None if they do not say.
    """

    visit_id: Id
    ticket: TicketCode
    need: Code
    language: Language
    resolution: Resolution
    note: FreeText | None = None
    tip: Code | None = None
    gift: Code | None = None
    goodwill_cents: Annotated[int, Meta(ge=0, le=100_000_000)] = 0
    service_s: Annotated[int, Meta(ge=1, le=MAX_SAID_SERVICE_S)] | None = None


class Undo(Op, frozen=True, tag="undo"):
    """Takes back what this employee has just done with a visit: the completion or the hand over."""

    visit_id: Id
    expected_rev: Rev


class AskForHelp(Op, frozen=True, tag="ask_for_help"):
    """Who is with a shopper wants a colleague to come; not `wanted`: no more."""

    visit_id: Id
    expected_rev: Rev
    wanted: bool = True


class AnswerHelp(Op, frozen=True, tag="answer_help"):
    """A colleague goes to help with this visit, or the manager says that it is taken care of.

    It changes nothing of the visit, so that whoever has it in hand goes on with the rev they know.
    """

    visit_id: Id


class AskAgain(Op, frozen=True, tag="ask_again"):
    """The manager starts the asking again for a visit that waits too long. Only the manager's page makes it.

    The tablets of those who do not respond ring again. `everybody`: nobody needs a skill any more.
    """

    visit_id: Id
    everybody: bool = False


class Correct(Op, frozen=True, tag="correct"):
    """The manager corrects what an ended visit says. What is None stays as it is."""

    visit_id: Id
    expected_rev: Rev
    because: CorrectedBecause
    resolution: Resolution | None = None
    employee: Code | None = None
    need: Code | None = None
    note: FreeText | None = None


class LookInto(Op, frozen=True, tag="look_into"):
    """The manager says why a visit was not solved or not easy, and whether that is taken care of."""

    visit_id: Id
    expected_rev: Rev
    cause: RootCause
    done: bool = False


class OfferTo(Op, frozen=True, tag="offer_to"):
    """The manager has this employee asked at once to take a visit in line."""

    visit_id: Id
    expected_rev: Rev
    employee: Code


class SetPresenceOf(Op, frozen=True, tag="set_presence_of"):
    """The manager puts an employee on a break, off the floor, or back. `seen` is what the page showed."""

    employee: Code
    seen: Presence
    presence: Presence


class CloseNeed(Op, frozen=True, tag="close_need"):
    """The manager closes a need until closing time. `words` say more about it, by language."""

    need: Code
    back: Back = Back.UNKNOWN
    words: dict[Language, Words] = {}


class ReopenNeed(Op, frozen=True, tag="reopen_need"):
    """The manager offers a closed need again."""

    need: Code


class Announce(Op, frozen=True, tag="announce"):
    """The manager has a kiosk show a text until closing time; for None all kiosks.

    `words` are by language; none: the text is removed. `replaces` is the seq of the text that the page
    showed there, 0 for none.
    """

    words: dict[Language, Words] = {}
    kiosk: Code | None = None
    replaces: int = 0


class PutAway(Op, frozen=True, tag="put_away"):
    """The manager says that a kiosk is not in use until closing time."""

    kiosk: Code


class SignOn(Op, frozen=True, tag="sign_on"):
    """The PIN was right: this employee now holds this tablet. Only the server makes this op."""

    employee: Code
    device_id: Code


class SignOff(Op, frozen=True, tag="sign_off"):
    """This tablet takes part no more: its holder leaves the floor. Only the server makes this op."""

    device_id: Code


ShopperOp = OpenVisit | CountSession | Cancel | Rate
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
    | Undo
    | AskForHelp
    | AnswerHelp
)
DeviceOp = ShopperOp | StaffOp
OPENING_OPS = (OpenVisit, QuickResolution)  # the ops that create a visit
QUICK_RESOLUTION_REV = 4  # of a visit after its quick resolution: opened, claimed, started, completed
ManagerOp = (
    AskAgain | Correct | LookInto | OfferTo | SetPresenceOf | CloseNeed | ReopenNeed | Announce | PutAway
)
AnyOp = DeviceOp | ManagerOp | SignOn | SignOff


class ActorKind(StrEnum):
    """Who acts, as a role of `permissions.py`. The first four are also the `source` of a visit."""

    KIOSK = "kiosk"
    STAFF = "staff"
    PHONE = "phone"
    API = "api"
    MANAGER = "manager"
    READONLY = "readonly"
    SYSTEM = "system"


class Actor(Struct, frozen=True):
    """Who sends an op. The server derives it from the connection; a device cannot state it.

    `employee` is given if nobody holds the tablet now: the employee who held it at the tap. `account` is the
    name with which a manager signed in.
    """

    kind: ActorKind
    device_id: str | None = None
    employee: str | None = None
    account: str | None = None


SYSTEM = Actor(ActorKind.SYSTEM)
