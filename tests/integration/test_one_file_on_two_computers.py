"""One device file on two computers: they do not push each other out for ever, and everybody is told."""

import pytest

from sync_server.device.device import Device
from sync_server.service.sync.device_reports import DeviceTrouble

from .harness import come


@pytest.mark.fault(
    "One device file is used on two computers",
    "the first one goes on; the second one is turned away; both screens and the manager are told",
)
async def test_the_first_computer_goes_on_and_both_screens_and_the_manager_are_told(house, tmp_path):
    file = house.enrol("kiosk", "Front")
    server = await house.open()
    first = house.device(file)
    await house.until(lambda: first.live)
    second = Device(house.at_home(file), tmp_path / "another computer")
    second.on_change = house.changed.set
    second.start()
    house.devices.append(second)
    await house.until(lambda: second.duplicated is True)
    await house.until(lambda: first.live and first.duplicated is False)
    assert server.device_handler.troubles(file.device_id) == [DeviceTrouble.TWICE]
    visit_id = come(first)
    await house.until(lambda: not first.outbox.pending())
    assert house.one("SELECT visit_id FROM visits") == visit_id
    assert not second.live
    await house.close_server()
    await house.until(lambda: not first.live)
    assert (first.duplicated, second.duplicated) == (False, True)


async def test_with_the_earliest_version_the_manager_is_told(house, tmp_path):
    """It names no run and cannot be turned away: the two push each other out."""
    file = house.enrol("kiosk", "Front")
    server = await house.open()
    computers = [house.device(file), Device(house.at_home(file), tmp_path / "another computer")]
    for computer in computers:
        computer._engine.run = ""
    computers[1].start()
    house.devices.append(computers[1])
    await house.until(lambda: server.device_handler.troubles(file.device_id) == [DeviceTrouble.TURNS])
    assert [computer.duplicated for computer in computers] == [None, None]


async def test_a_device_that_began_afresh_is_named_to_the_manager(house, caplog):
    file = house.enrol("kiosk", "Front")
    server = await house.open()
    house.work.mkdir(exist_ok=True)
    folder = house.work / file.device_id
    folder.mkdir(parents=True)
    (folder / f"{file.device_id}.db").write_bytes(bytes(4096))
    kiosk = house.device(file)
    await house.until(lambda: kiosk.live)
    assert server.device_handler.troubles(file.device_id) == [DeviceTrouble.AFRESH]
    assert f"{file.device_id}.db.damaged" in caplog.text
    kiosk.dismiss_notice()
    house.stop(kiosk)
    again = house.device(file)
    await house.until(lambda: again.live)
    assert server.device_handler.troubles(file.device_id) == []
