"""Requests that a reverse proxy passed on: how they are recognised, and which proxies are believed.

A proxy on this computer makes every request look as if it came from here. One that says so in a header, or
that speaks as nginx does without settings, is recognised. But no request proves that there is no proxy. So
what would be grave for the shop needs more: the first password needs the link that only the server shows.
"""

from collections.abc import Sequence

from starlette.middleware import Middleware
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from sync_server.network_addresses import is_loopback

# With one of these, a proxy has passed the request on: it comes from elsewhere, whatever name it asks for.
PROXY_HEADERS = frozenset(
    {
        "forwarded",
        "via",
        "x-real-ip",
        "x-client-ip",
        "x-cluster-client-ip",
        "true-client-ip",
        "cf-connecting-ip",
    }
)
PROXY_HEADER_PREFIX = "x-forwarded-"


def came_through_proxy(request: HTTPConnection) -> bool:
    """Whether a proxy says that it passed this request on."""
    return any(name in PROXY_HEADERS or name.startswith(PROXY_HEADER_PREFIX) for name in request.headers)


def speaks_like_proxy(request: HTTPConnection) -> bool:
    """Whether the request is as nginx passes it on without settings. Browsers and Prometheus never ask so."""
    closes = "close" in request.headers.get("connection", "").lower()
    return closes or request.scope.get("http_version") == "1.0"


def behind_proxies(proxies: Sequence[str]) -> Middleware:
    """Middleware that takes the client's address, and whether it uses https, from what `proxies` say.

    Without `proxies`, one on this computer may say that it speaks https, and nothing else: through a proxy
    that sets no headers anybody can send their own, and so have a new address for each wrong password.
    """
    if proxies:
        return Middleware(ProxyHeadersMiddleware, trusted_hosts=list(proxies))
    return Middleware(LocalTlsProxy)


class LocalTlsProxy:
    """Middleware that believes a proxy on this computer that it speaks https."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            request = HTTPConnection(scope)
            is_local = request.client is not None and is_loopback(request.client.host)
            if is_local and request.headers.get("x-forwarded-proto") == "https":
                scope["scheme"] = "https"
        await self.app(scope, receive, send)
