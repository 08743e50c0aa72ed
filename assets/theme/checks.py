"""Checks a theme: its keys, its colours, its fonts, and whether its contrasts are strong enough."""

from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any

from msgspec import Struct
from msgspec.structs import asdict, fields

from assets import paths

from .model import COLOUR, Theme, rgba

# Two colours, and their minimum contrast (WCAG 2.2: 4.5 for text, 3 for edges; 7 for the main texts).
CONTRASTS: tuple[tuple[str, str, float], ...] = (
    ("ink", "paper", 7),
    ("ink", "card", 7),
    ("ink", "main_soft", 7),
    ("ink_soft", "paper", 4.5),
    ("ink_soft", "card", 4.5),
    ("on_main", "main", 4.5),
    ("main", "paper", 4.5),
    ("warm", "paper", 4.5),
    ("warm", "warm_soft", 4.5),
    ("good", "paper", 4.5),
    ("outline", "paper", 3),
    ("outline", "card", 3),
)


def contrast(one: str, other: str) -> float:
    """The contrast of two colours, from 1 to 21 (WCAG 2.2, "contrast ratio").

    https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio: (L1 + 0.05) ÷ (L2 + 0.05), the lighter one first.
    """
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    """Relative luminance of an sRGB colour, 0 black to 1 white.

    https://www.w3.org/TR/WCAG22/#dfn-relative-luminance
    """
    red, green, blue, _ = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in rgba(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def wrong_keys(raw: Any, kind: type[Struct], where: str) -> Iterator[str]:
    """One sentence for each key that is missing or unknown."""
    if not isinstance(raw, dict):
        yield f"{where.rstrip('.')}: must be a table; write [{where.rstrip('.')}] and its keys below"
        return
    known = {field.name: field.type for field in fields(kind)}
    for key in raw.keys() - known.keys():
        near = get_close_matches(key, known, n=1)
        hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}"
        yield f"{where}{key}: unknown token; {hint}"
    for key, wanted in known.items():
        if key not in raw:
            yield f"{where}{key}: missing; copy it from {paths.THEME}"
        elif isinstance(wanted, type) and issubclass(wanted, Struct):
            yield from wrong_keys(raw[key], wanted, f"{where}{key}.")


def wrong_colours(theme: Theme) -> Iterator[str]:
    """One sentence for each value that is not a colour."""
    for table in ("light", "dark", "spot"):
        for key, colour in asdict(getattr(theme, table)).items():
            if not COLOUR.match(colour):
                yield f'{table}.{key}: "{colour}" is no colour; write # and six hex digits, as in "#0F5B55"'


def missing_fonts(theme: Theme) -> Iterator[str]:
    """One sentence for each font file that does not exist."""
    named = asdict(theme.fonts) | {
        f"fallback[{number}].{key}": file
        for number, fonts in enumerate(theme.fallback)
        for key, file in asdict(fonts).items()
    }
    for key, file in named.items():
        if not paths.font(file).is_file():
            where = key if "." in key else f"fonts.{key}"
            yield f'{where}: there is no file "{file}"; use one in {paths.FONTS} or a full path'


def weak_contrasts(theme: Theme) -> Iterator[str]:
    """One sentence for each pair of colours with too little contrast for weak eyes or bright light."""
    for table in ("light", "dark"):
        colours = getattr(theme, table)
        for front, back, least in CONTRASTS:
            ratio = contrast(getattr(colours, front), getattr(colours, back))
            if ratio < least:
                change = "darker", "lighter"
                if luminance(getattr(colours, front)) > luminance(getattr(colours, back)):
                    change = "lighter", "darker"
                yield (
                    f"{table}.{front}: contrast with {back} is {ratio:.1f}, needed is {least:g};"
                    f" make {front} {change[0]} or {back} {change[1]}"
                )
