"""Whoever acts at the tablet, fingers through the screens or the demo's employee, acts through Hands."""

import asyncio
import logging
import time
from collections.abc import Callable

from sync_server.device.device import Device
from sync_server.device.outbox import OutboxError
from sync_server.domain import ops
from sync_server.domain.events import Presence, Resolution
from sync_server.domain.refusal import Refusal
from sync_server.protocol.messages import SignedIn, Submit

from . import taps
from .board import Board, Notice
from .screen import Screen
from .seen import Seen

log = logging.getLogger(__name__)


class Hands:
    """Joins the board to the device, on the running loop: taps in, ops out, the floor back in.

    `draw()` is called after anything a screen may show changed, `pair_again()` where a device that
    was revoked is to be paired anew. `language` is the tablet's, for the
    visits it opens itself. `touched_at` is when a real finger last touched the glass, by
    `time.monotonic`.
    """

    def __init__(self, device: Device, language: str = "en") -> None:
        self.device = device
        self.language = language
        self.draw: Callable[[], None] = lambda: None
        self.pair_again: Callable[[], None] = lambda: None
        self.touched_at = float("-inf")
        self.board = Board(self._seen())
        self._at_start: tuple[str, str] | None = None
        self._signing_in: asyncio.Task[None] | None = None
        device.on_change = self.look
        device.on_refused = self._refused

    # --- what can be asked -----------------------------------------------------------------------

    @property
    def outside(self) -> str:
        """Why this device has no part in its store: `out`, or the role it has now; empty while it has."""
        return "out" if self.device.dismissed else self.device.moved_to or ""

    @property
    def screen(self) -> Screen:
        return self.board.screen

    def look(self) -> None:
        """Takes in what the device knows now; each second, and whenever that changed."""
        if self.device.problem not in (None, self.board.seen.problem):
            log.warning("the store takes nothing just now: %s", self.device.problem)
        self.board.see(self._seen())
        if self._at_start and self.device.live and self._signing_in is None:
            self._sign_in_at_start(*self._at_start)
        self.draw()

    def broken(self) -> None:
        """A fault of our own: says so on the screen."""
        self.board.sorry()
        self.draw()

    def touched(self) -> None:
        """A real finger on the glass, wherever."""
        self.touched_at = time.monotonic()

    # --- signing in and off ----------------------------------------------------------------------

    def sign_in_at_start(self, employee: str, pin: str) -> None:
        """Signs somebody in as soon as there is a connection, without a touch."""
        self._at_start = (employee, pin)
        self.look()

    def choose(self, employee: str) -> None:
        self.board.choose(employee)
        self.draw()

    def sign_in(self, pin: str) -> None:
        employee = self.board.try_pin()
        if employee is not None:
            self._signing_in = asyncio.ensure_future(self._sign_in(employee, pin))
        self.draw()

    def sign_off(self) -> None:
        self.board.leaving()
        self._do(taps.sign_off(self.board.seen))

    def available(self) -> None:
        self._do(taps.be(self.board.seen, Presence.AVAILABLE))

    def take_break(self) -> None:
        self._do(taps.be(self.board.seen, Presence.ON_BREAK))

    # --- pages -----------------------------------------------------------------------------------

    def go_on(self) -> None:
        self.board.go_on()
        self.draw()

    def open(self, page: str) -> None:
        self.board.open(Screen(page))
        self.draw()

    def back(self) -> None:
        self.board.back()
        self.draw()

    def dismiss(self, op_id: str) -> None:
        """Somebody has read the line above: about a refused op, or (without an id) a notice."""
        if op_id:
            try:
                self.device.outbox.dismiss(op_id)
            except OutboxError as error:
                log.error("not kept: %s", error)
        else:
            self.board.notice = None
        self.look()

    # --- visits ----------------------------------------------------------------------------------

    def take(self, visit_id: str) -> None:
        self._do(taps.take(self.board.seen, visit_id))

    def resume(self, visit_id: str) -> None:
        self._do(taps.resume(self.board.seen, visit_id))

    def coming(self) -> None:
        self._do(taps.coming(self.board.seen))

    def not_now(self) -> None:
        self._do(taps.not_now(self.board.seen))

    def with_them(self) -> None:
        self._do(taps.with_them(self.board.seen))

    def call_again(self) -> None:
        self._do(taps.call_again(self.board.seen))

    def not_here(self) -> None:
        self._do(taps.not_here(self.board.seen))

    def give_back(self) -> None:
        self._do(taps.give_back(self.board.seen))

    def by_mistake(self) -> None:
        self._do(taps.by_mistake(self.board.seen))

    def hold(self) -> None:
        self._do(taps.hold(self.board.seen))

    def add_note(self, note: str) -> None:
        op = taps.add_note(self.board.seen, note)
        self.board.back()
        self._do(op)

    def tell(self, story: str) -> None:
        self.board.tell(story)
        self.draw()

    def hand_over(self, need: str = "") -> None:
        self._do(taps.hand_over(self.board.seen, self.board.extras.story, need or None))

    def pick_tip(self, code: str) -> None:
        self.board.pick_tip(code)
        self.draw()

    def pick_gift(self, code: str) -> None:
        self.board.pick_gift(code)
        self.draw()

    def give(self, cents: int) -> None:
        self.board.give(cents)
        self.draw()

    def complete(self, resolution: str) -> None:
        extras = self.board.extras
        ending = Resolution(resolution)
        self._do(taps.complete(self.board.seen, ending, extras.tip, extras.gift, extras.cents))

    def quick(self, need: str) -> None:
        self.board.quick(need)
        self.draw()

    def quick_end(self, resolution: str) -> None:
        need, seen = self.board.quick_need, self.board.seen
        ending = Resolution(resolution)
        if taps.quick(seen, need, ending, "", "", "") is not None:
            made = self.device.new_id(), self.device.next_ticket(), self.language
            self.board.quick_ended(ending)
            self._do(taps.quick(seen, need, ending, *made))

    # --- inside ----------------------------------------------------------------------------------

    def _seen(self) -> Seen:
        device = self.device
        return Seen(
            view=device.view,
            catalogue=device.catalogue,
            device_id=device.file.device_id,
            now=device.server_time(),
            live=device.live,
            heard_at=device.heard_at,
            problem=device.problem,
            refused=tuple(device.outbox.refused()),
        )

    def _do(self, op: ops.DeviceOp | None) -> None:
        if op is not None:
            try:
                self.device.submit(op)  # which makes us look
            except OutboxError as error:
                log.error("not kept: %s", error)
                self.board.notice = (Notice.NOT_SAVED, "")
        self.draw()

    def _refused(self, submit: Submit, refusal: Refusal) -> None:
        # The line above the screens shows it from the outbox until somebody has read it.
        log.warning("refused: %s %s (%s)", type(submit.op).__name__, refusal.code, refusal.about)

    def _sign_in_at_start(self, employee: str, pin: str) -> None:
        if self.board.seen.me is not None:
            self._at_start = None
            return
        self.board.choose(employee)
        if self.board.try_pin() is not None:
            self._signing_in = asyncio.ensure_future(self._sign_in(employee, pin))

    async def _sign_in(self, employee: str, pin: str) -> None:
        answer = None
        try:
            answer = await self.device.sign_in(employee, pin)
        finally:
            self._signed_in(answer)

    def _signed_in(self, answer: SignedIn | None) -> None:
        """Whatever became of it, the next PIN may be tried."""
        self._signing_in = None
        if answer is not None:
            self._at_start = None  # an answer is an answer; without one, the next connection tries again
        self.board.tried_pin(answer)
        self.draw()
