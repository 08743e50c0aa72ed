"""What goes wrong in the API, as RFC 9457 asks: `application/problem+json`, with a sentence for a person."""

from enum import StrEnum
from http import HTTPStatus

import msgspec
from msgspec import UNSET, Struct, UnsetType
from starlette.responses import Response

MEDIA_TYPE = "application/problem+json"


class ProblemCode(StrEnum):
    """Which problem it is. The codes are part of the API and never change."""

    INVALID_BODY = "invalid_body"
    INVALID_PARAMETER = "invalid_parameter"
    TOKEN_MISSING = "token_missing"
    TOKEN_IN_ADDRESS = "token_in_address"
    SCOPE_MISSING = "scope_missing"
    NOT_PRIVATE = "not_private"
    NOT_FOUND = "not_found"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    NOT_POSSIBLE = "not_possible"
    KEY_REUSED = "key_reused"
    NEED_CLOSED = "need_closed"
    TOO_LARGE = "too_large"
    TOO_MANY = "too_many"
    UNAVAILABLE = "unavailable"
    SERVER_FAULT = "server_fault"


STATUS = {
    ProblemCode.INVALID_BODY: 400,
    ProblemCode.INVALID_PARAMETER: 400,
    ProblemCode.TOKEN_MISSING: 401,
    ProblemCode.TOKEN_IN_ADDRESS: 400,
    ProblemCode.SCOPE_MISSING: 403,
    ProblemCode.NOT_PRIVATE: 403,
    ProblemCode.NOT_FOUND: 404,
    ProblemCode.METHOD_NOT_ALLOWED: 405,
    ProblemCode.NOT_POSSIBLE: 409,
    ProblemCode.KEY_REUSED: 422,
    ProblemCode.NEED_CLOSED: 409,
    ProblemCode.TOO_LARGE: 413,
    ProblemCode.TOO_MANY: 429,
    ProblemCode.UNAVAILABLE: 503,
    ProblemCode.SERVER_FAULT: 500,
}
_OF_STATUS = {
    400: ProblemCode.INVALID_PARAMETER,
    404: ProblemCode.NOT_FOUND,
    405: ProblemCode.METHOD_NOT_ALLOWED,
    413: ProblemCode.TOO_LARGE,
    503: ProblemCode.UNAVAILABLE,
}
_SENTENCES = {
    ProblemCode.INVALID_PARAMETER: "this request cannot be read; docs/reference/api.md has examples",
    ProblemCode.NOT_FOUND: "there is nothing at this address; /api/v1/openapi.json lists what there is",
    ProblemCode.METHOD_NOT_ALLOWED: "this address does not take this method; the header Allow says which",
    ProblemCode.TOO_LARGE: "the body is too large; send at most 16,384 bytes",
    ProblemCode.UNAVAILABLE: "nothing can be read or saved at the moment, and nothing was done; try again",
    ProblemCode.SERVER_FAULT: "the server failed to do it; its log says why",
}


class Problem(Struct, frozen=True):
    """An answer to a request that could not be done.

    `code` says which problem it is, and `detail` in a sentence what happened and what to do. `parameter`
    names the field or parameter that is wrong, where it is one.
    """

    type: str
    title: str
    status: int
    detail: str
    code: ProblemCode
    parameter: str | UnsetType = UNSET


class ApiProblem(Exception):
    """Raised by an endpoint of the API. `retry_after_s` says when a new attempt makes sense."""

    def __init__(
        self, code: ProblemCode, detail: str, parameter: str | None = None, retry_after_s: int | None = None
    ) -> None:
        super().__init__(detail)
        self.code = code
        self.parameter = parameter
        self.retry_after_s = retry_after_s

    def answer(self) -> Response:
        """The response that says so."""
        headers = {} if self.retry_after_s is None else {"Retry-After": str(self.retry_after_s)}
        if self.code is ProblemCode.TOKEN_MISSING:
            headers["WWW-Authenticate"] = "Bearer"
        return problem(self.code, str(self), self.parameter, headers)


def problem(
    code: ProblemCode,
    detail: str | None = None,
    parameter: str | None = None,
    headers: dict[str, str] | None = None,
) -> Response:
    """The response of a problem; `detail` is by default a general sentence."""
    status = STATUS[code]
    body = Problem(
        type=f"urn:welkom:problem:{code}",
        title=HTTPStatus(status).phrase,
        status=status,
        detail=detail or _SENTENCES[code],
        code=code,
        parameter=UNSET if parameter is None else parameter,
    )
    return Response(msgspec.json.encode(body), status, headers, media_type=MEDIA_TYPE)


def problem_of_status(status: int, headers: dict[str, str] | None = None) -> Response:
    """The response for a status that the application raised, such as 404 or 405."""
    return problem(_OF_STATUS.get(status, ProblemCode.SERVER_FAULT), headers=headers)
