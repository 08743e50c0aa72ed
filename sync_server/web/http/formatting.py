"""Writes durations, shares and figures for the pages, in each language. Pure functions."""

import re

from babel.numbers import format_decimal, format_percent
from markupsafe import Markup, escape

from assets.i18n.formats import locale_of
from assets.i18n.texts import Texts
from sync_server.domain.share import Share

NO_BREAK = "\u2060"  # a line break is not allowed here
NOTHING = "–"  # in place of an unknown figure


def duration(seconds: float | None) -> str:
    """`1:48`, or `1:02:10` from an hour on."""
    return NOTHING if seconds is None else Texts.clock(seconds)


def megabytes(size: float, language: str) -> str:
    """`0.3`, `12`: megabytes without more digits than anybody needs."""
    return str(format_decimal(size, "0.0" if size < 10 else "0", locale=locale_of(language)))


def percent(share: float | None, language: str) -> str:
    """`0.52` as `52 %`."""
    return NOTHING if share is None else format_percent(share, "#,##0\u00a0%", locale=locale_of(language))


def share_of_visits(share: Share, texts: Texts) -> str:
    """A share within a sentence: `81 % (73–87 %)`, or `5 of 7` of too few visits."""
    if not share.whole:
        return NOTHING
    if not share.is_enough:
        return count_of(share, texts)
    return f"{percent(share.value, texts.language)} ({interval(share, texts)})"


def big_share(share: Share, texts: Texts) -> str:
    """A share as the number of a card: `81 %`, or `5 of 7` of too few visits. `interval` goes beside it."""
    return percent(share.value, texts.language) if share.is_enough else count_of(share, texts)


def count_of(share: Share, texts: Texts) -> str:
    """The two counts of a share: `5 of 7`."""
    return texts.say("manager.share.count", n=share.part, all=share.whole) if share.whole else NOTHING


def interval(share: Share, texts: Texts) -> str:
    """Where a share is with 95 % confidence: `73–87 %`, `83.1–83.4 %`. `too few to say` of too few visits."""
    between = share.interval
    if between is None or not share.is_enough:
        return texts.say("manager.share.too_few")
    is_narrow = round(100 * between.low) == round(100 * between.high)
    pattern = "0.0" if is_narrow else "0"
    low, high = (
        format_decimal(100 * end, pattern, locale=locale_of(texts.language))
        for end in (between.low, between.high)
    )
    return f"{low}{NO_BREAK}–{NO_BREAK}{high}\u00a0%"


def decimal(value: float | None, language: str) -> str:
    """With one decimal."""
    return NOTHING if value is None else format_decimal(value, "0.0", locale=locale_of(language))


def hundredths(value: float, language: str) -> str:
    """With two decimals."""
    return str(format_decimal(value, "0.00", locale=locale_of(language)))


def number(value: float, language: str) -> str:
    """Without decimals where it is whole: `1204`, `0.5`."""
    return str(format_decimal(value, "0.##", locale=locale_of(language)))


def signed(value: float | None, language: str) -> str:
    """Rounded, with its sign: `+52`, `−3`, `0`."""
    if value is None:
        return NOTHING
    return format_decimal(round(value), "+0;−0", locale=locale_of(language)) if round(value) else "0"


def minutes_bracket(low_s: float | None, high_s: float | None) -> str:
    """An estimated wait in whole minutes: `1–2`."""
    if low_s is None or high_s is None:
        return NOTHING
    low, high = round(low_s / 60), round(high_s / 60)
    return str(high) if low == high else f"{low}–{high}"


def keep_numbers_together(text: str) -> str:
    """`text` with every number kept on one line with the word that follows it."""
    return re.sub(r"(\d) ", "\\1\u00a0", text)


def emphasise(text: str, values: dict[str, str], css_class: str) -> Markup:
    """`text` as safe HTML, where each placeholder of `values` becomes its value in bold type.

    The placeholders are characters that no text contains, so a value can never be taken for markup.
    """
    safe = escape(text)
    for placeholder, value in values.items():
        safe = safe.replace(placeholder, Markup('<b class="{}">{}</b>').format(css_class, value))
    return Markup(safe)


def soften(text: str, part: str) -> Markup:
    """`text` as safe HTML, with `part` of it in a lighter type."""
    return escape(text).replace(escape(part), Markup('<span class="soft">{}</span>').format(part))
