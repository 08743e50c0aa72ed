"""For whoever watches over the server: is it well, and its figures for Prometheus."""

from importlib.metadata import PackageNotFoundError, version

from prometheus_client import CONTENT_TYPE_LATEST
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from .manager import server_of
from .private import at_this_computer


async def health(request: Request) -> Response:
    """200 while all is well, 503 and the reason when not."""
    shop = server_of(request).shop
    reason = shop.unwell.text if shop.unwell else None
    return JSONResponse(
        {"ok": reason is None, "unwell": reason, "version": _version()}, 503 if reason else 200
    )


async def metrics(request: Request) -> Response:
    """The server's figures, for programs on this computer only: how a shop does is not for shoppers."""
    if not at_this_computer(request):
        return PlainTextResponse("The figures are read on the server's own computer only.\n", 403)
    return Response(request.app.state.metrics.text(), media_type=CONTENT_TYPE_LATEST)


def _version() -> str:
    try:
        return version("welkom")
    except PackageNotFoundError:  # run from a folder that was never installed
        return "unknown"
