"""A receiver of webhooks on this computer: it keeps what it gets, and answers as a test wants it."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from msgspec import Struct


class Received(Struct):
    """One request."""

    headers: dict[str, str]
    body: bytes


class WebhookReceiver:
    """`answer` gives the status of each answer, and its location if it redirects.

    `on_received` is called after each request, in the thread of the receiver.
    """

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.answer: Callable[[], tuple[int, str]] = lambda: (204, "")
        self.on_received: Callable[[], object] = lambda: None
        self._got = threading.Condition()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                status, location = receiver.answer()
                with receiver._got:
                    receiver.received.append(Received(headers, body))
                    receiver._got.notify_all()
                receiver.on_received()
                self.send_response(status)
                if location:
                    self.send_header("Location", location)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_given: object) -> None:
                """Nothing."""

        class Http(ThreadingHTTPServer):
            def handle_error(self, *_given: object) -> None:
                """Nothing: a sender that was killed waits for no answer."""

        self._http = Http(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._http.server_port}/hooks"

    def wait(self, count: int) -> list[Received]:
        """What came, once it is at least `count` requests."""
        with self._got:
            assert self._got.wait_for(lambda: len(self.received) >= count, 20), self.received
            return list(self.received)

    def run(self) -> None:
        self._http.serve_forever(0.05)

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()


@contextmanager
def webhook_receiver() -> Iterator[WebhookReceiver]:
    """A receiver during the block."""
    receiver = WebhookReceiver()
    thread = threading.Thread(target=receiver.run, name="webhook-receiver", daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        receiver.close()
        thread.join()


async def until(condition: Callable[[], object]) -> None:
    """Waits until a condition of the loop is met."""
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.005)
