"""`python -m sync_server.cli`, where the command is not installed."""

from . import main

main(prog_name="welkom")
