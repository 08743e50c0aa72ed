"""Protects every page: security headers on each answer, a limit for bodies, a check of a form's origin.

The pages run no inline script and load nothing from other sites, so the content policy can be strict.
"""

import base64
import hashlib
from collections.abc import MutableMapping
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sync_server.service.limits.numbers import WEB_BODY_BYTES, WEB_PLAN_BYTES, WEB_SETTINGS_BYTES

# Plot adds this style element to each chart it draws. Its hash allows it, and no other style element.
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
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "X-Robots-Tag": "noindex, nofollow",
    "Cache-Control": "no-store",
}

# Over https: browsers ask for this host's pages over https only from then on, for a year.
HSTS = "max-age=31536000; includeSubDomains"


class SecurityHeaders:
    """Middleware that adds HEADERS to each answer. A header that the page has set itself stays."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                add_security_headers(message)
                if scope.get("scheme") == "https":
                    MutableHeaders(scope=message).setdefault("Strict-Transport-Security", HSTS)
            await send(message)

        await self.app(scope, receive, send_with_headers if scope["type"] == "http" else send)


def add_security_headers(message: MutableMapping[str, Any]) -> None:
    """Adds those of HEADERS that the start of a response does not have yet."""
    headers = MutableHeaders(scope=message)
    for name, value in HEADERS.items():
        headers.setdefault(name, value)


PLAN_FORM = "/manager/staffing/plan"
SETTINGS_FORMS = "/manager/settings/"  # their addresses begin with it


class BodyLimit:
    """Middleware that refuses a body above WEB_BODY_BYTES with 413 and does not read the rest of it.

    The form with a shift plan may have WEB_PLAN_BYTES, those of the settings WEB_SETTINGS_BYTES.

    It counts what arrives, so that a body without an announced length is refused as well.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        received = 0
        limit = _limit(scope["path"])

        async def receive_limited() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > limit or _announced_length(scope) > limit:
                scope["app"].state.server.counters.add("web_too_large")
                raise HTTPException(413)
            return message

        await self.app(scope, receive_limited, send)


def _limit(path: str) -> int:
    if path.startswith(SETTINGS_FORMS):
        return WEB_SETTINGS_BYTES
    return WEB_PLAN_BYTES if path == PLAN_FORM else WEB_BODY_BYTES


def _announced_length(scope: Scope) -> int:
    length = Headers(scope=scope).get("content-length", "")
    return int(length) if length.isdigit() else 0


def is_cross_site(request: Request) -> bool:
    """Whether the browser says that another site sent this form.

    Browsers say so on https and on this computer only, so forms carry a token as well.
    """
    return request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none")
