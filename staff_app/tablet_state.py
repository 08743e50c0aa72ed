"""The state of the tablet beside the floor: the open page, what was chosen and typed, and notices.

state.update(snapshot)                 # whenever the device has changed, and once a second
state.screen                           # what to show
op = intents.accept(state.snapshot)    # what a tap submits
"""

from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from sync_server.domain import ops
from sync_server.domain.catalogue.catalogue import Catalogue
from sync_server.domain.events import Presence
from sync_server.domain.refusal import Code
from sync_server.domain.visit.visit import State
from sync_server.protocol.messages import SignedIn
from sync_server.protocol.rows import VisitRow

from . import intents, undo
from .navigation import PAGE_BASES, PARENT_PAGES, StaffScreen
from .snapshot import TabletSnapshot

OFFLINE_MS = 3_000  # since the last contact; a shorter interruption is not shown
LONG_OFFLINE_MS = 60_000
ERROR_MS = 10_000  # how long an apology is shown, unless it is dismissed


class Extras(Struct, frozen=True):
    """What was chosen for the visit in hand and will be submitted with its resolution or handover."""

    tip: str | None = None
    gift: str | None = None
    goodwill_cents: int = 0
    handover_note: str = ""


class Banner(StrEnum):
    """A problem with the connection or with the store."""

    OFFLINE = "offline"
    LONG_OFFLINE = "long_offline"
    PROBLEM = "problem"


class Notice(StrEnum):
    """A message that is shown once, until it is dismissed."""

    SHOPPER_LEFT = "shopper_left"
    ELSEWHERE = "elsewhere"
    SIGNED_OFF = "signed_off"
    THANKS = "thanks"
    NOT_SAVED = "not_saved"
    PUT_ON_BREAK = "put_on_break"
    CALLED_BACK = "called_back"


