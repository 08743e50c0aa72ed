"""What guards every page: headers on each answer, a bound on each body, and where a post came from.

The pages run no inline script and load nothing from elsewhere, so the content policy can be strict.
"""

import base64
import hashlib
from collections.abc import MutableMapping
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LARGEST_BODY = 16_384  # bytes; the largest thing anybody sends is a command with a password

# Plot adds this style element to each picture it draws; its hash lets it pass, and nothing else.
PLOT_STYLE = """:where(.plot-d6a7b5) {
  --plot-background: white;
  display: block;
  height: auto;
  height: intrinsic;
  max-width: 100%;
}
:where(.plot-d6a7b5 text),
:where(.plot-d6a7b5 tspan) {
  white-space: pre;
}"""
_PLOT_HASH = base64.b64encode(hashlib.sha256(PLOT_STYLE.encode()).digest()).decode()

HEADERS = {
    "Content-Security-Policy": (
        f"default-src 'self'; style-src 'self' 'sha256-{_PLOT_HASH}'; object-src 'none'; base-uri 'none';"
        " form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "X-Robots-Tag": "noindex, nofollow",
    "Cache-Control": "no-store",
}


class Guarded:
    """Adds the headers to whatever the app answers; a header the app set itself stays."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                guard(message)
            await send(message)

        await self.app(scope, receive, send_guarded if scope["type"] == "http" else send)


def guard(message: MutableMapping[str, Any]) -> None:
    """Adds the headers that are not there yet to a response's start."""
    headers = MutableHeaders(scope=message)
    for name, value in HEADERS.items():
        headers.setdefault(name, value)


class Bounded:
    """Refuses a body above LARGEST_BODY, announced or not, without reading the rest of it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        taken = 0

        async def receive_bounded() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > LARGEST_BODY or _announced(scope) > LARGEST_BODY:
                scope["app"].state.server.counters.add("web_too_large")
                raise HTTPException(413)
            return message

        await self.app(scope, receive_bounded, send)


def _announced(scope: Scope) -> int:
    length = Headers(scope=scope).get("content-length", "")
    return int(length) if length.isdigit() else 0


def came_from_elsewhere(request: Request) -> bool:
    """Whether the browser says that another site sent this post.

    Browsers say so on https and on this computer only, so forms carry a token as well.
    """
    return request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none")
