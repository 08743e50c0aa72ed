"""What kiosks are told of visits that ended long ago, by their own time."""

from sync_server.domain.events import Expired
from sync_server.service.audience import KIOSK_KEEPS_MS, Audience
from sync_server.service.queries import DeviceRow
from tests.shop import KIOSK, Play

PEER = b"kiosk"


def test_a_kiosk_that_still_shows_a_visit_hears_that_it_ended_however_long_ago():
    """A visit that is found left over in the morning ended at last night's closing time."""
    play = Play()
    visit_id = play.open("repair")
    now = play.clock.now
    ended = play.floor._append(visit_id, Expired(), now + 2 * KIOSK_KEEPS_MS, None, now)
    later = now + 2 * KIOSK_KEEPS_MS
    device = DeviceRow(KIOSK.device_id, "kiosk", "Front", "A", "k" * 40)
    for shows_it in (True, False):
        audience = Audience()
        session = audience.join(PEER, device, now)
        if shows_it:
            session.visits[visit_id] = None
        told = [
            row.visit_id
            for _, update in audience.updates(play.floor, [ended], later)
            for row in update.visits
        ]
        assert told == ([visit_id] if shows_it else [])
