"""Runs a real server for tests, in a thread with its own event loop, and drives visits on its floor."""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

from sync_server.domain import ops
from sync_server.domain.ops import SYSTEM, Actor, ActorKind
from sync_server.domain.refusal import Refusal
from sync_server.domain.resolution import Resolution
from sync_server.domain.visit import ticket
from sync_server.domain.visit.visit import Visit
from sync_server.service.server import Server, serve
from sync_server.service.storage.data_dir import DataDir
from sync_server.web.app import make_app
from tests.fake_clock import FakeClock

KIOSK = Actor(ActorKind.KIOSK, "front-door")
PASSWORD = "open sesame"
TIMEOUT_S = 20


class RunningServer:
    """A server in another thread. The methods may be called from the test's thread."""

    def __init__(self, server: Server, loop: asyncio.AbstractEventLoop, clock: FakeClock) -> None:
        self.server = server
        self.clock = clock
        self._loop = loop
        self.cookies: dict[str, str] = {}  # the manager's, once signed in
        self._made = 0

    @property
    def address(self) -> str:
        return f"http://{self.server.pages.web}"

    def submit(self, op: ops.AnyOp, by: Actor = KIOSK) -> Refusal | None:
        """Submits an op and waits until it is committed. The refusal, if it is refused."""
        refusal: Refusal | None = self.run(self.server.processor.submit(self._id(), op, by))
        return refusal

    def run(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        """Runs a coroutine in the server's loop and waits for its result."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(TIMEOUT_S)

    def call(self, what: Callable[[], Any]) -> Any:
        """Calls a function in the server's loop and waits for its result."""

        async def run() -> Any:
            return what()

        return self.run(run())

    # --- what people do at kiosks and tablets -----------------------------------------------------

    def sign_on(self, *names: str) -> None:
        for name in names:
            self.submit_ok(ops.SignOn(name, tablet(name).device_id or ""), SYSTEM)

    def open(self, need: str = "repair", language: str = "en", code: str | None = None) -> "VisitDriver":
        """A shopper opens a visit at the kiosk."""
        visit_id = self._id()
        link = f"{self._made:022d}"
        code = code or f"A-{self._made}"
        self.submit_ok(ops.OpenVisit(visit_id, code, need, language, link=link))
        return VisitDriver(self, visit_id, link, code)

    def quick(self, name: str, need: str = "repair", service_s: int | None = None) -> str:
        """`name` logs a quick resolution. Returns its visit's id."""
        visit_id = self._id()
        code = f"T-{self._made}"
        op = ops.QuickResolution(visit_id, code, need, "en", Resolution.ADVICE_GIVEN, service_s=service_s)
        self.submit_ok(op, tablet(name))
        return visit_id

    def submit_ok(self, op: ops.AnyOp, by: Actor = KIOSK) -> None:
        """Submits an op that must be accepted."""
        refusal = self.submit(op, by)
        assert refusal is None, refusal

    def _id(self) -> str:
        self._made += 1
        return ticket.uuid7(self.clock.now, self._made.to_bytes(10, "big"))


class VisitDriver:
    """Does with one visit what its employee and its shopper would do."""

    def __init__(self, running: RunningServer, visit_id: str, link: str, code: str) -> None:
        self._running = running
        self.visit_id = visit_id
        self.code = code
        self.path = f"/v/{link}"

    @property
    def visit(self) -> Visit:
        found: Visit = self._running.call(lambda: self._running.server.processor.floor.visits[self.visit_id])
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
        self._running.submit_ok(op, tablet(name))

    def serve(self, name: str, tip: str | None = None) -> None:
        """The employee accepts the offer, starts and completes the visit."""
        self.accept(name)
        self.start(name)
        self.complete(name, tip=tip)

    def cancel(self) -> None:
        self._running.submit_ok(ops.Cancel(self.visit_id))

    def rate(self, effort: int) -> None:
        self._running.submit_ok(ops.Rate(self.visit_id, ces=effort))

    def _by(self, name: str, op: type[Any]) -> None:
        self._running.submit_ok(op(self.visit_id, self.visit.rev), tablet(name))


def tablet(name: str) -> Actor:
    return Actor(ActorKind.STAFF, f"tablet-{name}")


@contextmanager
def running_server(folder: DataDir, clock: FakeClock) -> Iterator[RunningServer]:
    """Runs the server of a data directory on free ports, with `clock` as its time, during the block."""
    ready = threading.Event()
    found: dict[str, Any] = {}

    async def serve_until_stopped() -> None:
        stop = asyncio.Event()
        found["loop"], found["stop"] = asyncio.get_running_loop(), stop

        def started(server: Server) -> None:
            found["server"] = server
            ready.set()

        await serve(folder, make_app, "127.0.0.1:0", "127.0.0.1:0", started, stop, "127.0.0.1:0")

    def run() -> None:
        try:
            asyncio.run(serve_until_stopped())
        except BaseException as error:
            found["error"] = error
            ready.set()
            raise

    thread = threading.Thread(target=run, name="welkom-server", daemon=True)
    thread.start()
    assert ready.wait(TIMEOUT_S), "the server did not start"
    assert "error" not in found, found
    try:
        yield RunningServer(found["server"], found["loop"], clock)
    finally:
        found["loop"].call_soon_threadsafe(found["stop"].set)
        thread.join(TIMEOUT_S)
        assert not thread.is_alive(), "the server did not stop"
