"""For whoever watches over the server: is it well, and its figures for Prometheus."""

from importlib.metadata import PackageNotFoundError, version

from prometheus_client import CONTENT_TYPE_LATEST
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from sync_server.domain.ops import ActorKind
from sync_server.domain.roles import Deed, may

from .api import whose
from .manager import server_of
from .private import at_this_computer


async def health(request: Request) -> Response:
    """200 while all is well, 503 and the reason when not."""
    server = server_of(request)
    trouble = server.shop.mending.unwell
    reason = trouble.text if trouble else None
    if reason is None and not server.gate.at_work:
        reason = "no device can connect: what judges their keys has ended and is being started again"
    return JSONResponse(
        {"ok": reason is None, "unwell": reason, "version": _version()}, 503 if reason else 200
    )


async def metrics(request: Request) -> Response:
    """The server's figures, for programs on this computer or with a token: they are not for shoppers."""
    if not at_this_computer(request) and not await _may_read(request):
        return PlainTextResponse("From another computer: https, and a token of `welkom token add`.\n", 403)
    return Response(request.app.state.metrics.text(), media_type=CONTENT_TYPE_LATEST)


async def _may_read(request: Request) -> bool:
    """Whether a program on another computer asks, by a token that nobody could read on the way."""
    return (
        request.url.scheme == "https"
        and may(ActorKind.API, Deed.READ_FIGURES)
        and await whose(request) is not None
    )


def _version() -> str:
    try:
        return version("welkom")
    except PackageNotFoundError:  # run from a folder that was never installed
        return "unknown"