class TabletState:
    """`chosen_employee` is about to enter a PIN; `sign_in_pending` while the server checks one.

    `sign_in_answer` is the result of the last try. `quick_need` is the need of a quick resolution,
    and `quick_minutes` how long it took, if the employee says so.
    `notice` is a message with the ticket or name that it is about. `last` is what may be taken back.
    """

    def __init__(self, snapshot: TabletSnapshot) -> None:
        self.snapshot = snapshot
        self.chosen_employee: str | None = None
        self.sign_in_pending = False
        self.sign_in_answer: SignedIn | Code | None = None
        self.quick_need: str | None = None
        self.quick_minutes: int | None = None
        self.notice: tuple[Notice, str] | None = None
        self.last: undo.Undoable | None = None
        self._pin_blocked_until = 0
        self._page: StaffScreen | None = None
        self._page_visit: str | None = None  # the visit in hand when the page was opened
        self._extras: dict[str, Extras] = {}
        self._ended_here: set[str] = set()  # visits that this tablet ended, until the server confirms it
        self._signing_off = False
        self.tapped_presence: Presence | None = None  # what this employee chose last on this tablet
        self._error_until: int | None = None
        self._disconnected_at: int | None = None if snapshot.live else _contact_lost_at(snapshot)

    # --- updates ---------------------------------------------------------------------------------

    def update(self, snapshot: TabletSnapshot) -> None:
        """Takes over the present state of the device."""
        before, self.snapshot = self.snapshot, snapshot
        error_ms = ERROR_MS * snapshot.pace
        if self._error_until is not None and not 0 < self._error_until - snapshot.now <= error_ms:
            self._error_until = None
        if snapshot.live:
            self._disconnected_at = None
        elif self._disconnected_at is None or self._disconnected_at > snapshot.now:
            self._disconnected_at = _contact_lost_at(snapshot)
        if self.last is not None and not undo.is_possible(self.last, snapshot):
            self.last = None
        self._notice_shopper_left(before)
        self._notice_employee_change(before)
        self._notice_presence_set(before)
        # An offer covers the page and leaves it open. Any other screen that does not allow it closes it.
        if self._base_screen() is not StaffScreen.OFFER and not self._page_is_allowed():
            self._close_page()
        kept = {*snapshot.view.visits, self.last.visit_id if self.last else ""}
        self._extras = {v: e for v, e in self._extras.items() if v in kept}

    def _notice_shopper_left(self, before: TabletSnapshot) -> None:
        """Says that a visit of mine has gone, if this tablet did not end it."""
        if before.me is None or self.snapshot.me is None or before.me.id != self.snapshot.me.id:
            return
        for visit in (*([before.in_hand] if before.in_hand else []), *before.on_hold):
            if visit.visit_id in self.snapshot.view.visits:
                continue
            # The answer to my own op may arrive a moment before the update that removes the row.
            if visit.visit_id in self.snapshot.view.unsent | before.view.unsent:
                self._ended_here.add(visit.visit_id)
            elif visit.visit_id not in self._ended_here:
                self.notice = (Notice.SHOPPER_LEFT, visit.ticket)

    def _notice_employee_change(self, before: TabletSnapshot) -> None:
        """Closes the page of an employee who is no longer signed in here, and says why."""
        was, now = before.me, self.snapshot.me
        if now is not None:
            if was is None or was.id != now.id:
                self._close_page()
                self.chosen_employee = self.sign_in_answer = self.notice = self.last = None
                self.sign_in_pending = False
            return
        if was is None:
            return
        self._close_page()
        self._extras.clear()
        self._ended_here.clear()
        person = self.snapshot.view.people.get(was.id)
        if person is not None and person.device_id is not None:
            self.notice = (Notice.ELSEWHERE, was.id)
        else:
            self.notice = (Notice.THANKS if self._signing_off else Notice.SIGNED_OFF, was.id)

    def _notice_presence_set(self, before: TabletSnapshot) -> None:
        """Says that the manager has put this employee on a break, or has called them back."""
        was, now = before.me, self.snapshot.me
        if was is None or now is None or was.id != now.id or was.presence == now.presence:
            return
        tapped, self.tapped_presence = self.tapped_presence, None
        if now.presence == Presence.ON_BREAK and tapped is not Presence.ON_BREAK:
            self.notice = (Notice.PUT_ON_BREAK, "")
        elif (was.presence, now.presence) == (Presence.ON_BREAK, Presence.AVAILABLE) and tapped is None:
            self.notice = (Notice.CALLED_BACK, "")

    # --- what to show ----------------------------------------------------------------------------

    @property
    def screen(self) -> StaffScreen:
        """The screen to show."""
        if self._error_until is not None and self._base_screen() is not StaffScreen.OFFER:
            return StaffScreen.ERROR
        return self._page if self._page and self._page_is_allowed() else self._base_screen()

    def _base_screen(self) -> StaffScreen:
        """The screen that the state of the floor decides."""
        snapshot, me = self.snapshot, self.snapshot.me
        if snapshot.catalogue is None:
            return StaffScreen.LOADING
        if me is None:
            known = snapshot.catalogue.employed(self.chosen_employee or "")
            return StaffScreen.PIN if known else StaffScreen.WHO
        if snapshot.offer is not None:
            return StaffScreen.OFFER
        if (visit := snapshot.in_hand) is not None:
            return StaffScreen.ON_THE_WAY if visit.state == State.ACCEPTED else StaffScreen.SERVING
        if me.presence == Presence.NOT_RESPONDING:
            return StaffScreen.AWAY
        return StaffScreen.BREAK if me.presence == Presence.ON_BREAK else StaffScreen.FLOOR

    def _page_is_allowed(self) -> bool:
        """Whether the open page may be over the present screen, and is about the present visit."""
        page = self._page
        if page is None or self._base_screen() not in PAGE_BASES[page]:
            return False
        return self._page_visit == self._visit_in_hand

    @property
    def _visit_in_hand(self) -> str | None:
        return self.snapshot.in_hand.visit_id if self.snapshot.in_hand else None

    @property
    def visit(self) -> VisitRow | None:
        """The visit that the screen is about: the one offered to me, or the one in hand."""
        return self.snapshot.offer or self.snapshot.in_hand

    @property
    def extras(self) -> Extras:
        """What was chosen for the visit in hand."""
        return self._extras.get(self._visit_in_hand or "", Extras())

    @property
    def offline_s(self) -> int:
        """Seconds without a connection, of a person's time."""
        if self._disconnected_at is None:
            return 0
        return (self.snapshot.now - self._disconnected_at) // (1000 * self.snapshot.pace)

    @property
    def banner(self) -> Banner | None:
        if self.offline_s * 1000 >= LONG_OFFLINE_MS:
            return Banner.LONG_OFFLINE
        if self.snapshot.problem is not None:
            return Banner.PROBLEM
        return Banner.OFFLINE if self.offline_s * 1000 >= OFFLINE_MS else None

    @property
    def pin_wait_s(self) -> int:
        """Seconds until another PIN may be tried, rounded up."""
        return max(0, -(-(self._pin_blocked_until - self.snapshot.now) // 1000))

    # --- signing in and off ----------------------------------------------------------------------

    def choose_employee(self, employee: str) -> None:
        """An employee says who they are."""
        self.chosen_employee, self.sign_in_answer, self._pin_blocked_until = employee, None, 0
        self.notice, self._signing_off = None, False

    def begin_sign_in(self) -> str | None:
        """The employee to sign in with the PIN just typed; None if no PIN may be tried now."""
        if self.chosen_employee is None or self.sign_in_pending or self.pin_wait_s:
            return None
        self.sign_in_pending, self.sign_in_answer = True, None
        return self.chosen_employee

    def end_sign_in(self, answer: SignedIn | None) -> None:
        """The server's answer to the PIN; None if it did not answer."""
        self.sign_in_pending = False
        self.sign_in_answer = answer or Code.NOT_SIGNED_IN
        self._pin_blocked_until = self.snapshot.now + (answer.wait_s if answer else 0) * 1000

    def begin_sign_off(self) -> None:
        """The employee signs off themselves, so the tablet thanks them instead of explaining it."""
        self._signing_off = True

    # --- errors ----------------------------------------------------------------------------------

    def show_error(self) -> None:
        """Shows an apology for a fault in this program. Everything else stays as it is."""
        self._error_until = self.snapshot.now + ERROR_MS * self.snapshot.pace

    def dismiss_error(self) -> None:
        """Goes back to the screen on which the fault happened."""
        self._error_until = None

    # --- pages -----------------------------------------------------------------------------------

    def open_page(self, page: StaffScreen) -> None:
        """Opens a page, if it may be opened over the present screen."""
        if self._base_screen() in PAGE_BASES[page]:
            self._page, self._page_visit = page, self._visit_in_hand

    def back(self) -> None:
        """Closes the page, or goes back from the PIN to the choice of employees."""
        if self._base_screen() is StaffScreen.PIN:
            self.chosen_employee, self.sign_in_answer = None, None
            return
        parent = PARENT_PAGES.get(self._page) if self._page else None
        self._close_page()
        if parent is not None:
            self.open_page(parent)

    def choose_quick_need(self, need: str) -> None:
        """The need of a quick resolution is chosen; next comes its resolution."""
        self.quick_need, self.quick_minutes = need, None
        self.open_page(StaffScreen.QUICK_RESOLUTIONS)

    def toggle_quick_minutes(self, minutes: int) -> None:
        """How long the quick resolution took; the same again: not said."""
        self.quick_minutes = None if self.quick_minutes == minutes else minutes

    # --- taking back -----------------------------------------------------------------------------

    def offer_undo(self, last: undo.Undoable | None) -> None:
        """An op is about to be submitted. What it does is confirmed, and may be taken back for a while.

        With None, what was done before may still be taken back, as far as that is possible.
        """
        if last is not None:
            self.last, self.notice = last, None
            if last.kind is undo.Ending.QUICK:
                self._close_page()

    def dismiss_message(self) -> None:
        """A person has read the notice, or else what was done last."""
        if self.notice is None:
            self.last = None
        self.notice = None

    def take_back(self) -> tuple[ops.Undo | ops.Remove, ...]:
        """The ops that take the last one back; none if it is too late."""
        last, self.last = self.last, None
        if last is None or not undo.is_possible(last, self.snapshot):
            return ()
        self._ended_here.discard(last.visit_id)
        return undo.undo_ops(last, self.snapshot)

    @property
    def undo_seconds_left(self) -> int:
        """Whole seconds in which the last op may still be taken back, rounded up."""
        second = 1000 * self.snapshot.pace
        return max(0, -(-(self.last.until - self.snapshot.now) // second)) if self.last else 0

    def _close_page(self) -> None:
        self._page, self._page_visit = None, None

    # --- extras of the visit in hand -------------------------------------------------------------

    def toggle_tip(self, code: str) -> None:
        """Chooses a tip; the same tip again removes it."""
        self._change_extras(tip=None if self.extras.tip == code else code)

    def toggle_gift(self, code: str) -> None:
        """Chooses a gift; the same gift again removes it."""
        self._change_extras(gift=None if self.extras.gift == code else code, goodwill_cents=0)

    def set_goodwill(self, cents: int) -> bool:
        """Gives an amount of money. Returns False if it is above the store's limit."""
        if cents > self._catalogue.store.goodwill_limit_cents:
            return False
        self._change_extras(gift=None, goodwill_cents=max(0, cents))
        self.back()
        return True

    def set_handover_note(self, note: str) -> None:
        """Keeps the note for the colleague until the visit is handed over."""
        self._change_extras(handover_note=note.strip()[: intents.MAX_NOTE_LENGTH])
        self.back()

    # --- inside ----------------------------------------------------------------------------------

    @property
    def _catalogue(self) -> Catalogue:
        assert self.snapshot.catalogue is not None, "no page is shown before the catalogue is there"
        return self.snapshot.catalogue

    def _change_extras(self, **changes: str | int | None) -> None:
        if (visit_id := self._visit_in_hand) is not None:
            self._extras[visit_id] = replace(self.extras, **changes)


def _contact_lost_at(snapshot: TabletSnapshot) -> int:
    """When the connection was lost: at the last contact, which may be before this start."""
    contact_at = snapshot.last_contact_at
    return snapshot.now if contact_at is None else min(snapshot.now, contact_at)
