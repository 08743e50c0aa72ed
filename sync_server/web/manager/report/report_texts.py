"""The sentences and names of the page Report, in one language."""

from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from markupsafe import Markup

from assets.i18n.texts import Texts
from sync_server.domain.catalogue.catalogue import Catalogue
from sync_server.domain.kpi import Kpis
from sync_server.domain.report.worst_hour import WorstHourOfWeek
from sync_server.web.http import formatting
from sync_server.web.http.templates import need_name, say_emphasised

from .answer import greeted_sentence, left_sentence
from .period import Period, Span

MONDAY = date(2024, 1, 1)  # any Monday: only its weekday is written


class ReportTexts:
    """The sentences for a store's catalogue and one period."""

    def __init__(self, texts: Texts, catalogue: Catalogue, period: Period) -> None:
        self.texts = texts
        self.say = texts.say
        self.language = texts.language
        self.catalogue = catalogue
        self._period = period

    # --- the period ------------------------------------------------------------------------------

    def heading(self) -> str:
        """`16 – 22 November 2026`, as the page is headed."""
        period = self._period
        if period.kind is Span.YEAR:
            return str(period.first.year)
        if period.kind is Span.MONTH:
            return _capital(self.texts.month(period.first))
        if period.days == 1:
            return f"{_capital(self.texts.weekday(period.first))} {self.texts.date_with_year(period.first)}"
        first = self.texts.short_date if period.first.year == period.last.year else self.texts.date_with_year
        return f"{first(period.first)} – {self.texts.date_with_year(period.last)}"

    def compared(self) -> str:
        """What the trends compare with."""
        if self._period.days == 1:
            return self.say("manager.report.compared.day", weekday=self.texts.weekday(self._period.first))
        return self.say("manager.report.compared.weeks")

    def weekday(self, weekday: int) -> str:
        """A weekday by its number; Monday is 0."""
        return self.texts.weekday(MONDAY + timedelta(days=weekday))

    def short_weekday(self, weekday: int) -> str:
        return self.texts.short_weekday(MONDAY + timedelta(days=weekday))

    def _when(self, weekday: int, first: int, end: int) -> str:
        values: dict[str, Any] = {"from": str(first), "to": str(end)}
        if self._period.days == 1:
            return self.say("manager.report.when.day", **values)
        many = self._period.days > 7
        key = "manager.report.when.many" if many else "manager.report.when.one"
        return self.say(key, weekday=self.weekday(weekday), **values)

    def log_address(self, **filters: str) -> str:
        """The address of the log with the visits of the period that `filters` let through."""
        asked = {"from": self._period.first, "to": self._period.last, **filters}
        return f"/manager/log?{urlencode(asked)}"

    # --- names -----------------------------------------------------------------------------------

    def need(self, code: str) -> str:
        return need_name(self.catalogue, code, self.texts)

    def _skill(self, code: str) -> str:
        found = next((skill for skill in self.catalogue.skills if skill.code == code), None)
        return self.texts.inside(self.texts.text(found.text, code)) if found else ""

    def gift(self, code: str) -> str:
        """A gift's name; of goodwill without one that it was money."""
        if not code:
            return self.say("manager.report.given.other")
        found = next((gift for gift in self.catalogue.gifts if gift.code == code), None)
        return self.texts.text(found.text, code) if found else code

    def money(self, cents: int) -> str:
        return self.texts.money(cents, self.catalogue.store.currency)

    def minutes(self, seconds: float) -> str:
        """`3 min`, of the ticks of a scale: as `3` below the highest."""
        return formatting.number(seconds / 60, self.language)

    # --- the three sentences -----------------------------------------------------------------------

    def answer(self, kpis: Kpis, worst: WorstHourOfWeek | None, within_target: str) -> list[Markup | str]:
        """How it went, which hour was the worst and who was missing, and what would help."""
        said = [greeted_sentence(kpis, within_target, self.texts), self._worst_sentence(worst)]
        if worst is not None and worst.help is not None:
            return [*said, self._help_sentence(worst)]
        return [*said, left_sentence(kpis, self.texts)]

    def _worst_sentence(self, worst: WorstHourOfWeek | None) -> Markup | str:
        if worst is None:
            return self.say("manager.report.worst.none")
        when = self._when(worst.weekday, worst.hour, worst.hour + 1)
        if not worst.short:
            return self.say("manager.report.worst.enough", n=worst.visits, late=worst.late, when=when)
        if not self._skill(worst.skill):
            return self.say("manager.report.worst.short_any", n=worst.short, when=when)
        skill = {"skill": self._skill(worst.skill)}
        return say_emphasised(
            self.texts, "warm", "manager.report.worst.short", skill, n=worst.short, when=when
        )

    def _help_sentence(self, worst: WorstHourOfWeek) -> str:
        assert worst.help is not None
        when = self._when(worst.weekday, worst.help.first, worst.help.end)
        skill, gain = self._skill(worst.help.skill), _about(worst.help.gain)
        if not skill:
            return self.say("manager.report.help.any", n=gain, when=when)
        return self.say("manager.report.help.skill", n=gain, when=when, skill=skill)


def _capital(text: str) -> str:
    """With a capital letter, as at the start of a heading."""
    return text[:1].upper() + text[1:]


def _about(number: float) -> int:
    """To two digits: what would have been is not known to the shopper."""
    return int(float(f"{number:.2g}"))
