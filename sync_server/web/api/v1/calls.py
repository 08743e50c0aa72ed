"""One request to the API: who sends it, whether they may, and what it says. Raises ApiProblem where not."""

import asyncio
import math
import re
from dataclasses import dataclass
from typing import Any

import msgspec
from starlette.requests import Request

from sync_server.domain import ops
from sync_server.domain.ops import ActorKind
from sync_server.domain.permissions import Action, Permission, is_allowed
from sync_server.service.auth.tokens import USED_EVERY_MS, Scope, Token, find_token, note_use
from sync_server.service.limits.numbers import API_REQUESTS_PER_MINUTE
from sync_server.service.limits.rate_limit import PerKey, SlidingWindow
from sync_server.service.server import Server
from sync_server.service.storage.connection import reading
from sync_server.web.http.app_state import server_of
from sync_server.web.http.json_answers import bearer_token

from .problems import ApiProblem, ProblemCode

# What the role of a program must be allowed before a token with the scope may do it.
ALLOWED_BY: dict[Scope, Action] = {
    Scope.OPEN_VISITS: ops.OpenVisit,
    Scope.CANCEL_VISITS: ops.Cancel,
    Scope.READ_VISITS: Permission.READ_STORE,
    Scope.READ_FLOOR: Permission.READ_STORE,
    Scope.READ_REPORT: Permission.READ_STORE,
    Scope.READ_CATALOGUE: Permission.READ_STORE,
    Scope.READ_WORDS: Permission.READ_STORE,
    Scope.COUNT_ARRIVALS: Permission.COUNT_ARRIVALS,
    Scope.READ_FIGURES: Permission.READ_FIGURES,
}
TOKEN_PARAMETERS = frozenset({"token", "access_token", "api_key", "apikey", "key", "authorization", "bearer"})
RATE_WINDOW_MS = 60_000
MAX_KEY = 200  # characters of an Idempotency-Key
KEY = re.compile(rf"[!-~]{{1,{MAX_KEY}}}")


@dataclass(frozen=True)
class ApiCall:
    """A request that may be done. `body` and `query` have the types of its route."""

    server: Server
    token: Token
    request: Request
    body: Any
    query: Any

    @property
    def path(self) -> dict[str, str]:
        """The places of the path, by name."""
        return self.request.path_params

    def may_read_words(self) -> bool:
        """Whether the answer may contain what shoppers and colleagues wrote."""
        return Scope.READ_WORDS in self.token.scopes

    def idempotency_key(self) -> str | None:
        """The header Idempotency-Key; None without one. Raises ApiProblem."""
        keys = self.request.headers.getlist("idempotency-key")
        if len(keys) > 1 or not all(KEY.fullmatch(key) for key in keys):
            raise ApiProblem(
                ProblemCode.INVALID_PARAMETER,
                f"Idempotency-Key is there once and has 1 to {MAX_KEY} characters, without blanks and"
                " accents: send another one with each request that is new, or none at all",
                "Idempotency-Key",
            )
        return keys[0] if keys else None


def request_rates() -> PerKey[SlidingWindow]:
    """How many requests each token may send."""
    return PerKey(lambda: SlidingWindow(API_REQUESTS_PER_MINUTE, RATE_WINDOW_MS))


async def read_call(request: Request, scope: Scope, body: type | None, query: type) -> ApiCall:
    """Checks everything that is the same for all routes. Raises ApiProblem, StoreError or Unavailable."""
    token = await _token(request, scope)
    values = _query(request, query)
    return ApiCall(server_of(request), token, request, await _body(request, body), values)


def rate_headers(request: Request) -> dict[str, str]:
    """How much the token may still ask, as the draft "RateLimit header fields for HTTP" says it.

    Nothing for a request without a valid token.
    """
    found: dict[str, str] = getattr(request.state, "rate_headers", {})
    return found


async def _token(request: Request, scope: Scope) -> Token:
    server = server_of(request)
    _refuse_token_in_address(request)
    given = bearer_token(request)
    token = None if not given else await asyncio.to_thread(_find, server, given)
    if token is None:
        raise ApiProblem(
            ProblemCode.TOKEN_MISSING,
            "send the header Authorization: Bearer TOKEN, with a token of the page Other programs",
        )
    now = server.processor.clock()
    rates: PerKey[SlidingWindow] = request.app.state.request_rates
    rate = rates.of(token.name)
    taken = rate.take(now)
    free_in_s = math.ceil(rate.free_in_ms(now) / 1000)
    request.state.rate_headers = {
        "RateLimit-Policy": f'"requests";q={API_REQUESTS_PER_MINUTE};w={RATE_WINDOW_MS // 1000}',
        "RateLimit": f'"requests";r={rate.left(now)};t={free_in_s}',
    }
    if not taken:
        raise ApiProblem(
            ProblemCode.TOO_MANY,
            f"a token may send {API_REQUESTS_PER_MINUTE} requests a minute; wait",
            retry_after_s=max(1, free_in_s),
        )
    if scope not in token.scopes or not is_allowed(ActorKind.API, ALLOWED_BY[scope]):
        raise ApiProblem(
            ProblemCode.SCOPE_MISSING, f"this token has not the scope {scope}; make a token that has it"
        )
    if token.used_at is None or now - token.used_at > USED_EVERY_MS:
        written = server.processor.writer.call(lambda db: note_use(db, token.name, now))
        written.add_done_callback(lambda future: future.cancelled() or future.exception())
    return token


def _find(server: Server, token: str) -> Token | None:
    with reading(server.data_dir.store) as db:
        return find_token(db, token)


def _refuse_token_in_address(request: Request) -> None:
    """An address is written to logs and histories, so a token in it is as good as published."""
    if any(name.lower() in TOKEN_PARAMETERS for name in request.query_params):
        raise ApiProblem(
            ProblemCode.TOKEN_IN_ADDRESS,
            "a token in an address ends up in logs: revoke this one, make another, and send it in the header"
            " Authorization: Bearer TOKEN",
        )


def _query(request: Request, kind: type) -> Any:
    given: dict[str, str] = {}
    for parameter, value in request.query_params.multi_items():
        if parameter in given:
            text = f"{parameter}: is there twice; leave one"
            raise ApiProblem(ProblemCode.INVALID_PARAMETER, text, parameter)
        if value.lower() == "null":  # which would be read as a parameter that is not there
            text = f"{parameter}: cannot be null; leave it out"
            raise ApiProblem(ProblemCode.INVALID_PARAMETER, text, parameter)
        given[parameter] = value
    try:
        return msgspec.convert(given, kind, strict=False)
    except msgspec.ValidationError as error:
        reason, name = _reason_and_place(error)
        raise ApiProblem(ProblemCode.INVALID_PARAMETER, reason, name) from error


async def _body(request: Request, kind: type | None) -> Any:
    content = await request.body()
    if kind is None:
        return None
    try:
        return msgspec.json.decode(content, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        reason, name = _reason_and_place(error)
        raise ApiProblem(
            ProblemCode.INVALID_BODY, f"send JSON as the document says: {reason}", name
        ) from None


def _reason_and_place(error: Exception) -> tuple[str, str | None]:
    """msgspec's `Expected `int`, got `str` - at `$.limit`` as a sentence, and the name of the field."""
    reason, _, where = str(error).partition(" - at ")
    place = where.strip("`").removeprefix("$").removeprefix(".")
    named = re.search(r"field `(\w+)`", reason)
    field = place or (named[1] if named else None)
    return (f"{place}: {reason}" if place else reason), field
