"""Which screen an employee sees, and what is open, chosen and typed on the tablet. Pure: now is an argument.

board.see(seen)               # whenever anything changed, and each second
board.screen                  # what to show
op = taps.coming(board.seen)  # what a tap asks of the floor
"""

from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from sync_server.domain.catalogue import Catalogue
from sync_server.domain.events import Presence, Resolution
from sync_server.domain.refusal import Code
from sync_server.domain.visit import State
from sync_server.protocol.messages import SignedIn
from sync_server.protocol.rows import VisitRow

from . import taps
from .screen import BEFORE, OVER, Screen
from .seen import Seen

OFFLINE_MS = 3_000  # since the server's last word; a shorter loss is not worth one
LONG_OFFLINE_MS = 60_000
SAVED_MS = 4_000  # so long a quick resolution is confirmed
SORRY_MS = 10_000  # so long a fault of ours is told, unless somebody goes on before


class Extras(Struct, frozen=True):
    """What goes along with the ending of a visit, and the story for a colleague."""

    tip: str | None = None
    gift: str | None = None
    cents: int = 0
    story: str = ""


class Banner(StrEnum):
    """How the tablet stands with its store."""

    OFFLINE = "offline"
    LONG_OFFLINE = "long_offline"
    PROBLEM = "problem"


class Notice(StrEnum):
    """What the tablet tells by itself, once."""

    SHOPPER_LEFT = "shopper_left"
    ELSEWHERE = "elsewhere"
    SIGNED_OFF = "signed_off"
    THANKS = "thanks"
    NOT_SAVED = "not_saved"
    SAVED = "saved"


