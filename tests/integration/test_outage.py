"""Work goes on without the server, also through kill -9, and is synchronised when it is back."""

import asyncio
import sys

import pytest
from msgspec.structs import replace

from sync_server.device.clocks import steady_clock
from sync_server.device.environment import Environment
from sync_server.device.sync.saved_rows import ROWS_RETENTION_MS
from sync_server.domain import ops
from sync_server.domain.events import Presence
from sync_server.domain.resolution import Resolution
from sync_server.protocol import messages as msg
from sync_server.protocol.device_file import device_file_text
from sync_server.service import server as server_module
from sync_server.store_clock import wall_clock

from .harness import PIN, come, do


def kill(house, device) -> None:
    """kill -9: nothing is closed, nothing more is written."""
    device._link.close()
    for timer in (device._timer, device._persistence.save_timer, device._persistence.retention_timer):
        if timer is not None:
            timer.cancel()
    device.outbox._db.close()
    house.devices.remove(device)


async def healed(house) -> None:
    for device in house.devices:
        await house.until(lambda device=device: house.agrees(device))


async def accepted(house, kiosk, tablet, name: str) -> str:
    """A visit that `name` has accepted; server and tablet agree on it."""
    visit_id = come(kiosk, "repair", alias="Robin")
    await house.until(lambda: (row := tablet.view.visits.get(visit_id)) and row.offer_to == name)
    do(tablet, ops.Accept, visit_id)
    await house.until(lambda: not tablet.outbox.pending())
    await house.until(lambda: tablet.view.visits[visit_id].state == "accepted")
    return visit_id


@pytest.mark.fault(
    "A tablet crashes twice while the server is down",
    "it starts with the last list, who is signed in, and all taps",
)
async def test_a_tablet_killed_in_an_outage_comes_back_where_it_was_and_works_on(house):
    kiosk, tom = await house.crew("tom")
    visit_id = await accepted(house, kiosk, tom, "tom")
    other = come(kiosk, "buy")
    await house.until(lambda: other in tom.view.visits and not kiosk.outbox.pending())
    await house.close_server()
    do(tom, ops.Start, visit_id)
    do(tom, ops.AddNote, visit_id, note="while nobody listened")
    shown, last_contact_at = tom.view, tom.last_contact_at
    kill(house, tom)

    again = house.device(tom.file)
    assert not again.live
    assert replace(again.view, helps=shown.helps) == shown  # the server says anew what it takes
    assert again.view.visits[visit_id].state == "serving"
    assert other in again.view.visits
    assert again.view.holder(again.file.device_id).id == "tom"
    assert last_contact_at - 60_000 <= again.last_contact_at <= last_contact_at
    do(again, ops.Complete, visit_id, resolution=Resolution.SOLVED)
    quick = again.new_id()
    again.submit(ops.QuickResolution(quick, again.next_ticket(), "ask", "en", Resolution.ADVICE_GIVEN))
    kill(house, again)

    again = house.device(tom.file)
    assert visit_id not in again.view.visits
    await house.open()
    await healed(house)
    assert house.answered == []
    with house.store() as db:
        events = [row[0] for row in db.execute(
            "SELECT event FROM visit_events WHERE visit_id = ? ORDER BY seq", (visit_id,)
        )]  # fmt: skip
    assert events == ["opened", "offered", "accepted", "started", "noted", "completed"]
    assert house.one("SELECT resolution FROM visits WHERE visit_id = ?", quick) == "advice_given"


@pytest.mark.fault(
    "A tablet is killed with kill -9 at any moment while it works without its server",
    "it continues where it was, with every tap that it accepted; all are done when the server is there",
)
@pytest.mark.parametrize("taps", [0, 1, 17, 60])
async def test_a_tablet_killed_at_any_moment_of_an_outage_has_every_tap_it_took(house, tmp_path, taps):
    files = house.enrol("kiosk", "Front"), house.enrol("staff", "Tom's")
    await house.open()
    kiosk, path = house.device(files[0]), tmp_path / "tom.device.toml"
    path.write_text(device_file_text(house.at_home(files[1])))
    visit_id = come(kiosk, "repair")
    await house.until(lambda: not kiosk.outbox.pending())
    folder = house.work / files[1].device_id
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.integration.tablet_process", path, folder, PIN,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert await child.stdout.readline() == b"accepted\n"
    await house.close_server()
    child.stdin.write(b"go on\n")
    for number in range(taps):
        assert await child.stdout.readline() == b"%d\n" % number
    child.kill()
    await child.wait()

    tom = house.device(files[1])
    row = tom.view.visits[visit_id]
    assert tom.view.holder(tom.file.device_id).id == "tom"
    assert taps == 0 or row.state == "serving"
    written = len(row.notes)
    assert row.notes == tuple(f"note {number}" for number in range(written))
    assert written >= taps
    await house.open()
    await healed(house)
    assert house.answered == []
    assert len(tom.view.visits[visit_id].notes) == written


