"""The four chapters of a report: each figure with its denominator, its interval, its trend and its visits."""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from sync_server.domain.kpi import Distribution, Kpis
from sync_server.domain.report.histogram import Counts, count
from sync_server.domain.report.period_summary import PeriodSummary, waits_of
from sync_server.domain.report.ranks import compare
from sync_server.domain.share import MIN_TO_SAY, Share, clearly_differ
from sync_server.service.reports.figure_rows import FIGURES, FigurePart
from sync_server.web.http import formatting

from .report_texts import ReportTexts

MORE, LESS, NEITHER = 1, -1, 0  # is good
CHAPTERS: Mapping[str, Sequence[tuple[str, int]]] = {
    "solution": (("first_contact_resolution", MORE), ("completed", NEITHER), ("service_s", NEITHER)),
    "access": (
        ("greeted_in_time", MORE),
        ("wait_s", LESS),
        ("left", LESS),
        ("quote_coverage", MORE),
        ("service_level", MORE),
        ("abandonment_rate", LESS),
        ("no_show_rate", LESS),
        ("quote_extended_share", LESS),
        ("occupancy", NEITHER),
    ),
    "value": (("ces", MORE), ("nps", MORE), ("response_rate", NEITHER), ("within_five_minutes", MORE)),
    "education": (("tip_rate", MORE),),
}


class Trend(Struct, frozen=True):
    """How a figure changed. `kind` is better, worse or even; `rises` is None where no change is clear."""

    text: str
    kind: str
    rises: bool | None


class RowsLink(Struct, frozen=True):
    text: str
    address: str


class Figure(Struct, frozen=True):
    """One figure. `counts` are its denominator and interval, `means` its definition."""

    name: str
    title: str
    value: str
    counts: str
    trend: Trend | None
    means: str
    links: list[RowsLink]


class Chapter(Struct, frozen=True):
    """The figures of a chapter; the first of them is the big one."""

    name: str
    title: str
    figures: list[Figure]
    note: str = ""


