"""What one shopper says and sees at the kiosk: nothing of it outlives them."""

from enum import StrEnum

from msgspec import Struct

from sync_server.domain.refusal import Code
from sync_server.protocol.rows import VisitRow


class Screen(StrEnum):
    MOMENT = "moment"  # nothing is known of the store yet
    NEED = "need"
    CLOSED = "closed"
    MORE = "more"
    SPOT = "spot"
    NAME = "name"
    LINE = "line"
    LEAVE = "leave"
    PICK = "pick"
    THANKS = "thanks"
    THANKED = "thanked"
    TROUBLE = "trouble"


class Trouble(StrEnum):
    """Why the shopper is asked to see a colleague."""

    FULL = "full"  # this device cannot keep an op
    REFUSED = "refused"  # the server will not open the visit
    BROKEN = "broken"  # a fault of our own


class Sound(StrEnum):
    ACCEPTED = "accepted"
    CALLED = "called"


class OnScreen(Struct, frozen=True):
    """The ticket a shopper has before their eyes: all that a kiosk which crashed shows them again.

    `since` is when they got it, by the server's clock in ms UTC. What somebody has only begun to
    say is never kept: it was said to a screen, not to the shop.
    """

    visit_id: str
    ticket: str
    link: str | None
    language: str
    since: int


class Session(Struct, frozen=True):
    """What one shopper has said and sees. A fresh one has forgotten the last.

    `asked_of` is the visit the faces are about, `tickets` are those to pick it from: they stay
    where they are while somebody chooses. `still_there` is the overlay that asks whether
    anybody is. `notice` is a word about something that was refused, `trouble` one that stops.
    """

    language: str
    screen: Screen = Screen.NEED
    group: str | None = None
    need: str | None = None
    colour: str | None = None
    place: str | None = None
    name: str = ""
    visit_id: str | None = None
    ticket: str = ""
    link: str | None = None
    row: VisitRow | None = None
    asked_of: str | None = None
    tickets: tuple[VisitRow, ...] = ()
    still_there: bool = False
    notice: Code | None = None
    trouble: Trouble | None = None
