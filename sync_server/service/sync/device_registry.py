"""Changes the list of devices and applies it at once: to new connections, and to connected devices."""

import asyncio
import sqlite3
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Protocol, TypeVar

from sync_server.domain.ops import ActorKind
from sync_server.service.auth import devices
from sync_server.service.processing.processor import OpProcessor
from sync_server.service.storage import device_rows
from sync_server.service.storage.connection import reading
from sync_server.service.storage.device_rows import DeviceRow

from .device_reports import TWO_COMPUTERS
from .handler import DeviceHandler

STAFF = ActorKind.STAFF.value

T = TypeVar("T")


class SuspendingAuthenticator(Protocol):
    """What the list needs of the authenticator."""

    devices: dict[str, DeviceRow]

    def set_devices(self, devices: Iterable[DeviceRow], revoked: Iterable[DeviceRow], /) -> None: ...

    def suspend(self, device_id: str, /) -> list[DeviceRow]: ...


class DeviceRegistry:
    """The devices of a running server."""

    def __init__(
        self,
        store: Path,
        processor: OpProcessor,
        authenticator: SuspendingAuthenticator,
        handler: DeviceHandler,
    ) -> None:
        self._store = store
        self._processor = processor
        self._authenticator = authenticator
        self._handler = handler
        self._lock = asyncio.Lock()  # one change at a time, or an older list could be applied last

    async def reload(self) -> None:
        """Reads the list from disk and applies it."""
        async with self._lock:
            self._apply(*await asyncio.to_thread(read_devices, self._store))

    def two_owners(self) -> dict[str, str]:
        """The devices whose file two computers use at present: their names by their ids."""
        return {
            device.device_id: device.name
            for device in self._authenticator.devices.values()
            if TWO_COMPUTERS & set(self._handler.troubles(device.device_id))
        }

    async def enrol(self, kind: str, name: str, public_key: str) -> DeviceRow:
        """Adds the device with this key. Raises AccountError, or sqlite3.Error where nothing is written."""
        now = self._processor.clock()
        return await self.change(lambda db: devices.enrol_device(db, kind, name, public_key, now))

    async def change(self, work: Callable[[sqlite3.Connection], T], device_id: str | None = None) -> T:
        """Does `work(db)` in a transaction and applies what it changed. Raises what it raises.

        The device that it is about has no effect meanwhile: what it did before is written before, and
        after the commit nothing of it is done by the old list.
        """
        return await asyncio.shield(asyncio.ensure_future(self._change(work, device_id)))

    async def _change(self, work: Callable[[sqlite3.Connection], T], device_id: str | None) -> T:
        async with self._lock:
            suspended = self._authenticator.suspend(device_id) if device_id else []
            try:
                result, active, revoked = await self._processor.writer.call(
                    lambda db: (work(db), device_rows.active_devices(db), device_rows.revoked_devices(db))
                )
            except BaseException:
                self._authenticator.devices |= {device.public_key: device for device in suspended}
                raise
            self._apply(active, revoked)
            if device_id and not any(d.device_id == device_id and d.kind == STAFF for d in active):
                self._handler.sign_off_holder(device_id)  # connected or not: a lost tablet is not
            return result

    def _apply(self, active: list[DeviceRow], revoked: list[DeviceRow]) -> None:
        self._authenticator.set_devices(active, revoked)
        self._handler.apply_devices(self._authenticator.devices)


def read_devices(store: Path) -> tuple[list[DeviceRow], list[DeviceRow]]:
    """The active and the revoked devices of a store. Raises StoreError."""
    with reading(store) as db:
        return device_rows.active_devices(db), device_rows.revoked_devices(db)
