"""Answers the commands of `welkom …` on this computer. `admin/client.py` sends them.

A connection is one command: the client sends its JSON and closes its side; the answer is JSON as well.
"""

import asyncio
import logging
import socket
import sqlite3
from dataclasses import dataclass
from typing import Any

import msgspec

from sync_server.protocol import enrol

from .admin import control_socket
from .admin.commands import OVERWRITE, Command, CommandResult, ServerState, Work, work_of
from .auth.checker import CredentialChecker
from .auth.errors import AccountError
from .clock import NonDecreasingClock
from .config.load import SettingsError
from .enrol.requests import NotApproved, RequestRefused
from .enrol.service import EnrolService
from .limits.numbers import CONTROL_BYTES, CONTROL_REQUEST_S
from .privacy import replaced_stores
from .processing.processor import OpProcessor
from .storage.data_dir import DataDir, DataDirError
from .storage.errors import explain
from .sync.device_registry import DeviceRegistry
from .upkeep.backup_schedule import BackupScheduler

TRUST_CLOCK = "trust_clock"
REWRITE_EVENTS = frozenset({"erase", TRUST_CLOCK})
CHANGE_PINS = frozenset({"set_pin"})
CHANGE_DEVICES = frozenset({"add_device", "revoke_device", "rename_device", "move_device"})
PAIRING = frozenset({"list_requests", "approve_request", "refuse_request", "make_code"})
DESCRIBE = "describe_server"

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ControlContext:
    """What commands need of the server. `pages` and `fingerprint` are for `welkom doctor`."""

    data_dir: DataDir
    processor: OpProcessor
    credential_checker: CredentialChecker
    clock: NonDecreasingClock
    devices: DeviceRegistry
    enrol: EnrolService
    backups: BackupScheduler
    pages: str
    fingerprint: str | None


