"""Windows of one screen: where there is no window manager, each opens at its own place."""

import subprocess
import sys

from sync_server.simulation.demo.demo import PLACES, WINDOWS

PROGRAM = """
from assets.ui.window import place, prepare
place(548, 38)
prepare((300, 200))
from kivy.core.window import Window
print(Window.left, Window.top)
"""


def test_a_window_opens_at_its_place() -> None:
    shown = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert shown.stdout.split() == ["548", "38"]


def test_the_windows_of_the_demo_are_side_by_side_on_a_usual_screen() -> None:
    boxes = [(*PLACES[who], *WINDOWS[who]) for who in WINDOWS]
    assert all(left + width <= 1920 and top + height <= 1080 for left, top, width, height in boxes)
    for at, (left, top, width, height) in enumerate(boxes):
        for x, y, w, h in boxes[at + 1 :]:
            assert x >= left + width or y >= top + height or x + w <= left or y + h <= top
