"""Writes one export to its standard output, in a process of its own: `python -m … FORMAT STORE FOLDER`.

Workbooks and Parquet files take the processor and, with their libraries, much memory. In a process of their
own they take neither from the server, and the memory is given back. The filter comes as JSON on the standard
input; FOLDER is for temporary files.
"""

import os
import sys
from pathlib import Path

import msgspec

from sync_server.service.reports.visit_log import LogFilter
from sync_server.service.storage.connection import reading

from .days import Read
from .formats import Format

NICE = 10  # the shop's own work goes first


def main() -> None:
    os.nice(NICE)
    kind, store, folder = Format(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3])
    log_filter = msgspec.json.decode(sys.stdin.buffer.read(), type=LogFilter)
    write(kind, lambda: reading(store), log_filter, folder)


def write(kind: Format, read: Read, log_filter: LogFilter, folder: Path) -> None:
    """Writes this export to the standard output."""
    if kind is Format.XLSX:
        from .xlsx import write_xlsx

        write_xlsx(read, log_filter, sys.stdout.buffer, folder)
    else:
        from .parquet import write_parquet

        write_parquet(read, log_filter, sys.stdout.buffer)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
