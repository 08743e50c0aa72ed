"""Writes the visit log as an Excel workbook.

The library keeps one row in memory and the others in a temporary file. A sheet holds 1,048,576 rows, the
format's own limit; what is more goes to further sheets. Texts are written as texts, so no cell is a formula
or a link, whatever a shopper has typed.
"""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

import xlsxwriter

from sync_server.service.reports.visit_log import LogFilter

from . import days
from .days import TIMES, Read, Row

ROWS_PER_SHEET = 1_048_575  # below the heading
_DAY_S = 86_400
_EPOCH_DAYS = 25_569  # from Excel's day 0 to 1970


def write_xlsx(
    read: Read, log_filter: LogFilter, out: BinaryIO, folder: Path, rows_per_sheet: int = ROWS_PER_SHEET
) -> None:
    """Writes the workbook to `out`, which need not be seekable. `folder` is for temporary files.

    Times are Excel's, in UTC.
    """
    options = {"constant_memory": True, "tmpdir": str(folder), "default_date_format": "yyyy-mm-dd hh:mm:ss"}
    book = xlsxwriter.Workbook(out, options)
    time_format = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
    heading = book.add_format({"bold": True})
    names = days.columns(read)
    times = {names.index(name) for name in TIMES}
    number, sheet, at = 1, _sheet(book, 1, names, heading), 1
    for rows in days.rows_of_days(read, log_filter):
        for row in rows:
            if at > rows_per_sheet:
                number, at = number + 1, 1
                sheet = _sheet(book, number, names, heading)
            _write(sheet, at, row, times, time_format)
            at += 1
    book.close()


def _sheet(book: Any, number: int, names: list[str], heading: Any) -> Any:
    sheet = book.add_worksheet("visits" if number == 1 else f"visits {number}")
    sheet.freeze_panes(1, 2)
    sheet.set_column(0, len(names) - 1, 14)
    for column, name in enumerate(names):
        sheet.write_string(0, column, name, heading)
    return sheet


def _write(sheet: Any, at: int, row: Row, times: set[int], time_format: Any) -> None:
    text: Callable[..., object] = sheet.write_string
    number: Callable[..., object] = sheet.write_number
    for column, value in enumerate(row):
        if value is None:
            continue
        if isinstance(value, str):
            if column in times:
                number(at, column, _excel_time(value), time_format)
            else:
                text(at, column, value)
        else:
            number(at, column, value)


def _excel_time(iso: str) -> float:
    """Excel's number of a time: days since the last day of 1899."""
    return datetime.fromisoformat(iso).timestamp() / _DAY_S + _EPOCH_DAYS
