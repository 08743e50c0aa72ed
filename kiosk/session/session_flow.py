"""The logic of a shopper's session at the kiosk, without a screen, a socket or a clock.

Call a method for each tap (`choose_need`, `join`, …), for each change of the floor (`update_floor`) and
when time has passed (`tick`). Draw what `session` holds; submit the ops and play the sounds that the
methods return. `now` is a steady clock, ms.
"""

from msgspec.structs import replace

from sync_server.domain import ops
from sync_server.domain.refusal import Code
from sync_server.domain.visit import visit
from sync_server.domain.visit.progress import Stage

from . import find_ticket, intake
from .session import KioskError, KioskScreen, KioskSound, ShopperSession, TicketOnScreen
from .session_state import REFRESH_MS, SessionState
from .timeouts import CHANGE_MS, LINE_MS, asks_first
from .visit_progress import FloorState, closed_need, stage

RESTORE_MS = 120_000  # after a crash a ticket that is younger than this is shown again


Effect = ops.ShopperOp | KioskSound


class SessionFlow(SessionState):
    """Changes the session with each tap, each update and the passing of time."""

    # --- after a crash ---------------------------------------------------------------------------

    def restore(self, saved: TicketOnScreen, at: int, now: int) -> None:
        """Shows a saved ticket if its shopper may still be here. `at` is the server's time, ms UTC."""
        if 0 <= at - saved.since < RESTORE_MS:
            self._active_at, self._joined_at = now, saved.since
            self.session = ShopperSession(
                saved.language,
                KioskScreen.LINE,
                visit_id=saved.visit_id,
                ticket=saved.ticket,
                link=saved.link,
            )

    # --- the floor and the clock -----------------------------------------------------------------

    def update_floor(self, floor: FloorState, now: int) -> list[Effect]:
        """The rows, the catalogue or the connection changed."""
        self.floor = floor
        session = self.session
        if floor.catalogue is None:
            return []
        if session.language not in self.languages:  # the store speaks it no more: the session goes on
            self.session = session = replace(session, language=self.language)
        if session.screen is KioskScreen.LOADING:
            self._reset(now)
        elif session.screen in (KioskScreen.NEED, KioskScreen.CLOSED) or self._is_obsolete:
            self._go(self._first_screen, need=None, group=None)
        return [*self._follow_visit(now), *self._play_new_calls()]

    def tick(self, now: int) -> list[Effect]:
        """Does what is due at `now`."""
        if now >= self._refresh_at:
            self._refresh_at = now + REFRESH_MS
        if now < self._deadline():
            return []
        if asks_first(self.session):
            self.session = replace(self.session, asks_still_there=True)
        else:
            self._reset(now)
        return []

    def next_deadline(self, now: int) -> int:
        """When `tick` has something to do, or the screen has to be drawn again."""
        deadline = self._deadline()
        if self.session.asks_still_there:
            return min(deadline, now + ((deadline - now) % 1000 or 1000))
        return min(deadline, self._refresh_at)

    def record_touch(self, now: int) -> None:
        """Somebody touched the screen anywhere. That is no answer to "Are you still there?"."""
        self._counter.touch(now)
        if not self.session.asks_still_there:
            self._active_at = now

    def count_tap(self, now: int) -> None:
        """Somebody tapped something: to be called before what the tap does."""
        self._counter.follow(self.session)
        self._counter.tap(now)

    def take_finished(self) -> list[ops.CountSession]:
        """The sessions that have ended since the last call, to be submitted."""
        self._counter.follow(self.session)
        finished, self._finished = self._finished, []
        return finished

    # --- before joining the line -----------------------------------------------------------------

    def set_language(self, language: str, now: int) -> None:
        """Changes the language, on any screen."""
        if language in self.languages:
            self._touch(now)
            self.session = replace(self.session, language=language)

    def choose_need(self, code: str, now: int) -> None:
        if self.floor.catalogue is not None:
            closed = closed_need(self.floor, code) is not None
            self._update(intake.choose_need(self.session, self.floor.catalogue, code, closed), now)

    def choose_colour(self, colour: str, now: int) -> None:
        self._update(intake.choose_colour(self.session, colour), now)

    def choose_place(self, place: str, now: int) -> None:
        if self.floor.catalogue is not None:
            self._update(intake.choose_place(self.session, self.floor.catalogue, place), now)

    def open_name(self, now: int) -> None:
        self._update(intake.open_name(self.session), now)

    def type(self, text: str, now: int) -> None:
        self._update(intake.type_text(self.session, text), now)

    def erase(self, now: int) -> None:
        self._update(intake.erase(self.session), now)

    def join(self, visit_id: str, ticket: str, link: str, now: int) -> list[Effect]:
        """Joins the line. `link` is the secret part of the ticket's address, made by the device."""
        op = intake.open_visit(self.session, visit_id, ticket, link, self._counter.taps or None)
        if op is None:
            return []
        self._counter.joined()
        self._touch(now)
        self._joined_at = self.floor.at
        self._links = {i: known for i, known in self._links.items() if i in self.floor.view.visits}
        self._links[visit_id] = link
        self._go(KioskScreen.LINE, visit_id=visit_id, ticket=ticket, link=link, row=None, refusal=None)
        return [op]

    def back(self, now: int) -> None:
        """Goes back by one screen. What was entered is kept."""
        above = KioskScreen.NEED_GROUP if self.session.group else KioskScreen.NEED
        to = {
            KioskScreen.NEED_GROUP: KioskScreen.NEED,
            KioskScreen.NEED_CLOSED: above,
            KioskScreen.IDENTIFY: above,
            KioskScreen.NAME: KioskScreen.IDENTIFY,
            KioskScreen.CONFIRM_LEAVE: KioskScreen.LINE,
            KioskScreen.PICK_TICKET: KioskScreen.NEED,
            KioskScreen.FIND_TICKET: KioskScreen.NEED,
        }.get(self.session.screen)
        if to is None:
            return
        self._touch(now)
        if to is KioskScreen.NEED:
            self._go(self._first_screen, group=None, ticket_colour=None, ticket_animal=None, not_found=False)
        else:
            self._go(to)

    # --- in line ---------------------------------------------------------------------------------

    def acknowledge(self, now: int) -> list[Effect]:
        """The shopper has read the screen. After a fault their ticket comes back, else the greeting."""
        if self.session.screen is KioskScreen.ERROR and self.session.visit_id is not None:
            self._touch(now)
            self._go(KioskScreen.LINE, error=None)
            return self._follow_visit(now)
        if self.session.screen in (KioskScreen.LINE, KioskScreen.RATED, KioskScreen.ERROR):
            self._reset(now)
        return []

    def leave(self, now: int) -> list[Effect]:
        """The first time asks whether to leave the line; the second time leaves it."""
        session = self.session
        if session.visit_id is None:
            return []
        self._touch(now)
        if session.screen is KioskScreen.LINE and self.stage is not Stage.OVER:
            self._go(KioskScreen.CONFIRM_LEAVE, refusal=None)
            return []
        if session.screen is KioskScreen.CONFIRM_LEAVE:
            self._ask_rating(session.visit_id)
            return [ops.Cancel(session.visit_id)]
        return []

    def come_back(self, now: int) -> None:
        """A shopper who was called and not found comes back into line: with a new ticket, as before."""
        row = self.session.row
        if self.may_return and row is not None:
            self._touch(now)
            self._go(KioskScreen.IDENTIFY, need=row.need, visit_id=None, ticket="", link=None, row=None)

    # --- a ticket that is no longer on the screen ------------------------------------------------

    def open_find_ticket(self, now: int) -> None:
        """A shopper in line wants to see their ticket again."""
        if self.session.screen in (KioskScreen.NEED, KioskScreen.CLOSED) and self.has_open_tickets:
            self._touch(now)
            self._go(KioskScreen.FIND_TICKET, ticket_colour=None, ticket_animal=None, not_found=False)

    def choose_ticket_colour(self, colour: int, now: int) -> None:
        self._find(find_ticket.choose(self.session, colour, None), now)

    def choose_ticket_animal(self, animal: int, now: int) -> None:
        self._find(find_ticket.choose(self.session, None, animal), now)

    def _find(self, session: ShopperSession, now: int) -> None:
        """With both words: shows the ticket and all that its screen can do, or says that it is not here."""
        if session is self.session or not self.may_find(now):
            return
        self._update(session, now)
        if session.ticket_colour is None or session.ticket_animal is None:
            return
        row = find_ticket.find(session, self.floor.view.visits.values())
        if row is None:
            self._tries.wrong(now)
            self._go(KioskScreen.FIND_TICKET, ticket_colour=None, ticket_animal=None, not_found=True)
            return
        self._joined_at = self.floor.at
        self.session = ShopperSession(
            row.language if row.language in self.languages else self.language,
            KioskScreen.LINE,
            need=row.need,
            visit_id=row.visit_id,
            ticket=row.ticket,
            link=self._links.get(row.visit_id),
        )
        self._follow_visit(now)

    # --- rating ----------------------------------------------------------------------------------

    def open_rating(self, now: int) -> None:
        """A shopper on the way out wants to rate their visit."""
        recent = self.rateable
        if self.session.screen in (KioskScreen.NEED, KioskScreen.CLOSED) and recent:
            self._touch(now)
            if len(recent) == 1:
                self._ask_rating(recent[0].visit_id)
            else:
                self._go(KioskScreen.PICK_TICKET, tickets=recent)

    def pick_ticket(self, visit_id: str, now: int) -> None:
        """The shopper says which ticket was theirs. It may have been rated on a phone meanwhile."""
        shown = (row.visit_id for row in self.session.tickets)
        if self.session.screen is not KioskScreen.PICK_TICKET or visit_id not in shown:
            return
        self._touch(now)
        if any(row.visit_id == visit_id for row in self.rateable):
            self._ask_rating(visit_id)
        else:
            self._go(KioskScreen.RATED)

    def rate(self, ces: int, now: int) -> list[Effect]:
        """Rates the effort: `ces` is 1 to 5, 5 = very easy."""
        visit_id = self.session.rated_visit_id
        if self.session.screen is not KioskScreen.RATING or visit_id is None or not 1 <= ces <= 5:
            return []
        self._touch(now)
        self._rated.add(visit_id, self.floor.at)
        self._go(KioskScreen.RATED)
        return [ops.Rate(visit_id, ces=ces)]

    def decline_rating(self, now: int) -> None:
        """The shopper does not want to rate. The kiosk does not ask about this visit again."""
        if self.session.screen is KioskScreen.RATING and self.session.rated_visit_id:
            self._rated.add(self.session.rated_visit_id, self.floor.at)
            self._reset(now)

    # --- "Are you still there?" ------------------------------------------------------------------

    def still_here(self, now: int) -> None:
        """The shopper is still there. Everything stays as it was."""
        self._touch(now)

    def start_over(self, now: int) -> None:
        """Starts a new session. Everything that was entered is forgotten."""
        self._reset(now)

    # --- errors ----------------------------------------------------------------------------------

    def handle_refusal(self, op: ops.DeviceOp, code: Code, now: int) -> bool:
        """The server refused an op for good. Returns whether this session shows it to its shopper."""
        session = self.session
        match op:
            case ops.OpenVisit() if op.visit_id == session.rated_visit_id:
                self._go(KioskScreen.RATED)  # the shopper has left the line already: nothing is lost
            case ops.OpenVisit() if op.visit_id == session.visit_id:
                # With a new ticket it may succeed. What was entered is still there.
                self._touch(now)
                self._go(KioskScreen.ERROR, error=KioskError.REFUSED, refusal=code, visit_id=None, row=None)
            case ops.Cancel() if op.visit_id == session.visit_id:
                # The visit is still in line, or an employee has it: the next row says which.
                self._touch(now)
                self._go(KioskScreen.LINE, rated_visit_id=None, refusal=code)
            case ops.Rate() if op.visit_id == session.rated_visit_id:
                self._touch(now)
                self._go(KioskScreen.RATED, refusal=code)
            case _:
                return False
        return True

    def try_again(self, now: int) -> None:
        """Goes back to the screen before a refused visit, with everything that was entered."""
        if self.session.screen is not KioskScreen.ERROR or self.session.error is not KioskError.REFUSED:
            return
        self._touch(now)
        catalogue, need = self.floor.catalogue, self.session.need
        known = catalogue is not None and need is not None and catalogue.need(need) is not None
        screen = KioskScreen.IDENTIFY if known else self._first_screen
        self._go(screen, error=None, refusal=None, ticket="", link=None)

    def show_error(self, error: KioskError, now: int) -> None:
        """Shows an apology and forgets what was entered.

        After a fault of this program, a ticket that was on the screen comes back.
        """
        self._active_at = now
        if error is KioskError.BROKEN and self.ticket_on_screen is not None:
            self._go(KioskScreen.ERROR, error=error, asks_still_there=False)
        else:
            self.session = ShopperSession(self.session.language, KioskScreen.ERROR, error=error)

    # --- inside ----------------------------------------------------------------------------------

    def _ask_rating(self, visit_id: str) -> None:
        self._go(KioskScreen.RATING, rated_visit_id=visit_id, refusal=None)

    def _follow_visit(self, now: int) -> list[Effect]:
        """Updates the session with the row of the visit on the screen."""
        session = self.session
        if session.visit_id is None or session.screen not in (KioskScreen.LINE, KioskScreen.CONFIRM_LEAVE):
            self._follow_rating()
            return []
        # Between the answer to our op and the server's update the row may be missing: keep the last one.
        row = self.floor.view.visits.get(session.visit_id, session.row)
        before, after = self.stage, stage(row)
        self.session = replace(session, row=row)
        if before is after:
            return []
        self._active_at = max(self._active_at, now - LINE_MS + CHANGE_MS)
        if row is not None and row.state in (visit.State.COMPLETED, visit.State.CANCELLED):
            self._touch(now)
            if row.rated:
                self._go(KioskScreen.RATED, rated_visit_id=row.visit_id, refusal=None)
            else:
                self._ask_rating(row.visit_id)
            return []
        if after is Stage.OVER or after is Stage.WITH_YOU:
            self._go(KioskScreen.LINE)
        return [KioskSound.ACCEPTED] if after is Stage.COMING and before is Stage.FINDING else []

    def _follow_rating(self) -> None:
        """An employee may take the end of a visit back: then there is nothing to rate yet."""
        session, ended = self.session, self.session.row
        row = self.floor.view.visits.get(session.rated_visit_id or "")
        if session.screen is not KioskScreen.RATING or row is None or ended is None:
            return
        if ended.state == visit.State.COMPLETED and row.state in visit.OPEN and row.rev > ended.rev:
            self._go(KioskScreen.LINE, rated_visit_id=None, row=row)

    def _play_new_calls(self) -> list[Effect]:
        """The sound for tickets called just now, whatever is on the screen: who is called may be far away."""
        return [KioskSound.CALLED] if self._call_sounds.new_calls(self.floor) else []
