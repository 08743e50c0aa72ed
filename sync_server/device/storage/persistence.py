"""Saves what the server sent, and removes from memory and disk what may not be kept any longer."""

import asyncio
import logging
from collections.abc import Callable

from msgspec.structs import replace

from sync_server.device.clocks import Clocks
from sync_server.device.sync.engine import Engine
from sync_server.device.sync.redaction import redact_if_due, redact_row
from sync_server.device.sync.saved_rows import ROWS_RETENTION_MS, SavedState, SavedUpdate
from sync_server.protocol.messages import Submit
from sync_server.protocol.rows import OverridesRow

from .outbox import DEFAULT_RETENTION_MS, Outbox, ScreenState
from .outbox_errors import OutboxError
from .put_aside import delete_put_aside

SAVE_DELAY_S = 5.0  # rows of the server are on disk at most this long after they arrived
SAVE_UNCHANGED_MS = 60_000  # without changes the time of the last contact is saved this often
RETENTION_INTERVAL_S = 600.0
HOUR_MS = 3_600_000
NO_OVERRIDES = OverridesRow()

log = logging.getLogger(__name__)


class Persistence:
    """`saved` is the state that the outbox holds at the start.

    `on_redacted()` is called when something that screens may show was removed.
    """

    def __init__(self, outbox: Outbox, engine: Engine, clocks: Clocks, saved: SavedState | None) -> None:
        self.on_redacted: Callable[[], None] = lambda: None
        self._outbox = outbox
        self._engine = engine
        self._clocks = clocks
        self._saved = saved
        self._retention_hours = outbox.retention_hours() or DEFAULT_RETENTION_MS // HOUR_MS
        self._loop = asyncio.get_running_loop()
        self.save_timer: asyncio.TimerHandle | None = None
        self.retention_timer: asyncio.TimerHandle | None = None
        self._boot = clocks.boot_id()
        self._started_at = self._retention_at = clocks.steady_clock()

    def start(self) -> None:
        """Applies the retention rules now, and every RETENTION_INTERVAL_S from now on."""
        if self.retention_timer is not None:
            self.retention_timer.cancel()
        self.retention_timer = self._loop.call_later(RETENTION_INTERVAL_S, self.start)
        self._retention_at = self._clocks.steady_clock()
        self.apply_retention()

    def stop(self) -> None:
        """Saves what is not saved yet, and ends."""
        if self.retention_timer is not None:
            self.retention_timer.cancel()
        self.save()

    # --- the server's time -------------------------------------------------------------------------

    @property
    def last_contact_at(self) -> int | None:
        """The time of the server's last message by its own clock, ms UTC, also before this start.

        None if the server has never sent anything.
        """
        at = self._engine.last_contact_at
        return at if at is not None or self._saved is None else self._saved.at

    def server_time(self) -> int:
        """The server's time, ms UTC; this device's own time before the first contact.

        It is never before the server's last message, even if this device's clock is.
        """
        if (measured := self._measured_time()) is not None:
            return measured
        wall = self._clocks.wall_clock()
        return wall if self._saved is None else max(wall + self._saved.ahead_ms, self._earliest(self._saved))

    def ahead_ms(self) -> int | None:
        """How far the server's clock is ahead of this device's; None if that is not known.

        After the computer was started anew it is what it was at the last contact, unless its clock shows
        a time before that contact: such a clock is wrong, by nobody knows how much.
        """
        wall = self._clocks.wall_clock()
        if (measured := self._measured_time()) is not None:
            return measured - wall
        if self._saved is None or wall + self._saved.ahead_ms < self._earliest(self._saved):
            return None
        return self._saved.ahead_ms

    def age_ms(self, submit: Submit) -> int:
        """How long ago an op was tapped, as well as this device knows.

        Its clock may be wrong in either direction, so an op from the future counts as that old.
        """
        if (tapped_at := self._engine.tap_dates.steady.get(submit.op_id)) is not None:
            return (self._clocks.steady_clock() - tapped_at) * self._clocks.pace
        if submit.ahead_ms is not None:
            return abs(self.server_time() - submit.at_device - submit.ahead_ms)
        return abs(self._clocks.wall_clock() - submit.at_device)

    def _measured_time(self) -> int | None:
        """The server's time by the steady clock alone; None if this start of the computer heard nothing."""
        now = self._clocks.steady_clock()
        if (estimate := self._engine.server_time(now)) is not None:
            return estimate
        if self._saved is not None and self._saved.boot and self._saved.boot == self._boot:
            return self._saved.at + (now - self._saved.steady) * self._clocks.pace
        return None

    def _earliest(self, saved: SavedState) -> int:
        """The server's time is at least this: it was heard before this process began."""
        return saved.at + (self._clocks.steady_clock() - self._started_at) * self._clocks.pace

    def _contact(self, contact_at: int, ahead_ms: int) -> SavedState:
        """The header that is saved for a contact in this process."""
        now = self._clocks.steady_clock()
        estimate = self._engine.server_time(now)
        in_force = self._engine.replica.overrides
        overrides = None if in_force == NO_OVERRIDES else in_force
        if not self._boot or estimate is None:
            return SavedState(contact_at, ahead_ms, overrides=overrides)
        steady = now - (estimate - contact_at) // self._clocks.pace
        return SavedState(contact_at, ahead_ms, boot=self._boot, steady=steady, overrides=overrides)

    # --- saving ------------------------------------------------------------------------------------

    def save_soon(self) -> None:
        """Saves what the server sent within SAVE_DELAY_S."""
        if self.save_timer is None and self._engine.last_contact_at is not None:
            self.save_timer = self._loop.call_later(SAVE_DELAY_S, self.save)

    def save_if_stale(self) -> None:
        """Also saves once a minute without changes, so that the saved time of the last contact stays fresh.

        Applies the retention rules too if they are overdue: timers do not run while a device is suspended.
        """
        if self._clocks.steady_clock() - self._retention_at >= RETENTION_INTERVAL_S * 1000:
            self.start()
        contact_at = self._engine.last_contact_at
        if contact_at is None:
            return
        if self._saved is None or contact_at - self._saved.at >= SAVE_UNCHANGED_MS:
            self.save_soon()

    def unsaved_update(self) -> SavedUpdate | None:
        """What the server sent and is not on disk yet; None if all of it is."""
        if self.save_timer is None:
            return None
        contact_at, ahead_ms = self._engine.last_contact_at, self.ahead_ms()
        if contact_at is None or ahead_ms is None:
            return None
        replica, saved = self._engine.replica, self._saved
        # A saved time that is a few seconds old is good enough, and makes each tap's commit smaller.
        recent = (
            saved is not None
            and not replica.replace_all
            and 0 <= contact_at - saved.at < SAVE_DELAY_S * 1000
            and (saved.overrides or NO_OVERRIDES) == replica.overrides
        )
        header = None if recent else self._contact(contact_at, ahead_ms)
        return SavedUpdate(header, replica.unsaved, replica.replace_all)

    def mark_saved(self, update: SavedUpdate | None) -> None:
        """The update is on disk."""
        if update is None:
            return
        self._saved = update.header or self._saved
        self._engine.replica.mark_saved()
        if self.save_timer is not None:
            self.save_timer.cancel()
            self.save_timer = None

    def save(self) -> None:
        """Saves what the server sent and is not on disk yet. Tries again later if that fails."""
        if (update := self.unsaved_update()) is None:
            return
        try:
            self._outbox.save_update(update)
            self.mark_saved(update)
        except OutboxError as error:
            log.error("%s", error)
            self.save_timer = None
            self.save_soon()

    def _save_rows(self) -> None:
        """Saves the present rows without changing the saved time of the last contact."""
        if self._saved is not None:
            replica = self._engine.replica
            header = replace(self._saved, visits=(), people=(), quotes=())
            update = SavedUpdate(header, replica.unsaved, replica.replace_all)
            self._outbox.save_update(update)
            self.mark_saved(update)

    # --- retention ---------------------------------------------------------------------------------

    def set_retention_hours(self, hours: int) -> None:
        """The store has said for how many hours text about shoppers may be kept."""
        if hours != self._retention_hours:
            self._retention_hours = hours
            self._outbox.save_retention_hours(hours)

    @property
    def retention_ms(self) -> int:
        """For how long text about shoppers may be kept, ms."""
        return self._retention_hours * HOUR_MS

    def apply_retention(self) -> None:
        """Removes what is due: text about shoppers, refused ops, rows of more than a day ago."""
        try:
            removed = self._redact_rows()
            if removed:
                self._save_rows()
            self._redact_ops(self.retention_ms, clear_traces=removed)
            delete_put_aside(self._outbox.path, self._clocks.wall_clock(), self.retention_ms)
        except (OutboxError, OSError) as error:
            log.error("%s", error)

    def clear_rows(self) -> None:
        """Deletes the saved rows: the device may not know anything of the floor any more."""
        self._save_rows()
        self._redact_ops(self.retention_ms, clear_traces=True)

    def redact_all(self) -> None:
        """Removes all text about shoppers, whether it is due or not."""
        self._outbox.save_screen(ScreenState(None))
        self._redact_ops(0, clear_traces=True)

    def _redact_rows(self) -> bool:
        """Removes from the rows what may not be shown any longer without the server; whether it did."""
        if self._saved is None or self._engine.live:
            return False
        age, replica = self.server_time() - self._saved.at, self._engine.replica
        if age >= ROWS_RETENTION_MS and (replica.visits or replica.people or replica.quotes):
            replica.clear()
        elif age >= self.retention_ms:
            replica.redact(redact_row)
        else:
            return False
        return replica.replace_all or bool(replica.unsaved)

    def _redact_ops(self, retention_ms: int, clear_traces: bool = False) -> None:
        """Removes text from this device's own ops, in memory and on disk. The ops are still sent."""
        self._engine.redact(lambda submit: redact_if_due(submit, self.age_ms(submit), retention_ms))
        self.on_redacted()
        self._outbox.apply_retention(self.server_time(), self.age_ms, retention_ms, clear_traces)
