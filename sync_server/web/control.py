"""The door for commands of this computer: `POST /control`, see `service/control.py` for who knocks."""

import asyncio
import logging
import sqlite3
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from sync_server.protocol import enrol
from sync_server.service.accounts import AccountError
from sync_server.service.control import Request as Command
from sync_server.service.control import right_key, work_of
from sync_server.service.folder import FolderError
from sync_server.service.pairing import Turned
from sync_server.service.server import Server
from sync_server.service.settings import SettingsError
from sync_server.service.store import explain

from .private import sent_by_this_computer

CHANGES_THE_PAST = frozenset({"erase"})
CHANGES_TRIES = frozenset({"set_pin"})
CHANGES_DEVICES = frozenset({"add_device", "revoke_device", "rename_device", "move_device"})

PAIRING = frozenset({"list_requests", "approve_request", "refuse_request", "make_code"})

log = logging.getLogger(__name__)


async def control(request: Request) -> Response:
    """Does one command and answers with its result, or with {"error": …} and 400, 401, 403 or 503."""
    server: Server = request.app.state.server
    if not sent_by_this_computer(request):
        return _error(403, "commands come from this computer only")
    kind, _, key = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "bearer" or not await asyncio.to_thread(_fits, server, key):
        return _error(401, "the control key is not the one of this folder")
    try:
        command = msgspec.json.decode(await request.body(), type=Command)
        if command.command in PAIRING:
            return await _pair(server, command)
        # Hashing a password takes its time on purpose: not in the loop, and not in the writer.
        work = await asyncio.to_thread(work_of, server.folder, command)
        if command.command in CHANGES_DEVICES:
            result = await server.change_devices(work, command.arguments.get("device_id"))
        elif command.command in CHANGES_THE_PAST:
            result = await server.shop.mending.rewrite(work)
            await server.shop.store.tidy()
        else:
            result = await server.shop.store.call(work)
        if command.command in CHANGES_TRIES:
            await server.doorman.reload()
            if server.shop.catalogue.employee(command.arguments["employee"]) is None:
                result = True  # added since we were started, and known from the next start on
        body = msgspec.json.encode({"result": result})
    except (msgspec.DecodeError, AccountError, FolderError, SettingsError, Turned) as error:
        return _error(400, str(error))
    except sqlite3.Error as error:
        log.exception("a command could not be written down")
        return _error(503, f"{server.folder.store}: {explain(error)}")
    return Response(body, media_type="application/json")


async def _pair(server: Server, command: Command) -> Response:
    """What only a running server can do, because it alone knows who asks. Raises Turned or AccountError."""
    enrolment, given = server.enrolment, command.arguments
    result: Any = None
    if enrolment.off:
        raise AccountError(f"no device can be paired: {enrolment.off.text}")
    try:
        match command.command:
            case "list_requests":
                result = [
                    {"request": r.request, "kind": r.kind, "digits": r.digits, "address": r.address}
                    for r in enrolment.pairing.waiting(server.shop.clock())
                ]
            case "approve_request":
                result = await enrolment.approve(given["request"], given["name"])
            case "refuse_request":
                enrolment.refuse(given["request"])
            case "make_code":
                code = enrolment.make_code(given["kind"], given["name"])
                invitation = enrol.invitation(enrolment.reached_at, code.code)
                result = {"code": code.code, "address": enrolment.reached_at, "invitation": invitation}
    except KeyError as error:
        raise AccountError(f"{command.command} needs {error}") from None
    return Response(msgspec.json.encode({"result": result}), media_type="application/json")


def _fits(server: Server, key: str) -> bool:
    try:
        return right_key(server.folder, key)
    except (OSError, TypeError):  # no readable key: nobody may; a key beyond ASCII cannot be compared
        return False


def _error(status: int, text: str) -> Response:
    return Response(msgspec.json.encode({"error": text}), status, media_type="application/json")
