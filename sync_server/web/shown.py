"""How durations, shares and figures are written on the pages, in each language. Pure functions."""

import re

from babel.numbers import format_decimal, format_percent
from markupsafe import Markup, escape

from assets.words import Words, locale_of

NOTHING = "–"


def lasted(seconds: float | None) -> str:
    """`1:48`, or `1:02:10` from an hour on."""
    return NOTHING if seconds is None else Words.clock(seconds)


def percent(share: float | None, language: str) -> str:
    return NOTHING if share is None else format_percent(share, "#,##0\u00a0%", locale=locale_of(language))


def decimal(value: float | None, language: str) -> str:
    """With one decimal."""
    return NOTHING if value is None else format_decimal(value, "0.0", locale=locale_of(language))


def signed(value: float | None, language: str) -> str:
    """`+52`, `−3`, `0`."""
    if value is None:
        return NOTHING
    return format_decimal(round(value), "+0;−0", locale=locale_of(language)) if round(value) else "0"


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