class Figures:
    """Writes the figures of a period. `kpis` and `before` are those of `summary` and of the days compared."""

    def __init__(
        self,
        texts: ReportTexts,
        summary: tuple[PeriodSummary, PeriodSummary],
        kpis: tuple[Kpis, Kpis],
    ) -> None:
        self._texts = texts
        self._say = texts.say
        self._summary, self._summary_before = summary
        self._kpis, self._kpis_before = kpis

    def chapters(self) -> list[Chapter]:
        """The four of them."""
        return [
            Chapter(
                name,
                self._say(f"manager.chapter.{name}"),
                [self._figure(figure, good) for figure, good in figures if self._is_asked(figure)],
                self._say("manager.report.no_self_help") if name == "education" else "",
            )
            for name, figures in CHAPTERS.items()
        ]

    def _is_asked(self, name: str) -> bool:
        """A shop asks for effort or for recommendation: the one that nobody answered is left out."""
        answers = {"ces": self._summary.ces, "nps": self._summary.nps}
        return name not in answers or bool(answers[name]) or (name == "ces" and not self._summary.nps)

    def _figure(self, name: str, good: int) -> Figure:
        value = getattr(self._kpis, name)
        return Figure(
            name=name,
            title=self._say(f"figure.{name}"),
            value=self._value(name, value),
            counts=self._counts(name, value),
            trend=self._trend(name, good),
            means=self._say(f"manager.report.means.{name}", when=self._within_target()),
            links=self._links(name, value),
        )

    def _within_target(self) -> str:
        return self._texts.texts.within(self._kpis.service_level_target_s)

    def _value(self, name: str, value: object) -> str:
        language = self._texts.language
        match value:
            case Share():
                return formatting.big_share(value, self._texts.texts)
            case Distribution():
                return formatting.duration(value.median)
            case None:
                return formatting.NOTHING
        if name == "occupancy":
            return formatting.percent(self._kpis.occupancy, language)
        if name == "nps":
            return formatting.signed(self._kpis.nps, language)
        if name == "ces":
            return formatting.decimal(self._kpis.ces, language)
        return formatting.number(float(str(value)), language)

    def _counts(self, name: str, value: object) -> str:
        match value:
            case Share(whole=0):
                return self._say("manager.report.nothing_counted")
            case Share():
                counts = formatting.count_of(value, self._texts.texts)
                said = formatting.interval(value, self._texts.texts)
                return f"{counts} · {said}" if value.is_enough else said
            case Distribution(n=0):
                return self._say("manager.report.nothing_counted")
            case Distribution():
                nine = self._say("manager.access.detail", clock=formatting.duration(value.p90))
                return f"{self._say('manager.answer.visits', value.n)} · {nine}"
        if name in ("ces", "nps"):
            answers = count(self._summary.ces if name == "ces" else self._summary.nps)
            said = self._say("manager.report.answers", answers)
            return said if answers >= MIN_TO_SAY else f"{said} · {self._say('manager.share.too_few')}"
        return ""

    # --- trends ------------------------------------------------------------------------------------

    def _trend(self, name: str, good: int) -> Trend | None:
        """None where there are too few visits to compare."""
        now, before = getattr(self._kpis, name), getattr(self._kpis_before, name)
        if isinstance(now, Share) and isinstance(before, Share):
            return self._trend_of_share(now, before, good)
        if name in ("wait_s", "service_s"):
            change = (now.median or 0) - (before.median or 0)
            numbers = self._durations(name)
            return self._trend_of_numbers(*numbers, change, formatting.duration(abs(change)), good)
        if name == "ces":
            change = round((now or 0) - (before or 0), 1)
            said = formatting.decimal(abs(change), self._texts.language)
            return self._trend_of_numbers(self._summary.ces, self._summary_before.ces, change, said, good)
        return None

    def _durations(self, name: str) -> tuple[Counts, Counts]:
        if name == "wait_s":
            return waits_of(self._summary), waits_of(self._summary_before)
        return self._summary.service_s, self._summary_before.service_s

    def _trend_of_share(self, now: Share, before: Share, good: int) -> Trend | None:
        if not now.is_enough or not before.is_enough:
            return None
        points = round(100 * (now.value or 0)) - round(100 * (before.value or 0))
        if not points or not clearly_differ(now, before):
            return self._even()
        return self._changed(points > 0, self._say("manager.compared.points", abs(points)), good)

    def _trend_of_numbers(
        self, now: Counts, before: Counts, change: float, said: str, good: int
    ) -> Trend | None:
        if min(count(now), count(before)) < MIN_TO_SAY:
            return None
        if not change or not compare(now, before).is_clear:
            return self._even()
        return self._changed(change > 0, said, good)

    def _changed(self, rises: bool, said: str, good: int) -> Trend:
        kind = "even" if good is NEITHER else "better" if rises == (good is MORE) else "worse"
        return Trend(said, kind, rises)

    def _even(self) -> Trend:
        return Trend(self._say("manager.report.no_change"), "even", None)

    # --- the visits behind -------------------------------------------------------------------------

    def _links(self, name: str, value: object) -> list[RowsLink]:
        if name not in FIGURES:
            return []
        if isinstance(value, Share):
            parts = {FigurePart.YES: value.part, FigurePart.NO: value.whole - value.part}
            return [
                RowsLink(
                    self._say(f"manager.report.rows.{part}", visits),
                    self._texts.log_address(figure=name, part=part.value),
                )
                for part, visits in parts.items()
                if visits
            ]
        number = value.n if isinstance(value, Distribution) else self._number_behind(name, value)
        if not number:
            return []
        return [
            RowsLink(
                self._say("manager.report.rows.all", number),
                self._texts.log_address(figure=name, part=FigurePart.ALL.value),
            )
        ]

    def _number_behind(self, name: str, value: object) -> int:
        if name in ("ces", "nps"):
            return count(self._summary.ces if name == "ces" else self._summary.nps)
        return value if isinstance(value, int) else 0
