"""Decides where passwords and tokens may be sent: on this computer, or over TLS.

On a network without TLS, others could read the password and the session cookie, so the manager's pages
and the API answer 403 there. A store can accept that risk in `store.toml`. The shoppers' pages need no
password and are served on any network.
"""

from collections.abc import Awaitable, Callable

from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from sync_server.network_addresses import is_loopback

from .proxies import came_through_proxy, speaks_like_proxy

PRIVATE_PATHS = ("/manager", "/api", "/calendar")


def is_from_this_computer(request: HTTPConnection) -> bool:
    """Whether the request seems to come from the server's own computer and asks for it by a local name.

    The name counts as well, because another site can make its own name lead to this computer. `proxies.py`
    says why this is no proof.
    """
    try:
        host = request.url.hostname or ""
    except ValueError:  # not a valid name
        return False
    return is_loopback(host) and is_from_own_address(request) and not speaks_like_proxy(request)


def is_from_own_address(request: HTTPConnection) -> bool:
    """Whether the request comes from one of the server's own addresses, and no proxy says it passed it on."""
    if request.client is None or came_through_proxy(request):
        return False
    own_host, _ = request.scope.get("server") or ("", 0)
    return is_loopback(request.client.host) or request.client.host == own_host


class PrivateTransport:
    """Middleware that answers `refuse` for PRIVATE_PATHS where others could read the transfer."""

    def __init__(
        self, app: ASGIApp, accepts_reading: bool, refuse: Callable[[Request], Awaitable[Response]]
    ) -> None:
        self.app = app
        self._accepts_reading = accepts_reading
        self._refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or self._is_allowed(Request(scope)):
            await self.app(scope, receive, send)
            return
        response = await self._refuse(Request(scope, receive))
        await response(scope, receive, send)

    def _is_allowed(self, request: Request) -> bool:
        path = request.scope["path"]
        if not any(path == private or path.startswith(private + "/") for private in PRIVATE_PATHS):
            return True
        return self._accepts_reading or request.scope["scheme"] == "https" or is_from_this_computer(request)
