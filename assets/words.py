"""Every word that a person reads, in the store's languages.

    words = Words("nl")
    words.say("kiosk.greeting.morning")           # "Goedemorgen."
    words.say("staff.floor.waiting", n=4)         # "4 wachten": the plural form that 4 takes

The texts stand in `assets/texts/<language>.toml`. A text that a language lacks is said in English
and named in the log once: a shopper never sees a key or an error.
"""

import datetime
import logging
import tomllib
from collections.abc import Callable, Mapping
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from sync_server.domain.ticket import name_parts

from . import paths

log = logging.getLogger(__name__)

FALLBACK = "en"
PLURAL_FORMS = frozenset({"zero", "one", "two", "few", "many", "other"})
MISSING = "…"  # stands where a value was to be filled in and none was given
REGIONS = {"en": "en_GB"}  # the kind of a language whose times, dates and money we write
HEADING = {"fi": "cccc d. MMMM"}  # a whole day, where it is not as English and Dutch write it
NOON, EVENING, NIGHT = 12, 18, 5  # the hours at which another greeting begins

Entry = str | dict[str, str] | list[str]  # a text, its plural forms, or a list of words

_logged: set[str] = set()


def known_languages() -> tuple[str, ...]:
    """The languages there are texts in, English first."""
    found = sorted(path.stem for path in paths.TEXTS.glob("*.toml"))
    return (FALLBACK, *(language for language in found if language != FALLBACK))


def language_name(language: str) -> str:
    """What a language calls itself: "Suomi" for "fi"; the code where there are no texts in it."""
    name = _entries(language).get("common.language_name", language)
    return name if isinstance(name, str) else language


@cache
def locale_of(language: str) -> Any:
    """By whose customs a language writes times, dates and numbers: a locale of Babel's."""
    from babel.core import Locale  # the kiosk starts sooner without it

    return Locale.parse(REGIONS.get(language, language))


