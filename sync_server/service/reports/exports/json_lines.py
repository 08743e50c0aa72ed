"""Writes the visit log as JSON lines: one object a visit, with the names of the columns."""

from collections.abc import Iterator

import msgspec

from sync_server.service.reports.visit_log import LogFilter

from . import days
from .days import Read

PIECE_BYTES = 65_536

_encoder = msgspec.json.Encoder()


def visit_log_json_lines(read: Read, log_filter: LogFilter) -> Iterator[bytes]:
    """The bytes piece by piece, UTF-8, with a line feed after each object."""
    names = days.columns(read)
    for rows in days.rows_of_days(read, log_filter):
        text = _encoder.encode_lines([dict(zip(names, row, strict=True)) for row in rows])
        for start in range(0, len(text), PIECE_BYTES):
            yield text[start : start + PIECE_BYTES]
