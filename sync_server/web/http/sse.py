"""Server-sent events: sends a piece of a page again whenever its HTML has changed.

A page cannot see whether its connection still works. So an event comes at least every ALIVE_S;
`static/shared/live.js` says so on the page when it hears none.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Sequence
from enum import Enum

from starlette.responses import StreamingResponse

from sync_server.service.server import Server
from sync_server.service.storage.errors import StoreError

log = logging.getLogger(__name__)

ALIVE_S = 5.0

Render = Callable[[], Awaitable[tuple[str, bool]]]  # gives the piece of HTML, and whether it is the last


class Signal(Enum):
    """An event without HTML."""

    ALIVE = "alive"  # the connection works, and nothing has changed
    OVER = "over"  # nothing more will change: the page stops listening
    GONE = "gone"  # the page is no more: the browser loads it again, and shows what is there instead
    SIGNED_OUT = "signed-out"  # the one who listens has to sign in first

    @property
    def event(self) -> str:
        return f"event: {self.value}\ndata: {self.value}\n\n"


class StreamEnded(Exception):
    """Raised by a Render: there is nothing more to listen to, and `signal` says why."""

    def __init__(self, signal: Signal) -> None:
        super().__init__(signal.value)
        self.signal = signal


def html_event(html: str) -> str:
    """HTML as one event. Each line of it needs a data line of its own."""
    return "".join(f"data: {line}\n" for line in html.splitlines()) + "\n"


async def html_events(
    server: Server, visit_id: str | None, render: Render, interval_s: float, min_interval_s: float = 0
) -> AsyncIterator[str]:
    """The events for one listener, until `render` says that a piece is the last, or the server stops.

    Renders after each change of the visit (None: of any visit) and after `interval_s` without one.
    HTML that has not changed is not sent again. Changes within `min_interval_s` become one event.
    """
    last: str | None = None
    with server.processor.changes.watch(visit_id) as changed:
        while not server.stopping.is_set():
            changed.clear()
            html: str | None
            try:
                # One page each time round the loop: hundreds may be due at once, and ops come in between.
                async with server.page_turns:
                    await asyncio.sleep(0)
                html, is_last = await render()
            except StreamEnded as end:
                yield end.signal.event
                return
            except StoreError as error:  # the page keeps what it shows until the store can be read again
                log.warning("a page could not be renewed: %s", error)
                html, is_last = last, False
            yield Signal.ALIVE.event if html is None or html == last else html_event(html)
            last = html
            if is_last:
                yield Signal.OVER.event
                return
            await _wait_for_any([server.stopping.wait()], min_interval_s)
            async for _ in _pauses(interval_s, [server.stopping, changed]):
                yield Signal.ALIVE.event


async def _pauses(interval_s: float, events: Sequence[asyncio.Event]) -> AsyncIterator[None]:
    """Waits until one of the events is set, or for `interval_s`. Yields every ALIVE_S meanwhile."""
    while interval_s > ALIVE_S:
        if await _wait_for_any([event.wait() for event in events], ALIVE_S):
            return
        yield
        interval_s -= ALIVE_S
    await _wait_for_any([event.wait() for event in events], interval_s)


async def _wait_for_any(events: Iterable[Coroutine[None, None, object]], timeout_s: float) -> bool:
    """Returns True as soon as one of the events is set, or False after `timeout_s`."""
    waits = [asyncio.ensure_future(event) for event in events]
    try:
        done, _ = await asyncio.wait(waits, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
    return bool(done)


def event_stream(events: AsyncIterator[str]) -> StreamingResponse:
    """The response that sends these events as they come."""
    return StreamingResponse(events, media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})
