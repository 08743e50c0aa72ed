"""When a demo begins, and how its nights pass."""

import asyncio
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from sync_server.service.config.load import load_settings
from sync_server.service.config.model import Settings
from sync_server.service.upkeep.create_store import make_store
from sync_server.simulation.demo.demo import OPENING_S, WINDOWS, windows_are_open
from sync_server.simulation.demo.opening import START_S, demo_clock, history_begins, opening_of

from .virtual_time import virtual_time

ZONE = ZoneInfo("Europe/Amsterdam")
DAY_MS = 86_400_000


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return load_settings(make_store(tmp_path_factory.mktemp("opening") / "store", None, None).settings)


def local(at: int) -> datetime:
    return datetime.fromtimestamp(at / 1000, ZONE)


def test_a_new_store_begins_late_this_morning_after_eight_weeks(settings: Settings) -> None:
    opening = opening_of(settings)
    assert (local(opening).hour, local(opening).minute) == (11, 0)
    assert local(opening).date() == datetime.now(ZONE).date()
    assert 56 * DAY_MS < opening - history_begins(opening) < 57 * DAY_MS
    assert demo_clock(settings, 30, None).shows == opening


def test_time_stands_still_while_the_windows_open(settings: Settings) -> None:
    clock = demo_clock(settings, 30, None)
    assert clock.at(clock.began - int(START_S * 1000)) == clock.at(clock.began) == clock.shows
    assert clock.at(clock.began + 1000) == clock.shows + 30_000


def test_after_closing_comes_the_next_morning(settings: Settings) -> None:
    clock = demo_clock(settings, 30, None)
    evening = clock.began + clock.first_day // 30
    assert (local(clock.at(evening - 1)).hour, local(clock.at(evening - 1)).minute) == (19, 9)
    next_morning = local(clock.at(evening + 1))
    assert next_morning.date() == local(clock.shows).date() + timedelta(days=1)
    second_evening = evening + clock.day // 30
    assert local(clock.at(second_evening + 1)).date() == local(clock.shows).date() + timedelta(days=2)


@pytest.mark.parametrize(
    ("left_at", "goes_on_at"), [("20:30", "08:55"), ("15:00", "15:00"), ("02:00", "08:55")]
)
def test_a_store_of_an_earlier_demo_goes_on_where_it_was(
    settings: Settings, left_at: str, goes_on_at: str
) -> None:
    tomorrow = local(opening_of(settings)) + timedelta(days=1)
    hour, minute = map(int, left_at.split(":"))
    last = int(tomorrow.replace(hour=hour, minute=minute).timestamp() * 1000)
    clock = demo_clock(settings, 30, last)
    assert clock.shows > last
    assert f"{local(clock.shows):%H:%M}" == goes_on_at
    evening = local(clock.at(clock.began + clock.first_day // 30 - 1))
    assert (evening.hour, evening.minute) == (19, 9)
    assert evening.date() == local(clock.shows).date()


@virtual_time
async def test_shoppers_come_once_every_window_is_open(tmp_path: Path) -> None:
    """A wait that was told while nobody had a tablet yet would be too short."""
    *first, last = WINDOWS
    for who in first:
        (tmp_path / who).touch()
    come = asyncio.ensure_future(windows_are_open(tmp_path))
    await asyncio.wait([come], timeout=OPENING_S / 2)
    assert not come.done()
    (tmp_path / last).touch()
    await asyncio.wait([come], timeout=1)
    assert come.done()


@virtual_time
async def test_shoppers_come_also_if_a_window_does_not_open(tmp_path: Path) -> None:
    await windows_are_open(tmp_path)
    assert asyncio.get_running_loop().time() == pytest.approx(OPENING_S)
