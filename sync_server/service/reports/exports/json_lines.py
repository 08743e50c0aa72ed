"""Writes the visit log as JSON lines: one object a visit, with the names of the columns."""

from collections.abc import Iterator

import msgspec

from sync_server.service.reports.visit_log import LogFilter

from . import days
from .days import Read

_encoder = msgspec.json.Encoder()


def visit_log_json_lines(read: Read, log_filter: LogFilter) -> Iterator[bytes]:
    """The bytes day by day, UTF-8, with a line feed after each object."""
    names = days.columns(read)
    for rows in days.rows_of_days(read, log_filter):
        yield _encoder.encode_lines([dict(zip(names, row, strict=True)) for row in rows])
