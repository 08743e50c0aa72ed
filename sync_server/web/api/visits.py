"""`POST /api/visits`: another program of the store opens a visit, with a token. It can do nothing else.

What goes wrong is said in one English sentence, as `{"error": …}`. See docs/reference/api.md.
"""

import secrets

import msgspec
from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response

from sync_server.domain import ops
from sync_server.domain.catalogue.languages import LANGUAGES
from sync_server.domain.ops import Actor, ActorKind
from sync_server.domain.refusal import Code, Refusal
from sync_server.names import NameProblem, check_text
from sync_server.service.limits.numbers import API_VISITS_PER_MINUTE
from sync_server.service.limits.rate_limit import PerKey, SlidingWindow
from sync_server.service.processing.processor import Unavailable
from sync_server.service.server import Server
from sync_server.web.http.app_state import server_of
from sync_server.web.http.json_answers import json_answer, json_error
from sync_server.web.http.server_tickets import derived_id, open_visit_op

from .token_auth import program_name

PROGRAM = Actor(ActorKind.API)

# 422 for a key with another request is what draft-ietf-httpapi-idempotency-key-header asks for.
_STATUS = {
    Code.UNKNOWN_NEED: 400,
    Code.UNKNOWN_LANGUAGE: 400,
    Code.OP_ID_REUSED: 422,
    Code.VISIT_EXISTS: 409,
    Code.NEED_CLOSED: 409,
}
_ERRORS = {
    Code.UNKNOWN_NEED: 'need: there is no need "{about}", or it only groups others; store.toml has the codes',
    Code.NEED_CLOSED: 'need: "{about}" is closed today; choose another, or ask again tomorrow',
    Code.UNKNOWN_LANGUAGE: f"language: use {', '.join(LANGUAGES[:-1])} or {LANGUAGES[-1]}",
    Code.OP_ID_REUSED: "this Idempotency-Key was used for another visit; make a new one",
    Code.VISIT_EXISTS: "this Idempotency-Key was used for another visit; make a new one",
}


class NewVisit(Struct, frozen=True, forbid_unknown_fields=True):
    """The body of the request."""

    need: ops.Code
    language: ops.Language
    alias: ops.Alias | None = None


def open_rates() -> PerKey[SlidingWindow]:
    """How many visits each token may open."""
    return PerKey(lambda: SlidingWindow(API_VISITS_PER_MINUTE, 60_000))


async def open_visit(request: Request) -> Response:
    """Opens a visit and answers 201 with its ticket and the address of the shopper's page."""
    server = server_of(request)
    name = await program_name(request)
    if name is None:
        return json_error(
            401, "send the header Authorization: Bearer TOKEN, with a token of `welkom token add`"
        )
    try:
        new_visit = msgspec.json.decode(await request.body(), type=NewVisit)
    except msgspec.DecodeError as error:
        return json_error(400, f'send JSON such as {{"need": "repair", "language": "en"}}: {error}')
    try:
        alias = None if new_visit.alias is None else check_text(new_visit.alias, 40)
    except NameProblem as error:
        return json_error(400, f"alias: {error}, or leave it out")
    key = request.headers.get("idempotency-key", secrets.token_urlsafe(16))
    if not key.strip():
        return json_error(400, "Idempotency-Key is empty: send another one with each visit, or none at all")
    rates: PerKey[SlidingWindow] = request.app.state.open_rates
    if not rates.of(name).take(server.processor.clock()):
        return json_error(429, f"a token may open {API_VISITS_PER_MINUTE} visits a minute; wait", 60)
    visit_id = derived_id(name, key, "visit")
    if visit_id not in server.processor.floor.visits and server.processor.visit_exists(visit_id):
        return _refused(Refusal(Code.VISIT_EXISTS, visit_id))  # ended long ago: its page is gone
    op = open_visit_op(server, visit_id, new_visit.need, new_visit.language, alias)
    if op is None:
        return json_error(503, "the tickets of today are used up; ask at the counter")
    try:
        refusal = await server.processor.submit(derived_id(name, key, "op"), op, PROGRAM)
    except Unavailable as error:
        return json_error(503, f"nothing was done: {error}; try again", 5)
    if refusal is None and not _has_alias(server, visit_id, alias):
        refusal = Refusal(Code.OP_ID_REUSED, key)
    if refusal is not None:
        return _refused(refusal)
    base = (server.settings.store.public_url or server.pages.network).rstrip("/")
    return json_answer({"ticket": op.ticket, "link": f"{base}/v/{op.link}"}, 201)


def _has_alias(server: Server, visit_id: str, alias: str | None) -> bool:
    """Whether the visit of this key has this alias. The stored answer cannot tell: it has no words."""
    visit = server.processor.floor.visits.get(visit_id)
    return visit is None or visit.alias == alias


def _refused(refusal: Refusal) -> Response:
    text = _ERRORS.get(refusal.code, "nothing was done ({code}); try again")
    return json_error(
        _STATUS.get(refusal.code, 503), text.format(about=refusal.about, code=refusal.code.value)
    )
