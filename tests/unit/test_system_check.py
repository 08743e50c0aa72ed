"""What a computer lacks to be a kiosk or a tablet."""

import sys
from pathlib import Path

import pytest

from sync_server.device.app import system_check
from sync_server.device.app.system_check import missing_requirements

DISPLAY = "there is no display here; start the app on this computer's desktop, or see docs/shop/running.md"
SOUND = "there is no sound card, so a tablet cannot ring; plug one in, or look at `aplay -l`"
LIBRARIES = "libraries for windows and touch are missing; `apt install libgl1 libmtdev1`"
TOUCH = "libraries for windows and touch are missing; `apt install libmtdev1`"


def is_there(name: str) -> str:
    return f"lib{name}.so"


@pytest.fixture
def cards(tmp_path: Path) -> Path:
    """The system's list of sound cards, with one card."""
    cards = tmp_path / "cards"
    cards.write_text(" 0 [PCH]: HDA-Intel")
    return cards


@pytest.mark.parametrize("environment", [{"DISPLAY": ":0"}, {"WAYLAND_DISPLAY": "wayland-0"}])
def test_nothing_is_missing_with_a_display_a_sound_card_and_the_libraries(
    cards: Path, environment: dict[str, str]
) -> None:
    assert missing_requirements(environment, is_there, cards) == []


def test_each_thing_that_is_missing_is_named_with_its_remedy(cards: Path) -> None:
    assert missing_requirements({}, is_there, cards) == [DISPLAY]
    assert missing_requirements({"DISPLAY": ""}, is_there, cards) == [DISPLAY]
    display = {"DISPLAY": ":0"}
    touchless = {"GL": "libGL.so", "mtdev": None}
    assert missing_requirements(display, touchless.get, cards) == [TOUCH]
    assert missing_requirements(display, lambda _name: None, cards) == [LIBRARIES]
    cards.write_text("--- no soundcards ---", "utf-8")
    assert missing_requirements(display, is_there, cards) == [SOUND]
    assert missing_requirements({**display, "PULSE_SERVER": "unix:/run/pulse"}, is_there, cards) == []
    cards.unlink()
    assert missing_requirements({}, lambda _name: None, cards) == [DISPLAY, LIBRARIES, SOUND]


def test_only_on_linux_there_are_packages_to_install(cards: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    assert missing_requirements({"DISPLAY": ":0"}, lambda _name: None, cards) == []


def test_where_it_looks_by_default() -> None:
    assert Path("/proc/asound/cards") == system_check.CARDS
    assert isinstance(missing_requirements(), list)
