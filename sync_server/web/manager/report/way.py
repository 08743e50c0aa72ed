"""The visitor's way as the page shows it, and the effort that the log measures."""

from msgspec import Struct

from sync_server.domain.report.histogram import Counts, count, mean, median
from sync_server.domain.report.period_summary import THANKS, PeriodSummary
from sync_server.domain.report.visitors_way import LOW, WayStep, by_score, moment_of_truth, visitors_way
from sync_server.domain.share import MIN_TO_SAY, Share
from sync_server.web.http import formatting

from .drawing import Table
from .report_texts import ReportTexts


class StepBox(Struct, frozen=True):
    """One step. `width` is the share that goes on, in percent, for its bar; `is_moment` marks the step."""

    title: str
    goes_on: str
    counts: str
    takes: str
    effort: str
    width: float
    is_moment: bool


class Way(Struct, frozen=True):
    """The steps, what the moment of truth is, and who came back into line."""

    steps: list[StepBox]
    moment: str
    back: str


def way(summary: PeriodSummary, texts: ReportTexts) -> Way:
    """The visitor's way of these days."""
    say = texts.say
    moment = moment_of_truth(summary)
    steps = []
    for step in visitors_way(summary):
        share, thanks = step.went_on, step.name == THANKS
        steps.append(
            StepBox(
                title=say(f"manager.report.way.{step.name}"),
                goes_on=formatting.big_share(share, texts.texts),
                counts=say(f"manager.report.way.{'answered' if thanks else 'went_on'}")
                + (f" · {formatting.count_of(share, texts.texts)}" if share.is_enough else ""),
                takes="" if thanks else formatting.duration(step.seconds.median),
                effort=_effort_of(step, texts),
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
    return Way(
        steps, said, say("manager.report.way.back", back) if back else say("manager.report.way.back_none")
    )


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
    """What the log says about effort, beside what shoppers answered: minutes, and times told."""
    say = texts.say
    low, high = by_score(summary)
    told = {
        "low": _told(summary, range(1, LOW + 1)),
        "high": _told(summary, range(LOW + 1, 6)),
        "all": summary.told_times,
    }
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
            ]
        )
    columns = ("who", "visits", "minutes", "told")
    return Table([say(f"manager.report.measured.column.{name}") for name in columns], rows)


def _told(summary: PeriodSummary, scores: range) -> Counts:
    """How many times those with these scores told their story."""
    found = {times: sum(ces.get(score, 0) for score in scores) for times, ces in summary.told_ces.items()}
    return {times: visits for times, visits in found.items() if visits}


def _precise(value: float | None, texts: ReportTexts) -> str:
    return formatting.NOTHING if value is None else formatting.hundredths(value, texts.language)
