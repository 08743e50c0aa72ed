"""For monitoring: whether the server is well, and its metrics for Prometheus."""

from prometheus_client import CONTENT_TYPE_LATEST
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from sync_server.addresses import parse_listen_address
from sync_server.domain.ops import ActorKind
from sync_server.domain.permissions import Permission, is_allowed
from sync_server.network_addresses import is_loopback
from sync_server.service.auth.tokens import Scope
from sync_server.service.server import Server
from sync_server.version import own_version
from sync_server.web.http.app_state import server_of
from sync_server.web.http.transport import is_from_this_computer

from .token_auth import program_name

NEEDS_TOKEN = (
    "From another computer: https, and a token of `welkom token add`."
    " On this one, behind a reverse proxy: name the proxy in server.proxies, see docs/shop/proxy.md.\n"
)


async def health(request: Request) -> Response:
    """200 while all is well, or 503 with the reason.

    `settings_used` is false while the file of the settings cannot be used, and those of before go on.
    """
    server = server_of(request)
    fault = server.processor.recovery.write_error
    reason = fault.text if fault else None
    if reason is None and not server.authenticator.is_running:
        reason = "no device can connect: what judges their keys has ended and is being started again"
    answer = {
        "ok": reason is None,
        "unwell": reason,
        "settings_used": server.live_settings.problem is None,
        "version": own_version(),
    }
    return JSONResponse(answer, 503 if reason else 200)


async def metrics(request: Request) -> Response:
    """The metrics, for programs on this computer or with a token: they are not for shoppers."""
    is_local = is_from_this_computer(request) and not _has_unnamed_proxy(server_of(request))
    if not is_local and not await _has_safe_token(request):
        return PlainTextResponse(NEEDS_TOKEN, 403)
    return Response(request.app.state.metrics.text(), media_type=CONTENT_TYPE_LATEST)


def _has_unnamed_proxy(server: Server) -> bool:
    """Whether phones reach the pages through a proxy on this computer that `server.proxies` does not name.

    Its requests may look exactly like those of programs on this computer.
    """
    settings = server.settings
    only_local = is_loopback(parse_listen_address(settings.server.web).host)
    return only_local and bool(settings.store.public_url) and not settings.server.proxies


async def _has_safe_token(request: Request) -> bool:
    """Whether a program on another computer asks, with a token that nobody could read in transfer."""
    return (
        request.url.scheme == "https"
        and is_allowed(ActorKind.API, Permission.READ_FIGURES)
        and await program_name(request, Scope.READ_FIGURES) is not None
    )
