"""The theme's data: colours, fonts, sizes and shapes of both touch apps and all web pages."""

import re
from typing import Annotated

from msgspec import Meta, Struct

COLOUR = re.compile(r"^#[0-9A-Fa-f]{6}$")

Size = Annotated[float, Meta(gt=0)]


class Colours(Struct, frozen=True, forbid_unknown_fields=True):
    """One set of colours, each `#RRGGBB`. `theme.toml` explains each of them."""

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
    """Font files, in the fonts folder or with a full path. The `figures` have digits of equal width."""

    regular: str
    medium: str
    semibold: str
    bold: str
    figures: str
    figures_regular: str
    figures_bold: str


class FallbackFonts(Struct, frozen=True, forbid_unknown_fields=True):
    """Font files for texts with characters that the theme's own fonts do not have.

    `bold` is used in the place of semibold and bold. They need the Latin letters too: one font draws a text.
    """

    regular: str
    bold: str


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
    """How the colours that a shopper may wear are drawn; the names are `COLOURS` of the catalogue."""

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
        """The `#RRGGBB` of a colour's name. Raises KeyError for an unknown name."""
        if colour not in self.__struct_fields__:
            raise KeyError(colour)
        return str(getattr(self, colour))


class Theme(Struct, frozen=True, forbid_unknown_fields=True):
    """The whole theme. `radius` of corners in kiosk units, `step` of spacing in CSS pixels."""

    name: str
    radius: Size
    step: Size
    light: Colours
    dark: Colours
    fonts: Fonts
    fallback: tuple[FallbackFonts, ...]
    kiosk: KioskType
    tablet: TabletType
    phone: PhoneType
    manager: ManagerType
    spot: Spots


def rgba(colour: str) -> tuple[float, float, float, float]:
    """`#RRGGBB` as red, green, blue and 1.0 (opaque), each from 0 to 1. Raises ValueError otherwise."""
    if not COLOUR.match(colour):
        raise ValueError(f"{colour!r} is not of the form #RRGGBB")
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return red, green, blue, 1.0
