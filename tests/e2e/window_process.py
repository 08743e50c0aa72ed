"""Runs one of the apps, and writes a file that says where each widget is on its window.

Another program cannot ask a Kivy window where its buttons are. Nothing else about the app differs.

    python -m tests.e2e.window_process kiosk|staff MAP_FILE [the app's own arguments]
"""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any
from unittest.mock import patch

FINDS = "WELKOM_TEST_FINDS"  # the address of the store that a new device finds
LOOK_EVERY_S = 0.45  # longer than the touch guard, so that a steady widget also accepts a touch


async def write_map(path: Path) -> None:
    """Writes, until cancelled, the centre of each widget by its test_name, in pixels from the upper left.

    `steady` means that nothing moved since the time before, so a touch meets its widget.
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


def map_pairing_too(path: Path) -> None:
    """Writes the map also while the device is being paired, whose pages are a window of their own."""
    from assets.ui import device_app
    from assets.ui.pairing.run import run_pairing

    async def run_with_map(*arguments: Any) -> Any:
        writer = asyncio.create_task(write_map(path))
        try:
            return await run_pairing(*arguments)
        finally:
            writer.cancel()

    patch.object(device_app, "run_pairing", run_with_map).start()


def find_only(address: str) -> None:
    """A new device finds one store, at this address: other tests announce stores on the same network."""
    from sync_server.device.network import discovery

    class OneStore(discovery.StoreBrowser):
        def start(self) -> None:
            self._stores = {address: discovery.FoundStore("The new shop", address)}
            asyncio.get_running_loop().call_soon(self._on_change)

        async def stop(self) -> None:
            pass

    patch.object(discovery, "StoreBrowser", OneStore).start()


def main() -> None:
    which, map_file, *arguments = sys.argv[1:]
    map_pairing_too(Path(map_file))
    if address := os.environ.get(FINDS):
        find_only(address)

    async def beside(*_: Any) -> None:
        await write_map(Path(map_file))

    if which == "kiosk":
        from kiosk import app, cli

        app.run(cli.parse(arguments), beside)
    else:
        from staff_app import app as staff
        from staff_app import cli as staff_cli

        staff.run(staff_cli.parse(arguments), beside)


if __name__ == "__main__":
    main()
