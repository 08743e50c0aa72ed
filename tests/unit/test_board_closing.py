"""What the tablet tells about closing time."""

from msgspec.structs import replace

from assets.words import Words
from staff_app import sample
from staff_app.hands import Hands
from staff_app.scenes import SCENES
from staff_app.told import floor
from sync_server.domain.hours import WEEKDAYS

EN = Words("en")


def banner(scene: str, **changes: object) -> tuple[str, bool]:
    hands = SCENES[scene]().hands
    for name, value in changes.items():
        setattr(hands.device, name, value)
    hands.look()
    told = floor.lines(hands.board, EN)
    return told.banner, told.cut_off


def test_closing_time_is_told_a_quarter_of_an_hour_before_with_who_waits() -> None:
    said, cut_off = banner("closing_soon")
    assert said == "We close at 14:22, in 12 minutes. 4 people are still in line."
    assert not cut_off
    assert banner("closing_soon", now=sample.NOW - 4 * 60_000)[0] == "", "sixteen minutes before"
    assert "in 1 minute." in banner("closing_soon", now=sample.NOW + 11 * 60_000 + 1)[0]


def test_after_closing_whoever_still_helps_learns_when_it_ends_by_itself() -> None:
    assert banner("closing_late")[0].endswith("it ends by itself at 15:00.")
    assert banner("closing_late", now=sample.NOW + 51 * 60_000)[0] == ""


def test_whoever_has_nothing_in_hand_is_left_in_peace() -> None:
    device = sample.tablet(*sample.line())
    week = dict.fromkeys(WEEKDAYS, "09:30-14:00")
    device.catalogue = replace(device.catalogue, store=replace(device.catalogue.store, hours=week))
    assert floor.lines(Hands(device).board, EN).banner == ""


def test_a_lost_connection_is_told_first() -> None:
    hands = SCENES["closing_soon"]().hands
    hands.device.live = False
    hands.look()
    hands.device.now += 5_000
    hands.look()
    told = floor.lines(hands.board, EN)
    assert told.cut_off
    assert told.banner.startswith("No connection")
