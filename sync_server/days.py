"""Parses the days that people write: in store.toml, in commands and in the addresses of pages."""

import contextlib
import re
from datetime import date

YEARS = 2000, 2199  # the days before and after are dates too, so that weeks can be counted from each day
_FORM = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def parse_day(text: str) -> date:
    """A day written as 2026-12-25. Raises ValueError for other forms and for other years than YEARS."""
    if _FORM.fullmatch(text) and YEARS[0] <= int(text[:4]) <= YEARS[1]:
        with contextlib.suppress(ValueError):  # a month or a day that does not exist
            return date.fromisoformat(text)
    raise ValueError(f'"{text}" is no day from {YEARS[0]} to {YEARS[1]}')
