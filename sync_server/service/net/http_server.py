"""Serves an ASGI application on a listening socket, by uvicorn, with limited connections."""

import asyncio
import contextlib
import socket
from collections.abc import Callable, Iterator

import uvicorn

from sync_server.service.limits.numbers import BACKLOG

from .http_connections import HttpListener, limited_connection

STOP_S = 2.0  # for answers that are being sent when the server stops


class _Uvicorn(uvicorn.Server):
    """Leaves signals to the command that runs the server. Accepts few connections at once, many may wait."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        for listening in sockets or []:
            listening.listen(BACKLOG)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve_http(
    application: Callable[..., object], listening: socket.socket, listener: HttpListener
) -> None:
    """Serves until cancelled; then answers that are being sent have STOP_S to end. Raises what broke it."""
    limits = listener.limits
    config = uvicorn.Config(
        application,
        http=limited_connection(listener),
        h11_max_incomplete_event_size=limits.head_bytes - 1,
        timeout_keep_alive=limits.idle_s,
        backlog=limits.accept_batch,
        timeout_graceful_shutdown=1,
        ws="none",
        lifespan="off",
        log_config=None,
        proxy_headers=False,  # uvicorn would believe whatever comes through a proxy on this computer
        access_log=False,
        server_header=False,
    )
    server = _Uvicorn(config)
    serving = asyncio.ensure_future(server.serve(sockets=[listening]))
    try:
        await asyncio.shield(serving)
    finally:
        server.should_exit = True
        await asyncio.wait({serving}, timeout=STOP_S)
        serving.cancel()
