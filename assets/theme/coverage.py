"""Reads from a font file which characters it draws."""

import struct
from functools import cache
from pathlib import Path


@cache
def characters_of(font: Path) -> frozenset[int]:
    """The code points that an OpenType font has glyphs for, by its table `cmap`.

    https://learn.microsoft.com/typography/opentype/spec/cmap
    """
    data = font.read_bytes()
    start = _table(data, b"cmap")
    found: set[int] = set()
    for number in range(struct.unpack_from(">H", data, start + 2)[0]):
        at = start + struct.unpack_from(">I", data, start + 4 + 8 * number + 4)[0]
        kind = struct.unpack_from(">H", data, at)[0]
        if kind == 4:
            found |= _segments(data, at)
        elif kind == 12:
            found |= _groups(data, at)
    return frozenset(found)


def _table(data: bytes, name: bytes) -> int:
    """Where a table of the font begins."""
    for number in range(struct.unpack_from(">H", data, 4)[0]):
        tag, _, offset, _ = struct.unpack_from(">4sIII", data, 12 + 16 * number)
        if tag == name:
            return int(offset)
    raise ValueError(f"the font has no table {name.decode()}")


def _segments(data: bytes, at: int) -> set[int]:
    """Format 4: ranges of 16 bits, whose glyphs are a sum or are listed."""
    count = struct.unpack_from(">H", data, at + 6)[0] // 2
    arrays = [at + 14, at + 16 + 2 * count, at + 16 + 4 * count, at + 16 + 6 * count]
    ends, starts, deltas, offsets = (struct.unpack_from(f">{count}H", data, array) for array in arrays)
    found = set()
    for number, (end, start, delta, offset) in enumerate(zip(ends, starts, deltas, offsets, strict=True)):
        for code in range(start, end + 1):
            glyph = code
            if offset:
                place = arrays[3] + 2 * number + offset + 2 * (code - start)
                glyph = struct.unpack_from(">H", data, place)[0]
                if glyph == 0:
                    continue
            if (glyph + delta) % 65_536 and code != 0xFFFF:
                found.add(code)
    return found


def _groups(data: bytes, at: int) -> set[int]:
    """Format 12: ranges of 32 bits."""
    count = struct.unpack_from(">I", data, at + 12)[0]
    groups = (struct.unpack_from(">III", data, at + 16 + 12 * number) for number in range(count))
    return {code for first, last, glyph in groups for code in range(first, last + 1) if glyph + code - first}
