"""`python -m staff_app`, which is `welkom staff`."""

from .cli import PROGRAM, command

if __name__ == "__main__":
    command(prog_name=PROGRAM)
