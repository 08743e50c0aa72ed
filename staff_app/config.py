"""What the tablet is started with."""

from sync_server.device.app.config import DeviceConfig


class StaffConfig(DeviceConfig, frozen=True, kw_only=True):
    """`employee` and `pin`, both or neither, sign an employee in at the start without a touch."""

    employee: str = ""
    pin: str = ""
