"""The files that are shipped: fonts with what the texts need, icons by name, sounds that are small."""

import re
import subprocess
import sys
import unicodedata
import wave
from pathlib import Path

import pytest
from fontTools.ttLib import TTFont

from assets import paths
from assets.i18n.translations import catalogue_path, known_languages
from assets.theme.coverage import characters_of
from assets.theme.load import load_theme
from assets.ui.icons import icon, icon_names
from sync_server.service.config.trades import TRADES, trade_file

FONTS = sorted(paths.FONTS.glob("*.otf"))
FALLBACK = sorted(paths.FONTS.glob("*.ttf"))
ROOT = Path(__file__).parents[2]
TABULAR = [path for path in FONTS if path.name.startswith("InterTabular")]
SOUNDS = ("offer", "accepted", "done", "called", "tap", "alert")


@pytest.mark.parametrize("path", FONTS, ids=lambda path: path.stem)
def test_every_font_draws_every_character_of_the_texts(path: Path) -> None:
    drawn = set(TTFont(path).getBestCmap())
    shipped = [catalogue_path(language) for language in known_languages()] + [
        trade_file(trade) for trade in TRADES
    ]
    needed = {ord(c) for file in shipped for c in file.read_text("utf-8") if c != "\n"}
    needed |= {ord(c) for c in "ÅÄÖŠŽßẞŁőłęçñïœ€£×÷≈−–—…→←↑↓▲▼“”‘’•·\u00a0\u202f"}
    assert needed - drawn == set()


@pytest.mark.parametrize("path", [*FONTS, *FALLBACK], ids=lambda path: path.stem)
def test_every_font_draws_the_letters_of_european_and_vietnamese_names(path: Path) -> None:
    drawn = set(TTFont(path).getBestCmap())
    for block in (
        (0xC0, 0x149),
        (0x14A, 0x180),
        (0x1E00, 0x1F00),
        (0x386, 0x3CF),
        (0x400, 0x482),
        (0x1F00, 0x2000),
    ):
        letters = {code for code in range(*block) if unicodedata.category(chr(code)) in ("Lu", "Ll")}
        assert letters - drawn == set()


@pytest.mark.parametrize("path", FALLBACK, ids=lambda path: path.stem)
def test_the_fallback_font_draws_all_of_latin_and_cyrillic(path: Path) -> None:
    drawn = set(TTFont(path).getBestCmap())
    for block in ((0xC0, 0x2B0), (0x1E00, 0x1F00), (0x2C60, 0x2C80), (0x400, 0x530)):
        assert {code for code in range(*block) if unicodedata.category(chr(code))[0] == "L"} - drawn == set()


@pytest.mark.parametrize("path", [*FONTS, *FALLBACK, paths.ICON_FONT], ids=lambda path: path.stem)
def test_what_a_font_draws_is_read_as_fonttools_reads_it(path: Path) -> None:
    assert characters_of(path) == set(TTFont(path).getBestCmap())


@pytest.mark.parametrize("path", TABULAR, ids=lambda path: path.stem)
def test_tabular_figures_are_of_equal_width_and_never_drawn_closer(path: Path) -> None:
    font = TTFont(path)
    digits = [font.getBestCmap()[ord(digit)] for digit in "0123456789"]
    assert len({font["hmtx"][glyph][0] for glyph in digits}) == 1
    for lookup in font["GPOS"].table.LookupList.Lookup:
        for part in lookup.SubTable:
            first = getattr(part, "ExtSubTable", part)
            if type(first).__name__ == "PairPos":
                assert not set(digits) & set(first.Coverage.glyphs)


def test_fonts_are_small_and_have_their_licence_beside() -> None:
    assert len(FONTS) == 7
    assert all(path.stat().st_size < 200_000 for path in FONTS)
    assert all(path.stat().st_size < 60_000 for path in paths.FONTS.glob("*.woff2"))
    assert all(path.stat().st_size < 300_000 for path in FALLBACK)
    licence = (paths.FONTS / "OFL.txt").read_text("utf-8")
    assert "SIL OPEN FONT LICENSE" in licence
    assert all(
        name in licence for name in ("The Inter Project Authors", "Noto Sans: Copyright 2015 Google LLC")
    )
    assert "MIT License" in (paths.ICONS / "LICENSE.txt").read_text("utf-8")


def test_the_theme_names_fonts_that_are_there() -> None:
    theme = load_theme()
    assert paths.font(theme.fonts.figures) in TABULAR
    assert paths.font(theme.fonts.regular) in FONTS


@pytest.mark.parametrize("path", sorted(paths.FONTS.glob("Inter-*.otf")), ids=lambda path: path.stem)
def test_the_pages_have_the_same_fonts_compressed(path: Path) -> None:
    of_pages, more = (TTFont(path.with_name(f"{path.stem}{end}.woff2")) for end in ("", "-greek-cyrillic"))
    assert of_pages.flavor == more.flavor == "woff2"
    assert {**of_pages.getBestCmap(), **more.getBestCmap()}.keys() == TTFont(path).getBestCmap().keys()
    css = (ROOT / "sync_server/web/static/shared/base.css").read_text("utf-8")
    (ranges,) = set(re.findall("unicode-range: (.*);", css))
    listed = [part.removeprefix("U+").split("-") for part in ranges.split(", ")]
    assert all(any(int(a, 16) <= code <= int(b, 16) for a, b in listed) for code in more.getBestCmap())
    assert not any(int(a, 16) <= code <= int(b, 16) for a, b in listed for code in of_pages.getBestCmap())
    assert f'url("/static/fonts/{path.stem}-greek-cyrillic.woff2")' in css
    assert {"tnum"} <= {record.FeatureTag for record in of_pages["GSUB"].table.FeatureList.FeatureRecord}


def test_every_icon_is_one_character_of_the_icon_font() -> None:
    drawn = TTFont(paths.ICON_FONT).getBestCmap()
    assert len(icon_names()) > 110
    for name in icon_names():
        assert len(icon(name)) == 1
        assert ord(icon(name)) in drawn


def test_an_unknown_icon_names_those_most_like_it() -> None:
    with pytest.raises(KeyError, match="no icon 'shoping-bag'; did you mean shopping-bag"):
        icon("shoping-bag")
    with pytest.raises(KeyError, match=r"icons\.toml"):
        icon("zzzzzzzz")


@pytest.mark.parametrize("name", SOUNDS)
def test_sounds_are_short_small_and_end_in_silence(name: str) -> None:
    path = paths.sound(name)
    assert path.stat().st_size < 80_000
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 22_050)
        frames = file.readframes(file.getnframes())
    assert frames[-2:] == b"\0\0"
    assert any(frames)


def test_what_is_shared_with_the_web_pages_loads_no_kivy() -> None:
    shared = "assets.paths, assets.ui.icons, assets.theme.css, assets.theme.load, assets.i18n.texts"
    code = f"import sys, {shared}; sys.exit('kivy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
