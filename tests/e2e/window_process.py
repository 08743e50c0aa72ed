"""Runs one of the apps as it is, and writes down where on its window everything is that can be touched.

A program outside cannot ask a Kivy window where its buttons are; this tells it, and changes nothing.

    python -m tests.e2e.window kiosk|staff MAP_FILE [the app's own arguments]
"""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

LOOK_EVERY_S = 0.45  # longer than a glass takes to settle, so that what is steady also takes a touch


async def write_map(path: Path) -> None:
    """For ever: the names of what can be touched with their middles in pixels from the upper left.

    `steady` says that nothing moved between two looks, so a touch meets what it aims at.
    """
    from tests.ui.driver import Screen

    screen = Screen(None)
    before, written = {}, ""
    while True:
        height = screen.window.height
        places = {}
        for name in screen.names():
            widget = screen.find(name)
            x, y = widget.to_window(*widget.center)
            places[name] = [round(x), round(height - y)]
        now = json.dumps({"places": places, "texts": screen.texts(), "steady": places == before})
        if now != written:
            fresh = path.with_suffix(".fresh")
            fresh.write_text(now, "utf-8")
            fresh.replace(path)
        before, written = places, now
        await asyncio.sleep(LOOK_EVERY_S)


def main() -> None:
    which, map_file, *arguments = sys.argv[1:]

    async def beside(*_: Any) -> None:
        await write_map(Path(map_file))

    if which == "kiosk":
        from kiosk import app, config

        app.run(config.parse(arguments), beside)
    else:
        from staff_app import app as staff
        from staff_app import config as staff_config

        staff.run(staff_config.parse(arguments), beside)


if __name__ == "__main__":
    main()
