"""Sign-ins of employees on tablets. A PIN is checked in a thread, so several can be under way."""

import asyncio
from collections.abc import Callable

from sync_server.domain.ops import SYSTEM, ActorKind, SignOn
from sync_server.domain.permissions import Permission, is_allowed
from sync_server.domain.refusal import Code, Refusal
from sync_server.protocol import messages as msg
from sync_server.protocol.messages import FromServer
from sync_server.service.auth.checker import CredentialChecker
from sync_server.service.limits.numbers import MAX_SIGN_INS
from sync_server.service.observe.counters import Counters
from sync_server.service.processing.processor import OpProcessor, Unavailable
from sync_server.service.storage.device_rows import DeviceRow

from .router import DeviceConnections

Reply = Callable[[FromServer], None]


class SignIns:
    """Checks PINs, and gives the tablet to the employee."""

    def __init__(
        self,
        processor: OpProcessor,
        credential_checker: CredentialChecker,
        socket: DeviceConnections,
        counters: Counters,
    ) -> None:
        self._processor = processor
        self._credential_checker = credential_checker
        self._socket = socket
        self._counters = counters
        self._checking: dict[asyncio.Task[None], str] = {}  # and the device of each

    def begin(self, device: DeviceRow, message: msg.SignIn, reply: Reply) -> msg.SignedIn | None:
        """Checks the PIN, then calls `reply`. A refusal instead if too many of this device are checked."""
        if list(self._checking.values()).count(device.device_id) >= MAX_SIGN_INS:
            self._counters.add("sign_ins_put_off")
            return msg.SignedIn(message.request, Refusal(Code.TOO_MANY_TRIES, "1"), 1)
        task = asyncio.ensure_future(self._sign_in(device, message, reply))
        self._checking[task] = device.device_id
        task.add_done_callback(self._checking.pop)
        return None

    async def _sign_in(self, device: DeviceRow, message: msg.SignIn, reply: Reply) -> None:
        """Checks the PIN away from the loop, then gives the tablet to the employee."""
        refusal, wait_s = await self._check_pin(device, message)
        unit = self._processor.begin()
        if refusal is None:
            if device.public_key not in self._socket.authenticator.devices:
                return  # revoked while the PIN was being checked
            try:
                if not self._processor.recovery.state_valid:
                    raise Unavailable("the server is reading its store again; try again")
                refusal = self._processor.apply(unit, SignOn(message.employee, device.device_id), SYSTEM)
            except Unavailable as error:
                reply(msg.NotNow(str(error)))
                return
        unit.replies.append(lambda: reply(msg.SignedIn(message.request, refusal, wait_s)))
        unit.on_rollback.append(lambda why: reply(msg.NotNow(why)))
        self._processor.finish(unit)

    async def _check_pin(self, device: DeviceRow, message: msg.SignIn) -> tuple[Refusal | None, int]:
        if not is_allowed(ActorKind(device.kind), Permission.SIGN_IN):
            return Refusal(Code.NOT_ALLOWED, device.kind), 0
        if self._processor.catalogue.employed(message.employee) is None:
            return Refusal(Code.UNKNOWN_EMPLOYEE, message.employee), 0
        return await self._credential_checker.check_pin(device.device_id, message.employee, message.pin)
