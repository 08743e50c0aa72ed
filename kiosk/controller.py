"""The kiosk's controller: screens and simulated shoppers act through it."""

import asyncio
import logging
import secrets
from collections.abc import Callable, Iterable

import msgspec
from msgspec.structs import replace

from assets.ui.device_controller import DeviceController
from kiosk.session.session import KioskError, KioskScreen, KioskSound, ShopperSession, TicketOnScreen
from kiosk.session.session_flow import Effect, SessionFlow
from kiosk.session.visit_progress import FloorState, RefusedTicket
from sync_server.device.clocks import steady_clock
from sync_server.device.device import Device
from sync_server.device.storage.outbox import ScreenState
from sync_server.device.storage.outbox_errors import OutboxError
from sync_server.domain import ops
from sync_server.domain.refusal import Refusal
from sync_server.protocol.messages import Submit

log = logging.getLogger(__name__)


class KioskController(DeviceController):
    """Joins the session to the device, on the running loop. `play(sound)` is called for each sound."""

    def __init__(self, flow: SessionFlow, device: Device, clock: Callable[[], int] = steady_clock) -> None:
        super().__init__(device)
        self.flow = flow
        self.now = clock
        self.play: Callable[[KioskSound], None] = lambda _sound: None
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._refused_tickets = self._read_refused_tickets()
        self._saved_ticket = self._restore()
        self.connect()
        self.refresh()

    # --- state -----------------------------------------------------------------------------------

    @property
    def session(self) -> ShopperSession:
        return self.flow.session

    @property
    def screen(self) -> KioskScreen:
        return self.flow.session.screen

    def refresh(self) -> None:
        device = self.device
        floor = FloorState(
            catalogue=self._shown_catalogue.of(device.catalogue),
            view=device.view,
            live=device.live and device.problem is None,
            at=device.server_time(),
            refused_tickets=self._refused_tickets,
            last_contact_at=device.last_contact_at,
            told_waits=device.told_waits,
            overrides=device.overrides,
        )
        self._carry_out(self.flow.update_floor(floor, self.now()))

    def tick(self) -> None:
        """Does what is due, and takes over the present state of the device."""
        self._carry_out(self.flow.tick(self.now()))
        self.refresh()

    def stop(self) -> None:
        super().stop()
        self._cancel_timer()

    # --- taps ------------------------------------------------------------------------------------

    def set_language(self, language: str) -> None:
        self._tap(self.flow.set_language, language)

    def choose_need(self, code: str) -> None:
        self._tap(self.flow.choose_need, code)

    def choose_colour(self, colour: str) -> None:
        self._tap(self.flow.choose_colour, colour)

    def choose_place(self, place: str) -> None:
        self._tap(self.flow.choose_place, place)

    def open_name(self) -> None:
        self._tap(self.flow.open_name)

    def type(self, text: str) -> None:
        self._tap(self.flow.type, text)

    def erase(self) -> None:
        self._tap(self.flow.erase)

    def back(self) -> None:
        self._tap(self.flow.back)

    def join(self) -> None:
        """Puts the shopper in line: makes the visit's id, its ticket and the ticket's secret link."""
        if self.screen is KioskScreen.IDENTIFY:
            made = self.device.new_id(), self.device.next_ticket(), secrets.token_urlsafe(16)
            self._tap(self.flow.join, *made)

    def acknowledge(self) -> None:
        self._tap(self.flow.acknowledge)

    def leave(self) -> None:
        """The first time asks whether to leave the line; the second time leaves it."""
        self._tap(self.flow.leave)

    def come_back(self) -> None:
        self._tap(self.flow.come_back)

    def open_find_ticket(self) -> None:
        self._tap(self.flow.open_find_ticket)

    def choose_ticket_colour(self, colour: int) -> None:
        self._tap(self.flow.choose_ticket_colour, colour)

    def choose_ticket_animal(self, animal: int) -> None:
        self._tap(self.flow.choose_ticket_animal, animal)

    def open_rating(self) -> None:
        self._tap(self.flow.open_rating)

    def pick_ticket(self, visit_id: str) -> None:
        self._tap(self.flow.pick_ticket, visit_id)

    def rate(self, ces: int) -> None:
        """Rates the effort: `ces` is 1 to 5, 5 = very easy."""
        self._tap(self.flow.rate, ces)

    def decline_rating(self) -> None:
        self._tap(self.flow.decline_rating)

    def still_here(self) -> None:
        self._tap(self.flow.still_here)

    def start_over(self) -> None:
        self._tap(self.flow.start_over)

    def try_again(self) -> None:
        self._tap(self.flow.try_again)

    def record_touch(self) -> None:
        super().record_touch()
        self.flow.record_touch(self.now())
        self._set_timer()

    def report_fault(self) -> None:
        """Shows an apology, unless the apology itself is what fails.

        The timer stays set, so the greeting comes back by itself.
        """
        if self.screen is KioskScreen.ERROR:
            self._set_timer()
        else:
            self.flow.show_error(KioskError.BROKEN, self.now())
            self._carry_out(())

    # --- inside ----------------------------------------------------------------------------------

    def _tap(self, action: Callable[..., list[Effect] | None], *values: object) -> None:
        self.flow.count_tap(self.now())
        self._carry_out(action(*values, self.now()) or ())

    def _carry_out(self, effects: Iterable[Effect]) -> None:
        for effect in effects:
            if isinstance(effect, KioskSound):
                self.play(effect)
            else:
                self._submit(effect)
        for count in self.flow.take_finished():
            self._submit_count(count)
        self._save_screen()
        self._set_timer()
        self.draw()

    def _submit(self, op: ops.ShopperOp) -> None:
        """Submits the op, and saves the ticket on the screen in the same transaction."""
        before, self._saved_ticket = self._saved_ticket, self.flow.ticket_on_screen
        changed, committed = self._saved_ticket != before, False
        try:
            self.device.submit(op, _screen_state(self._saved_ticket) if changed else None)
            committed = True
        except OutboxError as error:
            log.error("not kept: %s", error)
            self.flow.show_error(KioskError.FULL, self.now())
        finally:
            if not committed:
                self._saved_ticket = before

    def _submit_count(self, count: ops.CountSession) -> None:
        """Submits what a session came to. No shopper is shown that it could not be kept.

        A server of an earlier version would answer with a fault, so it is sent none.
        """
        if not self.device.counts_sessions:
            return
        try:
            self.device.submit(count)
        except OutboxError as error:
            log.error("a session is not counted: %s", error)

    def _save_screen(self) -> None:
        """Saves the ticket on the screen if it has changed, so that it is shown again after a crash."""
        ticket = self.flow.ticket_on_screen
        if ticket == self._saved_ticket:
            return
        self._saved_ticket = ticket
        try:
            self.device.outbox.save_screen(_screen_state(ticket))
        except OutboxError as error:
            log.error("not kept: %s", error)

    def _restore(self) -> TicketOnScreen | None:
        """Shows the ticket that was on the screen when the program ended; returns what is saved."""
        data = self.device.outbox.screen()
        try:
            ticket = msgspec.json.decode(data, type=TicketOnScreen) if data is not None else None
        except msgspec.DecodeError:
            return None  # saved by another version
        if ticket is not None:
            self.flow.restore(ticket, self.device.server_time(), self.now())
        return ticket

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _set_timer(self) -> None:
        self._cancel_timer()
        now = self.now()
        delay_s = max(0, self.flow.next_deadline(now) - now) / 1000
        self._timer = self._loop.call_later(delay_s, self.tick)

    def _refused(self, submit: Submit, refusal: Refusal) -> None:
        super()._refused(submit, refusal)
        shown = self.flow.handle_refusal(submit.op, refusal.code, self.now())
        if shown or not isinstance(submit.op, ops.OpenVisit):
            # Only a refused visit is still shown after its shopper has left: nobody will come for them.
            self._forget_refusal(submit.op_id)
        else:
            self._refused_tickets = self._read_refused_tickets()
            self.flow.update_floor(
                replace(self.flow.floor, refused_tickets=self._refused_tickets), self.now()
            )
        self._carry_out(())

    def _forget_refusal(self, op_id: str) -> None:
        super()._forget_refusal(op_id)
        self._refused_tickets = tuple(lost for lost in self._refused_tickets if lost.op_id != op_id)

    def _read_refused_tickets(self) -> tuple[RefusedTicket, ...]:
        return tuple(
            RefusedTicket(submit.op_id, submit.op.ticket)
            for submit, _ in self.device.outbox.refused()
            if isinstance(submit.op, ops.OpenVisit)
        )


def _screen_state(ticket: TicketOnScreen | None) -> ScreenState:
    return ScreenState(None if ticket is None else msgspec.json.encode(ticket))
