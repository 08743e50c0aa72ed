"""Paths of the package's files, for a checkout and for an installed package."""

from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).parent

FONTS: Final = HERE / "fonts"
ICONS: Final = HERE / "icons"
ICON_FONT: Final = ICONS / "tabler-icons.ttf"
ICON_NAMES: Final = ICONS / "icons.toml"
SOUNDS: Final = HERE / "sounds"
LOCALE: Final = HERE / "locale"
THEME: Final = HERE / "theme" / "theme.toml"
DEMO_STORE: Final = HERE / "demo" / "store.toml"
TRADES: Final = HERE / "trades"


def font(file: str) -> Path:
    """The path of a font file that `theme.toml` names."""
    return FONTS / file


def sound(name: str) -> Path:
    """The path of a sound by its name: `offer`, `accepted`, `done`, `called`, `tap` or `alert`."""
    return SOUNDS / f"{name}.wav"
