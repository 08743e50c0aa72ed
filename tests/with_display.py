"""Runs a Python command with a display: the one that is there, or a virtual one of its own.

python -m tests.with_display -m pytest
"""

import os
import subprocess
import sys


def main() -> int:
    command = [sys.executable, *sys.argv[1:]]
    if os.environ.get("WELKOM_OWN_DISPLAY") or not os.environ.get("DISPLAY"):
        screen = "-screen 0 1280x1024x24 -ac +extension GLX +render -noreset"
        command = ["xvfb-run", "-a", "-s", screen, *command]
    return subprocess.call(command)


if __name__ == "__main__":
    sys.exit(main())