class Board:
    """The tablet's state beside the floor's: what is open, chosen and typed.

    `who` is the employee about to give a PIN, `answer` what became of the last try, `asking` whether
    a try is under way; `quick_need` is the need of the quick resolution; `notice` what to tell, with
    the ticket or name it is about.
    """

    def __init__(self, seen: Seen) -> None:
        self.seen = seen
        self.who: str | None = None
        self.asking = False
        self.answer: SignedIn | Code | None = None
        self.quick_need: str | None = None
        self._saved_at = 0
        self.notice: tuple[Notice, str] | None = None
        self._wait_until = 0
        self._page: Screen | None = None
        self._about: str | None = None
        self._extras: dict[str, Extras] = {}
        self._ended: set[str] = set()
        self._leaving = False
        self._sorry_until: int | None = None
        self._lost_at: int | None = None if seen.live else _last_word(seen)

    # --- what happens ----------------------------------------------------------------------------

    def see(self, seen: Seen) -> None:
        """Takes in what the device knows now."""
        before, self.seen = self.seen, seen
        if self._sorry_until is not None and not 0 < self._sorry_until - seen.now <= SORRY_MS:
            self._sorry_until = None
        if seen.live:
            self._lost_at = None
        elif self._lost_at is None or self._lost_at > seen.now:
            self._lost_at = _last_word(seen)
        if self.notice and self.notice[0] is Notice.SAVED and seen.now - self._saved_at >= SAVED_MS:
            self.notice = None
        self._notice_who_left(before)
        self._notice_my_going(before)
        # An offer only covers the page; anything else that comes in between ends it.
        if self._base() is not Screen.OFFER and not self._page_fits():
            self._close()
        self._extras = {v: e for v, e in self._extras.items() if v in seen.view.visits}

    def _notice_who_left(self, before: Seen) -> None:
        """A shopper I had in mind is gone without my doing."""
        if before.me is None or self.seen.me is None or before.me.id != self.seen.me.id:
            return
        for visit in (*([before.in_hand] if before.in_hand else []), *before.holding):
            if visit.visit_id in self.seen.view.visits:
                continue
            # The answer to my own op may come a moment before the news of what it did.
            if visit.visit_id in self.seen.view.unsent | before.view.unsent:
                self._ended.add(visit.visit_id)
            elif visit.visit_id not in self._ended:
                self.notice = (Notice.SHOPPER_LEFT, visit.ticket)

    def _notice_my_going(self, before: Seen) -> None:
        """Who holds the tablet changed: the page of the one before is not the next one's."""
        was, now = before.me, self.seen.me
        if now is not None:
            if was is None or was.id != now.id:
                self._close()
                self.who, self.answer, self.asking, self.notice = None, None, False, None
            return
        if was is None:
            return
        self._close()
        self._extras.clear()
        self._ended.clear()
        person = self.seen.view.people.get(was.id)
        if person is not None and person.device_id is not None:
            self.notice = (Notice.ELSEWHERE, was.id)
        else:
            self.notice = (Notice.THANKS if self._leaving else Notice.SIGNED_OFF, was.id)

    # --- what to show ----------------------------------------------------------------------------

    @property
    def screen(self) -> Screen:
        if self._sorry_until is not None and self._base() is not Screen.OFFER:
            return Screen.SORRY
        return self._page if self._page and self._page_fits() else self._base()

    def _base(self) -> Screen:
        """What the floor decides."""
        seen, me = self.seen, self.seen.me
        if me is None:
            if seen.catalogue is None:
                return Screen.STARTING
            return Screen.PIN if self.who else Screen.WHO
        if seen.catalogue is None:
            return Screen.STARTING
        if seen.offer is not None:
            return Screen.OFFER
        if (visit := seen.in_hand) is not None:
            return Screen.WALKING if visit.state == State.ACCEPTED else Screen.IN_HAND
        if me.presence == Presence.NOT_RESPONDING:
            return Screen.AWAY
        return Screen.BREAK if me.presence == Presence.ON_BREAK else Screen.FLOOR

    def _page_fits(self) -> bool:
        """Whether the page that is open belongs to what lies underneath now."""
        page = self._page
        return page is not None and self._base() in OVER[page] and self._about == self._about_now()

    def _about_now(self) -> str | None:
        return self.seen.in_hand.visit_id if self.seen.in_hand else None

    @property
    def visit(self) -> VisitRow | None:
        """The visit the screen is about: offered to me, or in my hands."""
        return self.seen.offer or self.seen.in_hand

    @property
    def extras(self) -> Extras:
        return self._extras.get(self._about_now() or "", Extras())

    @property
    def offline_s(self) -> int:
        """Seconds without a connection."""
        return 0 if self._lost_at is None else (self.seen.now - self._lost_at) // 1000

    @property
    def banner(self) -> Banner | None:
        if self.offline_s * 1000 >= LONG_OFFLINE_MS:
            return Banner.LONG_OFFLINE
        if self.seen.problem is not None:
            return Banner.PROBLEM
        return Banner.OFFLINE if self.offline_s * 1000 >= OFFLINE_MS else None

    @property
    def wait_s(self) -> int:
        """Seconds until another PIN may be tried."""
        return max(0, -(-(self._wait_until - self.seen.now) // 1000))

    @property
    def cents(self) -> int:
        """What is being given away with the visit in hand, in cents."""
        gift = next((g for g in self._catalogue.gifts if g.code == self.extras.gift), None)
        return gift.cents if gift else self.extras.cents

    # --- signing in and off ----------------------------------------------------------------------

    def choose(self, employee: str) -> None:
        """This is who I am."""
        self.who, self.answer, self._wait_until, self.notice = employee, None, 0, None
        self._leaving = False

    def try_pin(self) -> str | None:
        """Who is to be signed in with the PIN just typed; None while another try is under way."""
        if self.who is None or self.asking or self.wait_s:
            return None
        self.asking, self.answer = True, None
        return self.who

    def tried_pin(self, answer: SignedIn | None) -> None:
        """The server's answer to the PIN; None where it could not be reached."""
        self.asking = False
        self.answer = answer or Code.NOT_SIGNED_IN
        self._wait_until = self.seen.now + (answer.wait_s if answer else 0) * 1000

    def leaving(self) -> None:
        """I sign off myself: no need to tell me that I was signed off."""
        self._leaving = True

    # --- a fault of our own ----------------------------------------------------------------------

    def sorry(self) -> None:
        """Something of ours failed: says so, and keeps all that was open, chosen and told."""
        self._sorry_until = self.seen.now + SORRY_MS

    def go_on(self) -> None:
        """Somebody has read it: back to where they were."""
        self._sorry_until = None

    # --- pages -----------------------------------------------------------------------------------

    def open(self, page: Screen) -> None:
        if self._base() in OVER[page]:
            self._page, self._about = page, self._about_now()

    def back(self) -> None:
        if self._base() is Screen.PIN:
            self.who, self.answer = None, None
            return
        before = BEFORE.get(self._page) if self._page else None
        self._close()
        if before is not None:
            self.open(before)

    def quick_ended(self, resolution: Resolution) -> None:
        """The quick resolution is done: back to the floor, which says so for a moment."""
        self._close()
        self.notice, self._saved_at = (Notice.SAVED, resolution.value), self.seen.now

    def _close(self) -> None:
        self._page, self._about = None, None

    # --- what goes along with a visit ------------------------------------------------------------

    def pick_tip(self, code: str) -> None:
        """Chooses a tip, or lets it go again."""
        self._extra(tip=None if self.extras.tip == code else code)

    def pick_gift(self, code: str) -> None:
        self._extra(gift=None if self.extras.gift == code else code, cents=0)

    def give(self, cents: int) -> bool:
        """Gives an amount of one's own choice; False where it is above the store's limit."""
        if cents > self._catalogue.store.goodwill_limit_cents:
            return False
        self._extra(gift=None, cents=max(0, cents))
        self.back()
        return True

    def tell(self, story: str) -> None:
        """Keeps the story for the colleague until the visit is handed over."""
        self._extra(story=story.strip()[: taps.LONGEST_NOTE])
        self.back()

    def quick(self, need: str) -> None:
        """The need of the quick resolution is known: next is how it ended."""
        self.quick_need = need
        self.open(Screen.QUICK_END)

    # --- inside ----------------------------------------------------------------------------------

    @property
    def _catalogue(self) -> Catalogue:
        assert self.seen.catalogue is not None, "no page is shown before the catalogue is there"
        return self.seen.catalogue

    def _extra(self, **changes: str | int | None) -> None:
        if (visit_id := self._about_now()) is not None:
            self._extras[visit_id] = replace(self.extras, **changes)


def _last_word(seen: Seen) -> int:
    """When the connection was lost: with the server's last word, which may be before this start."""
    return seen.now if seen.heard_at is None else min(seen.now, seen.heard_at)
