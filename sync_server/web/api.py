"""The door for other programs of the shop: `POST /api/visits`, with a token, opens a visit. Nothing else.

What they are told when it does not work is one English sentence, as `{"error": …}`.
"""

import asyncio
import hashlib
import secrets
from collections import deque

import msgspec
from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response

from sync_server.domain import ops, ticket
from sync_server.domain.ops import Actor, ActorKind
from sync_server.domain.refusal import Code, Refusal
from sync_server.service.server import Server
from sync_server.service.shop import Unwell
from sync_server.service.store import reading
from sync_server.service.tokens import token_name

LETTER = "ON"  # of these tickets; no device has it, for theirs leave out the letter O
MOST_A_MINUTE = 60  # visits that one token may open
MOST_A_DAY = 9999  # numbers that a ticket can have
PROGRAM = Actor(ActorKind.API)

_STATUS = {Code.UNKNOWN_NEED: 400, Code.UNKNOWN_LANGUAGE: 400, Code.OP_ID_REUSED: 409, Code.VISIT_EXISTS: 409}
_WORDS = {
    Code.UNKNOWN_NEED: 'need: there is no need "{about}", or it only groups others; store.toml has the codes',
    Code.UNKNOWN_LANGUAGE: "language: use en, nl or fi",
    Code.OP_ID_REUSED: "this Idempotency-Key was used for another visit; make a new one",
    Code.VISIT_EXISTS: "this Idempotency-Key was used for another visit; make a new one",
}


class Wanted(Struct, frozen=True, forbid_unknown_fields=True):
    """What a program says of the shopper."""

    need: ops.Code
    language: ops.Language
    alias: ops.Alias | None = None


class Pace:
    """How many visits each token opened within the last minute."""

    def __init__(self) -> None:
        self._opened: dict[str, deque[int]] = {}

    def allows(self, name: str, now: int) -> bool:
        """Counts one more, unless it would be one too many. `now` in ms."""
        opened = self._opened.setdefault(name, deque())
        while opened and now - opened[0] >= 60_000:
            opened.popleft()
        if len(opened) >= MOST_A_MINUTE:
            return False
        opened.append(now)
        return True


async def open_visit(request: Request) -> Response:
    """Opens a visit and answers 201 with its ticket and the shopper's link."""
    server: Server = request.app.state.server
    name = await whose(request)
    if name is None:
        return problem(401, "send the header Authorization: Bearer TOKEN, with a token of `welkom token add`")
    try:
        wanted = msgspec.json.decode(await request.body(), type=Wanted)
    except msgspec.DecodeError as error:
        return problem(400, f'send JSON such as {{"need": "repair", "language": "en"}}: {error}')
    key = request.headers.get("idempotency-key", secrets.token_urlsafe(16))
    pace: Pace = request.app.state.pace
    if not pace.allows(name, server.shop.clock()):
        return problem(429, f"a token may open {MOST_A_MINUTE} visits a minute; wait", 60)
    visit_id = _id(name, key, "visit")
    if visit_id not in server.shop.floor.visits and server.shop.was_here(visit_id):
        return _refused(Refusal(Code.VISIT_EXISTS, visit_id))  # long over: there is no page to give
    op = _op(server, wanted, visit_id)
    if op is None:
        return problem(503, "the tickets of today are used up; ask at the counter")
    try:
        refusal = await server.shop.submit(_id(name, key, "op"), op, PROGRAM)
    except Unwell as unwell:
        return problem(503, f"nothing was done: {unwell}; try again", 5)
    if refusal is not None:
        return _refused(refusal)
    base = (server.settings.store.public_url or server.web_url).rstrip("/")
    body = {"ticket": op.ticket, "link": f"{base}/v/{op.link}"}
    return Response(msgspec.json.encode(body), 201, media_type="application/json")


async def whose(request: Request) -> str | None:
    """The name of the token that a request comes with; None without one that is good."""
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "bearer":
        return None
    return await asyncio.to_thread(_name_of, request.app.state.server, token.strip())


def problem(status: int, text: str, retry_s: int | None = None) -> Response:
    """What a program is told when it does not work."""
    headers = {"Retry-After": str(retry_s)} if retry_s else None
    return Response(msgspec.json.encode({"error": text}), status, headers, media_type="application/json")


def _op(server: Server, wanted: Wanted, visit_id: str) -> ops.OpenVisit | None:
    """The op; the very same one where the program asks again because it missed the answer."""
    floor, day = server.shop.floor, server.shop.catalogue.day(server.shop.clock())
    known = floor.visits.get(visit_id)
    number = floor.tickets.last(day, LETTER) + 1
    if known is None and number > MOST_A_DAY:
        return None
    return ops.OpenVisit(
        visit_id=visit_id,
        ticket=known.ticket if known else ticket.code(LETTER, number),
        need=wanted.need,
        language=wanted.language,
        alias=wanted.alias,
        link=known.link if known else secrets.token_urlsafe(16),
    )


def _refused(refusal: Refusal) -> Response:
    words = _WORDS.get(refusal.code, "nothing was done ({code}); try again")
    return problem(_STATUS.get(refusal.code, 503), words.format(about=refusal.about, code=refusal.code.value))


def _id(name: str, key: str, what: str) -> str:
    """The same id for the same key: a request that is sent twice opens one visit.

    It sorts before every id that tells a time, so that its answer is dropped by its age alone.
    """
    return "0" * 12 + hashlib.sha256("\0".join((name, key, what)).encode()).hexdigest()[:20]


def _name_of(server: Server, token: str) -> str | None:
    with reading(server.folder.store) as db:
        return token_name(db, token)