class ControlService:
    """Runs in the server's loop. A socket that cannot be made is logged: devices are served all the same."""

    def __init__(self, context: ControlContext) -> None:
        self._context = context
        self._socket: socket.socket | None = None
        path = context.data_dir.control_socket
        try:
            self._socket = control_socket.listen(context.data_dir)
        except OSError as error:
            log.warning("%s: %s; commands do not find this server", path, error.strerror)

    async def serve(self) -> None:
        """Answers commands until cancelled."""
        if self._socket is None:
            await asyncio.Event().wait()
            return
        # A copy: asyncio closes it when it ends, and it may be started again. (start_unix_server would look
        # for the socket's file by its name, and that may have been a short one for the moment.)
        server = await asyncio.start_server(self._answer, sock=self._socket.dup())
        async with server:
            await server.serve_forever()

    def close(self) -> None:
        """Removes the socket, when the server stops."""
        if self._socket is None:
            return
        self._socket.close()
        path = self._context.data_dir.control_socket
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            log.warning("%s: %s; remove it by hand", path, error.strerror)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(CONTROL_REQUEST_S):
                request = await _read(reader)
            user = control_socket.user_of(writer.get_extra_info("socket"))
            if control_socket.may_command(user):
                answer = await self._run(request)
            else:
                log.warning("a command of the user %d was refused: the store belongs to another one", user)
                answer = CommandResult(error="the store belongs to another user of this computer")
            writer.write(msgspec.json.encode(answer))
            await writer.drain()
        except (OSError, TimeoutError) as error:
            log.debug("a command broke off: %s", error)
        finally:
            writer.close()

    async def _run(self, request: bytes) -> CommandResult:
        """Runs one command."""
        try:
            command = msgspec.json.decode(request, type=Command)
            if command.command == DESCRIBE:
                return CommandResult(self.describe())
            if command.command == OVERWRITE:
                return CommandResult(await self._overwrite())
            if command.command in PAIRING:
                return CommandResult(await self._run_pairing_command(command))
            return CommandResult(await self._run_command(command))
        except (msgspec.DecodeError, AccountError, DataDirError, SettingsError) as error:
            return CommandResult(error=str(error))
        except (RequestRefused, NotApproved) as error:
            return CommandResult(error=str(error))
        except sqlite3.Error as error:
            log.exception("a command could not be written down")
            return CommandResult(error=f"{self._context.data_dir.store}: {explain(error)}")
        except Exception:
            log.exception("a command failed")
            return CommandResult(error="the server failed to do it; its log says why")

    def describe(self) -> ServerState:
        """How the running server is."""
        context = self._context
        doubt = context.clock.doubt
        return ServerState(
            context.pages,
            context.fingerprint,
            context.backups.problem,
            context.processor.overwriting.pending,
            doubt.text if doubt else None,
            context.devices.two_owners(),
        )

    async def do(self, command: str, **arguments: str) -> Any:
        """Runs a command of `admin/commands.py` for the pages.

        Raises AccountError, DataDirError, SettingsError or sqlite3.Error.
        """
        return await self._run_command(Command(command, arguments))

    async def _trust_clock(self, work: Work) -> Any:
        """From the moment of the writing on, the server goes by the computer's clock as well."""
        context = self._context

        def write_and_trust(db: sqlite3.Connection) -> Any:
            result = work(db)
            context.clock.trust()
            return result

        result = await context.processor.recovery.rewrite(write_and_trust)
        await context.credential_checker.forget_pauses()
        return result

    async def _overwrite(self) -> list[str]:
        context = self._context
        done = await context.processor.overwriting.overwrite()
        pending = await asyncio.to_thread(replaced_stores.overwrite, context.data_dir)
        return pending if done else [str(context.data_dir.store), *pending]

    async def _run_command(self, command: Command) -> Any:
        """Runs a command that reads or writes the database.

        Raises AccountError, SettingsError or sqlite3.Error.
        """
        context = self._context
        # Hashing a password takes long on purpose, so it runs neither in the loop nor in the writer.
        work = await asyncio.to_thread(work_of, context.data_dir, command, context.clock)
        if command.command in CHANGE_DEVICES:
            return await context.devices.change(work, command.arguments.get("device_id"))
        if command.command in REWRITE_EVENTS:
            if command.command == TRUST_CLOCK:
                return await self._trust_clock(work)
            result = await context.processor.recovery.rewrite(work)
            await context.processor.overwriting.overwrite()
            return result
        result = await context.processor.writer.call(work)
        if command.command in CHANGE_PINS:
            await context.credential_checker.reload()
        return result

    async def _run_pairing_command(self, command: Command) -> Any:
        """Runs a command about devices that ask to be let in: only a running server has these in memory.

        Raises RequestRefused, NotApproved or AccountError.
        """
        enrol_service, given = self._context.enrol, command.arguments
        if enrol_service.unavailable:
            raise AccountError(f"no device can be paired: {enrol_service.unavailable.text}")
        try:
            match command.command:
                case "list_requests":
                    return [
                        {"request": r.request, "kind": r.kind, "digits": r.digits, "address": r.address}
                        for r in enrol_service.requests.waiting(self._context.processor.clock())
                    ]
                case "approve_request":
                    return await enrol_service.approve(given["request"], given["digits"], given["name"])
                case "refuse_request":
                    return enrol_service.refuse(given["request"])
                case _:
                    code = enrol_service.make_code(given["kind"], given["name"])
                    addresses = enrol_service.network_addresses
                    invitation = enrol.invitation(addresses, code.code)
                    return {"code": code.code, "addresses": addresses, "invitation": invitation}
        except KeyError as error:
            raise AccountError(f"{command.command} needs {error}") from None


async def _read(reader: asyncio.StreamReader) -> bytes:
    """The whole request. Raises TimeoutError, or OSError for one that is too large."""
    request = b""
    while part := await reader.read(CONTROL_BYTES):
        request += part
        if len(request) > CONTROL_BYTES:
            raise OSError(f"a command of more than {CONTROL_BYTES} bytes")
    return request
