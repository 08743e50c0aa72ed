"""Steps of the tests of the Devices page: of a new device, and of the manager."""

from typing import Any

import requests

from sync_server.device.network.enrol_client import EnrolClient
from sync_server.protocol.device_file import DeviceFile
from sync_server.service.auth import devices
from sync_server.service.auth.devices import DeviceEntry
from sync_server.service.storage.connection import reading

from .running_server import RunningServer
from .steps import form_field

HERE = "/manager/devices"


def ask_to_join(running: RunningServer, run_in_thread: Any, kind: str = "kiosk") -> tuple[EnrolClient, str]:
    """A new device asks to be let in. The device, and the digits on its screen."""
    pairing = EnrolClient(kind)
    return pairing, run_in_thread(pairing.begin(running.server.enrol.address)).digits


def pair(
    running: RunningServer, run_in_thread: Any, name: str = "Front door", kind: str = "kiosk"
) -> DeviceFile:
    code = running.call(lambda: running.server.enrol.make_code(kind, name))
    file: DeviceFile = run_in_thread(EnrolClient(kind).with_code(running.server.enrol.address, code.code))
    return file


def device_rows(running: RunningServer) -> list[DeviceEntry]:
    with reading(running.server.data_dir.store) as db:
        return devices.list_devices(db)


def post_form(running: RunningServer, http: requests.Session, path: str, **form: str) -> requests.Response:
    """Sends a form with the session's token."""
    token = form_field(http.get(running.address + HERE))
    return http.post(running.address + path, {"token": token, **form}, allow_redirects=False)
