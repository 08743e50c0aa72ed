"""The pictures of when: waits by hour, arrivals against people, the week, told against real, effort."""

from datetime import date, timedelta
from itertools import pairwise

from sync_server.domain.report import histogram
from sync_server.domain.report.histogram import Histogram, count, mean, quantiles
from sync_server.domain.report.people_present import EVERYBODY
from sync_server.domain.report.period_summary import Cell, PeriodSummary, cell_of
from sync_server.domain.report.worst_hour import HOUR_S
from sync_server.domain.share import MIN_TO_SAY, Share
from sync_server.web.http import formatting

from .drawing import (
    BOTTOM,
    LEFT,
    RIGHT,
    ROW,
    Bar,
    DotShape,
    Drawing,
    Entry,
    Label,
    Mark,
    Picture,
    Rule,
    Scale,
    Table,
    band_labels,
    bands,
    grid,
    scale_to,
)
from .report_texts import ReportTexts

MIN_FOR_BOX = 5  # visits: a box of fewer says nothing
TALL = 280  # px
MAX_TOLD = 9  # rows of the picture of told waits
HEAT_LEVELS = 5
FIVE = (0.1, 0.25, 0.5, 0.75, 0.9)
MOST_LABELS = 7  # below the weeks
MANY_WEEKS = 20  # have smaller dots


