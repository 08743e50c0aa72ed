"""Writes times, dates and money as a language does, by Babel.

Babel is imported at the first use, so that a kiosk starts sooner.
"""

import datetime
from functools import cache, cached_property
from typing import Any

REGIONS = {"en": "en_GB"}  # the country whose times, dates and money a language follows
HEADING = {"fi": "cccc d. MMMM"}  # the pattern of a whole day, where it differs from English and Dutch


@cache
def locale_of(language: str) -> Any:
    """Babel's Locale for a language."""
    from babel.core import Locale

    return Locale.parse(REGIONS.get(language, language))


class Formats:
    """Times, dates and money in one language."""

    def __init__(self, language: str) -> None:
        self.language = language

    def time(self, at: datetime.datetime) -> str:
        """The time of day, in the time zone of `at`: "09:30", "9.30"."""
        from babel.dates import format_time

        return format_time(at, "short", locale=self._locale)

    def on_weekday(self, day: datetime.date) -> str:
        """A day of the week inside a sentence, after "on": "Monday", "maanantaina"."""
        return self._date(day, "EEEE")

    def weekday(self, day: datetime.date) -> str:
        """A day of the week by itself: "Monday", "maanantai"."""
        return self._date(day, "cccc")

    def short_weekday(self, day: datetime.date) -> str:
        """A day of the week where there is little room: "Mon", "ma"."""
        return self._date(day, "ccc")

    def month(self, day: datetime.date) -> str:
        """A month by itself, with its year: "November 2026", "marraskuu 2026"."""
        return self._date(day, "LLLL y")

    def date(self, day: datetime.date) -> str:
        """A date without its year: "5 January", "5. tammikuuta"."""
        from babel.dates import format_skeleton

        return format_skeleton("MMMMd", day, locale=self._locale)

    def date_with_year(self, day: datetime.date) -> str:
        """A date with its year: "5 Jan 2028", "5. tammikuuta 2028"."""
        from babel.dates import format_skeleton

        return format_skeleton("yMMMMd", day, locale=self._locale)

    def short_date(self, day: datetime.date) -> str:
        """A date without its year where there is little room: "5 Jan", "5.1."."""
        from babel.dates import format_skeleton

        return format_skeleton("MMMd", day, locale=self._locale)

    def heading(self, day: datetime.date) -> str:
        """A whole day at the start of a heading: "Monday 5 January", "Maanantai 5. tammikuuta"."""
        text = self._date(day, HEADING.get(self.language, "EEEE d MMMM"))
        return text[:1].upper() + text[1:]

    def money(self, cents: int, currency: str = "EUR") -> str:
        """An amount, without decimals where it is whole: "€9", "9 €"."""
        from babel.numbers import format_currency

        locale = self._locale
        pattern = locale.currency_formats["standard"].pattern
        if cents % 100 == 0:
            pattern = pattern.replace(".00", "")
        return format_currency(cents / 100, currency, pattern, locale=locale, currency_digits=False)

    @staticmethod
    def clock(seconds: float) -> str:
        """A running time: "2:40", from an hour on "1:02:40". Whole seconds passed, never below 0."""
        minutes, rest = divmod(max(0, int(seconds)), 60)
        return f"{minutes // 60}:{minutes % 60:02}:{rest:02}" if minutes >= 60 else f"{minutes}:{rest:02}"

    @cached_property
    def _locale(self) -> Any:
        return locale_of(self.language)

    def _date(self, day: datetime.date, pattern: str) -> str:
        from babel.dates import format_date

        return format_date(day, pattern, locale=self._locale)
