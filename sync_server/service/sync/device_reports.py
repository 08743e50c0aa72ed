"""What the manager must know about single devices, for the page Devices and the log."""

import logging
from enum import StrEnum

from sync_server.service.storage.device_rows import DeviceRow

TWICE_MS = 180_000  # a computer that was turned away asks again once a minute

log = logging.getLogger(__name__)


class DeviceTrouble(StrEnum):
    """What is wrong with a device. `manager.devices.trouble.*` in the texts says it."""

    AFRESH = "afresh"  # its database was damaged, and nobody has read that on its screen yet
    TWICE = "twice"  # two computers use its file, and the second one is turned away
    TURNS = "turns"  # the same with version 0.1.0, where each pushes the other one out


_ADVICE = {
    DeviceTrouble.TWICE: "the second one is turned away: pair it again",
    DeviceTrouble.TURNS: "each pushes the other one out, and neither works well: pair one of them again",
}
TWO_COMPUTERS = frozenset(_ADVICE)


class DeviceReports:
    """Each trouble is logged once, when it begins."""

    def __init__(self) -> None:
        self._put_aside: dict[str, str] = {}  # by device, the name of its damaged database
        self._duplicated: dict[str, tuple[DeviceTrouble, int]] = {}  # by device, when it was last noticed

    def troubles(self, device_id: str, at: int) -> list[DeviceTrouble]:
        """What is wrong with this device at present. `at` is a steady clock, ms."""
        found = []
        if (last := self._duplicated.get(device_id)) is not None and at - last[1] < TWICE_MS:
            found.append(last[0])
        if device_id in self._put_aside:
            found.append(DeviceTrouble.AFRESH)
        return found

    def began_afresh(self, device: DeviceRow, put_aside: str) -> None:
        """`put_aside` is the name of the device's damaged database; empty if there is none."""
        before = self._put_aside.pop(device.device_id, "")
        if not put_aside:
            return
        self._put_aside[device.device_id] = put_aside
        if put_aside != before:
            log.warning(
                "%s (%s) began afresh because its database was damaged; ops that it had not sent are in"
                " its file %r",
                device.device_id, device.name, put_aside,
            )  # fmt: skip

    def duplicated(self, device: DeviceRow, at: int, how: DeviceTrouble) -> None:
        """Two computers use this device's file. `at` is a steady clock, ms."""
        known = how in self.troubles(device.device_id, at)
        self._duplicated[device.device_id] = how, at
        if not known:
            log.warning(
                "two computers use the device file of %s (%s); %s",
                device.device_id, device.name, _ADVICE[how],
            )  # fmt: skip