class Words:
    """The words of one language. An unknown language speaks English."""

    def __init__(self, language: str) -> None:
        self.language = language if _entries(language) else FALLBACK

    # --- texts -----------------------------------------------------------------------------------

    def say(self, key: str, /, n: int | None = None, **values: object) -> str:
        """The text `key`, with `values` filled in. `n` chooses the plural form and fills in {n}."""
        entry, language = self._find(key)
        if isinstance(entry, dict):
            entry = entry.get(_plural_form(language, n or 0), entry["other"])
        if not isinstance(entry, str):
            _log_once(f"there is no text {key!r}")
            return key
        filled = _Filled(values, key)
        if n is not None:
            filled["n"] = n
        return entry.format_map(filled) if "{" in entry else entry

    def has(self, key: str) -> bool:
        """Whether there is a text `key`, be it in English."""
        return key in _entries(self.language) or key in _entries(FALLBACK)

    def text(self, texts: Mapping[str, str] | None, fallback: str = "") -> str:
        """A text of the store's catalogue: in this language, else in English, else in any there is."""
        texts = texts or {}
        for language in (self.language, FALLBACK, *texts):
            if texts.get(language):
                return texts[language]
        return fallback

    def inside(self, text: str) -> str:
        """A text as it stands inside a sentence: "Phones" as "phones", "TVs" as it is."""
        return text if text[1:2].isupper() else text[:1].lower() + text[1:]

    def by_place(self, place: Mapping[str, str]) -> str:
        """Where somebody is, from a place's text: "by the phones"."""
        return self.say("common.by_place", place=self.inside(self.text(place)))

    # --- the hour and the wait -------------------------------------------------------------------

    def greeting(self, hour: int) -> str:
        """The greeting at an hour of the local day, 0 to 23."""
        if NIGHT <= hour < NOON:
            return self.say("kiosk.greeting.morning")
        return self.say(f"kiosk.greeting.{'afternoon' if NOON <= hour < EVENING else 'evening'}")

    def minutes(self, low_s: float, high_s: float) -> str:
        """The honest bracket of a wait, seconds, as a piece of a sentence: "in 1 to 3 minutes".

        Rounded outwards to whole minutes, so that nothing is promised that was not meant.
        """
        low, high = int(low_s // 60), max(1, -int(-high_s // 60))
        if low < 1:
            return self.say("common.wait.within", n=high)
        if low >= high:
            return self.say("common.wait.about", n=high)
        return self.say("common.wait.between", low=low, high=high)

    def wait(self, low_s: float | None, high_s: float | None) -> str:
        """A whole sentence on how long it takes; one that says so where nobody knows."""
        if low_s is None or high_s is None:
            return self.say("common.wait.unknown")
        return self.say("common.wait.sentence", when=self.minutes(low_s, high_s))

    def within(self, seconds: float) -> str:
        """A target: "within a minute", "within 90 seconds"."""
        minutes, rest = divmod(round(seconds), 60)
        if minutes and not rest:
            return self.say("common.wait.within", n=minutes)
        return self.say("common.wait.within_seconds", n=round(seconds))

    @staticmethod
    def clock(seconds: float) -> str:
        """A running time: "2:40", from an hour on "1:02:40". Whole seconds passed, never below 0."""
        minutes, rest = divmod(max(0, int(seconds)), 60)
        return f"{minutes // 60}:{minutes % 60:02}:{rest:02}" if minutes >= 60 else f"{minutes}:{rest:02}"

    # --- hours and days: every screen and page writes them by these ------------------------------

    def time(self, at: datetime.datetime) -> str:
        """The time of the day, as local as `at` is: "09:30", "9.30"."""
        from babel.dates import format_time

        return format_time(at, "short", locale=self._locale)

    def moment(self, at: datetime.datetime) -> str:
        """A day and the time of it: "7 Mar 09:30", "7.3. klo 9.30"."""
        return self.say("common.moment", day=self.short_date(at), time=self.time(at))

    def on_weekday(self, day: datetime.date) -> str:
        """A day of the week as it stands in a sentence after "on": "Monday", "maanantaina"."""
        return self._day(day, "EEEE")

    def weekday(self, day: datetime.date) -> str:
        """A day of the week by itself: "Monday", "maanantai"."""
        return self._day(day, "cccc")

    def date(self, day: datetime.date) -> str:
        """A date without its year: "5 January", "5. tammikuuta"."""
        from babel.dates import format_skeleton

        return format_skeleton("MMMMd", day, locale=self._locale)

    def short_date(self, day: datetime.date) -> str:
        """The same where there is little room: "5 Jan", "5.1."."""
        from babel.dates import format_skeleton

        return format_skeleton("MMMd", day, locale=self._locale)

    def heading(self, day: datetime.date) -> str:
        """A whole day as a heading begins: "Monday 5 January", "Maanantai 5. tammikuuta"."""
        text = self._day(day, HEADING.get(self.language, "EEEE d MMMM"))
        return text[:1].upper() + text[1:]

    # --- names and amounts -----------------------------------------------------------------------

    def ticket_name(self, ticket: str) -> str:
        """The friendly name of a ticket: "Blue Heron" for A-42."""
        colour, animal = name_parts(ticket)
        colours, animals = self._list("names.colours"), self._list("names.animals")
        return self.say("names.name", colour=colours[colour], animal=animals[animal])

    def money(self, cents: int, currency: str = "EUR") -> str:
        """An amount as this language writes it, without decimals where it is whole: "€9", "9 €"."""
        from babel.numbers import format_currency

        locale = self._locale
        pattern = locale.currency_formats["standard"].pattern
        if cents % 100 == 0:
            pattern = pattern.replace(".00", "")
        return format_currency(cents / 100, currency, pattern, locale=locale, currency_digits=False)

    # --- inside ----------------------------------------------------------------------------------

    @cached_property
    def _locale(self) -> Any:
        return locale_of(self.language)

    def _day(self, day: datetime.date, pattern: str) -> str:
        from babel.dates import format_date

        return format_date(day, pattern, locale=self._locale)

    def _find(self, key: str) -> tuple[Entry | None, str]:
        """The entry of a key and the language it is in."""
        entry = _entries(self.language).get(key)
        if entry is not None:
            return entry, self.language
        if self.language != FALLBACK:
            _log_once(f"there is no {self.language} text {key!r}; English is said instead")
        return _entries(FALLBACK).get(key), FALLBACK

    def _list(self, key: str) -> list[str]:
        entry, _ = self._find(key)
        return entry if isinstance(entry, list) else []


class _Filled(dict[str, object]):
    """Values for a text. One that was not given is logged and shows as an ellipsis, not as a fault."""

    def __init__(self, values: Mapping[str, object], key: str) -> None:
        super().__init__(values)
        self._key = key

    def __missing__(self, name: str) -> str:
        _log_once(f"text {self._key!r} was said without its {name!r}")
        return MISSING


def _log_once(message: str) -> None:
    if message not in _logged:
        _logged.add(message)
        log.warning("%s", message)


@cache
def _entries(language: str) -> dict[str, Entry]:
    """The texts of a language by their full keys; none for a language that is not there."""
    path = paths.TEXTS / f"{language}.toml"
    return read_texts(path) if language.isalpha() and path.is_file() else {}


def read_texts(path: Path) -> dict[str, Entry]:
    """A file of texts, flat: `kiosk.greeting.morning` and so on. Tables of plural forms stay whole."""
    flat: dict[str, Entry] = {}
    _flatten(tomllib.loads(path.read_text("utf-8")), "", flat)
    return flat


def _flatten(table: dict[str, Any], before: str, flat: dict[str, Entry]) -> None:
    for name, value in table.items():
        if isinstance(value, dict) and not value.keys() <= PLURAL_FORMS:
            _flatten(value, f"{before}{name}.", flat)
        else:
            flat[before + name] = value


@cache
def _plural_rule(language: str) -> Callable[[int], str]:
    rule: Callable[[int], str] = locale_of(language).plural_form
    return rule


def _plural_form(language: str, n: int) -> str:
    return _plural_rule(language)(n)
