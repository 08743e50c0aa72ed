"""One device of a store: joins outbox, sync engine and link on the running event loop.

device = Device(file, folder)
device.on_change = draw
device.start()
device.submit(ops.OpenVisit(...))
"""

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path

from msgspec.structs import replace

from sync_server.device.network.server_locator import ServerLocator
from sync_server.device.storage.open_outbox import open_outbox
from sync_server.device.storage.outbox import ScreenState
from sync_server.device.storage.outbox_errors import OutboxError
from sync_server.device.storage.persistence import Persistence
from sync_server.device.sync import engine as eng
from sync_server.device.sync.engine import Action, Engine
from sync_server.device.sync.optimistic_view import OptimisticView, optimistic_view
from sync_server.device.sync.redaction import refused_for_removed_text
from sync_server.device.sync.saved_rows import signed_in_until
from sync_server.domain import ops
from sync_server.domain.refusal import Refusal
from sync_server.domain.visit import ticket
from sync_server.protocol import messages as msg
from sync_server.protocol.device_file import DeviceFile
from sync_server.protocol.messages import FromDevice, Submit
from sync_server.protocol.rows import OverridesRow, ToldWaitsRow
from sync_server.protocol.wire import MAX_FROM_DEVICE_BYTES, WireError, decode_from_server, encode

from .environment import Environment
from .sign_ins import PendingSignIns

USES_TICKET = ops.OpenVisit | ops.QuickResolution

log = logging.getLogger(__name__)


