"""Reduces the text fonts to the characters that the product draws, and makes variants with tabular digits.

    apt install fonts-inter fonts-noto-core
    python packaging/make_fonts.py            # writes assets/fonts/*.otf, *.ttf and *.woff2
    python packaging/make_fonts.py --web      # only the *.woff2, from the *.otf that are there

Kivy cannot switch on an OpenType feature. In plain Inter the 1 is narrower than the 8, so a running clock
moves from side to side. `InterTabular-*.otf` are the same fonts, in which the digits of equal width replace
the ordinary ones. Web pages use plain Inter with `font-variant-numeric: tabular-nums`: `Inter-*.woff2` are
the same fonts, compressed for browsers.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

SOURCE = Path("/usr/share/fonts/opentype/inter")
FALLBACK = Path("/usr/share/fonts/truetype/noto")
TARGET = Path(__file__).parent.parent / "assets" / "fonts"
WEIGHTS = ("Regular", "Medium", "SemiBold", "Bold")
FALLBACK_WEIGHTS = ("Regular", "Bold")
TABULAR_WEIGHTS = ("Regular", "SemiBold", "Bold")
FEATURES = ["calt", "ccmp", "kern", "liga", "locl", "mark", "tnum"]

LATIN = [
    *range(0x0020, 0x007F),
    *range(0x00A0, 0x0250),  # Latin-1, Extended-A and -B: for European names
    *range(0x02B0, 0x0300),  # letters that are written like accents, such as Hawaii's okina
    *range(0x0300, 0x0370),  # combining accents, which a keyboard may put after the letter
    *range(0x1E00, 0x1F00),  # Extended Additional: Vietnamese, Welsh
    *range(0x2000, 0x2070),  # spaces, dashes, quotes, the ellipsis, primes
    *range(0x2C60, 0x2C80),  # Extended-C and -D: African languages
    *range(0xA720, 0xA800),
    *range(0x20A0, 0x20C0),  # currencies
    *range(0x2190, 0x219A),  # arrows
    *(0x1E9E, 0x2116, 0x2122, 0x2212, 0x221E, 0x2248, 0x2260, 0x2264, 0x2265),
    *(0x25B2, 0x25BC, 0x25CB, 0x25CF, 0x2713),
]
# What Inter does not have: letters of African languages, and Cyrillic of smaller ones.
MORE_LATIN = [*range(0x0250, 0x02B0), *range(0x1AB0, 0x1B00), *range(0x1D00, 0x1E00), *range(0xAB30, 0xAB70)]
GREEK_AND_CYRILLIC = [
    *range(0x0370, 0x0400),
    *range(0x0400, 0x0530),
    *range(0x1C80, 0x1C90),
    *range(0x1F00, 0x2000),  # Greek with all its accents
    *range(0x2DE0, 0x2E00),
    *range(0xA640, 0xA6A0),
]


def cut(source: Path, characters: Sequence[int]) -> TTFont:
    """The font at `source`, reduced to these characters and to our features."""
    options = subset.Options()
    options.layout_features = FEATURES
    options.hinting = False  # screens are dense enough
    options.name_IDs = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 16, 17]
    font = subset.load_font(str(source), options)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=characters)
    subsetter.subset(font)
    return font


def tabular_glyphs(font: TTFont) -> dict[str, str]:
    """The `tnum` feature: maps each ordinary glyph to its variant of equal width."""
    table = font["GSUB"].table
    lookups = {
        index
        for record in table.FeatureList.FeatureRecord
        if record.FeatureTag == "tnum"
        for index in record.Feature.LookupListIndex
    }
    found: dict[str, str] = {}
    for index in sorted(lookups):
        for subtable in table.LookupList.Lookup[index].SubTable:
            found |= getattr(subtable, "ExtSubTable", subtable).mapping
    return found


def bake_tabular(font: TTFont) -> None:
    """Replaces the ordinary digits by those of equal width, and gives the font another name."""
    swap = tabular_glyphs(font)
    for table in font["cmap"].tables:
        for digit in "0123456789":
            if ord(digit) in table.cmap:
                table.cmap[ord(digit)] = swap[table.cmap[ord(digit)]]
    cmap = font.getBestCmap()
    width = max(font["hmtx"][cmap[ord(digit)]][0] for digit in "0123456789")
    for digit in "0123456789":  # Inter's semibold 4 is slightly narrower than the other digits
        glyph = cmap[ord(digit)]
        font["hmtx"][glyph] = (width, font["hmtx"][glyph][1])
    for record in font["name"].names:
        if record.nameID in (1, 3, 4, 6, 16):
            new = "InterTabular" if record.nameID in (3, 6) else "Inter Tabular"
            record.string = record.toUnicode().replace("Inter", new, 1)
    top = font["CFF "].cff
    top.fontNames[0] = font["name"].getDebugName(6)


def cut_all(source: Path, target: Path) -> None:
    """Writes the fonts for kiosk and tablet."""
    target.mkdir(parents=True, exist_ok=True)
    for weight in WEIGHTS:
        font = cut(source / f"Inter-{weight}.otf", [*LATIN, *GREEK_AND_CYRILLIC])
        font.save(target / f"Inter-{weight}.otf")
        if weight in TABULAR_WEIGHTS:
            bake_tabular(font)
            font.save(target / f"InterTabular-{weight}.otf")


def cut_fallback(source: Path, target: Path) -> None:
    """Writes the font that is used where Inter has no letter."""
    for weight in FALLBACK_WEIGHTS:
        font = cut(source / f"NotoSans-{weight}.ttf", [*LATIN, *MORE_LATIN, *GREEK_AND_CYRILLIC])
        font.save(target / f"NotoSans-{weight}.ttf")


def compress_for_web(folder: Path) -> None:
    """Writes the plain fonts again for the pages.

    There are two files for each weight, which base.css names with their characters: a browser fetches the one
    with Greek and Cyrillic only for a page that has such a letter.
    """
    for weight in WEIGHTS:
        source = folder / f"Inter-{weight}.otf"
        for name, characters in ((weight, LATIN), (f"{weight}-greek-cyrillic", GREEK_AND_CYRILLIC)):
            font = cut(source, characters)
            font.flavor = "woff2"
            font.save(folder / f"Inter-{name}.woff2")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--source", type=Path, default=SOURCE, help="folder with Inter-*.otf")
    parser.add_argument("--fallback", type=Path, default=FALLBACK, help="folder with NotoSans-*.ttf")
    parser.add_argument("--target", type=Path, default=TARGET, help="folder to write to")
    parser.add_argument("--web", action="store_true", help="only compress the fonts that are there")
    args = parser.parse_args()
    if not args.web:
        cut_all(args.source, args.target)
        cut_fallback(args.fallback, args.target)
    compress_for_web(args.target)
    for path in sorted([*args.target.glob("*.[ot]tf"), *args.target.glob("*.woff2")]):
        print(f"{path.name}  {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
