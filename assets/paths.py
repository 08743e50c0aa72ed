"""Where the package keeps its files. Plain paths, right from a checkout and when installed."""

from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).parent

FONTS: Final = HERE / "fonts"
ICONS: Final = HERE / "icons"
ICON_FONT: Final = ICONS / "tabler-icons.ttf"
ICON_NAMES: Final = ICONS / "icons.toml"
SOUNDS: Final = HERE / "sounds"
TEXTS: Final = HERE / "texts"
THEME: Final = HERE / "theme.toml"
THEME_KV: Final = HERE / "theme.kv"
DEMO_STORE: Final = HERE / "demo" / "store.toml"


def font(file: str) -> Path:
    """A font file by the name that `theme.toml` gives it."""
    return FONTS / file


def sound(name: str) -> Path:
    """A sound by its name: `offer`, `accepted`, `done`, `called`, `tap` or `alert`."""
    return SOUNDS / f"{name}.wav"
