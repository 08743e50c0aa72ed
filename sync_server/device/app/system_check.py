"""Whether this computer can be a kiosk or a tablet: what the apps need from the system."""

import ctypes.util
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

CARDS = Path("/proc/asound/cards")
LIBRARIES = {"GL": "libgl1", "mtdev": "libmtdev1"}  # Debian's packages, by the library's name


def missing_requirements(
    environment: Mapping[str, str] = os.environ,
    library: Callable[[str], str | None] = ctypes.util.find_library,
    cards: Path = CARDS,
) -> list[str]:
    """What is missing, each in a sentence with the remedy; nothing if a screen can run here."""
    found = []
    if not environment.get("DISPLAY") and not environment.get("WAYLAND_DISPLAY"):
        found.append(
            "there is no display here; start the app on this computer's desktop, or see docs/shop/running.md"
        )
    missing = [package for name, package in LIBRARIES.items() if library(name) is None]
    if missing and sys.platform == "linux":
        found.append(f"libraries for windows and touch are missing; `apt install {' '.join(missing)}`")
    silent = not cards.exists() or "no soundcards" in cards.read_text("utf-8")
    if silent and not environment.get("PULSE_SERVER"):
        found.append("there is no sound card, so a tablet cannot ring; plug one in, or look at `aplay -l`")
    return found
