"""`welkom server`, except that retention runs every few seconds instead of every ten minutes.

python -m tests.bench.fleet_server ARGUMENTS
"""

from sync_server.cli import main
from sync_server.service.processing import periodic_retention

periodic_retention.EVERY_S = 2.0
main(prog_name="welkom")
