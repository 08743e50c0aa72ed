"""Finds a text by its key in a language. A text that a language lacks is taken from English and logged once.

English is the source: `assets/locale/en.po` has its texts by their keys. Every other language has a
catalogue in gettext's usual place, `assets/locale/<language>/LC_MESSAGES/welkom.po`.
"""

import logging
from functools import cache
from pathlib import Path

from assets import paths

from .po import TextCatalogue, parse_po

log = logging.getLogger(__name__)

ENGLISH = "en"
FALLBACK = ENGLISH

_logged: set[str] = set()


def known_languages() -> tuple[str, ...]:
    """The codes of the languages that have a catalogue, English first."""
    return (ENGLISH, *sorted(path.parents[1].name for path in paths.LOCALE.glob("*/LC_MESSAGES/welkom.po")))


def is_known(language: str) -> bool:
    """Whether there are texts in a language."""
    return bool(catalogue(language).texts)


def has_text(language: str, key: str) -> bool:
    """Whether there is a text `key` in a language, or else in English."""
    return key in catalogue(language).texts or key in catalogue(FALLBACK).texts


def find_text(language: str, key: str, n: int | None = None) -> str:
    """The text `key`, in the plural form for `n`; in English where the language lacks it.

    The key itself where there is no such text at all. Both are logged once.
    """
    text = catalogue(language).texts.get(key)
    if text is None and language != FALLBACK:
        log_once(f"there is no {language} text {key!r}; English is said instead")
        return find_text(FALLBACK, key, n)
    if text is None:
        log_once(f"there is no text {key!r}")
        return key
    return text if isinstance(text, str) else text[catalogue(language).plural_form(n or 0)]


def log_once(message: str) -> None:
    """Logs a warning, unless the same one was logged before."""
    if message not in _logged:
        _logged.add(message)
        log.warning("%s", message)


def catalogue_path(language: str) -> Path:
    """The file with the texts of a language."""
    if language == ENGLISH:
        return paths.LOCALE / "en.po"
    return paths.LOCALE / language / "LC_MESSAGES" / "welkom.po"


@cache
def catalogue(language: str) -> TextCatalogue:
    """The texts of a language; none for a language without a catalogue."""
    path = catalogue_path(language)
    return parse_po(path.read_text("utf-8") if language.isalpha() and path.is_file() else "")
