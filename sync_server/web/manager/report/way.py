"""The visitor's way as the page shows it, and the effort that the log measures."""

from msgspec import Struct

from sync_server.domain.report.histogram import Counts, count, mean, median
from sync_server.domain.report.period_summary import DOOR, GREETING, NEED, PAGE, THANKS, PeriodSummary
from sync_server.domain.report.visitors_way import LOW, WayStep, by_score, moment_of_truth, visitors_way
from sync_server.domain.share import MIN_TO_SAY, Share
from sync_server.web.http import formatting

from .drawing import Table
from .report_texts import ReportTexts

# What those do who go on, where it is more than that.
_GO_ON = {DOOR: "touched", GREETING: "chose", NEED: "joined", THANKS: "answered", PAGE: "opened"}
_SCREENS = ("greeting", "need_group", "need_closed", "identify", "name")


class StepBox(Struct, frozen=True):
    """One step. `width` is the share that goes on, in percent, for its bar; `is_moment` marks the step."""

    title: str
    goes_on: str
    counts: str
    takes: str
    more: list[str]
    effort: str
    width: float
    is_moment: bool


class Way(Struct, frozen=True):
    """The steps, what the moment of truth is, who came back into line, and what is not counted."""

    steps: list[StepBox]
    moment: str
    back: str
    not_counted: str


def way(summary: PeriodSummary, texts: ReportTexts, through_the_door: int = 0) -> Way:
    """The visitor's way of these days, in which so many people were counted at the door."""
    say = texts.say
    moment = moment_of_truth(summary)
    steps = []
    for step in visitors_way(summary, through_the_door):
        share = step.went_on
        steps.append(
            StepBox(
                title=say(f"manager.report.way.{step.name}"),
                goes_on=formatting.big_share(share, texts.texts),
                counts=say(f"manager.report.way.{_GO_ON.get(step.name, 'went_on')}")
                + (f" · {formatting.count_of(share, texts.texts)}" if share.is_enough else ""),
                takes=formatting.duration(step.seconds.median) if step.seconds.n else "",
                more=_at_the_kiosk(step, texts),
                effort="" if step.name in (DOOR, GREETING, NEED, PAGE) else _effort_of(step, texts),
                width=round(100 * (share.value or 0), 1),
                is_moment=moment is not None and moment.step == step.name,
            )
        )
    if moment is not None:
        said = say(
            "manager.report.way.moment",
            step=say(f"manager.report.way.{moment.step}"),
            low=formatting.duration(moment.low.median),
            high=formatting.duration(moment.high.median),
        )
    elif min(count(histogram) for histogram in by_score(summary)) < MIN_TO_SAY:
        said = say("manager.report.way.few", n=MIN_TO_SAY)
    else:
        said = say("manager.report.way.none")
    back = sum(need.back for need in summary.needs.values())
    came_back = say("manager.report.way.back", back) if back else say("manager.report.way.back_none")
    not_counted = say("manager.report.way.not_counted")
    if not through_the_door:
        not_counted += " " + say("manager.report.way.no_door")
    if not summary.sessions:
        not_counted += " " + say("manager.report.way.sessions_none")
    return Way(steps, said, came_back, not_counted)


def _at_the_kiosk(step: WayStep, texts: ReportTexts) -> list[str]:
    """How many taps it took, and where most of those left who did not go on."""
    more = []
    if step.taps is not None:
        taps = formatting.decimal(step.taps, texts.language)
        more.append(texts.say("manager.report.way.taps", taps=taps))
    if step.last is not None and step.name == NEED:
        name = "greeting" if step.last == "need" else step.last
        screen = name if name in _SCREENS else "other"
        more.append(
            texts.say("manager.report.way.last", screen=texts.say(f"manager.report.way.last.{screen}"))
        )
    return more


def _effort_of(step: WayStep, texts: ReportTexts) -> str:
    """How easy those found it who ended in this step."""
    answers = count(step.scores)
    if step.name != THANKS and step.went_on.part == step.went_on.whole:
        return texts.say("manager.report.way.nobody")
    score = formatting.decimal(mean(step.scores), texts.language)
    few = texts.say("manager.report.way.effort_few", answers)
    return texts.say("manager.report.way.effort", score=few if answers < MIN_TO_SAY else score)


def handed_over(summary: PeriodSummary, texts: ReportTexts) -> str:
    """How many of the visits in which somebody was with the shopper were handed over."""
    served = count(summary.handovers)
    share = Share(served - summary.handovers.get(0, 0), served)
    return texts.say("manager.report.measured.handed", share=formatting.share_of_visits(share, texts.texts))


def measured_effort(summary: PeriodSummary, texts: ReportTexts) -> Table:
    """What the log says about effort, beside what shoppers answered: minutes, times told, and taps."""
    say = texts.say
    low, high = by_score(summary)
    told = _by_score(summary.told_ces, summary.told_times)
    taps = _by_score(summary.taps_ces, summary.taps)
    minutes = {"low": low, "high": high, "all": summary.visit_s}
    answers = {"low": count(low), "high": count(high), "all": count(summary.visit_s)}
    rows = []
    for who in ("low", "high", "all"):
        enough = answers[who] >= MIN_TO_SAY
        rows.append(
            [
                say(f"manager.report.measured.{who}"),
                str(answers[who]),
                formatting.duration(median(minutes[who])) if enough else say("manager.share.too_few"),
                _precise(mean(told[who]), texts) if enough else formatting.NOTHING,
                _precise(mean(taps[who]), texts) if enough else formatting.NOTHING,
            ]
        )
    columns = ("who", "visits", "minutes", "told", "taps")
    return Table([say(f"manager.report.measured.column.{name}") for name in columns], rows)


def _by_score(scores: dict[int, Counts], everybody: Counts) -> dict[str, Counts]:
    """How often each number was seen with low scores, with high ones, and at all."""
    found = {"all": everybody}
    for who, those in (("low", range(1, LOW + 1)), ("high", range(LOW + 1, 6))):
        counts = {number: sum(ces.get(score, 0) for score in those) for number, ces in scores.items()}
        found[who] = {number: visits for number, visits in counts.items() if visits}
    return found


def _precise(value: float | None, texts: ReportTexts) -> str:
    return formatting.NOTHING if value is None else formatting.hundredths(value, texts.language)
