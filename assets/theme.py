"""The theme: colours, type and shapes, read once and checked whole.

Both touch apps and every web page take their look from here. A theme that could not be read by
everybody is refused with a text that names the file, the key, the reason and the way out.
"""

import re
import tomllib
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import asdict, fields

from . import paths

COLOUR = re.compile(r"^#[0-9A-Fa-f]{6}$")

Size = Annotated[float, Meta(gt=0)]


class Colours(Struct, frozen=True, forbid_unknown_fields=True):
    """One set of colours, each `#RRGGBB`. `theme.toml` says what each is for."""

    paper: str
    card: str
    ink: str
    ink_soft: str
    line: str
    outline: str
    main: str
    on_main: str
    main_soft: str
    warm: str
    warm_soft: str
    good: str


class Fonts(Struct, frozen=True, forbid_unknown_fields=True):
    """Font files, in the fonts folder or by full path. The `figures` have digits of equal width."""

    regular: str
    medium: str
    semibold: str
    bold: str
    figures: str
    figures_regular: str
    figures_bold: str


class KioskType(Struct, frozen=True, forbid_unknown_fields=True):
    """Sizes at 540 × 960 logical units."""

    title: Size
    question: Size
    tile: Size
    body: Size
    smallest: Size


class TabletType(Struct, frozen=True, forbid_unknown_fields=True):
    """Sizes at 1280 × 800 logical units."""

    offer: Size
    button: Size
    title: Size
    body: Size
    smallest: Size


class PhoneType(Struct, frozen=True, forbid_unknown_fields=True):
    """Sizes in CSS pixels."""

    title: Size
    body: Size
    smallest: Size


class ManagerType(Struct, frozen=True, forbid_unknown_fields=True):
    """Sizes in CSS pixels."""

    answer: Size
    figure: Size
    body: Size
    smallest: Size


class Spots(Struct, frozen=True, forbid_unknown_fields=True):
    """How the colours a shopper may wear are drawn; the names are `domain.catalogue.COLOURS`."""

    black: str
    white: str
    grey: str
    blue: str
    red: str
    green: str
    yellow: str
    pink: str
    purple: str
    brown: str
    beige: str
    orange: str

    def __getitem__(self, colour: str) -> str:
        """The `#RRGGBB` of a colour's code. Raises KeyError for one that is not among the twelve."""
        if colour not in self.__struct_fields__:
            raise KeyError(colour)
        return str(getattr(self, colour))


class Theme(Struct, frozen=True, forbid_unknown_fields=True):
    """Everything the look is made of. `radius` is in kiosk units, `step` the unit of spacing."""

    name: str
    radius: Size
    step: Size
    light: Colours
    dark: Colours
    fonts: Fonts
    kiosk: KioskType
    tablet: TabletType
    phone: PhoneType
    manager: ManagerType
    spot: Spots


class ThemeError(Exception):
    """The theme cannot be used. `problems` lists every fault found, one line each."""

    def __init__(self, path: Path, problems: list[str]) -> None:
        self.problems = [f"{path}: {problem}" for problem in problems]
        super().__init__("\n".join(self.problems))


# What must stand out from what, and how much (WCAG 2.2: 4.5 for text, 3 for edges; 7 where one reads most).
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


def load_theme(path: Path | None = None) -> Theme:
    """Reads and checks a theme, by default the package's own. Raises ThemeError."""
    path = path or paths.THEME
    try:
        raw = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise ThemeError(path, [f"not found; copy {paths.THEME} there to start from"]) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ThemeError(path, [f"cannot be read: {error}"]) from error
    except tomllib.TOMLDecodeError as error:
        raise ThemeError(path, [f"not valid TOML: {error}"]) from error
    problems = list(_misfits(raw, Theme, ""))
    if problems:
        raise ThemeError(path, problems)
    try:
        theme = msgspec.convert(raw, Theme)
    except msgspec.ValidationError as error:
        reason, _, key = str(error).partition(" - at ")
        key = key.strip("`").removeprefix("$.")
        raise ThemeError(path, [f"{key}: {reason}; see {paths.THEME} for a value that works"]) from error
    problems = [*_wrong_colours(theme), *_missing_fonts(theme)] or list(_faint(theme))
    if problems:
        raise ThemeError(path, problems)
    return theme


def contrast(one: str, other: str) -> float:
    """How much two colours differ in lightness, from 1 to 21 (WCAG 2.2, "contrast ratio").

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


def rgba(colour: str) -> tuple[float, float, float, float]:
    """`#RRGGBB` as four numbers from 0 to 1; it is opaque. Raises ValueError for another form."""
    if not COLOUR.match(colour):
        raise ValueError(f"{colour!r} is not of the form #RRGGBB")
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return red, green, blue, 1.0


def css(theme: Theme) -> str:
    """The theme as CSS custom properties: `--ink-soft`, `--spot-red`, `--radius`, `--phone-title` and so on.

    The dark colours follow the reader's own setting. Sizes are in rem, so a larger type set in the
    browser is respected.
    """
    shapes = {"radius": f"{theme.radius:g}px", "step": f"{theme.step:g}px"}
    spots = {f"spot-{name}": colour for name, colour in asdict(theme.spot).items()}
    sizes = {
        f"{app}-{name}": f"{points / 16:g}rem"
        for app in ("phone", "manager")
        for name, points in asdict(getattr(theme, app)).items()
    }
    light = _block({"color-scheme": "light dark"}, asdict(theme.light) | shapes | spots | sizes)
    dark = _block({}, asdict(theme.dark))
    return f":root{light}\n@media (prefers-color-scheme: dark){{:root{dark}}}\n"


def _block(plain: dict[str, str], custom: dict[str, str]) -> str:
    named = {f"--{name.replace('_', '-')}": value for name, value in custom.items()}
    return "{" + ";".join(f"{name}:{value}" for name, value in {**plain, **named}.items()) + "}"


def _misfits(raw: Any, kind: type[Struct], where: str) -> Iterator[str]:
    """Keys that are missing or that nobody knows, in words."""
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
            yield from _misfits(raw[key], wanted, f"{where}{key}.")


def _wrong_colours(theme: Theme) -> Iterator[str]:
    for table in ("light", "dark", "spot"):
        for key, colour in asdict(getattr(theme, table)).items():
            if not COLOUR.match(colour):
                yield f'{table}.{key}: "{colour}" is no colour; write # and six hex digits, as in "#0F5B55"'


def _missing_fonts(theme: Theme) -> Iterator[str]:
    for key, file in asdict(theme.fonts).items():
        if not paths.font(file).is_file():
            yield f'fonts.{key}: there is no file "{file}"; use one in {paths.FONTS} or a full path'


def _faint(theme: Theme) -> Iterator[str]:
    """Pairs that people with weaker eyes, or in sunlight, could not tell apart."""
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
