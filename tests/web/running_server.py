"""A real server for tests, in a thread with a loop of its own, and hands to work its floor with."""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

from sync_server.domain import ops, ticket
from sync_server.domain.events import Resolution
from sync_server.domain.ops import SYSTEM, Actor, ActorKind
from sync_server.domain.refusal import Refusal
from sync_server.domain.visit import Visit
from sync_server.service.folder import Folder
from sync_server.service.server import Server, serve
from sync_server.web.app import make_app
from tests.shop import Clock

KIOSK = Actor(ActorKind.KIOSK, "front-door")
PASSWORD = "open sesame"
READY_S = 20


class Running:
    """A server that runs. Everything here may be called from the test's own thread."""

    def __init__(self, server: Server, loop: asyncio.AbstractEventLoop, clock: Clock) -> None:
        self.server = server
        self.clock = clock
        self._loop = loop
        self.cookies: dict[str, str] = {}  # of the manager, once signed in
        self._made = 0

    @property
    def address(self) -> str:
        return f"http://{self.server.web_address}"

    def do(self, op: ops.AnyOp, by: Actor = KIOSK) -> Refusal | None:
        """Does an op and waits until it is on disk."""
        refusal: Refusal | None = self.wait_for(self.server.shop.submit(self._id(), op, by))
        return refusal

    def wait_for(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(READY_S)

    def call(self, what: Callable[[], Any]) -> Any:
        """Runs something in the server's loop."""

        async def run() -> Any:
            return what()

        return self.wait_for(run())

    # --- what people do ---------------------------------------------------------------------------

    def sign_on(self, *names: str) -> None:
        for name in names:
            self.yes(ops.SignOn(name, tablet(name).device_id or ""), SYSTEM)

    def open(self, need: str = "repair", language: str = "en", code: str | None = None) -> "Ticket":
        visit_id = self._id()
        link = f"{self._made:022d}"
        code = code or f"A-{self._made}"
        self.yes(ops.OpenVisit(visit_id, code, need, language, link=link))
        return Ticket(self, visit_id, link, code)

    def yes(self, op: ops.AnyOp, by: Actor = KIOSK) -> None:
        refusal = self.do(op, by)
        assert refusal is None, refusal

    def _id(self) -> str:
        self._made += 1
        return ticket.uuid7(self.clock.now, self._made.to_bytes(10, "big"))


class Ticket:
    """A visit and the colleague who takes it."""

    def __init__(self, running: Running, visit_id: str, link: str, code: str) -> None:
        self._running = running
        self.visit_id = visit_id
        self.code = code
        self.path = f"/v/{link}"

    @property
    def visit(self) -> Visit:
        found: Visit = self._running.call(lambda: self._running.server.shop.floor.visits[self.visit_id])
        return found

    @property
    def url(self) -> str:
        return self._running.address + self.path

    def accept(self, name: str) -> None:
        self._by(name, ops.Accept)

    def claim(self, name: str) -> None:
        self._by(name, ops.Claim)

    def recall(self, name: str) -> None:
        self._by(name, ops.Recall)

    def start(self, name: str) -> None:
        self._by(name, ops.Start)

    def hold(self, name: str) -> None:
        self._by(name, ops.Hold)

    def complete(self, name: str, resolution: Resolution = Resolution.SOLVED, tip: str | None = None) -> None:
        op = ops.Complete(self.visit_id, self.visit.rev, resolution, tip=tip)
        self._running.yes(op, tablet(name))

    def served(self, name: str, tip: str | None = None) -> None:
        """From the offer to the end."""
        self.accept(name)
        self.start(name)
        self.complete(name, tip=tip)

    def cancel(self) -> None:
        self._running.yes(ops.Cancel(self.visit_id))

    def rate(self, effort: int) -> None:
        self._running.yes(ops.Rate(self.visit_id, ces=effort))

    def _by(self, name: str, op: type[Any]) -> None:
        self._running.yes(op(self.visit_id, self.visit.rev), tablet(name))


def tablet(name: str) -> Actor:
    return Actor(ActorKind.STAFF, f"tablet-{name}")


@contextmanager
def running(folder: Folder, clock: Clock) -> Iterator[Running]:
    """The server of a folder, on any free ports, until the end of the block. It tells `clock`'s time."""
    ready = threading.Event()
    found: dict[str, Any] = {}

    async def live() -> None:
        stop = asyncio.Event()
        found["loop"], found["stop"] = asyncio.get_running_loop(), stop

        def started(server: Server) -> None:
            found["server"] = server
            ready.set()

        await serve(folder, make_app, "127.0.0.1:0", "127.0.0.1:0", started, stop, "127.0.0.1:0")

    def run() -> None:
        try:
            asyncio.run(live())
        except BaseException as error:
            found["error"] = error
            ready.set()
            raise

    thread = threading.Thread(target=run, name="welkom-server", daemon=True)
    thread.start()
    assert ready.wait(READY_S), "the server did not start"
    assert "error" not in found, found
    try:
        yield Running(found["server"], found["loop"], clock)
    finally:
        found["loop"].call_soon_threadsafe(found["stop"].set)
        thread.join(READY_S)
        assert not thread.is_alive(), "the server did not stop"
