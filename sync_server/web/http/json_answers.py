"""Answers for programs: JSON, and `{"error": …}` where something could not be done."""

from collections.abc import Mapping

import msgspec
from starlette.requests import Request
from starlette.responses import Response


def json_answer(body: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Any value that msgspec can encode."""
    return Response(msgspec.json.encode(body), status, headers, media_type="application/json")


def json_error(status: int, text: str, retry_after_s: int | None = None) -> Response:
    """Says in one sentence what went wrong. `retry_after_s` says when a new attempt makes sense."""
    headers = {"Retry-After": str(retry_after_s)} if retry_after_s else None
    return json_answer({"error": text}, status, headers)


def bearer_token(request: Request) -> str | None:
    """The token of the header `Authorization: Bearer …`; None without such a header."""
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else None
