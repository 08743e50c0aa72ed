"""Cuts the text fonts down to what the product draws, and bakes tabular figures into some of them.

    apt install fonts-inter
    python packaging/make_fonts.py            # writes assets/fonts/*.otf

Kivy cannot switch on an OpenType feature, so a running clock set in plain Inter jumps about: its 1 is
narrower than its 8. `InterTabular-*.otf` are the same fonts with the digits of equal width in the
place of the ordinary ones. Web pages use plain Inter with `font-variant-numeric: tabular-nums`.
"""

import argparse
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

SOURCE = Path("/usr/share/fonts/opentype/inter")
TARGET = Path(__file__).parent.parent / "assets" / "fonts"
WEIGHTS = ("Regular", "Medium", "SemiBold", "Bold")
TABULAR_WEIGHTS = ("Regular", "SemiBold", "Bold")
FEATURES = ["calt", "ccmp", "kern", "liga", "locl", "mark", "tnum"]

CHARACTERS = [
    *range(0x0020, 0x007F),  # Latin
    *range(0x00A0, 0x0250),  # Latin-1, Extended-A and -B: whatever a European name needs
    *range(0x02C6, 0x02DE),  # accents that stand alone
    *range(0x0300, 0x030D),  # accents that a keyboard may put after the letter
    *range(0x2000, 0x2070),  # spaces, dashes, quotes, the ellipsis, primes
    *range(0x20A0, 0x20C0),  # currencies
    *range(0x2190, 0x219A),  # arrows
    *(0x1E9E, 0x2116, 0x2122, 0x2212, 0x221E, 0x2248, 0x2260, 0x2264, 0x2265),
    *(0x25B2, 0x25BC, 0x25CB, 0x25CF, 0x2713),
]


def cut(source: Path) -> TTFont:
    """The font at `source` with our characters and features only."""
    options = subset.Options()
    options.layout_features = FEATURES
    options.name_IDs = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 16, 17]
    font = subset.load_font(str(source), options)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=CHARACTERS)
    subsetter.subset(font)
    return font


def tabular_glyphs(font: TTFont) -> dict[str, str]:
    """The `tnum` feature: ordinary glyph to the one of equal width."""
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
    """Makes the digits of equal width the ordinary ones, and names the font apart from its parent."""
    swap = tabular_glyphs(font)
    for table in font["cmap"].tables:
        for digit in "0123456789":
            if ord(digit) in table.cmap:
                table.cmap[ord(digit)] = swap[table.cmap[ord(digit)]]
    cmap = font.getBestCmap()
    width = max(font["hmtx"][cmap[ord(digit)]][0] for digit in "0123456789")
    for digit in "0123456789":  # Inter's semibold 4 is a hair narrower than its sisters
        glyph = cmap[ord(digit)]
        font["hmtx"][glyph] = (width, font["hmtx"][glyph][1])
    for record in font["name"].names:
        if record.nameID in (1, 3, 4, 6, 16):
            new = "InterTabular" if record.nameID in (3, 6) else "Inter Tabular"
            record.string = record.toUnicode().replace("Inter", new, 1)
    top = font["CFF "].cff
    top.fontNames[0] = font["name"].getDebugName(6)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--source", type=Path, default=SOURCE, help="folder with Inter-*.otf")
    parser.add_argument("--target", type=Path, default=TARGET, help="folder to write to")
    args = parser.parse_args()
    args.target.mkdir(parents=True, exist_ok=True)
    for weight in WEIGHTS:
        font = cut(args.source / f"Inter-{weight}.otf")
        font.save(args.target / f"Inter-{weight}.otf")
        if weight in TABULAR_WEIGHTS:
            bake_tabular(font)
            font.save(args.target / f"InterTabular-{weight}.otf")
    for path in sorted(args.target.glob("*.otf")):
        print(f"{path.name}  {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
