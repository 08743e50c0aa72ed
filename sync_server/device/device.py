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

from sync_server.domain import ops, ticket
from sync_server.domain.catalogue import Catalogue
from sync_server.domain.refusal import Refusal
from sync_server.protocol import messages as msg
from sync_server.protocol.device_file import DeviceFile
from sync_server.protocol.messages import Submit
from sync_server.protocol.wire import MAX_FROM_DEVICE, WireError, decode_from_server, encode

from . import engine as eng
from .around import Around
from .engine import Action, Engine
from .outbox import OutboxError
from .project import View, project

SIGN_IN_S = 8.0
USES_TICKET = ops.OpenVisit | ops.QuickResolution

log = logging.getLogger(__name__)


class Device:
    """What happens is told by three callbacks, in the event loop.

    `on_change()` after anything a screen may show changed; `on_refused(submit, refusal)` for each
    op the server will never do; `on_answered(op_id)` for each op that is on the server's disk.
    """

    def __init__(self, file: DeviceFile, folder: Path, around: Around | None = None) -> None:
        self.file = file
        self._around = around or Around()
        self._now = self._around.steady_clock
        self.on_change: Callable[[], None] = lambda: None
        self.on_refused: Callable[[Submit, Refusal], None] = lambda _submit, _refusal: None
        self.on_answered: Callable[[str], None] = lambda _op_id: None
        folder.mkdir(parents=True, exist_ok=True)
        self.outbox = self._around.outbox(folder / f"{file.device_id}.db")
        self.catalogue: Catalogue | None
        self.catalogue, digest = self.outbox.catalogue()
        self._counter = self.outbox.counter()
        self._engine = Engine(self.outbox.pending(), digest, self._around.jitter)
        self._link = self._around.link(file, self._on_frame)
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._sign_ins: dict[str, asyncio.Future[msg.SignedIn]] = {}
        self._view: View | None = None

    # --- its life --------------------------------------------------------------------------------

    def start(self) -> None:
        self._forget()
        self._tick()

    def stop(self) -> None:
        """Ends quietly. Ops without an answer stay in the outbox."""
        if self._timer is not None:
            self._timer.cancel()
        self._link.close()
        self.outbox.close()

    # --- what screens ask ------------------------------------------------------------------------

    @property
    def live(self) -> bool:
        """Whether the screens show the floor as it is, not as it was."""
        return self._engine.live

    @property
    def silent_ms(self) -> int:
        """How long ago the server last spoke; 0 where it never did."""
        return self._engine.silent_ms(_now())

    @property
    def problem(self) -> str | None:
        """Why the server does not take our ops, in its own words; None while all is well."""
        return self._engine.problem

    @property
    def view(self) -> View:
        if self._view is None:
            pending = self._engine.pending
            self._view = project(self._engine.replica, pending, self.file.device_id, self.server_time())
        return self._view

    def server_time(self) -> int:
        """The server's time, ms UTC; this device's own until the server has spoken."""
        reckoned = self._engine.server_time(self._now())
        return self._around.wall_clock() if reckoned is None else reckoned

    def new_id(self) -> str:
        """An id that sorts by time: for ops and visits."""
        return ticket.uuid7(self._around.wall_clock(), self._around.random_bytes(10))

    def next_ticket(self) -> str:
        """The next ticket of this device's own. It is used up by the submit that follows."""
        self._counter = self._counter.next()
        return ticket.code(self.file.letter, self._counter.last)

    # --- what people do --------------------------------------------------------------------------

    def submit(self, op: ops.DeviceOp) -> str:
        """Commits the op to the outbox and sends it; its op_id. Raises OutboxError if not committed."""
        submit = Submit(self.new_id(), self._around.wall_clock(), op)
        if len(encode(submit)) > MAX_FROM_DEVICE:
            raise ValueError("an op of this size is never read by the server")
        self.outbox.put(submit, self._counter if isinstance(op, USES_TICKET) else None)
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
        try:
            message = decode_from_server(frame)
        except WireError as error:
            log.warning("the server sent something that is no message: %s", error)
            return
        self._do(self._engine.receive(message, self._now()))

    def _tick(self) -> None:
        self._timer = None
        self._do(self._engine.tick(self._now()))

    def _do(self, actions: list[Action]) -> None:
        for action in actions:
            try:
                self._act(action)
            except OutboxError as error:
                # Only keeping failed; an op that could not be taken out is answered again, the same.
                log.error("%s", error)
        self._set_timer()  # first: a screen that fails must not cost us the connection
        if any(isinstance(action, eng.Changed) for action in actions):
            self._view = None
            self.on_change()

    def _act(self, action: Action) -> None:
        match action:
            case eng.Open():
                self._link.open()
                self._do(self._engine.opened(self._now()))
            case eng.Close():
                self._link.close()
            case eng.Send(message):
                self._link.send(encode(message))
            case eng.Learned(catalogue, digest):
                self.catalogue = catalogue
                self.outbox.keep_catalogue(catalogue, digest)
            case eng.DayKnown(day, last_ticket):
                self._forget()
                self._know_day(day, last_ticket)
            case eng.Settled(op_id, refusal):
                self._settle(op_id, refusal)
            case eng.SignInAnswered(answer):
                waiting = self._sign_ins.get(answer.request)
                if waiting is not None and not waiting.done():
                    waiting.set_result(answer)

    def _know_day(self, day: str, last_ticket: int) -> None:
        # Tickets that wait to be sent will be of the server's day, whenever they were given out.
        waiting = [s.op for s in self._engine.pending if isinstance(s.op, USES_TICKET)]
        last = max([last_ticket, *(ticket.number(op.ticket) for op in waiting)])
        counter = self._counter.seen(day, last)
        if counter != self._counter:
            self._counter = counter
            self.outbox.keep_counter(counter)

    def _forget(self) -> None:
        try:
            self.outbox.forget(self._around.wall_clock())
        except OutboxError as error:
            log.error("%s", error)

    def _settle(self, op_id: str, refusal: Refusal | None) -> None:
        self.on_answered(op_id)
        if refusal is None:
            self.outbox.settle(op_id)
            return
        submit = self.outbox.find(op_id)
        try:
            self.outbox.refuse(op_id, refusal, self._around.wall_clock())
        finally:
            if submit is not None:
                self.on_refused(submit, refusal)

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        deadline = self._engine.next_deadline()
        if deadline is not None:
            self._timer = self._loop.call_later(max(0, deadline - self._now()) / 1000, self._tick)
