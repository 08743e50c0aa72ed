"""Writes one export to its standard output, in a process of its own: `python -m … FORMAT STORE FOLDER`.

In the server's own process a long export would hold up the devices: Python runs one thread at a time. Here
it has what the shop leaves of the processors, and the memory is given back at the end. The filter comes as
JSON on the standard input; FOLDER is for temporary files of a workbook.
"""

import os
import sys
from pathlib import Path

import msgspec

from sync_server.service.reports.visit_log import LogFilter
from sync_server.service.storage.connection import reading

from .csv_file import visit_log_csv
from .days import Read
from .formats import Format
from .json_lines import visit_log_json_lines

NICE = 10  # the shop's own work goes first


def main() -> None:
    os.nice(NICE)
    kind, store, folder = Format(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3])
    log_filter = msgspec.json.decode(sys.stdin.buffer.read(), type=LogFilter)
    write(kind, lambda: reading(store), log_filter, folder)


def write(kind: Format, read: Read, log_filter: LogFilter, folder: Path) -> None:
    """Writes this export to the standard output."""
    out = sys.stdout.buffer
    match kind:
        case Format.CSV:
            for text in visit_log_csv(read, log_filter):
                out.write(text.encode())
        case Format.JSON_LINES:
            for lines in visit_log_json_lines(read, log_filter):
                out.write(lines)
        case Format.XLSX:
            from .xlsx import write_xlsx

            write_xlsx(read, log_filter, out, folder)
        case Format.PARQUET:
            from .parquet import write_parquet

            write_parquet(read, log_filter, out)
    out.flush()


if __name__ == "__main__":
    main()
