"""`python -m kiosk`, which is `welkom kiosk`."""

from .cli import PROGRAM, command

if __name__ == "__main__":
    command(prog_name=PROGRAM)
