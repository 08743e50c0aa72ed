"""Deletes the key of a revoked device, and tries again if the disk does not allow it."""

import asyncio
import logging
from pathlib import Path

from sync_server.device.storage.identity_file import delete_key
from sync_server.protocol.device_file import DeviceFile

RETRY_S = 60.0

log = logging.getLogger(__name__)


class KeyRemover:
    """Deletes key files in `folder`. Use it on a running loop, and `cancel` it at the end."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._timer: asyncio.TimerHandle | None = None

    def remove(self, device: DeviceFile) -> None:
        """Deletes the device's key. After a failure it tries again every RETRY_S."""
        retrying = self._timer is not None
        self.cancel()
        try:
            delete_key(device, self._folder)
        except OSError as error:
            if not retrying:
                log.error("the key of this revoked device cannot be deleted: %s; trying again", error)
            self._timer = asyncio.get_running_loop().call_later(RETRY_S, self.remove, device)
        else:
            if retrying:
                log.warning("the key of this revoked device is deleted now")

    def cancel(self) -> None:
        """Does not try again."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
