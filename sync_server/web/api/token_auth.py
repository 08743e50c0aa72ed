"""Finds out which program sends a request, by the token in its header."""

import asyncio

from starlette.requests import Request

from sync_server.service.auth.tokens import Scope, find_token
from sync_server.service.server import Server
from sync_server.service.storage.connection import reading
from sync_server.web.http.app_state import server_of
from sync_server.web.http.json_answers import bearer_token


async def program_name(request: Request, scope: Scope) -> str | None:
    """The name of the request's token; None without a valid token that has this scope."""
    token = bearer_token(request)
    if token is None:
        return None
    return await asyncio.to_thread(_find_name, server_of(request), token, scope)


def _find_name(server: Server, token: str, scope: Scope) -> str | None:
    with reading(server.data_dir.store) as db:
        found = find_token(db, token)
    return found.name if found is not None and scope in found.scopes else None
