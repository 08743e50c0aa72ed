"""`welkom kiosk`: every failure a person can mend ends in one sentence, never in a traceback."""

import sys

from assets.theme import ThemeError
from assets.window import NoDisplay
from sync_server.device.outbox import OutboxError
from sync_server.device.start import main

from .app import run
from .config import PROGRAM, ConfigError, parse

if __name__ == "__main__":
    sys.exit(
        main(PROGRAM, lambda: run(parse(sys.argv[1:])), (ConfigError, NoDisplay, OutboxError, ThemeError))
    )
