"""What a device keeps on its disk of what the server said, and when it lets go of it."""

import asyncio
import logging
from collections.abc import Callable

from .around import Around
from .engine import Engine
from .last import ROWS_MS, Heard, Last
from .outbox import KEEP_MS, Outbox, OutboxError
from .wordless import as_due, row_without_words

KEEP_S = 5.0  # what the server said is on disk so much later, at the latest
STILL_KEPT_MS = 60_000  # and so often that nothing has changed
FORGET_S = 600.0
HOUR_MS = 3_600_000

log = logging.getLogger(__name__)


class Keeping:
    """The server's last words, of this run or the one before. `last` is what the outbox had of them.

    `on_forgotten()` is called whenever something that screens may show is shown no more.
    """

    def __init__(self, outbox: Outbox, engine: Engine, around: Around, last: Last | None) -> None:
        self.on_forgotten: Callable[[], None] = lambda: None
        self._outbox = outbox
        self._engine = engine
        self._around = around
        self._last = last
        self._hours = outbox.hours() or KEEP_MS // HOUR_MS
        self._loop = asyncio.get_running_loop()
        self.keep_timer: asyncio.TimerHandle | None = None
        self._looked_at = around.steady_clock()
        self.forget_timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Forgets what is due, from now on in time."""
        if self.forget_timer is not None:
            self.forget_timer.cancel()
        self.forget_timer = self._loop.call_later(FORGET_S, self.start)
        self._looked_at = self._around.steady_clock()
        self.forget()

    def stop(self) -> None:
        if self.forget_timer is not None:
            self.forget_timer.cancel()
        self.keep()

    # --- what time it is for the server ------------------------------------------------------------

    @property
    def heard_at(self) -> int | None:
        """When the server last spoke, by its clock in ms UTC, be it before this start; None: never."""
        heard = self._engine.heard_at
        return heard if heard is not None or self._last is None else self._last.at

    def server_time(self) -> int:
        """The server's time, ms UTC; this device's own until the server has ever spoken."""
        reckoned = self._engine.server_time(self._around.steady_clock())
        return self._around.wall_clock() + (self.ahead_ms() or 0) if reckoned is None else reckoned

    def ahead_ms(self) -> int | None:
        """How far the server's clock is ahead of this device's, or was when it last spoke."""
        reckoned = self._engine.server_time(self._around.steady_clock())
        if reckoned is not None:
            return reckoned - self._around.wall_clock()
        return self._last.ahead_ms if self._last is not None else None

    # --- what the server said, on the way to the disk ----------------------------------------------

    def soon(self) -> None:
        """Has what the server said written down in a while."""
        if self.keep_timer is None and self._engine.heard_at is not None:
            self.keep_timer = self._loop.call_later(KEEP_S, self.keep)

    def now_and_then(self) -> None:
        """The same, if it is long since the last time: nothing may have changed, but it was heard.

        And forgets what is due once this device wakes: while it sleeps its timers do too.
        """
        if self._around.steady_clock() - self._looked_at >= FORGET_S * 1000:
            self.start()
        heard_at = self._engine.heard_at
        if heard_at is not None and (self._last is None or heard_at - self._last.at >= STILL_KEPT_MS):
            self.soon()

    def heard(self) -> Heard | None:
        """What the server said and is not on disk yet; None where all of it is."""
        if self.keep_timer is None:
            return None
        heard_at, ahead_ms = self._engine.heard_at, self.ahead_ms()
        if heard_at is None or ahead_ms is None:
            return None
        rows, last = self._engine.replica, self._last
        # A moment earlier says the same, and each tap would pay for it.
        recent = last is not None and not rows.anew and 0 <= heard_at - last.at < KEEP_S * 1000
        return Heard(None if recent else Last(heard_at, ahead_ms), rows.unkept, rows.anew)

    def kept(self, heard: Heard | None) -> None:
        """It is on disk now."""
        if heard is None:
            return
        self._last = heard.said or self._last
        self._engine.replica.kept()
        if self.keep_timer is not None:
            self.keep_timer.cancel()
            self.keep_timer = None

    def keep(self) -> None:
        """Writes down what the server said, unless that is on disk already."""
        if (heard := self.heard()) is None:
            return
        try:
            self._outbox.keep_last(heard)
            self.kept(heard)
        except OutboxError as error:
            log.error("%s", error)
            self.keep_timer = None
            self.soon()  # again

    def _keep_shown(self) -> None:
        """Writes down what is shown now, as of the word of the server that was written down last."""
        if self._last is not None:
            rows = self._engine.replica
            heard = Heard(Last(self._last.at, self._last.ahead_ms), rows.unkept, rows.anew)
            self._outbox.keep_last(heard)
            self.kept(heard)

    # --- what must not outlive its use -------------------------------------------------------------

    def hours_known(self, hours: int) -> None:
        """The store says for how many hours anybody may keep what was said about a shopper."""
        if hours != self._hours:
            self._hours = hours
            self._outbox.keep_hours(hours)

    @property
    def words_ms(self) -> int:
        """For how long words about shoppers may be kept, ms."""
        return self._hours * HOUR_MS

    def forget(self) -> None:
        """Removes what is due: words about shoppers, refused ops, rows of a day ago."""
        try:
            too_much = self._shows_too_much()
            if too_much:
                self._keep_shown()
            self._forget_words(self.words_ms, to_the_last_byte=too_much)
        except OutboxError as error:
            log.error("%s", error)

    def forget_rows(self) -> None:
        """Nothing of the floor is this device's to know any more: what is shown is all that is kept."""
        self._keep_shown()
        self._forget_words(self.words_ms, to_the_last_byte=True)

    def forget_all_words(self) -> None:
        """Of shoppers nothing may be kept here from now on, due or not."""
        self._outbox.keep_screen(None)
        self._forget_words(0, to_the_last_byte=True)

    def _shows_too_much(self) -> bool:
        """Takes away what may not be shown any more while the server is away; whether there was any."""
        if self._last is None or self._engine.live:
            return False
        age, rows = self.server_time() - self._last.at, self._engine.replica
        if age >= ROWS_MS and (rows.visits or rows.people or rows.quotes):
            rows.clear()
        elif age >= self.words_ms:
            rows.reword(row_without_words)
        else:
            return False
        return rows.anew or bool(rows.unkept)

    def _forget_words(self, keep_ms: int, to_the_last_byte: bool = False) -> None:
        """Of this device's own ops, in memory and on disk; the ops stay, and are sent."""
        now = self._around.wall_clock()
        self._engine.reword(lambda submit: as_due(submit, now, keep_ms))
        self.on_forgotten()
        self._outbox.forget(now, keep_ms, to_the_last_byte)
