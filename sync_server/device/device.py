"""A device taking part: outbox, engine and link joined, on whatever event loop runs.

device = Device(file, folder)
device.on_change = show
device.start()
device.submit(ops.OpenVisit(...))
"""

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path

from msgspec.structs import replace

from sync_server.domain import ops, ticket
from sync_server.domain.catalogue import Catalogue
from sync_server.domain.refusal import Code, Refusal
from sync_server.protocol import messages as msg
from sync_server.protocol.device_file import DeviceFile
from sync_server.protocol.messages import Submit
from sync_server.protocol.wire import MAX_FROM_DEVICE, WireError, decode_from_server, encode

from . import engine as eng
from .around import Around
from .engine import Action, Engine
from .keeping import Keeping
from .last import signed_in_until
from .outbox import OutboxError
from .project import View, project
from .whereabouts import Whereabouts
from .wordless import words_are_due

SIGN_IN_S = 8.0
USES_TICKET = ops.OpenVisit | ops.QuickResolution

log = logging.getLogger(__name__)


class Device:
    """What happens is told by three callbacks, in the event loop.

    `on_change()` after anything a screen may show changed; `on_refused(submit, refusal)` for each
    op the server will never do; `on_answered(op_id)` for each op that is on the server's disk.
    `on_shut_out(file)` when the store has revoked the device: its key is not to be kept.
    `on_known(file)` when the store gave the device another name or role: the file to keep from now on.
    """

    def __init__(self, file: DeviceFile, folder: Path, around: Around | None = None) -> None:
        self.file = file
        self._around = around or Around()
        self._now = self._around.steady_clock
        self.on_change: Callable[[], None] = lambda: None
        self.on_refused: Callable[[Submit, Refusal], None] = lambda _submit, _refusal: None
        self.on_answered: Callable[[str], None] = lambda _op_id: None
        self.on_known: Callable[[DeviceFile], None] = lambda _file: None
        self.on_shut_out: Callable[[DeviceFile], None] = lambda _file: None
        folder.mkdir(parents=True, exist_ok=True)
        self.outbox = self._around.outbox(folder / f"{file.device_id}.db")
        self.catalogue: Catalogue | None
        self.catalogue, digest = self.outbox.catalogue()
        self._counter = self.outbox.counter()
        self._shut_out = False
        pending, epoch, last = self.outbox.pending(), self.outbox.epoch(), self.outbox.last()
        self._engine = Engine(pending, digest, self._around.jitter, last, file.kind, epoch)
        self._keeping = Keeping(self.outbox, self._engine, self._around, last)
        self._keeping.on_forgotten = self._look_again
        self._link = self._around.link(file, self._on_frame)
        self._where = Whereabouts(file.server, file.server_key, self._around.find, self._now())
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._tick_at = 0
        self._sign_ins: dict[str, asyncio.Future[msg.SignedIn | None]] = {}
        self._view: View | None = None
        self._view_until: float = float("inf")

    # --- its life --------------------------------------------------------------------------------

    def start(self) -> None:
        self._keeping.start()
        self._tick()

    def stop(self) -> None:
        """Ends quietly. Ops without an answer stay in the outbox."""
        if self._timer is not None:
            self._timer.cancel()
        self._keeping.stop()
        self._where.stop()
        self._link.close()
        self.outbox.close()

    # --- what screens ask ------------------------------------------------------------------------

    @property
    def live(self) -> bool:
        """Whether the screens show the floor as it is, not as it was."""
        return self._engine.live

    @property
    def heard_at(self) -> int | None:
        """When the server last spoke, by its clock in ms UTC, be it before this start; None: never."""
        return self._keeping.heard_at

    @property
    def problem(self) -> str | None:
        """Why the server does not take our ops, in its own words; None while all is well."""
        return self._engine.problem

    @property
    def dismissed(self) -> bool:
        """Whether the store has revoked this device, so that nothing it does has any effect."""
        return self._engine.dismissed

    @property
    def moved_to(self) -> str | None:
        """The kind the store made of this device, `kiosk` or `staff`, where it is not what runs here.

        The file to start the other app with is kept by then.
        """
        return self._engine.moved_to

    @property
    def view(self) -> View:
        now = self.server_time()
        if self._view is None or (now >= self._view_until and not self.live):
            view = project(self._engine.replica, self._engine.pending, self.file.device_id, now)
            self._view_until = float("inf")
            if not self.live and (heard_at := self.heard_at) is not None:
                until = signed_in_until(heard_at, self.catalogue, view.serving(self.file.device_id))
                if now >= until:
                    view = view.signed_off(self.file.device_id)
                else:
                    self._view_until = until
            self._view = view
        return self._view

    def server_time(self) -> int:
        """The server's time, ms UTC; this device's own until the server has ever spoken."""
        return self._keeping.server_time()

    def _look_again(self) -> None:
        self._view = None

    def new_id(self) -> str:
        """An id that sorts by time, the server's: it refuses an op that seems to be of long ago."""
        return ticket.uuid7(self.server_time(), self._around.random_bytes(10))

    def next_ticket(self) -> str:
        """The next ticket of this device's own. It is used up by the submit that follows."""
        self._counter = self._counter.next()
        return ticket.code(self.file.letter, self._counter.last)

    # --- what people do --------------------------------------------------------------------------

    def submit(self, op: ops.DeviceOp) -> str:
        """Commits the op to the outbox and sends it; its op_id. Raises OutboxError if not committed."""
        at_device = self._around.wall_clock()
        submit = Submit(self.new_id(), at_device, op, self._keeping.ahead_ms(), self._engine.epoch)
        if len(encode(submit)) > MAX_FROM_DEVICE:
            raise ValueError("an op of this size is never read by the server")
        counter = self._counter if isinstance(op, USES_TICKET) else None
        # The op is about what the screen shows: after a crash it must find it there.
        heard = self._keeping.heard()
        self.outbox.put(submit, counter, heard)
        self._keeping.kept(heard)
        self._do(self._engine.submit(submit, self._now()))
        return submit.op_id

    async def sign_in(self, employee: str, pin: str) -> msg.SignedIn | None:
        """Asks the server to give this tablet to an employee. None if it cannot be reached now."""
        request = self.new_id()
        actions = self._engine.sign_in(msg.SignIn(request, employee, pin))
        if not actions:
            return None
        answer = self._sign_ins[request] = self._loop.create_future()
        self._do(actions)
        try:
            return await asyncio.wait_for(answer, SIGN_IN_S)
        except TimeoutError:
            return None
        finally:
            del self._sign_ins[request]

    # --- inside ----------------------------------------------------------------------------------

    def _on_frame(self, frame: bytes) -> None:
        now = self._now()
        self._where.reached(now)  # whoever this is has the store's key
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
        self._keeping.now_and_then()

    def _do(self, actions: list[Action]) -> None:
        changed = False
        for action in actions:
            if isinstance(action, eng.Changed):
                changed = True  # told when all the rest is done
                continue
            try:
                self._act(action)
            except OutboxError as error:
                # Only keeping failed; an op that could not be taken out is answered again, the same.
                log.error("%s", error)
            except Exception as fault:
                self._fault(fault, f"this was not carried out whole: {type(action).__name__}")
        self._set_timer()
        if changed:
            self._look_again()
            self._keeping.soon()
            self._tell(self.on_change)

    def _tell(self, listener: Callable[..., None], *what: object) -> None:
        """A screen that fails costs neither an acknowledgement, nor a message, nor the connection."""
        try:
            listener(*what)
        except Exception as fault:
            self._fault(fault, f"a listener of the device failed: {listener!r}")

    def _fault(self, fault: Exception, message: str) -> None:
        # The loop's handler logs it, and an app says sorry.
        self._loop.call_exception_handler({"message": message, "exception": fault})

    def _act(self, action: Action) -> None:
        match action:
            case eng.Send(message):
                self._link.send(encode(message))
            case eng.Settled(op_id, refusal):
                self._settle(op_id, refusal)
            case eng.Open():
                try:
                    self._open_link()
                finally:  # where there is no socket, the engine tries again soon
                    self._do(self._engine.opened(self._now()))
            case eng.Close():
                self._link.close()
                for asked in self._sign_ins.values():
                    if not asked.done():
                        asked.set_result(None)  # no answer comes over that link any more
            case eng.Learned(catalogue, digest):
                self.catalogue = catalogue
                self.outbox.keep_catalogue(catalogue, digest)
            case eng.DayKnown(day, last_ticket):
                self._keeping.forget()
                self._know_day(day, last_ticket)
            case eng.Emptied():
                self._keeping.forget_rows()
            case eng.Known(kind, name, letter):
                server = self._where.at
                known = replace(self.file, kind=kind, name=name, letter=letter, server=server)
                if known != self.file or self._shut_out:
                    self._shut_out = False
                    self._tell(self.on_known, known)
                    # What runs here stays what it is; only its name may change under it.
                    self.file = replace(known, kind=self.file.kind)
            case eng.ShutOut():
                self._shut_out = True
                self._tell(self.on_shut_out, self.file)
                self._keeping.forget_all_words()
            case eng.KeepKnown(hours):
                self._keeping.hours_known(hours)
            case eng.EpochKnown(epoch):
                self.outbox.keep_epoch(epoch)
            case eng.SignInAnswered(answer):
                waiting = self._sign_ins.get(answer.request)
                if waiting is not None and not waiting.done():
                    waiting.set_result(answer)

    def _open_link(self) -> None:
        before, server = self._where.at, self._where.next(self._now())
        if server != before:
            self._link.close()
            self._link = self._around.link(replace(self.file, server=server), self._on_frame)
        self._link.open()

    def _know_day(self, day: str, last_ticket: int) -> None:
        # Tickets that wait to be sent will be of the server's day, whenever they were given out.
        waiting = [s.op for s in self._engine.pending if isinstance(s.op, USES_TICKET)]
        last = max([last_ticket, *(ticket.number(op.ticket) for op in waiting)])
        counter = self._counter.seen(day, last)
        if counter != self._counter:
            self._counter = counter
            self.outbox.keep_counter(counter)

    def _settle(self, op_id: str, refusal: Refusal | None) -> None:
        self._tell(self.on_answered, op_id)
        submit = self.outbox.find(op_id) if refusal is not None else None
        if refusal is None or self._was_done(submit, refusal):
            # The answered op leaves the disk: what it did must be there.
            heard = self._keeping.heard()
            self.outbox.settle(op_id, heard)
            self._keeping.kept(heard)
            return
        self._keeping.keep()
        try:
            self.outbox.refuse(op_id, refusal, self._around.wall_clock())
        finally:
            if submit is not None:
                self._tell(self.on_refused, submit, refusal)

    def _was_done(self, submit: Submit | None, refusal: Refusal) -> bool:
        """Whether the server has the same op, with the words that were due to be forgotten here."""
        if submit is None or refusal.code is not Code.OP_ID_REUSED:
            return False
        return words_are_due(submit, self._around.wall_clock(), self._keeping.words_ms)

    def _set_timer(self) -> None:
        """Has `_tick` called at the engine's next deadline, or before it.

        Deadlines move on with every frame that is heard. A timer that is set already is left to ring
        early, for nothing: that costs less than a new one each time.
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