@pytest.mark.fault(
    "A tablet crashes right after an answer",
    "the result of the answered op is on its disk",
)
async def test_the_rows_an_op_changed_are_saved_before_the_op_leaves_the_outbox(house):
    kiosk, tom = await house.crew("tom")
    visit_id = await accepted(house, kiosk, tom, "tom")
    do(tom, ops.Start, visit_id)
    await house.until(lambda: not tom.outbox.pending())
    await house.close_server()
    kill(house, tom)  # at once: what is written after a while was not written
    again = house.device(tom.file)
    assert again.view.visits[visit_id].state == "serving"


@pytest.mark.fault(
    "Two employees take one visit, one of them without connection",
    "the op that reaches the server first wins; the other employee is told who has it",
)
async def test_a_visit_that_a_colleague_took_meanwhile_is_refused_with_their_name(house):
    tablet_file = house.enrol("staff", "Maya's")
    kiosk, tom = await house.crew("tom")
    cable = await house.cable()
    maya = house.device(tablet_file, cable)
    await house.sign_in(maya, "maya")
    await house.until(lambda: house.agrees(maya))
    tom.submit(ops.SetPresence(Presence.ON_BREAK))
    await house.until(lambda: maya.view.people["tom"].presence == "on_break")
    visit_id = come(kiosk, "repair")
    await house.until(lambda: (row := maya.view.visits.get(visit_id)) and row.offer_to == "maya")
    await house.until(lambda: visit_id in tom.view.visits)
    cable.stall()
    op_id = do(maya, ops.Accept, visit_id)
    do(tom, ops.Claim, visit_id)
    await house.until(lambda: house.one("SELECT employee FROM visits WHERE visit_id = ?", visit_id) == "tom")
    await house.until(lambda: not maya.live)
    cable.repair()
    await healed(house)
    [(refused, refusal)] = house.answered
    assert (refused, refusal.code, refusal.about) == (op_id, "already_taken", "tom")
    [(kept, _)] = maya.outbox.refused()
    assert kept.op_id == op_id
    assert maya.view.visits[visit_id].employee == "tom"


@pytest.mark.fault(
    "A visit is taken, served and completed on a tablet without connection",
    "all ops count if nobody was quicker; otherwise none does, and the first refusal names the colleague",
)
@pytest.mark.parametrize("quicker", [False, True])
async def test_a_visit_taken_without_connection_is_settled_when_the_server_hears_of_it(house, quicker):
    tablet_file = house.enrol("staff", "Maya's")
    kiosk, tom = await house.crew("tom")
    cable = await house.cable()
    maya = house.device(tablet_file, cable)
    await house.sign_in(maya, "maya")
    visit_id = come(kiosk, "repair")
    await house.until(lambda: (row := maya.view.visits.get(visit_id)) and row.state == "offered")
    await house.until(lambda: (row := tom.view.visits.get(visit_id)) and row.state == "offered")
    cable.stall()
    for op, more in ((ops.Claim, {}), (ops.Start, {}), (ops.Complete, {"resolution": Resolution.SOLVED})):
        do(maya, op, visit_id, **more)
    assert visit_id not in maya.view.visits
    if quicker:
        do(tom, ops.Claim, visit_id)
        await house.until(lambda: not tom.outbox.pending())
    await house.until(lambda: not maya.live)
    cable.repair()
    await healed(house)
    refusals = [(refusal.code, refusal.about) for _, refusal in house.answered]
    if quicker:
        assert refusals[0] == ("already_taken", "tom")
        assert [type(submit.op) for submit, _ in maya.outbox.refused()] == [
            ops.Claim,
            ops.Start,
            ops.Complete,
        ]
        assert maya.view.visits[visit_id].employee == "tom"
    else:
        assert refusals == []
        assert house.one("SELECT state, employee FROM visits") == "completed"


