"""The files that are shipped: fonts with what the texts need, icons by name, sounds that are small."""

import subprocess
import sys
import wave
from pathlib import Path

import pytest
from fontTools.ttLib import TTFont

from assets import paths
from assets.icon import icon, icon_names
from assets.theme import load_theme
from assets.words import known_languages

FONTS = sorted(paths.FONTS.glob("*.otf"))
TABULAR = [path for path in FONTS if path.name.startswith("InterTabular")]
SOUNDS = ("offer", "accepted", "done", "called", "tap", "alert")


@pytest.mark.parametrize("path", FONTS, ids=lambda path: path.stem)
def test_every_font_draws_every_character_of_the_texts(path: Path) -> None:
    drawn = set(TTFont(path).getBestCmap())
    shipped = [paths.TEXTS / f"{language}.toml" for language in known_languages()] + [paths.DEMO_STORE]
    needed = {ord(c) for file in shipped for c in file.read_text("utf-8") if c != "\n"}
    needed |= {ord(c) for c in "ÅÄÖŠŽßẞŁőłęçñïœ€£×÷≈−–—…→←↑↓▲▼“”‘’•·\u00a0\u202f"}
    assert needed - drawn == set()


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
    assert all(path.stat().st_size < 150_000 for path in FONTS)
    assert "SIL OPEN FONT LICENSE" in (paths.FONTS / "OFL.txt").read_text("utf-8")
    assert "MIT License" in (paths.ICONS / "LICENSE.txt").read_text("utf-8")


def test_the_theme_names_fonts_that_are_there() -> None:
    theme = load_theme()
    assert paths.font(theme.fonts.figures) in TABULAR
    assert paths.font(theme.fonts.regular) in FONTS


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
    code = (
        "import sys, assets.paths, assets.icon, assets.theme, assets.words; sys.exit('kivy' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
