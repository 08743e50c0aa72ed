"""How times, durations and shares are written on the pages, in each language. Pure functions."""

import re
from datetime import date, datetime

from babel.dates import format_date, format_time
from babel.numbers import format_decimal, format_percent
from markupsafe import Markup, escape

from assets.words import Words

LOCALES = {"en": "en_GB", "nl": "nl_NL", "fi": "fi_FI"}  # British dates and the 24-hour clock
LONG_DAY = {"en": "EEEE d MMMM", "nl": "EEEE d MMMM", "fi": "cccc d. MMMM"}
WEEKDAY = {"en": "EEEE", "nl": "EEEE", "fi": "cccc"}
SHORT_DAY = {"en": "d MMM", "nl": "d MMM", "fi": "d.M."}
NOTHING = "–"


def clock(at: datetime, language: str) -> str:
    """`14:02`; Finnish writes 14.02."""
    return format_time(at, "short", locale=LOCALES[language])


def long_day(day: date, language: str) -> str:
    """`Saturday 21 November`, as a heading begins."""
    text = format_date(day, LONG_DAY[language], locale=LOCALES[language])
    return text[:1].upper() + text[1:]


def weekday(day: date, language: str) -> str:
    """`Saturday`, as it stands inside a sentence."""
    return format_date(day, WEEKDAY[language], locale=LOCALES[language])


def short_day(day: date, language: str) -> str:
    """`21 Nov`."""
    return format_date(day, SHORT_DAY[language], locale=LOCALES[language])


def lasted(seconds: float | None) -> str:
    """`1:48`, or `1:02:10` from an hour on."""
    return NOTHING if seconds is None else Words.clock(seconds)


def percent(share: float | None, language: str) -> str:
    return NOTHING if share is None else format_percent(share, "#,##0 %", locale=LOCALES[language])


def decimal(value: float | None, language: str) -> str:
    """With one decimal."""
    return NOTHING if value is None else format_decimal(value, "0.0", locale=LOCALES[language])


def signed(value: float | None, language: str) -> str:
    """`+52`, `−3`, `0`."""
    if value is None:
        return NOTHING
    return format_decimal(round(value), "+0;−0", locale=LOCALES[language]) if round(value) else "0"


def bracket(low_s: float | None, high_s: float | None) -> str:
    """What a shopper was told, in whole minutes: `1–2`."""
    if low_s is None or high_s is None:
        return NOTHING
    low, high = round(low_s / 60), round(high_s / 60)
    return str(high) if low == high else f"{low}–{high}"


def unbroken(text: str) -> str:
    """`text` with every number kept on one line with the word that follows it."""
    return re.sub(r"(\d) ", "\\1\u00a0", text)


def marked(text: str, values: dict[str, str], kind: str) -> Markup:
    """`text` made safe, with each placeholder of `values` replaced by its value, marked with class `kind`.

    The placeholders are characters no text holds, so a value can never be taken for markup.
    """
    safe = escape(text)
    for placeholder, value in values.items():
        safe = safe.replace(placeholder, Markup('<b class="{}">{}</b>').format(kind, value))
    return Markup(safe)