@pytest.mark.fault(
    "An offer lapses while the server is down, and its tablet has accepted it",
    "the accept counts: a server that starts listens to its devices before it asks anybody else",
)
async def test_a_server_that_starts_hears_its_devices_before_it_asks_anybody(house, monkeypatch):
    kiosk, tom = await house.crew("tom")
    visit_id = come(kiosk, "repair")
    await house.until(lambda: (row := tom.view.visits.get(visit_id)) and row.offer_to == "tom")
    later = come(kiosk, "repair")
    await house.until(lambda: later in tom.view.visits and not kiosk.outbox.pending())
    await house.close_server()
    do(tom, ops.Accept, visit_id)
    do(tom, ops.Start, visit_id)
    do(tom, ops.Complete, visit_id, resolution=Resolution.SOLVED)
    do(tom, ops.Claim, later)
    monkeypatch.setattr(server_module, "wall_clock", lambda: wall_clock() + 60_000)
    await house.open()
    await house.until(lambda: not tom.outbox.pending())
    assert house.answered == []
    events = house.one("SELECT group_concat(event) FROM visit_events WHERE visit_id = ?", visit_id)
    assert events == "opened,offered,accepted,started,completed"


@pytest.mark.fault(
    "A tablet is without its server for a day",
    "its data about shoppers is deleted from its disk",
)
@pytest.mark.parametrize("later_ms", [0, ROWS_RETENTION_MS])
async def test_descriptions_of_shoppers_leave_the_devices_disk_a_day_after_the_last_contact(house, later_ms):
    kiosk, tom = await house.crew("tom")
    visit_id = await accepted(house, kiosk, tom, "tom")
    await house.close_server()
    house.stop(tom)
    around = Environment(lambda: wall_clock() + later_ms, lambda: steady_clock() + later_ms)
    again = house.device(tom.file, around=around)
    assert (visit_id in again.view.visits) is (later_ms == 0)
    for path in again.outbox.path.parent.iterdir():
        assert later_ms == 0 or b"Robin" not in path.read_bytes(), path


@pytest.mark.fault("A tablet is without its server for a working day", "nobody is signed in on it any more")
async def test_without_the_server_a_sign_in_ends_after_a_working_day(house):
    later_ms = 0
    file = house.enrol("staff", "Tom's")
    await house.open()
    around = Environment(lambda: wall_clock() + later_ms, lambda: steady_clock() + later_ms)
    tom = house.device(file, around=around)
    await house.sign_in(tom, "tom")
    await house.close_server()
    await house.until(lambda: not tom.live)
    assert tom.view.holder(tom.file.device_id).id == "tom"
    later_ms = 8 * 3_600_000
    assert tom.view.holder(tom.file.device_id) is None


async def test_the_last_update_is_saved_without_waiting_for_the_disk(house):
    _, tom = await house.crew("tom")
    statements: list[str] = []
    tom.outbox._db.set_trace_callback(statements.append)
    tom._persistence.save_soon()
    tom._persistence.save()
    written = statements.index("BEGIN IMMEDIATE")
    assert "PRAGMA synchronous=NORMAL" in statements[:written]
    assert statements[-1] == "PRAGMA synchronous=FULL"
    assert tom.outbox.saved_state() is not None


@pytest.mark.fault(
    "A device of the first release connects to a server of today",
    "it gets what it can read, and works",
)
async def test_a_device_of_the_first_release_is_served_by_a_server_with_opening_hours(house):
    text = house.data_dir.settings.read_text()
    house.data_dir.settings.write_text(
        text.replace("[server]", '[store.hours]\nmon = "09:00-18:00"\n[server]', 1)
    )
    file = house.enrol("kiosk", "Front")
    await house.open()
    raw = house.raw(file)
    first = await raw.hello()  # as 0.1.0 sends it
    assert first.catalogue.store.hours == {}
    await raw.send(msg.Hello(msg.PROTOCOL, first.digest))
    assert (await raw.receive(msg.Snapshot)).catalogue is None  # it has it
    await raw.send(msg.Hello(msg.PROTOCOL, first.digest, lenient=True))
    assert (await raw.receive(msg.Snapshot)).catalogue.store.hours == {"mon": "09:00-18:00"}


@pytest.mark.fault(
    "Device and server use different protocol numbers",
    "the device is told which of them to update",
)
@pytest.mark.parametrize(("protocol", "which"), [(msg.PROTOCOL - 1, "device"), (msg.PROTOCOL + 1, "server")])
async def test_a_device_of_another_protocol_shows_which_side_to_update(house, protocol, which):
    file = house.enrol("kiosk", "Front")
    await house.open()
    raw = house.raw(file)
    await raw.send(msg.Hello(protocol))
    assert (await raw.receive(msg.Fault)).reason.endswith(f"update the {which}")
