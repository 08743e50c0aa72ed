"""The tablet's controller: screens and simulated employees act through it."""

import asyncio
import logging

from assets.ui.device_controller import DeviceController
from sync_server.device.device import Device
from sync_server.device.storage.outbox_errors import OutboxError
from sync_server.domain import ops
from sync_server.domain.events import Presence
from sync_server.domain.resolution import Resolution
from sync_server.protocol.messages import SignedIn

from . import intents, undo
from .navigation import StaffScreen
from .snapshot import TabletSnapshot
from .tablet_state import Notice, TabletState

log = logging.getLogger(__name__)


class StaffController(DeviceController):
    """Joins the tablet's state to the device, on the running loop.

    `language` is the tablet's language, for the visits that it opens itself.
    """

    def __init__(self, device: Device, language: str = "en") -> None:
        super().__init__(device)
        self.language = language
        self.state = TabletState(self._snapshot())
        self._sign_in_at_start: tuple[str, str] | None = None
        self._sign_in_task: asyncio.Task[None] | None = None
        self.connect()

    # --- state -----------------------------------------------------------------------------------

    @property
    def screen(self) -> StaffScreen:
        return self.state.screen

    def refresh(self) -> None:
        """Takes over the present state of the device; called when it has changed, and once a second."""
        if self.device.problem not in (None, self.state.snapshot.problem):
            log.warning("the store takes nothing just now: %s", self.device.problem)
        self.state.update(self._snapshot())
        if self._sign_in_at_start and self.device.live and self._sign_in_task is None:
            self._start_sign_in(*self._sign_in_at_start)
        self.draw()

    def report_fault(self) -> None:
        self.state.show_error()
        self.draw()

    # --- signing in and off ----------------------------------------------------------------------

    def sign_in_at_start(self, employee: str, pin: str) -> None:
        """Signs an employee in without a touch, as soon as there is a connection."""
        self._sign_in_at_start = (employee, pin)
        self.refresh()

    def choose_employee(self, employee: str) -> None:
        self.state.choose_employee(employee)
        self.draw()

    def sign_in(self, pin: str) -> None:
        employee = self.state.begin_sign_in()
        if employee is not None:
            self._sign_in_task = asyncio.ensure_future(self._sign_in(employee, pin))
        self.draw()

    def sign_off(self) -> None:
        self.state.begin_sign_off()
        self._submit(intents.sign_off(self.state.snapshot))

    def become_available(self) -> None:
        self._set_presence(Presence.AVAILABLE)

    def take_break(self) -> None:
        self._set_presence(Presence.ON_BREAK)

    # --- pages -----------------------------------------------------------------------------------

    def dismiss_error(self) -> None:
        self.state.dismiss_error()
        self.draw()

    def open_page(self, page: str) -> None:
        self.state.open_page(StaffScreen(page))
        self.draw()

    def back(self) -> None:
        self.state.back()
        self.draw()

    def dismiss(self, op_id: str) -> None:
        """A person has read the message above the screen: about a refused op, or without an id a notice."""
        if op_id:
            self._forget_refusal(op_id)
        else:
            self.state.dismiss_message()
        self.refresh()

    # --- visits ----------------------------------------------------------------------------------

    def claim(self, visit_id: str) -> None:
        self._submit(intents.claim(self.state.snapshot, visit_id))

    def resume(self, visit_id: str) -> None:
        self._submit(intents.resume(self.state.snapshot, visit_id))

    def accept(self) -> None:
        self._submit(intents.accept(self.state.snapshot))

    def decline(self) -> None:
        self._submit(intents.decline(self.state.snapshot))

    def start_serving(self) -> None:
        self._submit(intents.start(self.state.snapshot))

    def recall(self) -> None:
        self._submit(intents.recall(self.state.snapshot))

    def mark_no_show(self) -> None:
        self._submit(intents.mark_no_show(self.state.snapshot))

    def give_back(self) -> None:
        self._submit(intents.give_back(self.state.snapshot))

    def remove(self) -> None:
        self._submit(intents.remove(self.state.snapshot))

    def hold(self) -> None:
        self._submit(intents.hold(self.state.snapshot))

    def ask_for_help(self) -> None:
        self._submit(intents.ask_for_help(self.state.snapshot))

    def answer_help(self) -> None:
        self._submit(intents.answer_help(self.state.snapshot))

    def add_note(self, note: str) -> None:
        op = intents.add_note(self.state.snapshot, note)
        self.state.back()
        self._submit(op)

    def save_handover_note(self, note: str) -> None:
        self.state.set_handover_note(note)
        self.draw()

    def hand_over(self, need: str = "") -> None:
        note = self.state.extras.handover_note
        self._submit(intents.hand_over(self.state.snapshot, note, need or None))

    def toggle_tip(self, code: str) -> None:
        self.state.toggle_tip(code)
        self.draw()

    def toggle_gift(self, code: str) -> None:
        self.state.toggle_gift(code)
        self.draw()

    def set_goodwill(self, cents: int) -> None:
        self.state.set_goodwill(cents)
        self.draw()

    def complete(self, resolution: str) -> None:
        extras = self.state.extras
        self._submit(
            intents.complete(
                self.state.snapshot, Resolution(resolution), extras.tip, extras.gift, extras.goodwill_cents
            )
        )

    def choose_quick_need(self, need: str) -> None:
        self.state.choose_quick_need(need)
        self.draw()

    def toggle_quick_minutes(self, code: str) -> None:
        self.state.toggle_quick_minutes(int(code))
        self.draw()

    def complete_quick(self, resolution: str) -> None:
        need, snapshot, minutes = self.state.quick_need, self.state.snapshot, self.state.quick_minutes
        chosen = Resolution(resolution)
        # Asked first without an id and a ticket, so that no ticket is used up for nothing.
        if intents.quick_resolution(snapshot, need, chosen, "", "", "") is not None:
            made = self.device.new_id(), self.device.next_ticket(), self.language
            self._submit(intents.quick_resolution(snapshot, need, chosen, *made, minutes))

    def take_back(self) -> None:
        """Takes the last end of a visit or hand over back."""
        for op in self.state.take_back():
            self._submit(op)
        self.draw()

    # --- inside ----------------------------------------------------------------------------------

    def _snapshot(self) -> TabletSnapshot:
        device = self.device
        return TabletSnapshot(
            view=device.view,
            catalogue=self._shown_catalogue.of(device.catalogue),
            device_id=device.file.device_id,
            now=device.server_time(),
            pace=device.pace,
            live=device.live,
            last_contact_at=device.last_contact_at,
            problem=device.problem,
            refused=tuple(device.outbox.refused()),
            undo_s=device.undo_s,
        )

    def _set_presence(self, presence: Presence) -> None:
        self.state.tapped_presence = presence
        self._submit(intents.set_presence(self.state.snapshot, presence))

    def _submit(self, op: ops.DeviceOp | None) -> None:
        if op is not None:
            self.state.offer_undo(undo.undoable(op, self.state.snapshot))
            try:
                self.device.submit(op)  # calls refresh
            except OutboxError as error:
                log.error("not kept: %s", error)
                self.state.notice, self.state.last = (Notice.NOT_SAVED, ""), None
        self.draw()

    def _start_sign_in(self, employee: str, pin: str) -> None:
        """Signs the employee of the command line in, unless somebody is signed in already."""
        if self.state.snapshot.me is not None:
            self._sign_in_at_start = None
            return
        self.state.choose_employee(employee)
        if self.state.begin_sign_in() is not None:
            self._sign_in_task = asyncio.ensure_future(self._sign_in(employee, pin))

    async def _sign_in(self, employee: str, pin: str) -> None:
        answer = None
        try:
            answer = await self.device.sign_in(employee, pin)
        finally:
            self._end_sign_in(answer)

    def _end_sign_in(self, answer: SignedIn | None) -> None:
        """Allows the next PIN, whatever the answer was."""
        self._sign_in_task = None
        if answer is not None:
            self._sign_in_at_start = None  # without an answer, the next connection tries again
        self.state.end_sign_in(answer)
        self.draw()
