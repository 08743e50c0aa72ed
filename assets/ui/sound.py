"""Plays the short sounds of the apps. Without a sound file or a sound card the app is silent."""

import logging
import os
import sys
from pathlib import Path
from typing import Any

from kivy.core.audio import SoundLoader

from assets import paths

log = logging.getLogger(__name__)

_sounds: dict[str, Any] = {}


def _load(name: str) -> Any:
    if name not in _sounds:
        _sounds[name] = _load_file(paths.sound(name))
    return _sounds[name]


def _load_file(path: Path) -> Any:
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
    """Whether there is a sound card. Without one the sound library logs many errors, so ask first."""
    cards = Path("/proc/asound/cards")
    if sys.platform != "linux" or os.environ.get("PULSE_SERVER"):
        return True
    return cards.exists() and "no soundcards" not in cards.read_text("utf-8")


def play(name: str, loop: bool = False) -> None:
    """Plays a sound from its start. With `loop` it repeats until `stop`."""
    sound = _load(name)
    if sound is not None:
        sound.loop = loop
        sound.seek(0)
        sound.play()


def stop(name: str) -> None:
    """Stops a sound that is playing."""
    sound = _sounds.get(name)
    if sound is not None and sound.state == "play":
        sound.stop()