def waits_by_hour(summary: PeriodSummary, target_s: float, texts: ReportTexts) -> Picture:
    """How long shoppers waited, by the hour in which they came: as a distribution, not as a mean."""
    hours = {hour: _together(summary, hour) for hour in _hours(summary)}
    boxes = {hour: quantiles(waits, FIVE) for hour, waits in hours.items() if count(waits) >= MIN_FOR_BOX}
    scale = scale_to(max([target_s, *(box[-1] for box in boxes.values())]) / 60)
    marks = grid(scale, [formatting.number(tick, texts.language) for tick in scale.ticks])
    for (x, width), hour in zip(bands(len(hours)), hours, strict=True):
        if hour in boxes:
            marks += _box(boxes[hour], x, width, scale, boxes[hour][2] > target_s)
    marks.append(Rule("target", LEFT, scale.y(target_s / 60), RIGHT, scale.y(target_s / 60)))
    marks += band_labels([str(hour) for hour in hours], every=1 + len(hours) // 13)
    say = texts.say
    head = ["hour", "visits", "quarter", "median", "three_quarters", "nine_in_ten"]
    rows = []
    for hour, waits in hours.items():
        box = boxes.get(hour)
        written = [formatting.duration(value) for value in box[1:]] if box else [formatting.NOTHING] * 4
        rows.append([f"{hour}–{hour + 1}", str(count(waits)), *written])
    return Picture(
        "waits",
        say("manager.plot.title"),
        [
            Entry("bar", "box", say("manager.report.key.half")),
            Entry("line", "whisker", say("manager.report.key.eight")),
            Entry("dashes", "target", texts.texts.within(target_s)),
            Entry("none", "", say("manager.plot.minutes_axis")),
        ],
        Drawing(say("manager.plot.alt"), TALL, marks) if boxes else None,
        Table(
            [say(f"manager.plot.{name}") for name in head],
            rows,
            [texts.log_address(figure="wait_s", hour=str(hour)) for hour in hours],
        ),
        "" if boxes else say("manager.plot.too_few"),
    )


def _box(box: list[float], x: float, width: float, scale: Scale, is_over: bool) -> list[Mark]:
    low, first, middle, third, high = (scale.y(value / 60) for value in box)
    centre, broad, kind = x + width / 2, min(width * 0.6, 7.0), "over" if is_over else ""
    return [
        Rule(f"whisker {kind}", centre, high, centre, low),
        Bar(f"box {kind}", centre - broad / 2, third, broad, max(0.5, first - third)),
        Rule(f"middle {kind}", centre - broad / 2, middle, centre + broad / 2, middle),
    ]


def arrivals_and_people(summary: PeriodSummary, texts: ReportTexts) -> Picture:
    """How many came in each hour of a usual day, against how many people were on the floor."""
    days = sum(summary.days.values()) or 1
    hours = _hours(summary)
    people_s = summary.people.get(EVERYBODY, {})
    came = [sum(summary.cells.get(cell_of(d, h), Cell()).visits for d in range(7)) / days for h in hours]
    people = [sum(people_s.get(cell_of(d, h), 0) for d in range(7)) / HOUR_S / days for h in hours]
    scale = scale_to(max([1.0, *came, *people]))
    marks = grid(scale, [formatting.number(tick, texts.language) for tick in scale.ticks])
    for (x, width), visits in zip(bands(len(hours)), came, strict=True):
        marks.append(
            Bar("arrivals", x + width * 0.15, scale.y(visits), width * 0.7, BOTTOM - scale.y(visits))
        )
    marks += _steps([scale.y(number) for number in people])
    marks += band_labels([str(hour) for hour in hours], every=1 + len(hours) // 13)
    say = texts.say
    return Picture(
        "people",
        say("manager.report.people.title"),
        [
            Entry("bar", "arrivals", say("manager.report.people.arrivals")),
            Entry("line", "people", say("manager.report.people.people")),
        ],
        Drawing(say("manager.report.people.said"), TALL, marks) if hours else None,
        Table(
            [
                say("manager.plot.hour"),
                *(say(f"manager.report.people.{name}") for name in ("arrivals", "people")),
            ],
            [
                [f"{hour}–{hour + 1}", *(formatting.decimal(number, texts.language) for number in numbers)]
                for hour, *numbers in zip(hours, came, people, strict=True)
            ],
            [texts.log_address(hour=str(hour)) for hour in hours],
        ),
    )


def _steps(heights: list[float]) -> list[Mark]:
    """A line over the bands that goes up and down in steps."""
    marks: list[Mark] = []
    for at, (x, width) in enumerate(bands(len(heights))):
        marks.append(Rule("people", x, heights[at], x + width, heights[at]))
        if at:
            marks.append(Rule("people", x, heights[at - 1], x, heights[at]))
    return marks


def heat_map(summary: PeriodSummary, target_s: float, texts: ReportTexts) -> Picture:
    """When it was busy, and how long people waited: one column a weekday, one row an hour."""
    hours, weekdays = _hours(summary), sorted({at // 24 for at in summary.cells})
    days = {weekday: summary.days.get(weekday, 0) or 1 for weekday in weekdays}
    cells = {
        (d, h): summary.cells[cell_of(d, h)]
        for d in weekdays
        for h in hours
        if cell_of(d, h) in summary.cells
    }
    busiest = max((cell.visits / days[d] for (d, _), cell in cells.items()), default=1.0)
    high, broad = 100 / (len(hours) + 1), (100 - LEFT) / max(1, len(weekdays))
    marks: list[Mark] = [
        Label(texts.short_weekday(d), LEFT + broad * (at + 0.5), high * 0.6) for at, d in enumerate(weekdays)
    ]
    rows = []
    for row, hour in enumerate(hours, start=1):
        marks.append(Label(str(hour), LEFT - 3, high * (row + 0.65), "end"))
        written = [f"{hour}–{hour + 1}"]
        for column, weekday in enumerate(weekdays):
            cell = cells.get((weekday, hour))
            written.append(_cell_in_words(cell, days[weekday], texts))
            if cell is None:
                continue
            level = max(1, round(HEAT_LEVELS * cell.visits / days[weekday] / busiest))
            middle = histogram.median(cell.waits)
            is_over = middle is not None and middle > target_s and count(cell.waits) >= MIN_FOR_BOX
            x, y = LEFT + broad * column, high * row
            kind = "heat over" if is_over else f"heat level-{level}"
            marks.append(Bar(kind, x + broad * 0.04, y + high * 0.05, broad * 0.92, high * 0.9))
            said = formatting.duration(middle)
            marks.append(
                Label(said, x + broad / 2, y + high * 0.65, kind="on-over" if is_over else "on-heat")
            )
        rows.append(written)
    say = texts.say
    return Picture(
        "week",
        say("manager.report.week.title"),
        [
            Entry("bar", "heat level-1", say("manager.report.week.quiet")),
            Entry("bar", "heat level-5", say("manager.report.week.busy")),
            Entry("bar", "heat over", say("manager.report.week.over", when=texts.texts.within(target_s))),
            Entry("none", "", say("manager.report.week.number")),
        ],
        Drawing(say("manager.report.week.said"), 34 * (len(hours) + 1), marks) if cells else None,
        Table(
            [say("manager.plot.hour"), *(texts.weekday(d) for d in weekdays)],
            rows,
            [texts.log_address(hour=str(hour)) for hour in hours],
        ),
    )


def _cell_in_words(cell: Cell | None, days: int, texts: ReportTexts) -> str:
    """`12.5 · 1:20`: visits of a usual day in this hour, and the median wait."""
    if cell is None:
        return formatting.NOTHING
    visits = formatting.decimal(cell.visits / days, texts.language)
    return f"{visits} · {formatting.duration(histogram.median(cell.waits))}"


def told_and_real(summary: PeriodSummary, texts: ReportTexts) -> Picture:
    """What shoppers were told, and how long they waited."""
    say, language = texts.say, texts.language
    told = {m: summary.told[m] for m in sorted(summary.told)}
    shown = {m: one for m, one in told.items() if count(one.waits) >= MIN_FOR_BOX}
    drawn = dict(list(shown.items())[:MAX_TOLD])
    boxes = {m: quantiles(one.waits, FIVE) for m, one in drawn.items()}
    longest = max([1.0, *drawn, *(box[-1] / 60 for box in boxes.values())])
    scale = scale_to(longest)
    height = 100 / (len(drawn) + 1)
    marks: list[Mark] = []
    for tick in scale.ticks:
        x = 100 * tick / scale.top * 0.96
        marks.append(Rule("grid", x, 0, x, 100 - height * 0.6))
        anchor = "start" if tick == 0 else "middle"
        marks.append(Label(formatting.number(tick, language), x, 100 - height * 0.2, anchor))
    for at, (minutes, box) in enumerate(boxes.items()):
        top = height * at
        low, _, middle, _, high = (100 * min(value / 60, scale.top) / scale.top * 0.96 for value in box)
        held = Share(told[minutes].held, count(told[minutes].waits))
        marks.append(
            Label(say("manager.report.told.row", n=minutes), 0.5, top + height * 0.36, "start", "name")
        )
        end = say("manager.report.told.held", share=formatting.big_share(held, texts.texts))
        marks.append(Label(end, 100, top + height * 0.36, "end"))
        marks.append(Bar("box", low, top + height * 0.5, max(0.8, high - low), height * 0.3))
        marks.append(Rule("middle", middle, top + height * 0.5, middle, top + height * 0.8))
        until = 100 * minutes / scale.top * 0.96
        marks.append(Rule("told", until, top + height * 0.44, until, top + height * 0.86))
    head = ["told", "visits", "held", "median", "nine"]
    return Picture(
        "told",
        say("manager.report.told.title"),
        [
            Entry("bar", "box", say("manager.report.key.eight")),
            Entry("line", "middle", say("manager.report.key.middle")),
            Entry("line", "told", say("manager.report.told.key")),
            Entry("none", "", say("manager.plot.minutes_axis")),
        ],
        Drawing(say("manager.report.told.said"), ROW * (len(drawn) + 1), marks) if drawn else None,
        Table(
            [say(f"manager.report.told.column.{name}") for name in head],
            [
                [
                    say("manager.report.told.row", n=minutes),
                    str(count(one.waits)),
                    formatting.share_of_visits(Share(one.held, count(one.waits)), texts.texts),
                    *(formatting.duration(value) for value in quantiles(one.waits, (0.5, 0.9))),
                ]
                for minutes, one in told.items()
            ],
        ),
        "" if drawn else say("manager.report.told.none"),
    )


def effort_over_weeks(summary: PeriodSummary, texts: ReportTexts) -> Picture:
    """The mean effort of each week. A week with few answers is drawn hollow."""
    say = texts.say
    weeks = _all_weeks(summary)
    scores = {
        week: mean(summary.weeks[str(week)].ces) if str(week) in summary.weeks else None for week in weeks
    }
    answers = {
        week: count(summary.weeks[str(week)].ces) if str(week) in summary.weeks else 0 for week in weeks
    }
    scale = Scale(4.0, [0, 1, 2, 3, 4])
    marks = grid(scale, ["1", "2", "3", "4", "5"])
    places = dict(zip(weeks, (x + width / 2 for x, width in bands(len(weeks))), strict=True))
    known = [(places[week], scale.y(score - 1)) for week, score in scores.items() if score is not None]
    marks += [Rule("effort", *one, *other) for one, other in pairwise(known)]
    for week, score in scores.items():
        if score is not None:
            kind = "effort" if answers[week] >= MIN_TO_SAY else "effort few"
            marks.append(
                DotShape(kind, places[week], scale.y(score - 1), 5 if len(weeks) <= MANY_WEEKS else 3)
            )
    marks += band_labels([texts.texts.short_date(week) for week in weeks], -(-len(weeks) // MOST_LABELS))
    return Picture(
        "effort",
        say("manager.report.effort.title"),
        [
            Entry("dot", "effort", say("manager.report.effort.key")),
            Entry("dot", "effort few", say("manager.report.effort.few", n=MIN_TO_SAY)),
        ],
        Drawing(say("manager.report.effort.said"), TALL, marks) if known else None,
        Table(
            [say(f"manager.report.effort.column.{name}") for name in ("week", "answers", "score")],
            [
                [
                    texts.texts.short_date(week),
                    str(answers[week]),
                    formatting.decimal(scores[week], texts.language),
                ]
                for week in weeks
            ],
        ),
        "" if known else say("manager.report.effort.none"),
    )


def _all_weeks(summary: PeriodSummary) -> list[date]:
    """From the first to the last week with visits, those without among them."""
    found = sorted(date.fromisoformat(week) for week in summary.weeks)
    if not found:
        return []
    return [found[0] + timedelta(weeks=n) for n in range((found[-1] - found[0]).days // 7 + 1)]


def _hours(summary: PeriodSummary) -> list[int]:
    """The hours of the day from the first to the last in which somebody came."""
    found = {at % 24 for at in summary.cells}
    return list(range(min(found), max(found) + 1)) if found else []


def _together(summary: PeriodSummary, hour: int) -> Histogram:
    """The waits of an hour of the day on all weekdays."""
    total: Histogram = {}
    for weekday in range(7):
        for seconds, visits in summary.cells.get(cell_of(weekday, hour), Cell()).waits.items():
            total[seconds] = total.get(seconds, 0) + visits
    return total
