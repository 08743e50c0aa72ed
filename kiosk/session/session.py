"""The state of one shopper's session at the kiosk. A new session starts empty."""

from enum import StrEnum

from msgspec import Struct

from sync_server.domain.refusal import Code
from sync_server.protocol.rows import VisitRow


class KioskScreen(StrEnum):
    """The screens of the kiosk. `SCREENS` in kiosk/view.py names the page of each."""

    LOADING = "loading"  # the kiosk has never been connected, so it knows nothing of its store
    NEED = "need"
    CLOSED = "closed"
    NEED_GROUP = "need_group"
    NEED_CLOSED = "need_closed"
    IDENTIFY = "identify"
    NAME = "name"
    LINE = "line"
    CONFIRM_LEAVE = "confirm_leave"
    PICK_TICKET = "pick_ticket"
    FIND_TICKET = "find_ticket"
    RATING = "rating"
    RATED = "rated"
    ERROR = "error"


class KioskError(StrEnum):
    """Why the kiosk asks the shopper to speak to an employee."""

    FULL = "full"  # this device cannot save an op
    REFUSED = "refused"  # the server refused to open the visit
    BROKEN = "broken"  # a fault in this program


class KioskSound(StrEnum):
    """The sounds that the kiosk plays."""

    ACCEPTED = "accepted"
    CALLED = "called"


class TicketOnScreen(Struct, frozen=True):
    """The ticket that is on the screen: all that is shown again after a crash.

    `since` is when the shopper got it, by the server's clock in ms UTC. What a shopper has only begun
    to enter is never saved.
    """

    visit_id: str
    ticket: str
    link: str | None
    language: str
    since: int


class ShopperSession(Struct, frozen=True):
    """What one shopper has entered and sees.

    `rated_visit_id` is the visit that the rating is about; `tickets` are the visits to pick it from, and
    do not change while somebody picks. `ticket_colour` and `ticket_animal` are the words chosen to find a
    ticket again; `not_found`: no ticket here has the two chosen last. `asks_still_there` shows the question
    whether anybody is there. `refusal` is why something was refused while the session goes on; `error` is
    what ended it.
    """

    language: str
    screen: KioskScreen = KioskScreen.NEED
    group: str | None = None
    need: str | None = None
    colour: str | None = None
    place: str | None = None
    name: str = ""
    visit_id: str | None = None
    ticket: str = ""
    link: str | None = None
    row: VisitRow | None = None
    rated_visit_id: str | None = None
    tickets: tuple[VisitRow, ...] = ()
    asks_still_there: bool = False
    ticket_colour: int | None = None
    ticket_animal: int | None = None
    not_found: bool = False
    refusal: Code | None = None
    error: KioskError | None = None
