"""`python -m sync_server.cli`, where the command is not installed."""

from sync_server.cli import main

main(prog_name="welkom")
