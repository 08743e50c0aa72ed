"""`POST /api/visits`: another program of the store opens a visit. `v1/` can do more; this stays as it was.

What goes wrong is said in one English sentence, as `{"error": …}`. See docs/reference/api.md.
"""

import msgspec
from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response

from sync_server.domain import ops
from sync_server.service.auth.tokens import Scope
from sync_server.web.http.app_state import server_of
from sync_server.web.http.json_answers import json_answer, json_error

from .opening import NotOpened, WantedVisit, open_for_program, page_link
from .token_auth import program_name


class NewVisit(Struct, frozen=True, forbid_unknown_fields=True):
    """The body of the request."""

    need: ops.Code
    language: ops.Language
    alias: ops.Alias | None = None


async def open_visit(request: Request) -> Response:
    """Opens a visit and answers 201 with its ticket and the address of the shopper's page."""
    name = await program_name(request, Scope.OPEN_VISITS)
    if name is None:
        return json_error(
            401, "send the header Authorization: Bearer TOKEN, with a token of `welkom token add`"
        )
    try:
        new_visit = msgspec.json.decode(await request.body(), type=NewVisit)
    except msgspec.DecodeError as error:
        return json_error(400, f'send JSON such as {{"need": "repair", "language": "en"}}: {error}')
    keys = request.headers.getlist("idempotency-key")
    if len(keys) > 1 or (keys and not keys[0].strip()):
        problem = "is empty" if len(keys) == 1 else "is there more than once"
        return json_error(400, f"Idempotency-Key {problem}: send another one with each visit, or none at all")
    wanted = WantedVisit(new_visit.need, new_visit.language, new_visit.alias)
    try:
        op = await open_for_program(request, name, keys[0] if keys else None, wanted)
    except NotOpened as error:
        return json_error(error.status, str(error), error.retry_after_s)
    return json_answer({"ticket": op.ticket, "link": page_link(server_of(request), op)}, 201)
