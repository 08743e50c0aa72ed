"""Server-sent events: the same piece of a page, sent anew whenever it reads differently."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable

from starlette.responses import StreamingResponse

from sync_server.service.server import Server
from sync_server.service.store import StoreError

log = logging.getLogger(__name__)

STILL_HERE = ": still here\n\n"
OVER = "event: over\ndata: over\n\n"  # pages stop listening at this event

Render = Callable[[], Awaitable[tuple[str, bool]]]  # the piece of HTML, and whether it is the last


def message(html: str) -> str:
    """HTML as one event; a line break inside it begins another data line."""
    return "".join(f"data: {line}\n" for line in html.splitlines()) + "\n"


async def pieces(
    server: Server, visit_id: str | None, render: Render, every_s: float, at_most_every_s: float = 0
) -> AsyncIterator[str]:
    """The events of one listener: after each change of the visit (None: of anything), and by the clock.

    A piece that reads as before is not sent again; a comment keeps the connection open instead.
    `at_most_every_s` lets changes that come in a burst become one piece.
    """
    last: str | None = None
    with server.shop.watchers.watch(visit_id) as changed:
        while not server.ending.is_set():
            changed.clear()
            html: str | None
            try:
                html, is_last = await render()
            except StoreError as error:  # what is on the page stays, until it can be read again
                log.warning("a page could not be renewed: %s", error)
                html, is_last = last, False
            yield STILL_HERE if html is None or html == last else message(html)
            last = html
            if is_last:
                yield OVER
                return
            await _first_of([server.ending.wait()], at_most_every_s)
            await _first_of([server.ending.wait(), changed.wait()], every_s)


async def _first_of(events: Iterable[Coroutine[None, None, object]], at_most_s: float) -> None:
    """Until one of the events is set, or the time is over."""
    waits = [asyncio.ensure_future(event) for event in events]
    try:
        await asyncio.wait(waits, timeout=at_most_s, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()


def stream(events: AsyncIterator[str]) -> StreamingResponse:
    return StreamingResponse(events, media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})
