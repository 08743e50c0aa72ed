"""Plays the short sounds of the apps. A missing sound or sound card is a silent app, not a broken one."""

import logging
from typing import Any

from kivy.core.audio import SoundLoader

from . import paths

log = logging.getLogger(__name__)

_loaded: dict[str, Any] = {}


def _load(name: str) -> Any:
    if name not in _loaded:
        path = paths.sound(name)
        sound = SoundLoader.load(str(path)) if path.exists() else None
        if sound is None:
            log.warning("%s cannot be played: the file is missing or there is no sound card", path)
        _loaded[name] = sound
    return _loaded[name]


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
