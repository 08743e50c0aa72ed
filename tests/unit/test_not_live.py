"""A kiosk and a tablet know soon that they are not live, and say so."""

from staff_app.tablet_state import OFFLINE_MS, Banner
from sync_server.device.sync.engine import SILENCE_MS

from .shopper import Shopper
from .tablet import Tablet

KNOWN_MS = 15_000  # what people are promised


def test_a_tablet_says_it_within_fifteen_seconds_of_the_last_message():
    assert SILENCE_MS + OFFLINE_MS <= KNOWN_MS
    tablet = Tablet()
    tablet.device.live = False
    tablet.refresh()
    tablet.after(OFFLINE_MS / 1000)
    assert tablet.state.banner is Banner.OFFLINE


def test_a_kiosk_says_it_as_soon_as_its_link_is_silent():
    assert SILENCE_MS <= KNOWN_MS
    shopper = Shopper()
    shopper.update()
    assert shopper.flow.floor.live
    shopper.update(live=False)
    assert not shopper.flow.floor.live
