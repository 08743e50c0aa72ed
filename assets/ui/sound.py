"""Plays the short sounds of the apps. A missing sound or sound card is a silent app, not a broken one."""

import logging
import os
import sys
from pathlib import Path
from typing import Any

from kivy.core.audio import SoundLoader

from . import paths

log = logging.getLogger(__name__)

_loaded: dict[str, Any] = {}


def _load(name: str) -> Any:
    if name not in _loaded:
        _loaded[name] = _loaded_from(paths.sound(name))
    return _loaded[name]


def _loaded_from(path: Path) -> Any:
    if not path.exists():
        log.warning("%s is missing: this sound is not played", path)
        return None
    if not _has_sound_card():
        log.warning("there is no sound card: %s is not played", path.name)
        return None
    sound = SoundLoader.load(str(path))
    if sound is None:
        log.warning("%s cannot be played: it is no sound file, or the sound card is in use", path)
    return sound


def _has_sound_card() -> bool:
    """Asked first, because the sound library complains at length on a computer without one."""
    cards = Path("/proc/asound/cards")
    if sys.platform != "linux" or os.environ.get("PULSE_SERVER"):
        return True
    return cards.exists() and "no soundcards" not in cards.read_text("utf-8")


def play(name: str, loop: bool = False) -> None:
    """Plays a sound from its beginning; with `loop` until `stop`."""
    sound = _load(name)
    if sound is not None:
        sound.loop = loop
        sound.seek(0)
        sound.play()


def stop(name: str) -> None:
    """Ends a sound that plays."""
    sound = _loaded.get(name)
    if sound is not None and sound.state == "play":
        sound.stop()
