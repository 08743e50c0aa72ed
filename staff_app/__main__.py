"""`welkom staff`: every failure a person can mend ends in one sentence, never in a traceback."""

import logging
import sys
from collections.abc import Sequence

from assets.theme import ThemeError
from assets.window import NoDisplay
from sync_server.device.outbox import OutboxError

from .app import run
from .config import ConfigError, parse


def main(arguments: Sequence[str]) -> int:
    """Runs the tablet; the exit code."""
    to_terminal = logging.StreamHandler()
    to_terminal.setLevel(logging.WARNING)  # on the handler: Kivy sets levels of its own on its loggers
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s", handlers=[to_terminal])
    try:
        run(parse(arguments))
    except (ConfigError, NoDisplay, OutboxError, ThemeError) as error:
        print(f"welkom staff: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
