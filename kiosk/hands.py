"""Whoever acts at the kiosk, fingers through the screens or a simulated shopper, acts through Hands."""

import asyncio
import logging
import secrets
import time
from collections.abc import Callable, Iterable

import msgspec
from msgspec.structs import replace

from sync_server.device.around import steady_clock
from sync_server.device.device import Device
from sync_server.device.outbox import OutboxError
from sync_server.domain import ops
from sync_server.domain.refusal import Refusal
from sync_server.protocol.messages import Submit

from .flow import Effect, Flow
from .session import OnScreen, Screen, Session, Sound, Trouble
from .standing import Lost, World

log = logging.getLogger(__name__)


class Hands:
    """Joins the session to the device, on the running loop: taps in, ops out, the floor back in.

    `draw()` is called after anything a screen may show changed, `play(sound)` for each sound,
    `pair_again()` where a device that was revoked is to be paired anew.
    `touched_at` is when a real finger last touched the glass, by `time.monotonic`.
    """

    def __init__(self, flow: Flow, device: Device, clock: Callable[[], int] = steady_clock) -> None:
        self.flow = flow
        self.device = device
        self.now = clock
        self.draw: Callable[[], None] = lambda: None
        self.play: Callable[[Sound], None] = lambda _sound: None
        self.pair_again: Callable[[], None] = lambda: None
        self.touched_at = float("-inf")
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._lost = self._lost_tickets()
        self._kept = self._resume()
        device.on_change = self.look
        device.on_refused = self._refused
        self.look()

    # --- what can be asked -----------------------------------------------------------------------

    @property
    def session(self) -> Session:
        return self.flow.session

    @property
    def outside(self) -> str:
        """Why this device has no part in its store: `out`, or the role it has now; empty while it has."""
        return "out" if self.device.dismissed else self.device.moved_to or ""

    @property
    def screen(self) -> Screen:
        return self.flow.session.screen

    def look(self) -> None:
        """Takes in what the floor is like now."""
        device = self.device
        taken = device.live and device.problem is None
        world = World(device.catalogue, device.view, taken, device.server_time(), self._lost, device.heard_at)
        self._carry_out(self.flow.see(world, self.now()))

    def wake(self) -> None:
        """Does what is due, and looks again."""
        self._carry_out(self.flow.tick(self.now()))
        self.look()

    def stop(self) -> None:
        """Nothing is due any more, and no news is taken in."""
        self.device.on_change = lambda: None
        self._cancel_timer()

    # --- what can be done ------------------------------------------------------------------------

    def speak(self, language: str) -> None:
        self._tap(self.flow.speak, language)

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
        """Puts the shopper in line: makes the visit's id, its ticket and the ticket's secret address."""
        if self.screen is Screen.SPOT:
            made = self.device.new_id(), self.device.next_ticket(), secrets.token_urlsafe(16)
            self._tap(self.flow.join, *made)

    def all_right(self) -> None:
        self._tap(self.flow.all_right)

    def leave(self) -> None:
        """Asks whether to leave the line; a second time, leaves it."""
        self._tap(self.flow.leave)

    def how_was_it(self) -> None:
        self._tap(self.flow.how_was_it)

    def pick(self, visit_id: str) -> None:
        self._tap(self.flow.pick, visit_id)

    def rate(self, ces: int) -> None:
        """Effort 1–5, 5 = very easy."""
        self._tap(self.flow.rate, ces)

    def no_thanks(self) -> None:
        self._tap(self.flow.no_thanks)

    def here(self) -> None:
        self._tap(self.flow.here)

    def start_over(self) -> None:
        self._tap(self.flow.start_over)

    def try_again(self) -> None:
        self._tap(self.flow.try_again)

    def dismiss(self, op_id: str) -> None:
        """Somebody has read that this ticket was refused."""
        self._forget(op_id)
        self.look()

    def touched(self) -> None:
        """A real finger on the glass, wherever."""
        self.touched_at = time.monotonic()
        self.flow.touched(self.now())
        self._set_timer()

    def broken(self) -> None:
        """A fault of our own: says so on the screen, unless it is that screen which fails.

        Whatever was due is still due: the greeting comes back by itself.
        """
        if self.screen is Screen.TROUBLE:
            self._set_timer()
        else:
            self.flow.fail(Trouble.BROKEN, self.now())
            self._carry_out(())

    # --- inside ----------------------------------------------------------------------------------

    def _tap(self, tap: Callable[..., list[Effect] | None], *values: object) -> None:
        self._carry_out(tap(*values, self.now()) or ())

    def _carry_out(self, effects: Iterable[Effect]) -> None:
        for effect in effects:
            if isinstance(effect, Sound):
                self.play(effect)
                continue
            try:
                self.device.submit(effect)
            except OutboxError as error:
                log.error("not kept: %s", error)
                self.flow.fail(Trouble.FULL, self.now())
        self._keep()
        self._set_timer()
        self.draw()

    def _resume(self) -> OnScreen | None:
        """Brings back the ticket that was on the screen when the program was last ended."""
        kept = self.device.outbox.screen()
        try:
            on_screen = msgspec.json.decode(kept, type=OnScreen) if kept is not None else None
        except msgspec.DecodeError:
            return None  # kept by another version
        if on_screen is not None:
            self.flow.resume(on_screen, self.device.server_time(), self.now())
        return on_screen

    def _keep(self) -> None:
        """Keeps on disk what has to be on the screen after a crash, whenever that changes."""
        on_screen = self.flow.on_screen
        if on_screen == self._kept:
            return
        self._kept = on_screen
        try:
            self.device.outbox.keep_screen(None if on_screen is None else msgspec.json.encode(on_screen))
        except OutboxError as error:
            log.error("not kept: %s", error)

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _set_timer(self) -> None:
        self._cancel_timer()
        now = self.now()
        due = max(0, self.flow.next_deadline(now) - now) / 1000
        self._timer = self._loop.call_later(due, self.wake)

    def _refused(self, submit: Submit, refusal: Refusal) -> None:
        log.warning("refused: %s %s (%s)", type(submit.op).__name__, refusal.code, refusal.about)
        told = self.flow.refused(submit.op, refusal.code, self.now())
        if told or not isinstance(submit.op, ops.OpenVisit):
            # Of those who are gone, only a shopper who waits for nothing has to be told.
            self._forget(submit.op_id)
        else:
            self._lost = self._lost_tickets()
            self.flow.see(replace(self.flow.world, lost=self._lost), self.now())
        self._carry_out(())

    def _forget(self, op_id: str) -> None:
        try:
            self.device.outbox.dismiss(op_id)
        except OutboxError as error:
            log.error("not kept: %s", error)  # it is shown again after the next start
        self._lost = tuple(lost for lost in self._lost if lost.op_id != op_id)

    def _lost_tickets(self) -> tuple[Lost, ...]:
        return tuple(
            Lost(submit.op_id, submit.op.ticket)
            for submit, _ in self.device.outbox.refused()
            if isinstance(submit.op, ops.OpenVisit)
        )
