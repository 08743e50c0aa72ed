"""When the demo's store opens its eyes: late in a morning of today, with eight weeks behind it."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from sync_server.service.config.model import Settings
from sync_server.simulation import behaviour
from sync_server.store_clock import DemoClock, wall_clock

WEEKS = 8
BEGINS = time(11, 0)
CLOSES = time(behaviour.CLOSES)
# The demo's nights take no time: from ten minutes after closing to five minutes before the opening.
NIGHT_BEGINS, NIGHT_ENDS = time(behaviour.CLOSES, 10), time(behaviour.OPENS - 1, 55)
DAY = timedelta(days=1)
START_S = 3.0  # the clock stands still while the windows open


def opening_of(settings: Settings) -> int:
    """The time at which a new store's demo begins, ms UTC."""
    return _ms(_at(datetime.now(ZoneInfo(settings.store.timezone)), BEGINS))


def history_begins(opening: int) -> int:
    """The beginning of the past of a demo that begins at `opening`, ms UTC."""
    return opening - int((WEEKS * 7 * DAY + timedelta(hours=3)).total_seconds() * 1000)


def demo_clock(settings: Settings, pace: int, last: int | None) -> DemoClock:
    """The clock of a demo that begins now. `last` is the last time in the log of an earlier demo's store."""
    zone = ZoneInfo(settings.store.timezone)
    shows = opening_of(settings)
    if last is not None:
        shows = max(shows, last + 1000)
    begins = datetime.fromtimestamp(shows / 1000, zone)
    evening, morning = _at(begins, NIGHT_BEGINS), _at(begins, NIGHT_ENDS)
    if begins >= evening:
        begins = _at(begins + DAY, NIGHT_ENDS)
    elif begins < morning:
        begins = morning
    first_day = _ms(_at(begins, NIGHT_BEGINS)) - _ms(begins)
    night = int((_at(begins + DAY, NIGHT_ENDS) - _at(begins, NIGHT_BEGINS)).total_seconds() * 1000)
    day = int(DAY.total_seconds() * 1000) - night
    return DemoClock(wall_clock() + int(START_S * 1000), _ms(begins), pace, first_day, day, night)


def _at(day: datetime, hour: time) -> datetime:
    return day.replace(hour=hour.hour, minute=hour.minute, second=0, microsecond=0)


def _ms(when: datetime) -> int:
    return int(when.timestamp() * 1000)
