"""Server-sent events: the same piece of a page, sent anew whenever it reads differently."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

from starlette.responses import StreamingResponse

from sync_server.service.shop import Shop

STILL_HERE = ": still here\n\n"
OVER = "event: over\ndata: over\n\n"  # pages stop listening at this event

Render = Callable[[], Awaitable[tuple[str, bool]]]  # the piece of HTML, and whether it is the last


def message(html: str) -> str:
    """HTML as one event; a line break inside it begins another data line."""
    return "".join(f"data: {line}\n" for line in html.splitlines()) + "\n"


async def pieces(
    shop: Shop, visit_id: str | None, render: Render, every_s: float, at_most_every_s: float = 0
) -> AsyncIterator[str]:
    """The events of one listener: after each change of the visit (None: of anything), and by the clock.

    A piece that reads as before is not sent again; a comment keeps the connection open instead.
    `at_most_every_s` lets changes that come in a burst become one piece.
    """
    last = None
    async with shop.watch(visit_id) as changed:
        while True:
            changed.clear()
            html, is_last = await render()
            yield message(html) if html != last else STILL_HERE
            last = html
            if is_last:
                yield OVER
                return
            await asyncio.sleep(at_most_every_s)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(changed.wait(), every_s)


def stream(events: AsyncIterator[str]) -> StreamingResponse:
    return StreamingResponse(events, media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})
