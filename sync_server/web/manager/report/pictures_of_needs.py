"""The pictures of what for: outcomes by need, what is left to do, and what was given."""

from sync_server.domain.kpi import LEFT_STATES
from sync_server.domain.report.histogram import Counts, count, mean
from sync_server.domain.report.period_summary import NeedSummary, PeriodSummary
from sync_server.domain.resolution import NOT_FIRST_CONTACT
from sync_server.domain.share import MIN_TO_SAY, Share
from sync_server.web.http import formatting

from .drawing import Bars, Entry, Picture, Table, bar_row
from .report_texts import ReportTexts

MAX_ROWS = 8  # of a picture; its table has all


def outcomes_by_need(summary: PeriodSummary, texts: ReportTexts) -> Picture:
    """How the visits for each need ended."""
    say = texts.say
    needs = _by_visits(summary)
    rows = []
    for code, need in needs[:MAX_ROWS]:
        ended = sum(_ends(need).values()) or 1
        parts = [(kind, visits / ended) for kind, visits in _ends(need).items()]
        rows.append(bar_row(texts.need(code), say("manager.answer.visits", need.visits), parts))
    kinds = ("first", "follow", "left", "other")
    return Picture(
        "outcomes",
        say("manager.report.outcomes.title"),
        [Entry("bar", f"outcome {kind}", say(f"manager.report.outcomes.{kind}")) for kind in kinds],
        Bars(rows) if rows else None,
        Table(
            [
                say("column.need"),
                say("manager.plot.visits"),
                *(say(f"manager.report.outcomes.{k}") for k in kinds),
            ],
            [
                [texts.need(code), str(need.visits), *(str(visits) for visits in _ends(need).values())]
                for code, need in needs
            ],
            [texts.log_address(need=code) for code, _ in needs],
        ),
    )


def _ends(need: NeedSummary) -> dict[str, int]:
    """How many visits were done at first contact, have more to come, were left, and ended otherwise.

    The keys are classes of the style.
    """
    left = sum(need.ends.get(state, 0) for state in LEFT_STATES)
    others = sum(need.ends.values()) - need.completed - left
    return {
        "outcome first": need.first_contact,
        "outcome follow": need.completed - need.first_contact,
        "outcome left": left,
        "outcome other": others,
    }


def left_to_do(summary: PeriodSummary, texts: ReportTexts) -> Picture:
    """Which needs bring shoppers back: visits that end with something left to do.

    Nobody is recognised, so that somebody came back within 30 days can't be seen. What can be: a visit that
    ends with a booking, a referral or unsolved; and who came back into line from their own page.
    """
    say = texts.say
    needs = [(code, need, _left_to_do(need)) for code, need in _by_visits(summary) if need.completed]
    needs.sort(key=lambda one: (not one[2].is_enough, -one[2].part / one[2].whole))
    rows = [
        bar_row(
            texts.need(code),
            formatting.big_share(share, texts.texts),
            [("outcome follow", share.part / share.whole)],
        )
        for code, _, share in needs[:MAX_ROWS]
    ]
    head = [say(f"manager.report.again.column.{name}") for name in ("share", "back")]
    return Picture(
        "again",
        say("manager.report.again.title"),
        [Entry("bar", "outcome follow", say("manager.report.again.key"))],
        Bars(rows) if rows else None,
        Table(
            [say("column.need"), *head],
            [
                [texts.need(code), formatting.share_of_visits(share, texts.texts), str(need.back)]
                for code, need, share in needs
            ],
            [texts.log_address(need=code) for code, _, _ in needs],
        ),
        say("manager.report.again.note"),
    )


def _left_to_do(need: NeedSummary) -> Share:
    return Share(sum(need.ends.get(ending, 0) for ending in NOT_FIRST_CONTACT), need.completed)


def given(summary: PeriodSummary, texts: ReportTexts) -> Picture:
    """What was given free, what it cost, and how the effort was with and without."""
    say = texts.say
    gifts = sorted(summary.given.items(), key=lambda one: (-one[1].cents, one[0]))
    most = max((one.cents for _, one in gifts), default=0) or 1
    rows = [
        bar_row(
            texts.gift(code),
            f"{texts.money(one.cents)} · {say('manager.answer.visits', one.visits)}",
            [("box", one.cents / most)],
        )
        for code, one in gifts[:MAX_ROWS]
    ]
    return Picture(
        "given",
        say("manager.report.given.title"),
        [],
        Bars(rows) if rows else None,
        Table(
            [say(f"manager.report.given.column.{name}") for name in ("what", "visits", "cost")],
            [[texts.gift(code), str(one.visits), texts.money(one.cents)] for code, one in gifts],
        ),
        _effort_of_gifts(summary, texts) if rows else say("manager.report.given.none"),
    )


def _effort_of_gifts(summary: PeriodSummary, texts: ReportTexts) -> str:
    cost = texts.money(sum(one.cents for one in summary.given.values()))
    visits = sum(one.visits for one in summary.given.values())
    total = texts.say("manager.report.given.total", visits, cost=cost)
    without: Counts = {score: n - summary.given_ces.get(score, 0) for score, n in summary.ces.items()}
    if min(count(summary.given_ces), count(without)) < MIN_TO_SAY:
        return total
    scores = (formatting.decimal(mean(one), texts.language) for one in (summary.given_ces, without))
    one, other = scores
    return f"{total} {texts.say('manager.report.given.effort', one=one, other=other)}"


def _by_visits(summary: PeriodSummary) -> list[tuple[str, NeedSummary]]:
    return sorted(summary.needs.items(), key=lambda one: (-one[1].visits, one[0]))
