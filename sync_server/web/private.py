"""Where passwords and tokens may cross: this computer, or TLS. Elsewhere the manager's pages stay shut.

On a network without TLS anybody near could read the password and the session. A shop may say in
`store.toml` that it accepts that; the shoppers' own pages need no password and answer everywhere.
"""

from collections.abc import Awaitable, Callable

from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from sync_server.service.loopback import is_loopback

PRIVATE = ("/manager", "/api")
# A proxy's: the request is from elsewhere, whatever name it asks for.
PASSED_ON = ("forwarded", "x-forwarded-for", "x-forwarded-proto", "x-real-ip")


def at_this_computer(request: HTTPConnection) -> bool:
    """Whether somebody at the server itself asks, by a name of its own.

    The name counts as well: another site can make its own name lead to this computer.
    """
    try:
        called = request.url.hostname or ""
    except ValueError:  # a name that is none
        return False
    return is_loopback(called) and sent_by_this_computer(request)


def sent_by_this_computer(request: HTTPConnection) -> bool:
    """Whether it comes from the server's own computer, by whichever of its addresses, through no proxy."""
    if request.client is None or any(name in request.headers for name in PASSED_ON):
        return False
    own, _ = request.scope.get("server") or ("", 0)
    return is_loopback(request.client.host) or request.client.host == own


class Private:
    """Lets what is private through where nobody can listen; answers `refuse` elsewhere."""

    def __init__(
        self, app: ASGIApp, accepted: bool, refuse: Callable[[Request], Awaitable[Response]]
    ) -> None:
        self.app = app
        self._accepted = accepted
        self._refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or self._may_pass(Request(scope)):
            await self.app(scope, receive, send)
            return
        response = await self._refuse(Request(scope, receive))
        await response(scope, receive, send)

    def _may_pass(self, request: Request) -> bool:
        path = request.scope["path"]
        if not any(path == start or path.startswith(start + "/") for start in PRIVATE):
            return True
        return self._accepted or request.scope["scheme"] == "https" or at_this_computer(request)
