"""Writes the visit log as a Parquet file: each day a batch of typed columns, times in UTC."""

from datetime import datetime
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from sync_server.service.reports.visit_log import LogFilter

from . import days
from .days import TIMES, Read, Row

GROUP_ROWS = 20_000  # days are gathered up to this many rows: a row group is read at once
WHOLE = frozenset(
    (
        *("priority", "party_size", "first_contact_resolved", "offers", "handovers", "goodwill_cents"),
        *("nps", "ces", "rev", "left_open", "quick", "corrections", "taps", "followed_up"),
    )
)


def write_parquet(read: Read, log_filter: LogFilter, out: BinaryIO) -> None:
    """Writes the file to `out`, which need not be seekable."""
    names = days.columns(read)
    schema = pa.schema([(name, _type_of(name)) for name in names])
    waiting: list[Row] = []
    with pq.ParquetWriter(pa.PythonFile(out, mode="w"), schema, compression="zstd") as writer:
        for rows in days.rows_of_days(read, log_filter):
            waiting += rows
            if len(waiting) >= GROUP_ROWS:
                writer.write_batch(_batch(waiting, names, schema))
                waiting = []
        if waiting:
            writer.write_batch(_batch(waiting, names, schema))


def _batch(rows: list[Row], names: list[str], schema: Any) -> Any:
    columns = []
    for name, values, field in zip(names, zip(*rows, strict=True), schema, strict=True):
        given = [value and datetime.fromisoformat(value) for value in values] if name in TIMES else values
        columns.append(pa.array(given, type=field.type))
    return pa.record_batch(columns, schema=schema)


def _type_of(name: str) -> Any:
    if name in TIMES:
        return pa.timestamp("ms", tz="UTC")
    if name in WHOLE:
        return pa.int64()
    return pa.float64() if name.endswith("_s") else pa.string()
