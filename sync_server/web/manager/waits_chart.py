"""What `waits.js` draws: how long shoppers waited, in the picture that fits the day's data.

A box shows where half of the visits are, so it needs several visits: an hour with fewer shows each of them. A
day of one hour is one row of visits along the minutes. Fewer than MIN_FOR_PICTURE visits are no picture.
"""

from collections.abc import Sequence

from msgspec import Struct

from assets.i18n.texts import Texts
from sync_server.service.reports.waits_by_hour import HourFigures

MIN_FOR_BOX = 5  # visits of an hour
MIN_FOR_PICTURE = 5  # visits of the day
MAX_SINGLE = 300  # visits of an only hour that are drawn one by one; with more it is a box


class Box(Struct, frozen=True):
    """The 10th percentile, the quartiles, the median and the 90th percentile, in seconds."""

    low: float
    first: float
    middle: float
    third: float
    high: float


class ChartHour(Struct, frozen=True):
    """One hour: a box or single visits, and those who left without help. Waits in seconds."""

    hour: int
    box: Box | None
    single: tuple[float, ...]
    left: tuple[float, ...]


class WaitsChart(Struct, frozen=True, rename="camel"):
    """The chart. `strip`: one row of visits along the minutes. `worst` is the hour that stands out."""

    hours: list[ChartHour]
    strip: bool
    median_s: float
    target: float
    worst: int | None
    alt: str
    minutes_short: str
    minutes_axis: str
    hour_axis: str


def has_picture(hours: Sequence[HourFigures]) -> bool:
    """Whether there are enough visits for a picture."""
    return sum(hour.visits for hour in hours) >= MIN_FOR_PICTURE


def waits_chart(hours: Sequence[HourFigures], worst: int | None, target_s: float, texts: Texts) -> WaitsChart:
    """The chart of these hours, of which there is at least one."""
    strip = len(hours) == 1 and hours[0].visits <= MAX_SINGLE
    return WaitsChart(
        hours=[_chart_hour(hour, strip) for hour in hours],
        strip=strip,
        median_s=hours[0].middle,
        target=target_s,
        worst=worst,
        alt=texts.say("manager.plot.alt"),
        minutes_short=texts.say("manager.plot.minutes", n=0),
        minutes_axis=texts.say("manager.plot.minutes_axis"),
        hour_axis=texts.say("manager.plot.hour_axis"),
    )


def _chart_hour(hour: HourFigures, strip: bool) -> ChartHour:
    if hour.visits >= MIN_FOR_BOX and not strip:
        box = Box(hour.low, hour.first, hour.middle, hour.third, hour.high)
        return ChartHour(hour.hour, box, (), hour.left)
    return ChartHour(hour.hour, None, hour.helped, hour.left)


def legend(chart: WaitsChart, within_target: str, texts: Texts) -> str:
    """What the shapes mean, without those that the picture does not have."""
    shapes = {
        "manager.plot.box": any(hour.box for hour in chart.hours),
        "manager.plot.ring": any(hour.single for hour in chart.hours),
        "manager.plot.middle": chart.strip,
        "manager.plot.line": True,
        "manager.plot.dot": any(hour.left for hour in chart.hours),
    }
    return " · ".join(texts.say(key, when=within_target) for key, drawn in shapes.items() if drawn)
