"""Which font draws a text on the screens, and which texts none of them draws.

The fonts of `theme.toml` are tried in their order: the theme's own, then each of `fallback`. A text is drawn
by one font, so a font for another script has to have Latin letters as well.
"""

import unicodedata
from functools import cache, lru_cache
from pathlib import Path

from assets import paths
from sync_server.names import initials, without_invisible

from .coverage import characters_of
from .load import load_theme
from .model import FallbackFonts


@lru_cache(maxsize=2000)
def font_for(text: str, wanted: str) -> str:
    """The file of the font that draws the most of a text: `wanted`, unless another one draws more."""
    if text.isascii():
        return wanted
    bold = Path(wanted).name in _bold_files()
    chain = [wanted, *(str(paths.font(f.bold if bold else f.regular)) for f in _fallback())]
    return min(chain, key=lambda font: len(_missing(text, Path(font))))  # the first of equal ones


def undrawable(text: str) -> str:
    """The characters that are missing in whichever font draws the text: "" if it is drawn whole."""
    return _missing(text, Path(font_for(unicodedata.normalize("NFC", text), _regular())))


def drawable(text: str) -> str:
    """The words of the text that can be drawn, in the form in which they can. Empty if there are none."""
    plain = without_invisible(unicodedata.normalize("NFC", text))
    if not undrawable(plain):
        return plain
    words = (word for word in plain.split() if not undrawable(word))
    kept = " ".join(words)
    return kept if any(c.isalnum() for c in kept) else ""


def shown_name(name: str, code: str) -> str:
    """A person's name as the screens show it: the words that can be drawn, else the initials of their id."""
    return drawable(name) or initials(code)


def _missing(text: str, font: Path) -> str:
    """Each character that the font does not draw, once. White space needs no glyph."""
    drawn = characters_of(font)
    return "".join(dict.fromkeys(c for c in text if ord(c) not in drawn and not c.isspace()))


@cache
def _fallback() -> tuple[FallbackFonts, ...]:
    return load_theme().fallback


@cache
def _regular() -> str:
    return str(paths.font(load_theme().fonts.regular))


@cache
def _bold_files() -> frozenset[str]:
    """The file names of the weights in whose place the bold fallback is used."""
    fonts = load_theme().fonts
    return frozenset(Path(f).name for f in (fonts.semibold, fonts.bold, fonts.figures, fonts.figures_bold))
