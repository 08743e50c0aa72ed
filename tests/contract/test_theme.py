"""The theme: whole, readable, and refused in words where it is not."""

import re
from pathlib import Path

import pytest

from assets import paths
from assets.theme.checks import CONTRASTS, contrast, luminance
from assets.theme.css import css
from assets.theme.load import ThemeError, load_theme
from assets.theme.model import rgba
from sync_server.domain.catalogue.catalogue import COLOURS

OWN = paths.THEME.read_text("utf-8")


def problems(tmp_path: Path, text: str) -> list[str]:
    """What is said of a theme with this text, without the file's name, which every line must begin with."""
    path = tmp_path / "theme.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(ThemeError) as caught:
        load_theme(path)
    assert all(line.startswith(f"{path}: ") for line in caught.value.problems)
    return [line.removeprefix(f"{path}: ") for line in caught.value.problems]


def test_the_own_theme_is_daylight_and_can_be_read_by_everybody() -> None:
    theme = load_theme()
    assert theme.name == "Daylight"
    assert theme.light.main == "#0F5B55"
    for colours in (theme.light, theme.dark):
        for front, back, least in CONTRASTS:
            assert contrast(getattr(colours, front), getattr(colours, back)) >= least


def test_every_colour_a_shopper_may_wear_can_be_drawn() -> None:
    spot = load_theme().spot
    drawn = [spot[colour] for colour in COLOURS]
    assert all(re.fullmatch(r"#[0-9A-F]{6}", colour) for colour in drawn)
    assert len(set(drawn)) == len(COLOURS)
    with pytest.raises(KeyError):
        spot["plaid"]


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#FFFFFF", "#777777") == pytest.approx(4.48, abs=0.005)
    assert luminance("#FFFFFF") == pytest.approx(1)
    assert contrast("#123456", "#123456") == 1


def test_a_colour_becomes_four_numbers() -> None:
    assert rgba("#FF0080") == (1.0, 0.0, pytest.approx(0.502, abs=0.001), 1.0)
    with pytest.raises(ValueError, match="RRGGBB"):
        rgba("red")


def test_an_unknown_token_is_named_with_the_one_that_was_meant(tmp_path: Path) -> None:
    found = problems(tmp_path, OWN.replace("ink_soft =", "ink_sofd ="))
    assert "light.ink_sofd: unknown token; did you mean ink_soft?" in found
    assert any(line.startswith("light.ink_soft: missing; copy it from ") for line in found)


def test_a_missing_table_is_named(tmp_path: Path) -> None:
    found = problems(tmp_path, OWN.replace("[phone]", "[telephone]"))
    assert any(line.startswith("phone: missing") for line in found)


def test_a_wrong_colour_is_named_with_the_right_form(tmp_path: Path) -> None:
    (line,) = problems(tmp_path, OWN.replace('"#0F5B55"', '"deep green"'))
    assert line == 'light.main: "deep green" is no colour; write # and six hex digits, as in "#0F5B55"'


def test_a_faint_text_is_refused_with_the_way_out(tmp_path: Path) -> None:
    (line, *_) = problems(tmp_path, OWN.replace('ink_soft = "#57534A"', 'ink_soft = "#A09B90"'))
    assert line.startswith("light.ink_soft: contrast with paper is 2.")
    assert line.endswith("needed is 4.5; make ink_soft darker or paper lighter")


def test_a_faint_text_in_the_dark_is_refused_too(tmp_path: Path) -> None:
    (line, *_) = problems(tmp_path, OWN.replace('ink_soft = "#B4B0A6"', 'ink_soft = "#50504A"'))
    assert line.startswith("dark.ink_soft: contrast with paper is 2.")
    assert line.endswith("make ink_soft lighter or paper darker")


def test_a_font_that_is_not_there_is_named(tmp_path: Path) -> None:
    (line,) = problems(tmp_path, OWN.replace("Inter-Bold.otf", "Comic.otf"))
    assert line.startswith('fonts.bold: there is no file "Comic.otf"')


def test_a_size_must_be_a_size(tmp_path: Path) -> None:
    (line,) = problems(tmp_path, OWN.replace("offer = 64", "offer = 0"))
    assert line.startswith("tablet.offer: ")


def test_a_file_that_is_not_there_or_not_toml_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(ThemeError, match="not found; copy"):
        load_theme(tmp_path / "none.toml")
    assert problems(tmp_path, "light = [")[0].startswith("not valid TOML")


def test_css_has_every_token_for_light_and_dark() -> None:
    sheet = css(load_theme())
    light, dark = sheet.split("@media (prefers-color-scheme: dark)")
    dark, chosen = dark.split(":root[data-look=dark]", 1)
    for part in (light, dark, chosen):
        for token in ("paper", "ink-soft", "on-main", "warm-soft", "good"):
            assert f"--{token}:#" in part
    assert "--spot-red:#B3261E" in light
    assert "--phone-title:2.375rem" in light
    assert "--radius:28px" in light
    assert sheet.count("{") == sheet.count("}")
