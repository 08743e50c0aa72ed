"""What kiosks are sent of visits whose end lies far in the past."""

from msgspec.structs import replace

from sync_server.domain import ops
from sync_server.domain.events import Expired
from sync_server.domain.visit.visit import State
from sync_server.protocol.messages import PROTOCOL, Hello
from sync_server.protocol.rows import VisitRow
from sync_server.protocol.visibility import staff_visit
from sync_server.service.storage.device_rows import DeviceRow
from sync_server.service.sync.sessions import KIOSK_ENDED_VISITS_MS, Sessions
from tests.floor_harness import KIOSK, FloorHarness

PEER = b"kiosk"


def test_a_kiosk_that_still_shows_a_visit_gets_its_end_however_long_ago():
    """A visit left open over night is ended in the morning, with last night's closing time."""
    play = FloorHarness()
    visit_id = play.open("repair")
    now = play.clock.now
    ended = play.floor._append(visit_id, Expired(), now + 2 * KIOSK_ENDED_VISITS_MS, happened_at=now)
    later = now + 2 * KIOSK_ENDED_VISITS_MS
    device = DeviceRow(KIOSK.device_id, "kiosk", "Front", "A", "k" * 40)
    for shows_it in (True, False):
        audience = Sessions()
        session = audience.open(PEER, device, now, Hello(PROTOCOL))
        if shows_it:
            session.visits[visit_id] = None
        told = [
            row.visit_id
            for _, update in audience.kiosk_updates(play.floor, [ended], later)
            for row in update.visits
        ]
        assert told == ([visit_id] if shows_it else [])


def test_a_kiosk_gets_the_end_of_a_visit_that_has_just_arrived_however_long_ago_it_ended():
    """The ticket may be on its screen: a visit of before closing time that ends as it arrives."""
    play = FloorHarness()
    hours = 4 * KIOSK_ENDED_VISITS_MS
    visit_id = play.open("repair")
    opened = play.floor.visits[visit_id]
    now = play.clock.now
    ended = play.floor._append(visit_id, Expired(), now)
    play.floor.visits[visit_id] = replace(opened, state=State.EXPIRED, ended_at=now - hours)
    device = DeviceRow(KIOSK.device_id, "kiosk", "Front", "A", "k" * 40)
    sessions = Sessions()
    session = sessions.open(PEER, device, now, Hello(PROTOCOL))
    updates = [update for _, update in sessions.kiosk_updates(play.floor, [ended], now)]
    told = [(row.visit_id, row.state) for update in updates for row in update.visits]
    assert told == [(visit_id, "expired")]
    assert [row.visit_id for row in sessions.snapshot(session, play.floor, "", now).visits] == [visit_id]
    later = now + KIOSK_ENDED_VISITS_MS + 1
    assert sessions.snapshot(session, play.floor, "", later).visits == ()


def test_every_tablet_gets_the_rows_of_all_open_visits_as_they_are_now():
    play = FloorHarness()
    first, second = play.open("repair"), play.open("repair")
    sessions = Sessions()
    device = DeviceRow("tablet", "staff", "Tablet", "B", "k" * 40)
    session = sessions.open(b"tablet", device, play.clock.now, Hello(PROTOCOL))

    def rows() -> dict[str, VisitRow]:
        visits = sessions.snapshot(session, play.floor, "", play.clock.now).visits
        assert visits == tuple(
            staff_visit(v, v.visit_id in play.floor.with_phone) for v in play.floor.open_visits()
        )
        return {row.visit_id: row for row in visits}

    before = rows()
    assert before.keys() == {first, second}
    play.floor.with_phone.add(first)
    after = rows()
    assert after[first].phone
    assert after[second] is before[second], "it is not made again"
    play.yes(KIOSK, ops.Cancel(second))
    third = play.open("repair")
    assert rows().keys() == {first, third}