class Device:
    """Five callbacks, called in the event loop, tell what happens.

    `on_change()`: something that a screen may show has changed.
    `on_refused(submit, refusal)`: the server will never do this op.
    `on_answered(op_id)`: the op is on the server's disk.
    `on_revoked(file)`: the store has revoked this device, so its key has to be deleted.
    `on_identity(file)`: the store has changed the device's name or role: save this file.
    """

    def __init__(self, file: DeviceFile, folder: Path, environment: Environment | None = None) -> None:
        self.file = file
        self._environment = environment or Environment()
        self._now = self._environment.steady_clock
        self.on_change: Callable[[], None] = lambda: None
        self.on_refused: Callable[[Submit, Refusal], None] = lambda _submit, _refusal: None
        self.on_answered: Callable[[str], None] = lambda _op_id: None
        self.on_identity: Callable[[DeviceFile], None] = lambda _file: None
        self.on_revoked: Callable[[DeviceFile], None] = lambda _file: None
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path, wall = folder / f"{file.device_id}.db", self._environment.wall_clock()
        self.outbox = open_outbox(path, wall, self._environment.outbox)
        self.catalogue, digest = self.outbox.catalogue()
        self._counter = self.outbox.counter()
        self._key_revoked = self.outbox.revoked_key() == file.public_key
        pending, epoch, saved = self.outbox.pending(), self.outbox.epoch(), self.outbox.saved_state()
        self._boot, self.pace = self._environment.boot_id(), self._environment.pace
        jitter, tapped = self._environment.jitter, self.outbox.tapped(self._boot)
        self._engine = Engine(pending, digest, jitter, saved, file.kind, epoch, tapped, self.pace)
        self._engine.run, self._engine.put_aside = self._environment.run_id(), self.outbox.put_aside()
        self._persistence = Persistence(self.outbox, self._engine, self._environment, saved)
        self._persistence.on_redacted = self._invalidate_view
        self._link = self._environment.link(file, self._on_frame)
        self._locator = ServerLocator(file, self._environment.find, self._now())
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._tick_at = 0
        self._sign_ins = PendingSignIns(self._loop)
        self._encoded: tuple[Submit, bytes] | None = None  # the op that is being submitted, and its frame
        self._view: OptimisticView | None = None
        self._view_valid_until: float = float("inf")

    # --- start and stop --------------------------------------------------------------------------

    def start(self) -> None:
        """Connects to the server, and tries to stay connected until `stop`."""
        self._persistence.start()
        if self._key_revoked:  # the key could not be deleted in an earlier run
            self._notify(self.on_revoked, self.file)
        self._tick()

    def stop(self) -> None:
        """Disconnects. Unanswered ops stay in the outbox."""
        if self._timer is not None:
            self._timer.cancel()
        self._persistence.stop()
        self._locator.stop()
        self._link.close()
        self.outbox.close()

    # --- state -----------------------------------------------------------------------------------

    @property
    def live(self) -> bool:
        """Whether the device follows the server at this moment. If not, `view` is out of date."""
        return self._engine.live

    @property
    def last_contact_at(self) -> int | None:
        """The time of the server's last message by its own clock, ms UTC, also before this start.

        None if the server has never sent anything.
        """
        return self._persistence.last_contact_at

    @property
    def problem(self) -> str | None:
        """The server's own words why it does not take ops; None if it does."""
        return self._engine.problem

    @property
    def told_waits(self) -> ToldWaitsRow | None:
        """How right the told waits were; None if the server has not said so."""
        return self._engine.replica.told_waits

    @property
    def overrides(self) -> OverridesRow:
        """What the store lets this kiosk offer and say today, as the server last said."""
        return self._engine.replica.overrides

    @property
    def undo_s(self) -> int:
        """How long, in seconds, an employee may take the end of a visit back; 0 if the server cannot."""
        return self._engine.undo_s

    @property
    def counts_sessions(self) -> bool:
        """Whether the server counts the sessions of kiosks; false before the first contact."""
        return self._engine.replica.counts_sessions

    @property
    def revoked(self) -> bool:
        """Whether the store has revoked this device, so that nothing it does has any effect."""
        return self._engine.revoked

    @property
    def put_aside(self) -> str:
        """The name of the damaged database that this device began afresh from; empty if there is none."""
        return self._engine.put_aside

    @property
    def duplicated(self) -> bool | None:
        """None, or whether this device may not take part because another computer uses its file."""
        return self._engine.duplicated

    def dismiss_notice(self) -> None:
        """A person has read that another computer was turned away, or `put_aside`. Raises OutboxError."""
        if self._engine.duplicated is False:
            self._engine.duplicated = None
            return
        self._engine.put_aside = ""
        self.outbox.save_put_aside("")

    @property
    def moved_to(self) -> str | None:
        """The other role, `kiosk` or `staff`, if the store gave it to this device: see `on_identity`."""
        return self._engine.moved_to

    @property
    def view(self) -> OptimisticView:
        """What the screens may show: the server's rows with this device's unanswered ops applied.

        Without the server, an employee is shown as signed off once the server would sign them off.
        """
        now = self.server_time()
        if self._view is None or (now >= self._view_valid_until and not self.live):
            view = optimistic_view(self._engine.replica, self._engine.pending, self.file.device_id, now)
            self._view_valid_until = float("inf")
            if not self.live and (contact_at := self.last_contact_at) is not None:
                until = signed_in_until(contact_at, self.catalogue, view.serving(self.file.device_id))
                if now >= until:
                    view = view.signed_off(self.file.device_id)
                else:
                    self._view_valid_until = until
            self._view = view
        return self._view

    def server_time(self) -> int:
        """The server's time, ms UTC; this device's own time before the first contact."""
        return self._persistence.server_time()

    def _invalidate_view(self) -> None:
        self._view = None

    def new_id(self) -> str:
        """An id that sorts by the server's time. The server refuses an op whose id seems to be very old."""
        return ticket.uuid7(self.server_time(), self._environment.random_bytes(10))

    def next_ticket(self) -> str:
        """The next ticket of this device. The submit that follows saves that it is used up."""
        self._counter = self._counter.next()
        return ticket.code(self.file.letter, self._counter.last)

    # --- what people do --------------------------------------------------------------------------

    def submit(self, op: ops.DeviceOp, screen: ScreenState | None = None) -> str:
        """Commits the op to the outbox, sends it, and returns its op_id.

        `screen`, if given, is committed in the same transaction. Raises OutboxError if nothing was
        committed.
        """
        at_device = self._environment.wall_clock()
        submit = Submit(self.new_id(), at_device, op, self._persistence.ahead_ms(), self._engine.epoch)
        frame = encode(submit)
        if len(frame) > MAX_FROM_DEVICE_BYTES:
            raise ValueError("an op of this size is never read by the server")
        counter = self._counter if isinstance(op, USES_TICKET) else None
        # The op refers to rows on the screen: after a crash they must be there, so save them with it.
        update = self._persistence.unsaved_update()
        tapped_at = self._now()
        tapped = self._boot, tapped_at
        self.outbox.put(submit, encoded=frame, counter=counter, update=update, screen=screen, tapped=tapped)
        self._persistence.mark_saved(update)
        self._encoded = submit, frame
        try:
            self._do(self._engine.submit(submit, tapped_at))
        finally:
            self._encoded = None
        return submit.op_id

    async def sign_in(self, employee: str, pin: str) -> msg.SignedIn | None:
        """Asks the server to sign an employee in on this tablet. None if it does not answer."""
        request = self.new_id()
        actions = self._engine.sign_in(msg.SignIn(request, employee, pin))
        if not actions:
            return None
        self._sign_ins.begin(request)
        self._do(actions)
        return await self._sign_ins.answer_to(request)

    # --- inside ----------------------------------------------------------------------------------

    def _on_frame(self, frame: bytes) -> None:
        now = self._now()
        self._locator.reached(now)  # the handshake has proved that the sender has the store's key
        try:
            message = decode_from_server(frame)
        except WireError as error:
            log.warning("the server sent something that is no message: %s", error)
            self._do(self._engine.unreadable(now))
            return
        self._do(self._engine.receive(message, now))

    def _tick(self) -> None:
        self._timer = None
        self._do(self._engine.tick(self._now()))
        self._persistence.save_if_stale()

    def _do(self, actions: list[Action]) -> None:
        """Carries out the engine's actions. A failed one does not stop the others."""
        changed = False
        for action in actions:
            if isinstance(action, eng.ViewChanged):
                changed = True  # the listener is called after all other actions
                continue
            try:
                self._act(action)
            except OutboxError as error:
                # Only saving failed. An op that could not be removed is sent again and answered the same.
                log.error("%s", error)
            except Exception as fault:
                self._report_fault(fault, f"this was not carried out whole: {type(action).__name__}")
        self._set_timer()
        if changed:
            self._invalidate_view()
            self._persistence.save_soon()
            self._notify(self.on_change)

    def _notify(self, listener: Callable[..., None], *arguments: object) -> None:
        """Calls a listener. Its failure must not lose an answer, a message or the connection."""
        try:
            listener(*arguments)
        except Exception as fault:
            self._report_fault(fault, f"a listener of the device failed: {listener!r}")

    def _report_fault(self, fault: Exception, message: str) -> None:
        """The app's crash guard is the loop's handler: it logs the fault and shows an apology."""
        self._loop.call_exception_handler({"message": message, "exception": fault})

    def _act(self, action: Action) -> None:
        match action:
            case eng.Send(message):
                self._link.send(self._frame_of(message))
            case eng.OpSettled(op_id, refusal):
                self._settle(op_id, refusal)
            case eng.Open():
                try:
                    self._open_link()
                finally:  # without a socket the engine times out and tries again soon
                    self._do(self._engine.opened(self._now()))
            case eng.Close():
                self._link.close()
                self._sign_ins.link_closed()
            case eng.CatalogueReceived(catalogue, digest):
                self.catalogue = catalogue
                self.outbox.save_catalogue(catalogue, digest)
            case eng.DayReceived(day, last_ticket):
                self._persistence.apply_retention()
                self._update_counter(day, last_ticket)
            case eng.RowsCleared():
                self._persistence.clear_rows()
            case eng.IdentityReceived(kind, name, letter):
                self._update_identity(kind, name, letter)
            case eng.Revoked():
                self._key_revoked = True
                self._notify(self.on_revoked, self.file)
                self._persistence.redact_all()
                self.outbox.save_revoked_key(self.file.public_key)
            case eng.RetentionReceived(hours):
                self._persistence.set_retention_hours(hours)
            case eng.TapsDated(submits):
                self.outbox.save_dated(submits)
            case eng.EpochReceived(epoch):
                self.outbox.save_epoch(epoch)
            case eng.SignInAnswered(signed_in):
                self._sign_ins.answered(signed_in)

    def _frame_of(self, message: FromDevice) -> bytes:
        """The message's bytes. An op that was just submitted is encoded already."""
        submitted, frame = self._encoded or (None, b"")
        return frame if message is submitted else encode(message)

    def _open_link(self) -> None:
        before, server = self._locator.address, self._locator.next(self._now())
        if server != before:
            self._link.close()
            self._link = self._environment.link(replace(self.file, server=server), self._on_frame)
        self._link.open()

    def _update_identity(self, kind: str, name: str, letter: str) -> None:
        reached = self.file.reached_at(self._locator.address)
        identity = replace(reached, kind=kind, name=name, letter=letter)
        if identity == self.file and not self._key_revoked:
            return
        self._notify(self.on_identity, identity)
        # The running app keeps its role; only its name may change.
        self.file = replace(identity, kind=self.file.kind)
        if self._key_revoked:
            self._key_revoked = False
            self.outbox.save_revoked_key(None)

    def _update_counter(self, day: str, last_ticket: int) -> None:
        # The server counts unsent tickets to its present day, whatever day they were printed on.
        unsent = [s.op for s in self._engine.pending if isinstance(s.op, USES_TICKET)]
        last = max([last_ticket, *(ticket.number(op.ticket) for op in unsent)])
        counter = self._counter.synced(day, last)
        if counter != self._counter:
            self._counter = counter
            self.outbox.save_counter(counter)

    def _settle(self, op_id: str, refusal: Refusal | None) -> None:
        self._notify(self.on_answered, op_id)
        submit = self.outbox.find(op_id) if refusal is not None else None
        if refusal is None or self._was_done(submit, refusal):
            # Save the rows the op changed in the same transaction that deletes the op.
            update = self._persistence.unsaved_update()
            self.outbox.settle(op_id, update)
            self._persistence.mark_saved(update)
            return
        self._persistence.save()
        try:
            self.outbox.refuse(op_id, refusal, self.server_time())
        finally:
            if submit is not None:
                self._notify(self.on_refused, submit, refusal)

    def _was_done(self, submit: Submit | None, refusal: Refusal) -> bool:
        if submit is None:
            return False
        age_ms, keep_ms = self._persistence.age_ms(submit), self._persistence.retention_ms
        return refused_for_removed_text(submit, refusal, age_ms, keep_ms)

    def _set_timer(self) -> None:
        """Has `_tick` called at the engine's next deadline, or earlier.

        Deadlines move on with every frame that arrives. A timer that is already set is left to fire
        early, which costs less than setting a new one each time.
        """
        deadline = self._engine.next_deadline()
        if self._timer is not None:
            if deadline is not None and self._tick_at <= deadline:
                return
            self._timer.cancel()
            self._timer = None
        if deadline is not None:
            self._tick_at = deadline
            self._timer = self._loop.call_later(max(0, deadline - self._now()) / 1000, self._tick)
