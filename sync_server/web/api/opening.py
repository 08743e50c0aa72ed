"""Opens a visit for another program of the shop, once for each key."""

import secrets

from msgspec import Struct
from starlette.requests import Request

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
from sync_server.web.http.server_tickets import derived_id, open_visit_op

PROGRAM = Actor(ActorKind.API)

# 422 for a key with another request is what draft-ietf-httpapi-idempotency-key-header asks for.
_STATUS = {
    Code.UNKNOWN_NEED: 400,
    Code.UNKNOWN_LANGUAGE: 400,
    Code.UNKNOWN_PLACE: 400,
    Code.UNKNOWN_COLOUR: 400,
    Code.OP_ID_REUSED: 422,
    Code.VISIT_EXISTS: 409,
    Code.NEED_CLOSED: 409,
}
_ERRORS = {
    Code.UNKNOWN_NEED: 'need: there is no need "{about}", or it only groups others; store.toml has the codes',
    Code.NEED_CLOSED: 'need: "{about}" is closed today; choose another, or ask again tomorrow',
    Code.UNKNOWN_LANGUAGE: f"language: use {', '.join(LANGUAGES[:-1])} or {LANGUAGES[-1]}",
    Code.UNKNOWN_PLACE: 'place: there is no place "{about}"; store.toml has the codes',
    Code.UNKNOWN_COLOUR: 'colour: there is no colour "{about}"; docs/reference/protocol.md has them',
    Code.OP_ID_REUSED: "this Idempotency-Key was used for another visit; make a new one",
    Code.VISIT_EXISTS: "this Idempotency-Key was used for another visit; make a new one",
}


class WantedVisit(Struct, frozen=True):
    """What a program wants to open."""

    need: str
    language: str
    alias: str | None = None
    colour: str | None = None
    place: str | None = None
    party_size: int = 1


class NotOpened(Exception):
    """The visit was not opened. The text says why, `status` is that of HTTP, `code` that of the rules."""

    def __init__(
        self, status: int, text: str, retry_after_s: int | None = None, code: Code | None = None
    ) -> None:
        super().__init__(text)
        self.status = status
        self.retry_after_s = retry_after_s
        self.code = code


def open_rates() -> PerKey[SlidingWindow]:
    """How many visits each token may open."""
    return PerKey(lambda: SlidingWindow(API_VISITS_PER_MINUTE, 60_000))


async def open_for_program(
    request: Request, name: str, key: str | None, wanted: WantedVisit
) -> ops.OpenVisit:
    """Opens the visit for the program `name`; it is on disk when this returns. Raises NotOpened.

    With the `key` of an earlier request it is that visit, and no other one is opened.
    """
    server = server_of(request)
    try:
        alias = None if wanted.alias is None else check_text(wanted.alias, 40)
    except NameProblem as error:
        raise NotOpened(400, f"alias: {error}, or leave it out") from None
    key = secrets.token_urlsafe(16) if key is None else key
    rates: PerKey[SlidingWindow] = request.app.state.open_rates
    if not rates.of(name).take(server.processor.clock()):
        raise NotOpened(429, f"a token may open {API_VISITS_PER_MINUTE} visits a minute; wait", 60)
    visit_id = derived_id(name, key, "visit")
    if visit_id not in server.processor.floor.visits and server.processor.visit_exists(visit_id):
        raise _refused(Refusal(Code.VISIT_EXISTS, visit_id))  # ended long ago: its page is gone
    op = open_visit_op(
        server, visit_id, wanted.need, wanted.language, alias, wanted.colour, wanted.place, wanted.party_size
    )
    if op is None:
        raise NotOpened(503, "the tickets of today are used up; ask at the counter")
    try:
        refusal = await server.processor.submit(derived_id(name, key, "op"), op, PROGRAM)
    except Unavailable as error:
        raise NotOpened(503, f"nothing was done: {error}; try again", 5) from error
    if refusal is None and not _has_same_words(server, visit_id, op):
        refusal = Refusal(Code.OP_ID_REUSED, key)
    if refusal is not None:
        raise _refused(refusal)
    return op


def page_link(server: Server, op: ops.OpenVisit) -> str:
    """The address of the shopper's own page."""
    base = (server.settings.store.public_url or server.pages.network).rstrip("/")
    return f"{base}/v/{op.link}"


def _has_same_words(server: Server, visit_id: str, op: ops.OpenVisit) -> bool:
    """Whether the visit of this key has these words. The stored answer cannot tell: it has none."""
    visit = server.processor.floor.visits.get(visit_id)
    return visit is None or (visit.alias, visit.colour, visit.place) == (op.alias, op.colour, op.place)


def _refused(refusal: Refusal) -> NotOpened:
    text = _ERRORS.get(refusal.code, "nothing was done ({code}); try again")
    status = _STATUS.get(refusal.code, 503)
    return NotOpened(status, text.format(about=refusal.about, code=refusal.code.value), code=refusal.code)
